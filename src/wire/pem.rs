//! Certificates and keys in PEM, checked before use: pingora would panic on a damaged one.

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The remedy for a file without certificates.
pub const CERTIFICATE_HELP: &str = "name a file with parts that begin with -----BEGIN CERTIFICATE-----";
/// The remedy for a file without a key.
pub const KEY_HELP: &str = "it needs a part that begins with -----BEGIN PRIVATE KEY-----, without a password";
/// The remedy for a key that belongs to another certificate.
pub const PAIR_HELP: &str = "name the key that the certificate was made for";

/// Returns the certificates of a file. There is at least one, and all of them parse.
///
/// # Errors
/// The fault of the file, as the end of a sentence about it.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let found = found.map_err(|e| format!("it is no sound PEM file: {e}"))?;
    if found.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    if found.iter().any(|der| X509Certificate::from_der(der).is_err()) {
        return Err("it holds a certificate that is damaged".to_owned());
    }
    Ok(found)
}

/// Returns the private key of a file.
///
/// # Errors
/// The fault of the file, as the end of a sentence about it.
pub fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| "it holds no private key in PEM".to_owned())
}

/// Combines a certificate with its key.
///
/// # Errors
/// They do not belong together. The text is the end of a sentence about the key's file.
pub fn pair(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, String> {
    CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|e| format!("it is not the key of `certificate`: {e}"))
}
