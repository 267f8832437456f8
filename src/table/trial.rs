//! A test that a table brings along: a request, what the upstream would answer, and what should become of both.

use crate::diagnostics::Place;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::Value;

/// A test of the table.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What it is called in messages: its number and name.
    pub called: String,
    /// Where it stands.
    pub place: Place,
    /// The request's method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What the upstream answers.
    pub answer: Option<TrialAnswer>,
    /// What should become of it.
    pub expected: Vec<Expected>,
    /// Whether a file that its own includes takes out the row that it is about: then it is not run.
    pub is_left_out: bool,
}

/// An answer of the upstream.
#[derive(Debug, Clone)]
pub struct TrialAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its content type.
    pub content_type: &'static str,
    /// Its body as it arrives.
    pub pieces: Vec<Bytes>,
}

/// One thing that is expected, and where that is said.
#[derive(Debug, Clone)]
pub struct Expected {
    pub place: Place,
    pub what: What,
}

/// What can be expected.
#[derive(Debug, Clone)]
pub enum What {
    /// The row of this path takes the request.
    Route(String),
    /// The call goes to this URL.
    Url(String),
    /// The call goes to the streaming endpoint, or does not.
    Stream(bool),
    /// The call's body has these fields.
    Sent(Value),
    /// The reply has this status.
    Status(StatusCode),
    /// The reply has this header.
    Header(HeaderName, String),
    /// The reply is JSON and has these fields.
    Json(Value),
    /// The reply's body is this.
    Text(String),
    /// The answer says this, whole or in the pieces of a stream.
    Content(String),
    /// The answer ended for this reason.
    FinishReason(String),
}
