//! The authorities by which upstreams prove who they are, where the table names none: those of `SSL_CERT_FILE` and `SSL_CERT_DIR`,
//! else the system's.
//!
//! pingora loads them itself, once for all connections. But it panics over a damaged one, and takes an empty variable for a path. So
//! they are read here first, and only when an upstream speaks https. Where pingora would fail, it gets an empty file, and each
//! connection the sound ones: that costs a new connection about a millisecond.

use crate::diagnostics::{Place, Problem};
use crate::table::Table;
use pingora::connectors::ConnectorOptions;
use pingora::tls::{RootCertStore, load_native_certs, load_platform_certs_incl_env_into_store};
use pingora::utils::tls::{WrappedX509, parse_x509};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};
use x509_parser::prelude::{FromDer, X509Certificate};

const FILE: &str = "SSL_CERT_FILE";
const DIRECTORY: &str = "SSL_CERT_DIR";
/// Where systems keep their authorities: Debian, Fedora, SUSE, Red Hat, Alpine and macOS, FreeBSD.
const SYSTEM: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
];
/// A file without authorities, which pingora reads without a complaint.
const NOTHING: &str = "/dev/null";
/// How many faulty files are named one by one.
const MOST_NAMED: usize = 5;
/// The connections that are kept for calls that the proxy makes itself; pingora's own number.
const POOLED: usize = 128;

static FOUND: LazyLock<Authorities> = LazyLock::new(|| Authorities::read(&|name| std::env::var(name).ok(), &SYSTEM));
/// The same for pingora, for when a connection is given them: `check` found that no call needs any, and now an image does.
static WRAPPED: LazyLock<Option<Arc<[WrappedX509]>>> = LazyLock::new(|| {
    let usual = || load_native_certs().unwrap_or_default().iter().map(|der| der.to_vec()).collect();
    let found: Vec<Vec<u8>> = if FOUND.is_usual { usual() } else { FOUND.certificates.clone() };
    let wrapped: Arc<[WrappedX509]> = found.into_iter().map(|der| WrappedX509::new(der, parse_x509)).collect();
    (!wrapped.is_empty()).then_some(wrapped)
});
/// True if pingora loads the authorities itself.
static LEFT_TO_PINGORA: OnceLock<bool> = OnceLock::new();

/// Reads the authorities if calls of this table need them. To be called before anything connects. Returns what is wrong with them: an
/// error only if there is none at all.
pub fn check(table: &Table) -> Vec<Problem> {
    let calls = |upstream: &crate::table::Upstream| {
        let urls = upstream.whole.iter().chain(upstream.stream.iter().flat_map(|stream| stream.iter()));
        upstream.tls.authorities.is_empty() && upstream.tls.verify && urls.into_iter().any(|endpoint| endpoint.tls)
    };
    if !table.upstreams().any(|upstream| calls(upstream)) {
        leave_out();
        return Vec::new();
    }
    FOUND.problems.clone()
}

/// Reads no authorities, unless a connection needs them later.
pub fn leave_out() {
    LEFT_TO_PINGORA.get_or_init(|| false);
}

/// Returns the file from which pingora loads authorities; `None` for those that it finds itself.
pub fn file() -> Option<String> {
    (!is_left_to_pingora()).then(|| NOTHING.to_owned())
}

/// Returns the authorities that each connection has to be given; `None` if pingora has them.
pub fn for_connection() -> Option<Arc<[WrappedX509]>> {
    if is_left_to_pingora() { None } else { WRAPPED.clone() }
}

/// Returns the options of pingora's connectors for calls that the proxy makes itself.
pub fn connector_options() -> ConnectorOptions {
    let mut options = ConnectorOptions::new(POOLED);
    options.ca_file = file();
    options
}

fn is_left_to_pingora() -> bool {
    *LEFT_TO_PINGORA.get_or_init(|| FOUND.is_usual)
}

/// What was found, and what is wrong with it.
struct Authorities {
    /// True if pingora finds the same without a complaint.
    is_usual: bool,
    /// What each connection is given where pingora does not.
    certificates: Vec<Vec<u8>>,
    problems: Vec<Problem>,
}

