//! What comes in the place of an answer, and answers that are cut.

use super::outcome::{Lines, capture, cut_everywhere, events, stream_of, streamed, whole};
use crate::dialects::upstream::anthropic::of;
use crate::dialects::upstream::{ChatDialect, Vendor, error};
use crate::plan::Held;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

#[test]
fn captured_errors_are_told_in_the_vendors_words() {
    for (body, words) in [
        (capture!("error-400-adaptive-budget.json"), "thinking.adaptive.budget_tokens: Extra inputs are not permitted"),
        (
            capture!("error-400-adaptive-unknown.json"),
            "thinking: Input tag 'adaptive' found using 'type' does not match",
        ),
        (
            capture!("error-400-budget-above-max-tokens.json"),
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
        ),
        (capture!("error-400-effort.json"), "output_config.effort: Input should be 'low',"),
        (capture!("error-400-max-tokens-required.json"), "max_tokens is required"),
        (capture!("error-400-temperature-and-top-p.json"), "`temperature` and `top_p` cannot both be specified"),
        (capture!("error-400-temperature-deprecated.json"), "`temperature` is deprecated for this model."),
        (capture!("error-400-thinking-enabled.json"), "\"thinking.type.enabled\" is not supported for this model."),
        (capture!("error-400-top-p-deprecated.json"), "`top_p` is deprecated for this model."),
    ] {
        let held = Held { status: StatusCode::BAD_REQUEST, headers: HeaderMap::new(), body: Bytes::from(body) };
        let failure = error::failure(of(Vendor::Argo), &held);
        assert_eq!((failure.status.as_u16(), failure.kind), (400, Some("invalid_request_error")), "{body}");
        assert!(failure.message.starts_with(words), "{failure}");
        // The same in a success, whole and as a stream's only body.
        let (in_whole, in_stream) = (whole(Vendor::Argo, body), cut_everywhere(Vendor::Argo, body));
        for outcome in [in_whole, in_stream] {
            let (status, _, message) = outcome.refusal();
            assert!(status == 400 && message.starts_with(words), "{status} {message}");
        }
    }
}

#[test]
fn errors_in_a_success_have_the_status_of_their_kind() {
    let event = |error: &str| format!("event: error\ndata: {{\"type\": \"error\", \"error\": {error}}}\n\n");
    let limited = capture!("stream-error-in-200-429.txt").to_owned();
    let token = event(
        r#"{"type":"api_error","message":"HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token"}"#,
    );
    let exhausted = event(r#"{"type":"api_error","message":"RESOURCE_EXHAUSTED: try again later"}"#);
    let overloaded = event(r#"{"type":"overloaded_error","message":"Overloaded"}"#);
    let vague = event(r#"{"type":"api_error","message":"Overloaded"}"#);
    for (body, status, words) in [
        (&limited, 429, "Resource exhausted. Please try again later."),
        (&exhausted, 429, "RESOURCE_EXHAUSTED"),
        (&token, 502, "oauth2.googleapis.com"),
        (&overloaded, 503, "Overloaded"),
        (&vague, 503, "Overloaded"),
    ] {
        let outcome = cut_everywhere(Vendor::Argo, body);
        let (found, _, message) = outcome.refusal();
        assert!(found == status && message.contains(words), "{found} {message}");
    }
    let outcome = whole(Vendor::Argo, capture!("error-in-200.json"));
    let (status, _, message) = outcome.refusal();
    assert!(status == 502 && message.ends_with("Internal server error"), "{status} {message}");
    // The vendor's own types become those that follow from the status; a failure keeps its status.
    let limit = cut_everywhere(Vendor::Argo, &limited).failure.unwrap();
    assert_eq!((limit.kind, limit.word()), (None, "rate_limit_error"));
    for (kind, status) in
        [("not_found_error", 404), ("request_too_large", 413), ("billing_error", 402), ("rate_limit_error", 429)]
    {
        let body = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"m"}}}}"#);
        let outcome = whole(Vendor::Other, &body);
        assert_eq!((outcome.refusal().0, outcome.refusal().2), (status, "m"));
        let held = Held { status: StatusCode::CONFLICT, headers: HeaderMap::new(), body: Bytes::from(body) };
        let failure = error::failure(of(Vendor::Other), &held);
        assert_eq!(
            (failure.status.as_u16(), failure.kind),
            (409, Some("rate_limit_error").filter(|known| *known == kind))
        );
    }
    // Words of a gateway count only where it is one, and a Python repr is no form of other vendors.
    assert_eq!(cut_everywhere(Vendor::Other, &exhausted).refusal().0, 502);
    assert!(cut_everywhere(Vendor::Other, &limited).refusal().2.contains("Error code: 429"));
}

