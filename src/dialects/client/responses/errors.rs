//! Failures in the form of Responses: before the head as at chat completions, on a stream as two events.

use super::fields::LIMIT;
use crate::dialects::client::openai::Openai;
use crate::json;
use crate::plan::Client;
use crate::wire::{Answer, Failure, sse};
use http::header;
use std::borrow::Cow;

/// Says nothing, wherever it stands between two events.
pub const COMMENT: &[u8] = b": the model is working\n\n";

/// The codes that the object `response` may have as its error, as far as failures of this proxy are such.
const CODES: [&str; 5] =
    ["server_error", "rate_limit_exceeded", "invalid_prompt", "context_length_exceeded", "insufficient_quota"];

/// The form of failures for clients of Responses.
pub struct ResponsesClient;

/// The parameters of chat completions that have other names here.
const NAMES: [(&str, &str); 6] = [
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("reasoning_effort", "reasoning.effort"),
    ("max_completion_tokens", LIMIT),
    ("max_tokens", LIMIT),
    ("verbosity", "text.verbosity"),
];

/// Returns a failure about a parameter of chat completions as one about what the client wrote.
pub fn in_own_words(failure: &Failure) -> Cow<'_, Failure> {
    let param = failure.param.as_deref().unwrap_or_default();
    let known = NAMES.iter().find_map(|(name, own)| Some((name, own, param.strip_prefix(name)?)));
    let Some((name, own, rest)) = known else { return Cow::Borrowed(failure) };
    let mut failure = failure.clone().with_param(format!("{own}{rest}"));
    failure.message = failure.message.replace(name, own);
    Cow::Owned(failure)
}

impl Client for ResponsesClient {
    fn error(&self, failure: &Failure) -> Answer {
        Openai.error(&in_own_words(failure))
    }

    /// Appends the event of a stream about which nothing is known.
    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: error\n");
        out.extend_from_slice(sse::DATA);
        out.extend_from_slice(b"{\"type\":\"error\",\"sequence_number\":0");
        push_error(out, &StreamError::of(&in_own_words(failure)));
        out.push(b'}');
        out.extend_from_slice(sse::END);
    }

    fn keep_alive(&self) -> &'static [u8] {
        COMMENT
    }
}

/// A failure on a stream.
pub struct StreamError<'a> {
    /// One of the codes that clients know.
    pub code: &'static str,
    /// The message, with the time to wait where there is one: Codex reads it there.
    pub message: Cow<'a, str>,
    param: Option<&'a str>,
}

impl<'a> StreamError<'a> {
    /// Returns a failure as streams tell it.
    pub fn of(failure: &'a Failure) -> Self {
        let own = failure.code.as_deref().unwrap_or_default();
        let known = CODES.into_iter().find(|code| *code == own);
        let code = known.unwrap_or(match failure.status.as_u16() {
            429 => "rate_limit_exceeded",
            400 | 413 | 422 => "invalid_prompt",
            _ => "server_error",
        });
        let wait = failure.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
        let wait = wait.and_then(|(_, value)| value.to_str().ok()).filter(|_| code == "rate_limit_exceeded");
        let message = match wait {
            Some(wait) => Cow::Owned(format!("{} Please try again in {wait}s.", failure.message)),
            None => Cow::Borrowed(failure.message.as_str()),
        };
        StreamError { code, message, param: failure.param.as_deref() }
    }
}

/// Appends the fields of the event of a failure in both of the forms that clients read: flat, and as an object.
pub fn push_error(out: &mut Vec<u8>, error: &StreamError<'_>) {
    push_fields(out, error);
    out.extend_from_slice(b",\"error\":{\"type\":");
    json::push_string(out, if error.code == "server_error" { "server_error" } else { "invalid_request_error" });
    push_fields(out, error);
    out.push(b'}');
}

fn push_fields(out: &mut Vec<u8>, error: &StreamError<'_>) {
    json::push_key(out, "code");
    json::push_string(out, error.code);
    json::push_key(out, "message");
    json::push_string(out, &error.message);
    json::push_key(out, "param");
    match error.param {
        Some(param) => json::push_string(out, param),
        None => out.extend_from_slice(b"null"),
    }
}
