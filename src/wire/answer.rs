//! A whole reply of our own making.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Status, the headers that depend on the reply, and the body. What every reply carries (CORS, request id, length) is
/// added where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// `Content-Type` and whatever else belongs to this reply alone.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, complete.
    pub body: Bytes,
    /// For the log, when the reply is a failure: its code and the field at fault, never a text.
    pub why: Option<Box<str>>,
}

impl Answer {
    /// A reply with a body of the given type.
    pub fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Answer { status, headers, body: body.into(), why: None }
    }

    /// A JSON reply.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Answer::new(status, "application/json", body)
    }

    /// A reply without a body.
    pub fn empty(status: StatusCode) -> Self {
        Answer { status, headers: Vec::new(), body: Bytes::new(), why: None }
    }
}
