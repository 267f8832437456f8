//! Loads the certificate of `tls` in config.yaml and checks it together with the configuration, so that no connection meets a bad one.

use super::file_reader::FileReader;
use crate::config::{Config, NamedPath, TlsFiles};
use crate::diagnostics::file_trust::remedy_or;
use crate::diagnostics::{Checked, Problem};
use crate::wire::pem;
use rustls::sign::CertifiedKey;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// Returns the configuration with its certificate, if both are sound; `path` is the configuration's file.
///
/// # Errors
/// Everything that is wrong with either.
pub fn with_certificate(
    config: Checked<Config>,
    path: &Path,
    reader: &FileReader,
) -> Checked<(Config, Option<Arc<CertifiedKey>>)> {
    let (config, mut problems) = config?;
    let Some(files) = &config.listeners.tls else { return Ok(((config, None), problems)) };
    match load(files, path, reader, &mut problems) {
        Some(certificate) => Ok(((config, Some(Arc::new(certificate))), problems)),
        None => Err(problems),
    }
}

fn load(files: &TlsFiles, config: &Path, reader: &FileReader, problems: &mut Vec<Problem>) -> Option<CertifiedKey> {
    let mut wrong = |key: &str, file: &NamedPath, why: &str, help: &str| {
        let message = format!("tls.{key}: '{}' cannot be used: {why}", file.as_str());
        problems.push(Problem::new(file.place.clone(), message, Some(help.to_owned())));
    };
    let mut read = |key: &str, file: &NamedPath| {
        let path = file.beside(config);
        let help = "name a file that can be read; a relative path begins where config.yaml lies";
        let unread = |e| wrong(key, file, &format!("it cannot be read: {e}"), &remedy_or(&e, help));
        reader.read_apart(&path).map_err(unread).ok()
    };
    let (certificate, key) = (read("certificate", &files.certificate), read("key", &files.key));
    let certificate = certificate.map(|bytes| pem::certificates(&bytes));
    let key = key.map(|bytes| pem::key(&bytes));
    if let Some(Err(why)) = &certificate {
        wrong("certificate", &files.certificate, why, pem::CERTIFICATE_HELP);
    }
    if let Some(Err(why)) = &key {
        wrong("key", &files.key, why, pem::KEY_HELP);
    }
    let pair = pem::pair(certificate?.ok()?, key?.ok()?);
    let pair = pair.map_err(|why| wrong("key", &files.key, &why, pem::PAIR_HELP)).ok()?;
    problems.extend(open_to_others(&files.key, config));
    Some(pair)
}

/// Warns if every user can read the key, since the key is enough to impersonate the proxy.
fn open_to_others(key: &NamedPath, config: &Path) -> Option<Problem> {
    let mode = std::fs::metadata(key.beside(config)).ok()?.mode();
    let message = format!("tls.key: everybody on this machine can read '{}'", key.as_str());
    let help = format!("run: chmod o= {}", key.beside(config).display());
    (mode & 0o007 != 0).then(|| Problem::warning(key.place.clone(), message, Some(help)))
}