impl Authorities {
    fn read(env: &dyn Fn(&str) -> Option<String>, system: &[&str]) -> Self {
        let mut problems = Vec::new();
        let [file, directory] = [FILE, DIRECTORY].map(|name| env(name).filter(|path| !path.is_empty()));
        let mut found = Vec::new();
        if let Some(path) = &file {
            found.extend(read_file(FILE, Path::new(path), &mut problems));
        }
        if let Some(path) = &directory {
            found.extend(read_directory(Path::new(path), &mut problems));
        }
        let is_empty = [FILE, DIRECTORY].iter().any(|name| env(name).is_some_and(|path| path.is_empty()));
        // pingora reads what the variables name as it was read here, and else looks where it knows.
        let is_read = || if file.is_some() || directory.is_some() { !found.is_empty() } else { is_platform_usable() };
        let is_usual = problems.is_empty() && !is_empty && is_read();
        if is_usual {
            return Authorities { is_usual, certificates: Vec::new(), problems };
        }
        if found.is_empty() {
            let bundle = system.iter().map(Path::new).find(|path| path.is_file());
            found.extend(bundle.map(|path| read_file("", path, &mut problems)).unwrap_or_default());
            let help = "The system's authorities are used instead. Correct the path, or drop it with: unset SSL_CERT_FILE SSL_CERT_DIR";
            problems.iter_mut().for_each(|problem| problem.help = Some(help.to_owned()));
        }
        if found.is_empty() {
            let help =
                "install the package ca-certificates, or name a PEM file in SSL_CERT_FILE or in tls.ca of the upstream";
            let place = file.or(directory).map_or(Place::File("the system's certificates".to_owned()), |_| named(FILE));
            let message = "there is no authority by which an https upstream could prove who it is";
            problems.push(Problem::new(place, message, Some(help.to_owned())));
        }
        Authorities { is_usual, certificates: found, problems }
    }
}

/// Returns true if pingora finds authorities of the system, and all of them are sound.
fn is_platform_usable() -> bool {
    let mut store = RootCertStore::empty();
    load_platform_certs_incl_env_into_store(&mut store).is_ok() && !store.is_empty()
}

fn named(variable: &str) -> Place {
    Place::Variable(variable.to_owned())
}

/// Returns the sound certificates of a file, which a variable or the system names.
fn read_file(variable: &str, path: &Path, problems: &mut Vec<Problem>) -> Vec<Vec<u8>> {
    let shown = path.display();
    let why = match std::fs::read(path).map(|bytes| sound(&bytes)) {
        Err(e) => format!("{shown} cannot be read: {e}"),
        Ok((found, 0)) if !found.is_empty() => return found,
        Ok((found, _)) if found.is_empty() => format!("{shown} holds no sound certificate in PEM"),
        Ok((found, damaged)) => {
            let all = found.len() + damaged;
            problems.push(warning(variable, path, format!("{damaged} of {all} certificates in {shown} are damaged")));
            return found;
        }
    };
    problems.push(warning(variable, path, why));
    Vec::new()
}

fn warning(variable: &str, path: &Path, why: String) -> Problem {
    let place = if variable.is_empty() { Place::File(path.display().to_string()) } else { named(variable) };
    Problem::warning(place, why, Some("those that are sound are used".to_owned()))
}

/// Returns the sound certificates of a folder that `openssl rehash` made: of files such as `5ed36f99.0`.
fn read_directory(path: &Path, problems: &mut Vec<Problem>) -> Vec<Vec<u8>> {
    let shown = path.display();
    let entries: io::Result<Vec<PathBuf>> =
        std::fs::read_dir(path).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut files = match entries {
        Ok(files) => files,
        Err(e) => {
            problems.push(warning(DIRECTORY, path, format!("{shown} cannot be read: {e}")));
            return Vec::new();
        }
    };
    files.retain(|file| is_hashed(file));
    files.sort();
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    for file in files {
        match std::fs::read(&file).map(|bytes| sound(&bytes)) {
            Ok((certificates, 0)) => found.extend(certificates),
            Ok((certificates, _)) => {
                found.extend(certificates);
                faults.push(format!("{} is damaged", file.display()));
            }
            // A link whose certificate was removed.
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => faults.push(format!("{} cannot be read: {e}", file.display())),
        }
    }
    let more = faults.len().saturating_sub(MOST_NAMED);
    faults.truncate(MOST_NAMED);
    if more > 0 {
        faults.push(format!("{more} more files cannot be used"));
    }
    problems.extend(faults.into_iter().map(|why| warning(DIRECTORY, path, why)));
    found
}

fn is_hashed(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|b| b.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Returns the sound certificates of a PEM text, and how many are damaged.
fn sound(pem: &[u8]) -> (Vec<Vec<u8>>, usize) {
    let (mut sound, mut damaged) = (Vec::new(), 0);
    for certificate in CertificateDer::pem_slice_iter(pem) {
        match certificate {
            Ok(der) if X509Certificate::from_der(&der).is_ok() && RootCertStore::empty().add(der.clone()).is_ok() => {
                sound.push(der.to_vec());
            }
            _ => damaged += 1,
        }
    }
    (sound, damaged)
}

#[cfg(test)]
mod tests;
