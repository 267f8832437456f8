//! The settings `socket`, `tls` and `run_dir`: a further listener, the certificate, and the instance's directory.

use super::value;
use crate::diagnostics::Place;
use crate::yaml::{Section, Source};
use std::path::{Path, PathBuf};

/// These settings. None is set by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners {
    /// A Unix socket to listen on.
    pub socket: Option<NamedPath>,
    /// The certificate of the port.
    pub tls: Option<TlsFiles>,
    /// The directory of the running instance.
    pub run_dir: Option<NamedPath>,
}

/// A path, and the place that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPath {
    path: String,
    pub place: Place,
}

/// The PEM files of a certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    pub certificate: NamedPath,
    pub key: NamedPath,
}

impl NamedPath {
    /// Returns the path as written.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// Returns the path. A relative one starts at the folder of the configuration file `config`.
    pub fn beside(&self, config: &Path) -> PathBuf {
        beside(config, &self.path)
    }
}

/// Returns a path of the configuration file `config`. A relative one starts at the file's folder.
pub fn beside(config: &Path, path: &str) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join(path)
}

impl Listeners {
    pub(super) fn read(keys: &mut Section<'_>, source: &mut Source<'_>) -> Self {
        let tls = keys.section(source, "tls").and_then(|mut tls| {
            let (certificate, key) = (named(&mut tls, source, "certificate"), named(&mut tls, source, "key"));
            tls.finish(source);
            Some(TlsFiles { certificate: certificate?, key: key? })
        });
        Listeners { socket: named(keys, source, "socket"), tls, run_dir: named(keys, source, "run_dir") }
    }

    pub(super) fn over(self, base: Self) -> Self {
        Listeners {
            socket: self.socket.or(base.socket),
            tls: self.tls.or(base.tls),
            run_dir: self.run_dir.or(base.run_dir),
        }
    }
}

pub(super) fn named(keys: &mut Section<'_>, source: &mut Source<'_>, key: &'static str) -> Option<NamedPath> {
    let place = keys.place(source, key);
    keys.get(source, key, value::path).map(|path| NamedPath { path, place })
}
