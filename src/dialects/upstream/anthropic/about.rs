//! The facts of the dialect: its name, its media types, how its errors read.

use crate::dialects::upstream::{UpstreamDialect, Vendor, VendorError};
use crate::plan::Held;
use http::{HeaderName, HeaderValue, StatusCode};

/// The description of the dialect `anthropic`.
pub const ABOUT: &str = "Anthropic's messages, whole and as server-sent events";

/// The version of the API. The vendor requires one, and this one takes the most.
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));

/// What a gateway's message says where it has no status of the vendor's answer, and the status that it stands for.
const SAID_BY_GATEWAY: [(&str, StatusCode); 3] = [
    ("RESOURCE_EXHAUSTED", StatusCode::TOO_MANY_REQUESTS),
    // The gateway got no token for its own vendor.
    ("oauth2.googleapis.com", StatusCode::BAD_GATEWAY),
    ("verloaded", StatusCode::SERVICE_UNAVAILABLE),
];

/// The dialect `anthropic`, as one vendor speaks it.
#[derive(Debug, Clone, Copy)]
pub struct Anthropic {
    /// Whose gateway it is.
    pub vendor: Vendor,
}

impl UpstreamDialect for Anthropic {
    fn name(&self) -> &'static str {
        self.vendor.upstream_name()
    }

    fn hint(&self, host: &str) -> Option<&'static str> {
        self.vendor.hint(host)
    }

    fn streams_at_url(&self) -> bool {
        true
    }

    fn accept(&self, stream: bool) -> HeaderValue {
        HeaderValue::from_static(if stream { "text/event-stream" } else { "application/json" })
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![VERSION]
    }

    fn error(&self, held: &Held) -> VendorError {
        let error = self.vendor.error(&held.body);
        let is_vague = matches!(error.kind.as_deref(), None | Some("api_error"));
        if self.vendor == Vendor::Other || error.status.is_some() || !is_vague {
            return error;
        }
        let meant = SAID_BY_GATEWAY.iter().find(|(words, _)| error.message.contains(words));
        VendorError { status: meant.map(|(_, status)| *status), ..error }
    }
}
