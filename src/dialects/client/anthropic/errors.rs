//! Failures and pings in Anthropic's form.
//!
//! Clients branch on the HTTP status and on `{"type": "error", "error": {"type", "message"}}`. Claude Code also reads the numbers of a
//! message that begins with `prompt is too long`, and makes the conversation shorter.

use crate::dialects::client::too_long::{TOO_LONG, sizes};
use crate::json;
use crate::plan::Client;
use crate::wire::{Answer, Failure};
use http::{HeaderName, HeaderValue, StatusCode};
use std::borrow::Cow;

/// The form of failures for Anthropic's clients, the same on all endpoints.
pub struct AnthropicClient;

/// The header in which Anthropic's SDKs look for the id of a request.
const ID: HeaderName = HeaderName::from_static("request-id");
/// Tells Anthropic's SDKs that the same request fails again. By themselves they repeat some of these.
const NO_RETRY: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-should-retry"), HeaderValue::from_static("false"));
/// What Claude Code looks for in the message.
const TOO_LONG_WORDS: &str = "prompt is too long";
/// Anthropic's own status for an overload.
const OVERLOADED: u16 = 529;

impl Client for AnthropicClient {
    fn error(&self, failure: &Failure) -> Answer {
        let status = status_of(failure);
        let mut answer = Answer::json(status, json_of(failure, status));
        if cannot_change(failure, status) {
            answer.headers.push(NO_RETRY);
        }
        answer
    }

    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: error\ndata: ");
        out.extend_from_slice(&json_of(failure, status_of(failure)));
        out.extend_from_slice(b"\n\n");
    }

    /// A ping, which all clients take at any place between two events.
    fn keep_alive(&self) -> &'static [u8] {
        PING
    }

    fn id_header(&self) -> Option<HeaderName> {
        Some(ID)
    }
}

/// The event that keeps a silent stream alive.
pub const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// Returns the status that Anthropic has for a failure.
fn status_of(failure: &Failure) -> StatusCode {
    let code = match failure.status.as_u16() {
        422 => 400,
        503 => OVERLOADED,
        // A vendor says of a model that it does not know with the status of a mistake.
        400 if failure.code.as_deref() == Some("model_not_found") => 404,
        _ => return failure.status,
    };
    StatusCode::from_u16(code).unwrap_or(failure.status)
}

/// Returns true where the same request fails again, though clients would repeat it.
fn cannot_change(failure: &Failure, status: StatusCode) -> bool {
    matches!(status.as_u16(), 401 | 404) || failure.code.as_deref() == Some("insufficient_quota")
}

/// Returns Anthropic's `error.type` for a status.
fn kind_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        408 | 504 => "timeout_error",
        OVERLOADED => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// Returns the JSON of a failure, in one line.
fn json_of(failure: &Failure, status: StatusCode) -> Vec<u8> {
    let message = message_of(failure);
    let mut out = Vec::with_capacity(message.len() + 96);
    out.extend_from_slice(b"{\"type\":\"error\",\"error\":{\"type\":");
    json::push_string(&mut out, kind_of(status));
    json::push_key(&mut out, "message");
    json::push_string(&mut out, &message);
    out.extend_from_slice(b"}}");
    out
}

fn message_of(failure: &Failure) -> Cow<'_, str> {
    let message = failure.message.as_str();
    if failure.code.as_deref() != Some(TOO_LONG) || message.contains(TOO_LONG_WORDS) {
        return Cow::Borrowed(message);
    }
    Cow::Owned(match sizes(message) {
        Some((tokens, most)) => too_long(tokens, most),
        None => format!("{TOO_LONG_WORDS}: {message}"),
    })
}

/// Returns the message of a prompt of so many tokens, in Anthropic's words.
pub fn too_long(tokens: u64, most: u64) -> String {
    format!("{TOO_LONG_WORDS}: {tokens} tokens > {most} maximum")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(failure: &Failure) -> (u16, Value, Vec<String>) {
        let answer = AnthropicClient.error(failure);
        let names = answer.headers.iter().map(|(name, _)| name.to_string()).collect();
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap(), names)
    }

    #[test]
    fn every_status_has_its_type() {
        for (status, seen, kind) in [
            (400, 400, "invalid_request_error"),
            (401, 401, "authentication_error"),
            (402, 402, "billing_error"),
            (403, 403, "permission_error"),
            (404, 404, "not_found_error"),
            (405, 405, "invalid_request_error"),
            (409, 409, "conflict_error"),
            (413, 413, "request_too_large"),
            (422, 400, "invalid_request_error"),
            (429, 429, "rate_limit_error"),
            (500, 500, "api_error"),
            (502, 502, "api_error"),
            (503, 529, "overloaded_error"),
            (504, 504, "timeout_error"),
        ] {
            let (told, body, headers) = told(&Failure::new(StatusCode::from_u16(status).unwrap(), "x \"y\"\n"));
            assert_eq!(told, seen, "{status}");
            assert_eq!(body, json!({"type": "error", "error": {"type": kind, "message": "x \"y\"\n"}}));
            assert_eq!(headers.contains(&"x-should-retry".to_owned()), matches!(status, 401 | 404), "{status}");
        }
        let (status, ..) = told(&Failure::bad_request("no such model").with_code("model_not_found"));
        assert_eq!(status, 404);
        let spent = Failure::new(StatusCode::TOO_MANY_REQUESTS, "spent").with_code("insufficient_quota");
        assert!(told(&spent).2.contains(&"x-should-retry".to_owned()));
    }

    #[test]
    fn a_prompt_that_is_too_long_is_told_with_its_numbers() {
        for (message, words) in [
            (
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens. Please reduce",
                "prompt is too long: 130001 tokens > 128000 maximum",
            ),
            (
                "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion).",
                "prompt is too long: 5000 tokens > 4096 maximum",
            ),
            (
                "Input tokens exceed the configured limit of 272,000 tokens. Your messages resulted in 272,537 tokens.",
                "prompt is too long: 272537 tokens > 272000 maximum",
            ),
            (
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                "prompt is too long: 1200000 tokens > 1048576 maximum",
            ),
            ("prompt is too long: 9 tokens > 8 maximum", "prompt is too long: 9 tokens > 8 maximum"),
            ("model-400 reads no more", "prompt is too long: model-400 reads no more"),
        ] {
            let failure = Failure::bad_request(message).with_code(TOO_LONG);
            assert_eq!(told(&failure).1["error"]["message"], words);
        }
    }

    #[test]
    fn a_failure_on_a_stream_is_an_event_of_its_own() {
        let mut out = Vec::new();
        AnthropicClient.error_event(&Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy"), &mut out);
        let expected = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
