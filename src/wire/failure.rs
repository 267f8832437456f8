//! What went wrong, in the words and the shape that OpenAI's clients understand.
//!
//! Clients branch on the HTTP status and on `{"error": {"message", "type", "param", "code"}}`, all four keys present.

use crate::json;
use crate::wire::Answer;
use http::{HeaderName, HeaderValue, StatusCode};
use std::borrow::Cow;
use std::fmt;

/// A failure to tell the client of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status; on a stream whose head is out, the status it would have had.
    pub status: StatusCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// The request field at fault.
    pub param: Option<String>,
    /// `type` in the JSON, where it is not the usual one of `status`.
    pub kind: Option<&'static str>,
    /// For programs.
    pub code: Option<Cow<'static, str>>,
    /// `Retry-After`, `Allow` and the like.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A failure; its type in the JSON follows from `status`.
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

    /// The JSON that clients read, in one line.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.len() + 128);
        out.extend_from_slice(b"{\"error\":{\"message\":");
        json::push_string(&mut out, &self.message);
        out.extend_from_slice(b",\"type\":");
        json::push_string(&mut out, self.kind.unwrap_or(kind_of(self.status)));
        for (key, value) in [("param", self.param.as_deref()), ("code", self.code.as_deref())] {
            json::push_key(&mut out, key);
            match value {
                Some(value) => json::push_string(&mut out, value),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b"}}");
        out
    }

    /// The whole reply.
    pub fn to_answer(&self) -> Answer {
        let mut answer = Answer::json(self.status, self.to_json());
        answer.headers.extend(self.headers.iter().cloned());
        let code = self.code.as_deref().unwrap_or(kind_of(self.status));
        let param = self.param.as_deref().map(|param| format!(" param={param}")).unwrap_or_default();
        answer.why = Some(format!("{code}{param}").into());
        answer
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.message)
    }
}

/// OpenAI's `error.type` for a status.
pub fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        504 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_keys_are_always_there() {
        let value: serde_json::Value = serde_json::from_slice(&Failure::upstream("x \"y\"\n").to_json()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"error": {"message": "x \"y\"\n", "type": "server_error", "param": null, "code": "bad_upstream_answer"}})
        );
    }
}
