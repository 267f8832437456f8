//! A test that is part of a table: a request, the upstream's answer, and the expected results.

use crate::diagnostics::Place;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde_json::Value;

/// A test of the table.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The test's name in messages: its number and name.
    pub called: String,
    /// The place of the test.
    pub place: Place,
    /// The method of the request.
    pub method: Method,
    /// The path of the request.
    pub path: String,
    /// The query of the request.
    pub query: Option<String>,
    /// The headers of the request.
    pub headers: HeaderMap,
    /// The body of the request.
    pub body: Bytes,
    /// The upstream's answer.
    pub answer: Option<TrialAnswer>,
    /// The expected results.
    pub expected: Vec<Expected>,
    /// True if an included file removes the row under test. Such a test does not run.
    pub is_left_out: bool,
}

/// An answer of the upstream.
#[derive(Debug, Clone)]
pub struct TrialAnswer {
    /// The status of the answer.
    pub status: StatusCode,
    /// The content type of the answer.
    pub content_type: &'static str,
    /// The body of the answer, in the pieces in which it arrives.
    pub pieces: Vec<Bytes>,
}

/// One expected result and its place in the file.
#[derive(Debug, Clone)]
pub struct Expected {
    pub place: Place,
    pub what: What,
}

/// The kinds of expected results.
#[derive(Debug, Clone)]
pub enum What {
    /// The row of this path takes the request.
    Route(String),
    /// The call goes to this URL.
    Url(String),
    /// True if the call goes to the streaming endpoint.
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
    /// The answer's content is this, whole or in the pieces of a stream.
    Content(String),
    /// The answer ended for this reason.
    FinishReason(String),
}
