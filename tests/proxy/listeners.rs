//! Where it listens beside a plain port: a Unix socket, TLS; and how its readiness is told.

use crate::reload::{replace, until};
use crate::support::{Argo, Client, Server, Setup, chat, said};
use crate::upstream_tls::Authority;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

const SOCKET: &str = "run/proxy.sock";

#[test]
fn a_unix_socket_serves_its_user_alone_and_goes_with_the_process() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config(&format!("host: none\nsocket: {SOCKET}")).start();
    let (_files, path) = (server.files(), server.file(SOCKET));
    assert_eq!(server.address.port(), 0, "nothing listens at an address");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    let mut client = Client::at(&path);
    for _ in 0..2 {
        let body = chat("x", json!({}));
        let answer = client.call("POST", "/v1/chat/completions", "X-Request-Id: mine\r\n", body.as_bytes());
        assert_eq!((answer.status, answer.header("x-request-id")), (200, Some("mine")));
        let answer = client.post("/v1/chat/completions", &chat("x", json!({"stream": true})));
        assert!(said(&answer.body).done, "{answer:?}");
        assert_eq!(client.post("/v1/chat/completions", "{").status, 400);
    }
    drop(client);
    if let Ok(curl) = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--unix-socket"])
        .arg(&path)
        .arg("http://localhost/readyz")
        .output()
    {
        assert_eq!(String::from_utf8_lossy(&curl.stdout), r#"{"status":"ready"}"#);
    }
    server.signal("TERM");
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
    assert!(!path.exists());
}

#[test]
fn a_socket_with_a_live_server_is_refused_and_a_dead_ones_is_replaced() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config(&format!("socket: {SOCKET}")).start();
    let path = server.file(SOCKET);
    let second = || Setup::before(&argo).config(&format!("socket: {}", path.display()));
    let (mut command, _) = second().command();
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("in use by a program that answers") && !text.contains("listening"), "{text}");
    assert_eq!(Client::at(&path).get("/livez").status, 200);
    server.signal("KILL");
    let kept = path.clone();
    until("the killed server to go", || std::os::unix::net::UnixStream::connect(&kept).is_err());
    assert!(path.exists());
    let third = second().start();
    assert_eq!(Client::at(&path).get("/livez").status, 200);
    assert_eq!(third.get("/livez").status, 200);
}

