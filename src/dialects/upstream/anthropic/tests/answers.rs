//! Answers, whole and streamed: every capture, cut everywhere, and what comes in the place of an answer.

use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::anthropic::of;
use crate::dialects::upstream::{ChatDialect, Vendor, error};
use crate::plan::Held;
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// The events of an answer, each in one line. Pieces of one kind that follow each other are one line.
#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Sink for Lines {
    fn event(&mut self, event: Event<'_>) {
        let text = |kind: &str, text: Text<'_>| (kind.to_owned(), text.decoded().into_owned());
        let (kind, text) = match event {
            Event::Text(piece) => text("text", piece),
            Event::Reasoning(piece) => text("reasoning", piece),
            Event::Refusal(piece) => text("refusal", piece),
            Event::Arguments { call, piece } => text(&format!("arguments {call}"), piece),
            Event::Signature(signature) => ("signature".to_owned(), signature.chars().take(8).collect()),
            Event::Usage(usage) => {
                let (input, cached, output, reasoning) = (usage.input, usage.cached, usage.output, usage.reasoning);
                ("usage".to_owned(), format!("{input} {cached:?} {output} {reasoning:?}"))
            }
            Event::ToolCall { id, name, arguments } => {
                ("call".to_owned(), format!("{} {name} {arguments}", id.as_deref().unwrap_or_default()))
            }
            Event::CallStart { id, name } => {
                ("start".to_owned(), format!("{} {name}", id.as_deref().unwrap_or_default()))
            }
            other => (format!("{other:?}"), String::new()),
        };
        let is_text = matches!(kind.as_str(), "text" | "reasoning" | "refusal") || kind.starts_with("arguments");
        match self.0.last_mut().filter(|(last, _)| is_text && *last == kind) {
            Some((_, so_far)) => so_far.push_str(&text),
            None => self.0.push((kind, text)),
        }
    }
}

/// What an answer says, and how it fails.
#[derive(Debug, PartialEq)]
struct Outcome {
    lines: Vec<String>,
    failure: Option<Failure>,
}

impl Outcome {
    fn of(lines: Lines, read: Result<(), Failure>) -> Self {
        let lines = lines.0.into_iter().map(|(kind, text)| format!("{kind} {text}").trim_end().to_owned()).collect();
        Outcome { lines, failure: read.err() }
    }

    /// The status and the code of the failure, and that nothing was said before it.
    fn refusal(&self) -> (u16, &str, &str) {
        let failure = self.failure.as_ref().unwrap_or_else(|| panic!("no failure: {self:?}"));
        assert_eq!(self.lines, [""; 0], "{failure:?}");
        (failure.status.as_u16(), failure.code.as_deref().unwrap_or_default(), &failure.message)
    }
}

fn whole(vendor: Vendor, body: &str) -> Outcome {
    let mut lines = Lines::default();
    let read = of(vendor).whole(body.as_bytes(), &[], &mut lines);
    Outcome::of(lines, read)
}

fn streamed<'p>(vendor: Vendor, pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
    let (mut lines, mut decoder) = (Lines::default(), of(vendor).stream());
    let read = pieces.into_iter().try_for_each(|piece| decoder.piece(piece, &mut lines));
    let read = read.and_then(|()| decoder.end(&mut lines));
    Outcome::of(lines, read)
}

/// Decodes a stream cut at every byte and in pieces of some sizes, and returns what all of these say.
fn cut_everywhere(vendor: Vendor, body: &str) -> Outcome {
    let body = body.as_bytes();
    let expected = streamed(vendor, [body]);
    for at in 0..=body.len() {
        assert_eq!(streamed(vendor, [&body[..at], &body[at..]]), expected, "cut at {at}");
    }
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(streamed(vendor, body.chunks(size)), expected, "pieces of {size}");
    }
    expected
}

/// The text of a capture. The places are those of the tests of the whole program.
macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/messages/", $name))
    };
}

const STOP: &str = "Finish(Stop)";
const FOR_CALLS: &str = "Finish(ToolCalls)";

#[test]
fn captured_answers_say_what_the_model_said() {
    let hello = "text Hello! It's nice to meet you. How can I help you today?";
    let dot = &whole(Vendor::Argo, capture!("whole-image-base64.json")).lines;
    assert!(dot[0].starts_with("text The image appears to show a small, dark dot") && dot.len() == 3);
    for (body, expected) in [
        (capture!("whole-text.json"), &[hello, STOP, "usage 10 Some(0) 19 None"][..]),
        (
            capture!("whole-text-opus47.json"),
            &["text Pong! 🏓 How can I help you today?", STOP, "usage 13 Some(0) 20 None"],
        ),
        (capture!("whole-stop-sequence.json"), &["text C", STOP, "usage 43 Some(0) 2 None"]),
        (
            capture!("whole-thinking.json"),
            &[
                "reasoning The user said \"ping\". I'll respond with \"pong\" as is customary.",
                "signature EvwBClsI",
                "text Pong! 🏓\n\nHow can I help you today?",
                STOP,
                "usage 8 Some(0) 40 None",
            ],
        ),
        (
            capture!("whole-thinking-disabled.json"),
            &["text # Pong! 🏓\n\nI'm here and ready to help. What can I do for you?", STOP, "usage 8 Some(0) 28 None"],
        ),
    ] {
        for vendor in [Vendor::Argo, Vendor::Other] {
            assert_eq!(
                whole(vendor, body),
                Outcome { lines: expected.iter().map(|&line| line.to_owned()).collect(), failure: None }
            );
        }
    }
    let call = &whole(Vendor::Argo, capture!("whole-tools.json")).lines;
    let (head, arguments) = call[0].split_once('{').unwrap();
    assert_eq!(head, "call toolu_vrtx_01MAmFoUsYNGiCKvrJGcj3nZ get_weather ");
    let arguments: serde_json::Value = serde_json::from_str(&format!("{{{arguments}")).unwrap();
    assert_eq!(arguments, serde_json::json!({"location": "Chicago", "unit": "fahrenheit"}));
    assert_eq!(call[1..], [FOR_CALLS, "usage 775 Some(0) 51 None"]);
}

