//! TLS of upstreams: own authorities, no check at all, and client certificates.

use crate::support::{Answer, Argo, Connection, Recorded, Server, Setup, Wire, chat};
use crate::upstream_options::{message, table};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConnection, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, StreamOwned};
use serde_json::json;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const HOST: &str = "argo.test";

/// An authority, and what it signed.
pub struct Authority {
    pub certificate: rcgen::Certificate,
    key: KeyPair,
}

struct Signed {
    pub certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority { certificate: params.self_signed(&key).unwrap(), key }
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for a server, and its key, in PEM.
    pub fn serves(&self, name: &str) -> (String, String) {
        let signed = self.sign(name, ExtendedKeyUsagePurpose::ServerAuth);
        (signed.certificate.pem(), signed.key.serialize_pem())
    }

    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Signed {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        Signed { certificate: params.signed_by(&key, &self.certificate, &self.key).unwrap(), key }
    }
}

/// An ARGO that speaks TLS as [`HOST`]; with `clients` it wants certificates of that authority.
pub fn argo(authority: &Authority, clients: Option<&Authority>) -> Argo {
    speaking_tls(HOST, authority, clients, |_, connection| connection.says("Hi"))
}

/// A scripted server that speaks TLS under a name.
pub fn speaking_tls(
    name: &str,
    authority: &Authority,
    clients: Option<&Authority>,
    script: impl Fn(&Recorded, &mut Connection) + Send + Sync + 'static,
) -> Argo {
    let own = authority.sign(name, ExtendedKeyUsagePurpose::ServerAuth);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain: Vec<CertificateDer> = vec![own.certificate.der().clone()];
    let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
    let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
    let wrap = move |stream: TcpStream| -> Box<dyn Wire> {
        Box::new(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream))
    };
    Argo::behind(wrap, script)
}

/// A proxy with an upstream for each of these `tls`, and these files beside the table.
fn start(argo: &Argo, rows: &[(&str, &str)], files: &[(&str, String)]) -> Server {
    let upstream = |tls: &str| format!("url: \"https://{HOST}/chat/\", connect_to: \"{}\"{tls}", argo.address);
    let rows: Vec<(&str, String)> = rows.iter().map(|(name, tls)| (*name, upstream(tls))).collect();
    let setup = Setup::before(argo).routes(&table(&rows));
    files.iter().fold(setup, |setup, (name, text)| setup.file(name, text)).start()
}

fn ask(server: &Server, name: &str) -> Answer {
    server.post(&format!("/{name}"), &chat("x", json!({"model": "a:b"})))
}

#[test]
fn an_authority_of_ones_own_is_trusted_and_only_by_its_upstream() {
    let authority = Authority::new();
    let argo = argo(&authority, None);
    let rows = [("own", ", tls: { ca: certs/ca.pem }"), ("system", ""), ("other", ", tls: { ca: certs/other.pem }")];
    let files =
        [("certs/ca.pem", authority.certificate.pem()), ("certs/other.pem", Authority::new().certificate.pem())];
    let server = start(&argo, &rows, &files);
    for _ in 0..2 {
        assert_eq!(ask(&server, "own").status, 200);
        for name in ["system", "other"] {
            let answer = ask(&server, name);
            assert_eq!(answer.status, 502, "{name}");
            assert!(message(&answer).contains("the TLS handshake failed"), "{name}: {}", message(&answer));
        }
    }
    let requests = argo.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.header("host") == Some(HOST)));
    assert_eq!(requests[0].connection, requests[1].connection);
}

#[test]
fn the_name_is_checked_with_an_authority_of_ones_own() {
    let authority = Authority::new();
    let argo = argo(&authority, None);
    let row = format!("url: \"https://{}/\", tls: {{ ca: ca.pem }}", argo.address);
    let setup = Setup::before(&argo).routes(&table(&[("x", row)])).file("ca.pem", &authority.certificate.pem());
    assert_eq!(ask(&setup.start(), "x").status, 502);
    assert!(argo.requests().is_empty());
}

#[test]
fn without_a_check_everything_is_trusted_and_that_is_told() {
    let argo = argo(&Authority::new(), None);
    let server = start(&argo, &[("loose", ", tls: { verify: false }"), ("strict", "")], &[]);
    assert_eq!(ask(&server, "loose").status, 200);
    assert_eq!(ask(&server, "strict").status, 502, "its connection is not shared");
    assert_eq!(argo.requests().len(), 1);
    let log = server.log();
    assert!(log.contains("warning: upstreams.loose.tls.verify: the upstream's certificate is not checked"), "{log}");
    assert!(log.contains("WARN") && log.contains("upstream loose: its certificate is not checked"), "{log}");
}

#[test]
fn a_client_certificate_is_shown_and_belongs_to_its_upstream() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let argo = argo(&authority, Some(&clients));
    let me = clients.sign("me.test", ExtendedKeyUsagePurpose::ClientAuth);
    let rows = [
        ("me", ", tls: { ca: ca.pem, certificate: me.pem, key: me.key }"),
        ("nobody", ", tls: { ca: ca.pem }"),
        ("again", ", tls: { ca: ca.pem, certificate: me.pem, key: me.key }"),
    ];
    let files =
        [("ca.pem", authority.certificate.pem()), ("me.pem", me.certificate.pem()), ("me.key", me.key.serialize_pem())];
    let server = start(&argo, &rows, &files);
    assert_eq!(ask(&server, "me").status, 200);
    let answer = ask(&server, "nobody");
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(ask(&server, "again").status, 200);
    let requests = argo.requests();
    assert_eq!(requests.len(), 2);
    assert_ne!(requests[0].connection, requests[1].connection, "upstreams share nothing");
}

#[test]
fn a_changed_authority_ends_the_trust_in_connections_that_were_kept() {
    let authority = Authority::new();
    let argo = argo(&authority, None);
    let server = start(&argo, &[("x", ", tls: { ca: ca.pem }")], &[("ca.pem", authority.certificate.pem())]);
    let reload = |count: usize| {
        server.signal("HUP");
        let begun = Instant::now();
        while server.log().matches("reloaded: table").count() < count {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", server.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    assert_eq!(ask(&server, "x").status, 200);
    reload(1);
    assert_eq!(ask(&server, "x").status, 200);
    std::fs::write(server.file("ca.pem"), Authority::new().certificate.pem()).unwrap();
    reload(2);
    assert_eq!(ask(&server, "x").status, 502);
    let connections: Vec<usize> = argo.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0], "a reload that changes nothing keeps connections");
}
