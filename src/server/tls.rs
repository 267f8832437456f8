//! The certificate of a listener, which a reload may replace while it listens.

use arc_swap::ArcSwap;
use pingora::listeners::tls::TlsSettings;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;

/// The certificate and key for new connections.
#[derive(Debug)]
pub struct Certificates(ArcSwap<CertifiedKey>);

impl Certificates {
    /// Starts with `certificate`.
    pub fn new(certificate: Arc<CertifiedKey>) -> Self {
        Certificates(ArcSwap::new(certificate))
    }

    /// Replaces the certificate. Open connections keep theirs.
    pub fn replace(&self, certificate: Arc<CertifiedKey>) {
        self.0.store(certificate);
    }

    /// Returns pingora's settings for a listener. They offer no protocols, so that clients speak HTTP/1.1, on which held replies rely.
    pub(super) fn settings(self: &Arc<Self>) -> Result<TlsSettings, String> {
        let mut settings = TlsSettings::intermediate("", "").map_err(|e| format!("TLS cannot be set up: {e}"))?;
        settings.set_cert_resolver(self.clone());
        Ok(settings)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}
