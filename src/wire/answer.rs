//! A whole reply that the proxy creates itself.

use super::failure::FailureReason;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// A status, the headers of this reply, and the body. The headers of every reply (CORS, request id, length) are added
/// when it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// `Content-Type` and other headers of this reply only.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The complete body.
    pub body: Bytes,
    /// The reason to log for a failure.
    pub why: Option<Box<FailureReason>>,
}

/// The content type of JSON.
pub const JSON: &str = "application/json";

impl Answer {
    /// Creates a reply with a body of the given type.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Answer { status, headers, body: body.into(), why: None }
    }

    /// Creates a JSON reply.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Answer::new(status, JSON, body)
    }

    /// Creates a reply that leads a browser to another path. A path that is no header value leads nowhere.
    pub fn see_other(path: &str) -> Self {
        let location = HeaderValue::from_str(path).map(|path| (header::LOCATION, path));
        Answer { headers: location.into_iter().collect(), ..Answer::empty(StatusCode::SEE_OTHER) }
    }

    /// Creates a reply without a body.
    pub fn empty(status: StatusCode) -> Self {
        Answer { status, headers: Vec::new(), body: Bytes::new(), why: None }
    }
}