#[test]
fn captured_streams_say_the_same_wherever_they_are_cut() {
    let hello = "text Hello! It's nice to meet you. How can I help you today?";
    let call = "start toolu_vrtx_01JnganxVHWzg89dKvmwBbKW get_weather";
    let arguments = "arguments 0 {\"location\": \"Chicago\", \"unit\": \"fahrenheit\"}";
    for (body, expected) in [
        (capture!("stream-text.txt"), &[hello, STOP, "usage 10 Some(0) 19 None"][..]),
        (capture!("stream-stop-sequence.txt"), &["text C", STOP, "usage 43 Some(0) 2 None"]),
        (capture!("stream-tools.txt"), &[call, arguments, FOR_CALLS, "usage 775 Some(0) 51 None"]),
    ] {
        let expected = Outcome { lines: expected.iter().map(|&line| line.to_owned()).collect(), failure: None };
        assert_eq!(cut_everywhere(Vendor::Argo, body), expected);
        assert_eq!(cut_everywhere(Vendor::Other, body), expected);
    }
}

#[test]
fn streamed_thinking_comes_with_its_signature() {
    let said = cut_everywhere(Vendor::Other, capture!("vendor-stream-thinking.txt"));
    let kinds: Vec<&str> =
        said.lines.iter().map(|line| line.split_once(' ').map_or(line.as_str(), |line| line.0)).collect();
    assert_eq!(kinds, ["reasoning", "signature", "Finish(Length)", "usage"], "{said:?}");
    assert!(said.lines[0].starts_with("reasoning  The user is asking for a two-step verification framework"));
    assert_eq!((said.lines[1].as_str(), said.failure), ("signature EtwHClkI", None));
}

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

/// A stream whose text comes in pieces of a few characters.
fn stream_of(id: &str, text: &str) -> String {
    let mut body = format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"usage\":{{\"input_tokens\":0,\"output_tokens\":0}}}}}}\n\nevent: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n"
    );
    for piece in text.chars().collect::<Vec<_>>().chunks(16) {
        let piece = serde_json::json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece.iter().collect::<String>()}});
        body.push_str(&format!("event: content_block_delta\ndata: {piece}\n\n"));
    }
    body.push_str("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    body
}

#[test]
fn an_answer_that_quotes_a_notice_is_an_answer() {
    let text =
        format!("{} ⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️ 🚫 **ACCESS DENIED** 🚫", "word ".repeat(60));
    let expected = [format!("text {text}"), STOP.to_owned(), "usage 0 None 4 None".to_owned()];
    assert_eq!(cut_everywhere(Vendor::Argo, &stream_of("msg_1", &text)).lines, expected);
    for short in ["⚠️ **", "I", " ", "IMPORTANT AUTHENTICATION"] {
        let said = cut_everywhere(Vendor::Argo, &stream_of("msg_1", short));
        assert_eq!((said.lines[0].trim_end(), said.failure), (format!("text {short}").trim_end(), None));
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
fn an_answer_in_the_form_of_chat_completions_is_understood() {
    let body = r#"{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    let said = ["text Hi", STOP, "usage 3 None 2 None"];
    assert_eq!(whole(Vendor::Argo, body).lines, said);
    assert_eq!(cut_everywhere(Vendor::Argo, body).lines, said);
    assert_eq!(whole(Vendor::Other, body).refusal().0, 502);
    let chunks = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    assert_eq!(cut_everywhere(Vendor::Argo, chunks).lines, said);
}

/// The data of one event per line, without names.
fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}

#[test]
fn calls_are_numbered_in_their_order_and_complete_without_pieces() {
    let body = events(&[
        r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":8}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"AbC="}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"b","name":"g","input":{}}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}"#,
        r#"{"type":"content_block_delta","index":3,"delta":{"type":"input_json_delta","partial_json":"\"é\ud83d\"}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"c","name":"h","input":{"y":2}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30,"cache_read_input_tokens":4}}"#,
        r#"{"type":"message_stop"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"late"}}"#,
    ]);
    let said = cut_everywhere(Vendor::Other, &body);
    let expected = [
        "Encrypted(\"AbC=\")",
        "start a f",
        "start b g",
        "arguments 1 {\"x\":\"é\u{fffd}\"}",
        "arguments 0 {}",
        "start c h",
        "arguments 2 {\"y\":2}",
        FOR_CALLS,
        "usage 9 Some(4) 30 None",
    ];
    assert_eq!((said.lines.as_slice(), said.failure), (expected.map(str::to_owned).as_slice(), None));
}

#[test]
fn a_refusal_is_told_with_its_reason() {
    let whole_body = r#"{"type":"message","content":[],"stop_reason":"refusal","stop_details":{"type":"refusal","category":"x","explanation":"No \"such\" thing."},"usage":{"input_tokens":1,"output_tokens":0}}"#;
    let expected = ["refusal No \"such\" thing.", "Finish(Filtered)", "usage 1 None 0 None"];
    assert_eq!(whole(Vendor::Argo, whole_body).lines, expected);
    let body = events(&[
        r#"{"type":"message_start","message":{"usage":{"input_tokens":1,"output_tokens":1}}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","explanation":"No \"such\" thing."}},"usage":{"output_tokens":0}}"#,
        r#"{"type":"message_stop"}"#,
    ]);
    assert_eq!(cut_everywhere(Vendor::Argo, &body).lines, expected);
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
