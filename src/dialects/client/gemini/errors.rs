//! Failures in Google's form: `{"error": {"code", "message", "status", "details"?}}`, whole and as a piece of a stream.

use super::frames::KEEP_ALIVE;
use crate::dialects::client::too_long::{TOO_LONG, sizes};
use crate::json;
use crate::plan::Client;
use crate::wire::{Answer, Failure, sse};
use http::{StatusCode, header};
use std::borrow::Cow;

/// The form of failures for Gemini's clients, the same for all methods.
pub struct GeminiClient;

/// The fields of the hub that have other names here.
const NAMES: [(&str, &str); 8] = [
    ("response_format.json_schema.schema", "generationConfig.responseSchema"),
    ("response_format", "generationConfig.responseSchema"),
    ("reasoning_effort", "generationConfig.thinkingConfig"),
    ("max_completion_tokens", "generationConfig.maxOutputTokens"),
    ("max_tokens", "generationConfig.maxOutputTokens"),
    ("temperature", "generationConfig.temperature"),
    ("top_p", "generationConfig.topP"),
    ("messages", "contents"),
];

impl Client for GeminiClient {
    fn error(&self, failure: &Failure) -> Answer {
        let status = status_of(failure);
        Answer::json(status, json_of(failure))
    }

    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(sse::DATA);
        out.extend_from_slice(&json_of(failure));
        out.extend_from_slice(sse::END);
    }

    /// A piece without text: these clients fail at a comment.
    fn keep_alive(&self) -> &'static [u8] {
        KEEP_ALIVE
    }

    /// After a stream that ends well, Gemini CLI asks again, and shows the text twice.
    fn breaks_after_error(&self) -> bool {
        true
    }
}

/// Returns the status that Google has for a failure.
fn status_of(failure: &Failure) -> StatusCode {
    match failure.status.as_u16() {
        422 => StatusCode::BAD_REQUEST,
        // Anthropic's own status for an overload.
        529 => StatusCode::SERVICE_UNAVAILABLE,
        400 if failure.code.as_deref() == Some("model_not_found") => StatusCode::NOT_FOUND,
        _ => failure.status,
    }
}

/// Returns Google's word for a status.
fn word_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        402 => "FAILED_PRECONDITION",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        405 | 501 => "UNIMPLEMENTED",
        408 | 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        503 => "UNAVAILABLE",
        400..=499 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// Returns the JSON of a failure, in one line.
pub fn json_of(failure: &Failure) -> Vec<u8> {
    let status = status_of(failure);
    let message = in_own_words(failure);
    let mut out = Vec::with_capacity(message.len() + 128);
    out.extend_from_slice(b"{\"error\":{\"code\":");
    json::push_number(&mut out, status.as_u16().into());
    json::push_key(&mut out, "message");
    json::push_string(&mut out, &message);
    json::push_key(&mut out, "status");
    json::push_string(&mut out, word_of(status));
    push_details(failure, &mut out);
    out.extend_from_slice(b"}}");
    out
}

/// Returns the words of a prompt of so many tokens.
pub fn too_long(tokens: u64, most: u64) -> String {
    format!("The input token count ({tokens}) exceeds the maximum number of tokens allowed ({most}).")
}

/// Returns the message with the names that the client knows.
fn in_own_words(failure: &Failure) -> Cow<'_, str> {
    if failure.code.as_deref() == Some(TOO_LONG)
        && let Some((tokens, most)) = sizes(&failure.message)
    {
        return Cow::Owned(too_long(tokens, most));
    }
    let param = failure.param.as_deref().unwrap_or_default();
    let known = NAMES.iter().find(|(name, _)| param.starts_with(name));
    known.map_or(Cow::Borrowed(&failure.message), |(name, own)| {
        // Fields are quoted; a vendor's text may have the same words.
        Cow::Owned(failure.message.replace(&format!("'{name}"), &format!("'{own}")))
    })
}

/// Appends what programs read of a failure: when to try again, and why it failed.
fn push_details(failure: &Failure, out: &mut Vec<u8>) {
    let wait = failure.headers.iter().find(|(name, _)| *name == header::RETRY_AFTER);
    let seconds = wait.and_then(|(_, value)| value.to_str().ok()?.parse::<u64>().ok());
    if seconds.is_none() && failure.code.is_none() {
        return;
    }
    json::push_key(out, "details");
    out.push(b'[');
    if let Some(code) = &failure.code {
        out.extend_from_slice(b"{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":");
        json::push_string(out, &code.to_ascii_uppercase());
        out.push(b'}');
    }
    if let Some(seconds) = seconds {
        if failure.code.is_some() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":\"");
        json::push_number(out, seconds);
        out.extend_from_slice(b"s\"}");
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn told(failure: &Failure) -> (u16, Value) {
        let answer = GeminiClient.error(failure);
        (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap())
    }

    #[test]
    fn every_status_has_its_word() {
        for (status, seen, word) in [
            (400, 400, "INVALID_ARGUMENT"),
            (401, 401, "UNAUTHENTICATED"),
            (403, 403, "PERMISSION_DENIED"),
            (404, 404, "NOT_FOUND"),
            (405, 405, "UNIMPLEMENTED"),
            (413, 413, "INVALID_ARGUMENT"),
            (422, 400, "INVALID_ARGUMENT"),
            (429, 429, "RESOURCE_EXHAUSTED"),
            (500, 500, "INTERNAL"),
            (502, 502, "INTERNAL"),
            (503, 503, "UNAVAILABLE"),
            (504, 504, "DEADLINE_EXCEEDED"),
            (529, 503, "UNAVAILABLE"),
        ] {
            let expected = json!({"error": {"code": seen, "message": "x \"y\"", "status": word}});
            assert_eq!(told(&Failure::new(StatusCode::from_u16(status).unwrap(), "x \"y\"")), (seen, expected));
        }
        let (status, _) = told(&Failure::bad_request("no such model").with_code("model_not_found"));
        assert_eq!(status, 404);
    }

    #[test]
    fn when_to_try_again_is_told_in_googles_form() {
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "slower").with_header(header::RETRY_AFTER, "2");
        let details = |failure: &Failure| told(failure).1["error"]["details"].clone();
        let retry = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"});
        assert_eq!(details(&failure), json!([retry]));
        let reason = json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT"});
        assert_eq!(details(&failure.with_code("rate_limit")), json!([reason, retry]));
    }

    #[test]
    fn fields_have_the_names_that_the_client_knows() {
        let failure = Failure::bad_field("max_tokens", "'max_tokens' is too large.");
        assert_eq!(told(&failure).1["error"]["message"], "'generationConfig.maxOutputTokens' is too large.");
        let own = Failure::bad_field("contents[0]", "'contents[0]' says max_tokens.");
        assert_eq!(told(&own).1["error"]["message"], "'contents[0]' says max_tokens.");
    }

    #[test]
    fn a_prompt_that_is_too_long_is_told_in_googles_words() {
        let other =
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.";
        let failure = Failure::bad_field("messages", other).with_code(TOO_LONG);
        let words = "The input token count (130001) exceeds the maximum number of tokens allowed (128000).";
        assert_eq!(told(&failure).1["error"]["message"], words);
    }

    #[test]
    fn a_failure_on_a_stream_is_a_piece_of_its_own() {
        let mut out = Vec::new();
        GeminiClient.error_event(&Failure::new(StatusCode::SERVICE_UNAVAILABLE, "busy"), &mut out);
        let expected = "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\n\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