#[test]
fn a_socket_that_others_could_reach_is_refused_with_the_remedy() {
    let argo = Argo::saying("Hi");
    let (mut command, folder) = Setup::before(&argo).config("socket: open/proxy.sock").command();
    std::fs::create_dir(folder.join("open")).unwrap();
    std::fs::set_permissions(folder.join("open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let text = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(text.contains("others can enter") && text.contains("chmod 700"), "{text}");
}

#[test]
fn it_is_alive_and_ready_until_it_stops() {
    let (argo, go) = Argo::halting();
    let server = Setup::before(&argo).config("drain_timeout: 25").start();
    assert_eq!(server.get("/livez").json(), json!({"status": "alive"}));
    assert_eq!(server.get("/readyz").json(), json!({"status": "ready"}));
    let mut stream = server.client();
    stream.send("POST", "/v1/chat/completions", "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(stream.head().status, 200);
    // Connections that are known to be open when it stops.
    let mut clients = [server.client(), server.client()];
    for client in &mut clients {
        assert_eq!(client.get("/readyz").status, 200);
    }
    server.signal("TERM");
    until("the signal is taken", || server.log().contains("stopping; requests in flight: 1"));
    let [mut first, mut second] = clients;
    let answer = first.get("/readyz");
    assert_eq!((answer.status, answer.header("connection")), (503, Some("close")));
    assert!(answer.json()["reason"].as_str().unwrap().contains("in flight"));
    assert_eq!(second.get("/livez").status, 200);
    go.send(()).unwrap();
    while stream.chunk().is_some_and(|piece| !piece.is_empty()) {}
    assert!(server.ended().0.success());
}

/// A client that trusts one authority and calls the server by this name.
fn tls_client(server: &Server, authority: &Authority, name: &str) -> Client {
    Client::over(tls_stream(server, authority, name))
}

/// The same without its reader.
pub fn tls_stream(server: &Server, authority: &Authority, name: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // With a server that speaks HTTP/2, too, this client would have to.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

/// Whether the server proves to be `name` by `authority`.
fn proves(server: &Server, authority: &Authority, name: &str) -> bool {
    tls_client(server, authority, name).try_get("/livez").is_some_and(|answer| answer.status == 200)
}

#[test]
fn tls_speaks_for_the_port_and_takes_a_new_certificate_while_it_runs() {
    let argo = Argo::saying("Hi");
    let authority = Authority::new();
    let (old, old_key) = authority.serves("old.test");
    let server = Setup::before(&argo)
        .config("tls: { certificate: tls/own.pem, key: tls/own.key }")
        .file("tls/own.pem", &old)
        .file("tls/own.key", &old_key)
        .start();
    assert!(server.log().contains("listening on https://"), "{}", server.log());
    assert!(server.log().contains("warning") && server.log().contains("can read 'tls/own.key'"), "{}", server.log());
    let mut kept = tls_client(&server, &authority, "old.test");
    let whole = kept.post("/v1/chat/completions", &chat("x", json!({})));
    assert_eq!(whole.status, 200, "{whole:?}");
    let streamed = kept.post("/v1/chat/completions", &chat("x", json!({"stream": true})));
    assert!(said(&streamed.body).done);
    let page = kept.get("/v1/docs");
    assert!(page.text().contains("OPENAI_BASE_URL=https://"), "{}", page.text());
    let plain = server.post("/v1/chat/completions", &chat("x", json!({})));
    assert_eq!((plain.status, plain.error()["code"].as_str()), (400, Some("https_required")));
    assert!(plain.error()["message"].as_str().unwrap().contains("use https://"));
    until("that is logged", || {
        let log = server.log();
        let mut lines =
            log.lines().filter(|line| line.contains("spoke plain HTTP to the TLS port; it must use https://"));
        lines.next().is_some_and(|line| line.contains("127.0.0.1:")) && lines.next().is_none()
    });

    // A key of another certificate: the last good pair stays.
    let (new, new_key) = authority.serves("new.test");
    replace(&server.file("tls/own.pem"), &new);
    until("the report", || server.log().contains("it is not the key of `certificate`"));
    assert!(proves(&server, &authority, "old.test"));
    replace(&server.file("tls/own.key"), &new_key);
    until("the new certificate", || proves(&server, &authority, "new.test"));
    assert!(!proves(&server, &authority, "old.test"));
    assert_eq!(kept.get("/livez").status, 200, "a connection that stood goes on");
}

#[test]
fn tls_that_is_spoken_to_a_plain_port_is_logged() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    // The beginning of a ClientHello, with a line's end so that it is a whole line of HTTP.
    client.raw("\u{16}\u{3}\u{1}\u{2}\r\n\r\n");
    assert!(client.line().starts_with("HTTP/1.1 400"));
    until("that is logged", || server.log().contains("spoke TLS to the plain port; it must use http://"));
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.log().matches("spoke TLS").count(), 1);
}

#[test]
fn a_bad_certificate_is_refused_where_it_is_named() {
    let argo = Argo::saying("Hi");
    let authority = Authority::new();
    let ((pem, key), (_, other)) = (authority.serves("a.test"), authority.serves("b.test"));
    for (tls, parts) in [
        ("{ certificate: a.pem }", vec!["tls: it needs 'key'"]),
        (
            "{ certificate: none.pem, key: a.key }",
            vec!["tls.certificate: 'none.pem' cannot be used: it cannot be read"],
        ),
        ("{ certificate: a.pem, key: b.key }", vec!["tls.key: 'b.key' cannot be used: it is not the key"]),
        ("{ certificate: a.key, key: a.pem }", vec!["it holds no certificate", "it holds no private key"]),
    ] {
        let setup = Setup::before(&argo).config(&format!("tls: {tls}"));
        let (mut command, _) = setup.file("a.pem", &pem).file("a.key", &key).file("b.key", &other).command();
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)) && text.contains("config.yaml:"), "{tls}: {text}");
    }
}

#[test]
fn health_asks_where_the_same_configuration_serves() {
    let argo = Argo::saying("Hi");
    let authority = Authority::new();
    let ((pem, key), (other, other_key)) = (authority.serves("a.test"), authority.serves("b.test"));
    let with = |setup: Setup| setup.file("a.pem", &pem).file("a.key", &key);
    let tls = "tls: { certificate: a.pem, key: a.key }";
    for (setup, scheme) in [
        (Setup::before(&argo), "tcp"),
        (Setup::before(&argo).config("host: none\nsocket: run/s"), "unix"),
        (with(Setup::before(&argo).config(tls)), "tls"),
    ] {
        let server = setup.start();
        let health = |flags: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
            command.env_clear().current_dir(server.file("")).arg("health").args(flags).output().unwrap()
        };
        let port = server.address.port().to_string();
        let flags: &[&str] = if scheme == "unix" { &[] } else { &["--port", &port] };
        let output = health(flags);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out == "{\"status\":\"ready\"}\n", "{scheme}: {out}{err}");
        if scheme == "tcp" {
            let output = health(&[]);
            assert!(String::from_utf8_lossy(&output.stderr).contains("name it with --port"), "{output:?}");
        }
        if scheme == "tls" {
            // A proxy that shows another certificate than the configured one is another proxy.
            let copy = server.file("copy");
            std::fs::create_dir(&copy).unwrap();
            for (name, text) in [("a.pem", &other), ("a.key", &other_key)] {
                std::fs::write(copy.join(name), text).unwrap();
            }
            std::fs::copy(server.file("config.yaml"), copy.join("config.yaml")).unwrap();
            let output = health(&["copy/config.yaml", "--port", &port]);
            assert_eq!(output.status.code(), Some(1), "{output:?}");
        }
        server.signal("KILL");
        until("nobody answers", || health(flags).status.code() == Some(1));
    }
}
