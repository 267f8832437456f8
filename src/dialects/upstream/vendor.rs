//! Whose gateway an upstream is, and what follows from that in every dialect: its name, its hint, how its errors read.

use super::argo::notice::Watch;
use super::argo::{NAME, error_body as argo_errors, hint};
use super::error_body;
use super::facts::VendorError;

/// Whose gateway an upstream is. It may have notices, hints and errors of its own, whatever its dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vendor {
    /// ARGO.
    Argo,
    /// Anybody else.
    #[default]
    Other,
}

impl Vendor {
    /// Returns the name of its upstreams in messages.
    pub fn upstream_name(self) -> &'static str {
        match self {
            Vendor::Argo => NAME,
            Vendor::Other => "The upstream",
        }
    }

    /// Returns what to check when this host cannot be reached.
    pub fn hint(self, host: &str) -> Option<&'static str> {
        match self {
            Vendor::Argo => hint(host),
            Vendor::Other => None,
        }
    }

    /// Reads an error body of any of the known shapes.
    pub fn error(self, body: &[u8]) -> VendorError {
        match self {
            Vendor::Argo => argo_errors::of_native(body),
            Vendor::Other => error_body::read(body, &|_| None),
        }
    }

    /// Returns the watch for notices in the text of a streamed answer, where the vendor sends any.
    pub fn watch(self) -> Option<Watch> {
        (self == Vendor::Argo).then(Watch::default)
    }
}