#[test]
fn an_error_after_the_first_text_follows_what_was_said() {
    let begun = &capture!("stream-text.txt")[..1200];
    let begun = &begun[..begun.rfind("\n\n").unwrap() + 2];
    let body = format!("{begun}{}", capture!("stream-error-in-200-429.txt"));
    let outcome = cut_everywhere(Vendor::Argo, &body);
    assert!(outcome.lines[0].starts_with("text Hello!"), "{outcome:?}");
    assert_eq!(outcome.failure.unwrap().status.as_u16(), 429);
}

#[test]
fn a_denial_is_forbidden_whole_and_streamed() {
    let captured = capture!("denied-unknown-user-200.json");
    let message: serde_json::Value = serde_json::from_str(captured).unwrap();
    let words = message["content"][0]["text"].as_str().unwrap();
    // Without a known banner the id and the counts tell it.
    let plain = captured.replace("IMPORTANT AUTHENTICATION NOTICE FROM ARGO", "A NOTICE");
    // Without the id the banner tells it.
    let other_id = captured.replace("msg_blocked_", "msg_").replace("\"input_tokens\": 0", "\"input_tokens\": 3");
    for body in [captured, &plain, &other_id] {
        let outcome = whole(Vendor::Argo, body);
        let (status, code, message) = outcome.refusal();
        assert_eq!((status, code), (403, "argo_access_denied"));
        assert!(message.contains("The username 'someuser' could not be validated"), "{message}");
        assert_eq!(whole(Vendor::Other, body).lines.len(), 3);
    }
    for (id, text) in [("msg_blocked_someuser_17", words), ("msg_blocked_someuser_17", "No."), ("msg_1", words)] {
        let body = stream_of(id, text);
        assert_eq!(cut_everywhere(Vendor::Argo, &body).refusal().0, 403, "{id}");
        assert_eq!(streamed(Vendor::Other, [body.as_bytes()]).failure, None);
        let mut decoder = of(Vendor::Argo).stream();
        let mut lines = Lines::default();
        let cut = body.find("event: content_block_stop").unwrap();
        decoder.piece(&body.as_bytes()[..cut], &mut lines).unwrap();
        assert_eq!(decoder.broken(&mut lines).map(|failure| failure.status.as_u16()), Some(403), "{id}");
        assert!(lines.0.is_empty());
    }
}

#[test]
fn nothing_in_a_success_is_an_empty_answer() {
    for body in ["", "\n", "\r\n\r\n", ": comment\n\n"] {
        let outcome = cut_everywhere(Vendor::Argo, body);
        assert_eq!((outcome.refusal().0, outcome.refusal().1), (502, "empty_answer"), "{body:?}");
    }
    assert_eq!(whole(Vendor::Other, " \n").refusal().1, "empty_answer");
}

#[test]
fn a_cut_stream_is_never_a_clean_end() {
    for body in [capture!("stream-text.txt"), capture!("stream-tools.txt"), capture!("stream-stop-sequence.txt")] {
        let last = body.rfind("data: {\"type\": \"message_stop\"}").unwrap();
        for at in 1..last {
            let outcome = streamed(Vendor::Argo, [&body.as_bytes()[..at]]);
            let failure = outcome.failure.unwrap_or_else(|| panic!("cut at {at}"));
            assert_eq!(failure.status.as_u16(), 502);
            assert!(!outcome.lines.iter().any(|line| line.starts_with("Finish")));
        }
        assert!(
            streamed(Vendor::Argo, [&body.as_bytes()[..body.find("\n\n").unwrap() + 2]])
                .failure
                .unwrap()
                .message
                .ends_with("stream ended before its answer was complete.")
        );
    }
}

#[test]
fn what_is_no_answer_is_told_without_quoting_it_in_logs() {
    for body in [
        "{}",
        "[]",
        "{\"secret\":1}",
        "<html><body>secret</body></html>",
        "{\"content\":[\"secret\"]}",
        "{\"content\":[{\"type\":\"tool_use\",\"x\":\"secret\"}]}",
    ] {
        let outcome = whole(Vendor::Argo, body);
        assert_eq!(outcome.refusal().0, 502, "{body}");
        let why = outcome.failure.unwrap().reason().why.unwrap_or_default();
        assert!(!why.is_empty() && !why.contains("secret"), "{why}");
    }
    for data in [
        "secret",
        "{\"type\":\"content_block_start\"}",
        "{\"type\":\"content_block_delta\",\"secret\":1}",
        "{\"secret\":1}",
    ] {
        let outcome = cut_everywhere(Vendor::Argo, &events(&[data]));
        assert_eq!(outcome.refusal().0, 502, "{data}");
        let why = outcome.failure.unwrap().reason().why.unwrap_or_default();
        assert!(!why.is_empty() && !why.contains("secret"), "{why}");
    }
    assert_eq!(streamed(Vendor::Argo, [&b"data: \xff\xfe\n\n"[..]]).refusal().0, 502);
    let mut lines = Lines::default();
    assert!(of(Vendor::Argo).whole(b"{\"content\":\"\xff\"}", &[], &mut lines).is_err());
}
