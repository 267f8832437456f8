//! `health`: asks the proxy that runs with this configuration whether it is ready, as whatever watches a container does. Over its
//! Unix socket, plain or over TLS, which has to show the configured certificate.

use super::args::HealthArgs;
use super::output::{CommandEnd, print};
use crate::loading::{self, FileReader, Loaded, Needs, environment};
use crate::table::Table;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

/// How long connecting, and each word of the answer, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The replies of a table that say whether the process is ready, the best first.
const REPLIES: [&str; 3] = ["readyz", "livez", "health"];
/// The most of an answer that is read.
const LONGEST: u64 = 64 * 1024;

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// Asks, and prints what comes.
pub fn run(args: &HealthArgs) -> Result<(), CommandEnd> {
    let loaded =
        loading::load(&args.files.paths(&environment), &args.overrides(), Needs::Nobody, &FileReader::default())?;
    let path = path(&loaded.table)?;
    let (place, wire) = connect(args, &loaded);
    let answer = wire.and_then(|wire| ask(wire, &path));
    let answer = answer.map_err(|e| CommandEnd::Because(format!("nobody answers at {place}: {e}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => print(&format!("{body}\n")),
        Some(status) => Err(CommandEnd::Because(format!("{path} at {place} answers {status}: {body}"))),
        None => Err(CommandEnd::Because(format!("what answers at {place} does not speak HTTP"))),
    }
}

/// Returns the path of the row with such a reply.
fn path(table: &Table) -> Result<String, CommandEnd> {
    let row = |reply| table.routes().find(|route| route.upstream.is_none() && route.does == reply);
    let row = REPLIES.into_iter().find_map(row);
    let none =
        || format!("the table has no row that says whether the proxy is ready; add one with `reply: {}`", REPLIES[0]);
    Ok(row.ok_or_else(none)?.path.clone())
}

/// The connection, and what it is called.
fn connect(args: &HealthArgs, loaded: &Loaded) -> (String, io::Result<Box<dyn Wire>>) {
    let config = &loaded.config;
    if let Some(named) = &config.listeners.socket {
        let path = named.beside(&args.files.config(&environment));
        let stream = UnixStream::connect(&path).and_then(|stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            Ok(Box::new(stream) as Box<dyn Wire>)
        });
        return (path.display().to_string(), stream);
    }
    let (host, port) = (config.host.as_str(), config.port);
    let place = format!("{host}:{port}");
    if port == 0 {
        let why = "the port is another one at each start; name it with --port, or have a `socket`";
        return (place, Err(io::Error::other(why)));
    }
    let wire = tcp(host, port).and_then(|stream| match &loaded.certificate {
        None => Ok(Box::new(stream) as Box<dyn Wire>),
        Some(certificate) => {
            let own = certificate.cert.first().ok_or(io::ErrorKind::InvalidData)?.clone().into_owned();
            tls(stream, own)
        }
    });
    (place, wire)
}

fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::other("it has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&reachable(address), PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(e) => last = e,
        }
    }
    Err(last)
}

/// Whoever listens everywhere is reached on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn tls(stream: TcpStream, own: CertificateDer<'static>) -> io::Result<Box<dyn Wire>> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let name = ServerName::IpAddress(stream.peer_addr()?.ip().into());
    let config = configuration(provider, Own { certificate: own, algorithms }).map_err(io::Error::other)?;
    let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    Ok(Box::new(StreamOwned::new(session, stream)))
}

fn configuration(provider: Arc<CryptoProvider>, own: Own) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(own)).with_no_client_auth())
}

/// Trusts the configured certificate and no other, whatever name it is for.
#[derive(Debug)]
struct Own {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *shown == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn ask(mut wire: Box<dyn Wire>, path: &str) -> io::Result<String> {
    write!(wire, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    match wire.take(LONGEST).read_to_end(&mut answer) {
        // TLS that ends without a word has brought the answer all the same.
        Err(e) if e.kind() != io::ErrorKind::UnexpectedEof || answer.is_empty() => return Err(e),
        _ => {}
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
