//! Failures and keep-alives in OpenAI's form.
//!
//! Clients branch on the HTTP status and on `{"error": {"message", "type", "param", "code"}}`, all four keys present.

use crate::json;
use crate::plan::Client;
use crate::wire::{Answer, Failure, sse};
use http::StatusCode;

/// The form of failures for OpenAI's clients, the same on all endpoints.
pub struct Openai;

impl Client for Openai {
    fn error(&self, failure: &Failure) -> Answer {
        Answer::json(failure.status, json_of(failure))
    }

    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        sse::push_event(out, &json_of(failure));
    }

    /// A comment, which clients ignore. It keeps a silent connection open.
    fn keep_alive(&self) -> &'static [u8] {
        b": the model is working\n\n"
    }
}

/// Returns the JSON of a failure, in one line.
fn json_of(failure: &Failure) -> Vec<u8> {
    let mut out = Vec::with_capacity(failure.message.len() + 128);
    out.extend_from_slice(b"{\"error\":{\"message\":");
    json::push_string(&mut out, &failure.message);
    out.extend_from_slice(b",\"type\":");
    json::push_string(&mut out, failure.kind.unwrap_or(kind_of(failure.status)));
    for (key, value) in [("param", failure.param.as_deref()), ("code", failure.code.as_deref())] {
        json::push_key(&mut out, key);
        match value {
            Some(value) => json::push_string(&mut out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(b"}}");
    out
}

/// Returns OpenAI's `error.type` for a status.
fn kind_of(status: StatusCode) -> &'static str {
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
        let value: serde_json::Value = serde_json::from_slice(&json_of(&Failure::upstream("x \"y\"\n"))).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"error": {"message": "x \"y\"\n", "type": "server_error", "param": null, "code": "bad_upstream_answer"}})
        );
    }
}
