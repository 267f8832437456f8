//! The facts of the dialect: its name, its media types, how its errors read.

use crate::dialects::upstream::{GatewayDialect, Vendor, VendorError};
use crate::plan::Held;
use http::{HeaderName, HeaderValue, StatusCode};

/// The description of the dialect `anthropic`.
pub const ABOUT: &str = "Anthropic's messages, whole and as server-sent events";

/// The version of the API. The vendor requires one, and this one takes the most.
const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));

/// The vendor's types of errors that OpenAI's clients do not know, and the status of each.
const OWN_TYPES: [(&str, StatusCode); 5] = [
    ("api_error", StatusCode::BAD_GATEWAY),
    ("overloaded_error", StatusCode::SERVICE_UNAVAILABLE),
    ("not_found_error", StatusCode::NOT_FOUND),
    ("request_too_large", StatusCode::PAYLOAD_TOO_LARGE),
    ("billing_error", StatusCode::PAYMENT_REQUIRED),
];

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

impl GatewayDialect for Anthropic {
    fn gateway(&self) -> Vendor {
        self.vendor
    }

    fn is_silent_at_times(&self) -> bool {
        self.vendor == Vendor::Argo
    }

    fn own_headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        vec![VERSION]
    }

    fn read_error(&self, held: &Held) -> VendorError {
        let error = self.vendor.error(&held.body);
        let own = OWN_TYPES.iter().find(|(name, _)| error.kind.as_deref() == Some(name));
        let meant =
            self.is_vague(&error).then(|| SAID_BY_GATEWAY.iter().find(|(words, _)| error.message.contains(words)));
        let status = error.status.or(meant.flatten().map(|(_, status)| *status));
        // The type goes, since the type that clients know follows from the status. A failure has its status already.
        let status = status.or(own.filter(|_| held.status.is_success()).map(|(_, status)| *status));
        VendorError { status, kind: error.kind.filter(|_| own.is_none()), ..error }
    }
}

impl Anthropic {
    /// Returns true if only the words of an error say what happened, as where ARGO's gateway failed itself.
    fn is_vague(self, error: &VendorError) -> bool {
        self.vendor == Vendor::Argo && matches!(error.kind.as_deref(), None | Some("api_error"))
    }
}
