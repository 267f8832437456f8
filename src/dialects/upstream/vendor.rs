//! Whose gateway an upstream is, and what follows from that in every dialect: its name, its hint, how its errors read.

use super::argo::notice::Watch;
use super::argo::{NAME, error_body as argo_errors, hint};
use super::error_body;
use super::facts::{UpstreamDialect, VendorError, beyond_text};
use crate::plan::Held;
use http::{HeaderName, HeaderValue};

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

/// A dialect that gateways of any vendor speak: JSON, and server-sent events from the same URL. Its facts are the vendor's, but for
/// what a dialect says here.
pub trait GatewayDialect: Send + Sync {
    /// Returns whose gateway it is.
    fn gateway(&self) -> Vendor;

    /// Returns true if it streams.
    fn has_streams(&self) -> bool {
        true
    }

    /// Returns the headers that every call has.
    fn own_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }

    /// Returns true if the gateway is known to answer nothing where a model cannot think as it is asked to.
    fn is_silent_at_times(&self) -> bool {
        false
    }

    /// Returns why a parameter with this value cannot be served.
    fn cannot(&self, param: &str, value: &str) -> Option<&'static str> {
        beyond_text(param, value)
    }

    /// Reads an answer with an error status.
    fn read_error(&self, held: &Held) -> VendorError {
        self.gateway().error(&held.body)
    }
}

impl<D: GatewayDialect> UpstreamDialect for D {
    fn name(&self) -> &'static str {
        self.gateway().upstream_name()
    }

    fn hint(&self, host: &str) -> Option<&'static str> {
        self.gateway().hint(host)
    }

    fn accept(&self, stream: bool) -> HeaderValue {
        HeaderValue::from_static(if stream { "text/event-stream" } else { "application/json" })
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        self.own_headers()
    }

    fn streams_at_url(&self) -> bool {
        self.has_streams()
    }

    fn may_say_nothing(&self) -> bool {
        self.is_silent_at_times()
    }

    fn refuses(&self, param: &str, value: &str) -> Option<&'static str> {
        self.cannot(param, value)
    }

    fn error(&self, held: &Held) -> VendorError {
        self.read_error(held)
    }
}
