//! What went wrong. How that reads to a client is its dialect's to say: see `plan::Client`.

use http::{HeaderName, HeaderValue, StatusCode};
use std::borrow::Cow;
use std::fmt;

/// A failure that the client hears of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status; on a stream whose head is out, the status it would have had.
    pub status: StatusCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// The request field at fault.
    pub param: Option<String>,
    /// The type of the error in OpenAI's words, where it is not the usual one of `status`.
    pub kind: Option<&'static str>,
    /// For programs.
    pub code: Option<Cow<'static, str>>,
    /// `Retry-After`, `Allow` and the like.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A failure whose type follows from `status`.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Failure { status, message: message.into(), param: None, kind: None, code: None, headers: Vec::new() }
    }

    /// 400 for a request that is wrong as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Failure::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400, naming the request field at fault.
    pub fn bad_field(param: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::new(StatusCode::BAD_REQUEST, message).with_param(param)
    }

    /// 400 for a parameter that the upstream cannot serve and whose absence would change the answer's meaning.
    pub fn unsupported(param: &str, why: &str) -> Self {
        Failure::bad_field(param, format!("'{param}' is not supported: {why}.")).with_code("unsupported_parameter")
    }

    /// 502 for an upstream that answers what cannot be an answer.
    pub fn upstream(message: impl Into<String>) -> Self {
        Failure::new(StatusCode::BAD_GATEWAY, message).with_code("bad_upstream_answer")
    }

    /// 504 for time that is up.
    pub fn timeout(message: impl Into<String>) -> Self {
        Failure::new(StatusCode::GATEWAY_TIMEOUT, message).with_code("timeout")
    }

    /// The same failure, naming a request field.
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same failure, with a type that is not the usual one of its status.
    pub fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// The same failure, with a code for programs.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same failure, with a response header; a value that cannot be one is left out.
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The reason that the log keeps: the code, else a word for the status, and the field at fault. It holds no text.
    pub fn reason(&self) -> String {
        let param = self.param.as_deref().map(|param| format!(" param={param}")).unwrap_or_default();
        format!("{}{param}", self.word())
    }

    /// The code, else a word for the status.
    pub fn word(&self) -> &str {
        self.code.as_deref().unwrap_or(match self.status.as_u16() {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            504 => "timeout_error",
            400..=499 => "invalid_request_error",
            _ => "server_error",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.message)
    }
}
