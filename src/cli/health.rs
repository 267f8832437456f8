//! `health`: asks the proxy that runs with this configuration whether it is ready, as whatever watches a container does. Over its
//! Unix socket, plain or over TLS, which has to show the configured certificate.

use super::args::HealthArgs;
use super::client_offer::running;
use super::output::{CommandEnd, print, say, tell};
use crate::config::Config;
use crate::diagnostics::Problem;
use crate::loading::{self, FileReader, Loaded, Needs, environment};
use crate::server::Addresses;
use crate::server::addresses::reachable;
use crate::table::Table;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long connecting, and each word of the answer, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The replies of a table that say whether the process is ready, the best first.
const REPLIES: [&str; 3] = [BEST, "livez", "health"];
/// The best of them. Where the table cannot be read, its usual path is asked: its own name.
const BEST: &str = "readyz";
/// The most of an answer that is read.
const LONGEST: u64 = 64 * 1024;

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// Asks, and prints what comes. Where an instance of this configuration runs, it says itself where to ask: an edit of the files that
/// waits for a restart, or that has a mistake, is no reason to call a running process sick.
pub fn run(args: &HealthArgs) -> Result<(), CommandEnd> {
    let paths = args.files.paths(&environment);
    let loaded = loading::load(&paths, &args.overrides(), Needs::Nobody, &FileReader::default());
    let running = if args.names_address() { None } else { running(&paths.config, loaded.as_ref().ok()) };
    let certificate = loaded.as_ref().ok().map(|loaded| loaded.certificate.clone());
    let (path, place, wire) = match running {
        Some(addresses) => {
            if let Err(problems) = &loaded {
                tell(problems);
                say("the running process goes on with what it loaded before; it is asked all the same");
            }
            let path = loaded.as_ref().ok().and_then(|loaded| path(&loaded.table)).or_else(|| addresses.ready.clone());
            let (place, wire) = connect_to(&addresses, certificate.flatten().as_deref());
            (path, place, wire)
        }
        None => by_files(args, loaded)?,
    };
    let path = path.ok_or_else(|| {
        format!("the table has no row that says whether the proxy is ready; add one with `reply: {BEST}`")
    })?;
    let answer = wire.and_then(|wire| ask(wire, &path));
    let answer = answer.map_err(|e| CommandEnd::Because(format!("nobody answers at {place}: {e}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => print(&format!("{body}\n")),
        Some(status) => Err(CommandEnd::Because(format!("{path} at {place} answers {status}: {body}"))),
        None => Err(CommandEnd::Because(format!("what answers at {place} does not speak HTTP"))),
    }
}

/// Returns the path of the row that says whether the process is ready.
pub fn path(table: &Table) -> Option<String> {
    let row = |reply| table.routes().find(|route| !route.calls() && route.does == reply);
    REPLIES.into_iter().find_map(row).map(|row| row.path.clone())
}

/// What to ask, where, and the connection.
type HealthWay = (Option<String>, String, io::Result<Box<dyn Wire>>);

/// Connects to the first address of a running instance that accepts. `certificate` is the one that it has to show, if that is known.
fn connect_to(addresses: &Addresses, certificate: Option<&CertifiedKey>) -> (String, io::Result<Box<dyn Wire>>) {
    if let Some(socket) = &addresses.socket {
        return (socket.display().to_string(), unix(socket));
    }
    let urls = addresses.urls.iter().filter_map(|url| url.split_once("://"));
    let mut last = ("its addresses".to_owned(), Err(io::Error::other("it listens nowhere")));
    for (scheme, address) in urls {
        let wire = address.parse().map_err(io::Error::other).and_then(|address| tcp([address]));
        let wire =
            wire.and_then(|stream| if scheme == "https" { tls(stream, certificate) } else { Ok(Box::new(stream)) });
        last = (address.to_owned(), wire);
        if last.1.is_ok() {
            break;
        }
    }
    last
}

/// Goes by the files: by the configuration alone, if only the table or the callers have mistakes.
fn by_files(args: &HealthArgs, loaded: Result<Loaded, Vec<Problem>>) -> Result<HealthWay, CommandEnd> {
    let path_of_config = args.files.config(&environment);
    let (config, certificate, path) = match loaded {
        Ok(loaded) => (loaded.config, loaded.certificate, path(&loaded.table)),
        Err(problems) => {
            let Ok((config, certificate)) = loading::load_config(&path_of_config, &args.overrides()) else {
                return Err(problems.into());
            };
            tell(&problems);
            (config, certificate, Some(format!("/{BEST}")))
        }
    };
    let (place, wire) = connect(&config, certificate.as_deref(), &path_of_config);
    Ok((path, place, wire))
}

/// The connection that the configuration describes, and what it is called.
fn connect(config: &Config, certificate: Option<&CertifiedKey>, path: &Path) -> (String, io::Result<Box<dyn Wire>>) {
    if let Some(named) = &config.listeners.socket {
        let socket = named.beside(path);
        return (socket.display().to_string(), unix(&socket));
    }
    let (host, port) = (config.host.as_str(), config.port);
    let place = format!("{host}:{port}");
    if port == 0 {
        let why = "the port is another one at each start; name it with --port, or have a `socket`";
        return (place, Err(io::Error::other(why)));
    }
    let stream = (host, port).to_socket_addrs().and_then(tcp);
    let is_tls = config.listeners.tls.is_some();
    (place, stream.and_then(|stream| if is_tls { tls(stream, certificate) } else { Ok(Box::new(stream)) }))
}

fn unix(path: &Path) -> io::Result<Box<dyn Wire>> {
    let stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(Box::new(stream))
}

fn tcp(addresses: impl IntoIterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut last = io::Error::other("it has no address");
    for address in addresses {
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

/// `own` is the certificate that the server has to show; without one any will do, at an address that the running process itself named.
fn tls(stream: TcpStream, own: Option<&CertifiedKey>) -> io::Result<Box<dyn Wire>> {
    let own = own.and_then(|own| own.cert.first()).map(|own| own.clone().into_owned());
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
    certificate: Option<CertificateDer<'static>>,
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
        if self.certificate.as_ref().is_none_or(|own| own == shown) {
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
