use super::*;
use crate::chat::Event;
use crate::dialects::upstream::error;
use crate::plan::Held;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

/// The events of an answer, each in one line. Texts of one kind that follow each other are one line.
#[derive(Default)]
struct Lines(Vec<(String, String)>);

impl Sink for Lines {
    fn event(&mut self, event: Event<'_>) {
        let (kind, text) = match event {
            Event::Text(text) => ("text".to_owned(), text.decoded().into_owned()),
            Event::Reasoning(text) => ("reasoning".to_owned(), text.decoded().into_owned()),
            Event::Refusal(text) => ("refusal".to_owned(), text.decoded().into_owned()),
            Event::Arguments { call, piece } => (format!("arguments {call}"), piece.decoded().into_owned()),
            other => (format!("{other:?}"), String::new()),
        };
        match self.0.last_mut().filter(|(last, _)| *last == kind) {
            Some((_, so_far)) => so_far.push_str(&text),
            None => self.0.push((kind, text)),
        }
    }
}

/// What an answer says, and how it fails.
type Outcome = (Vec<String>, Option<(u16, Option<String>, String)>);

fn outcome(lines: Lines, read: Result<(), Failure>) -> Outcome {
    let lines = lines.0.into_iter().map(|(kind, text)| format!("{kind} {text}").trim_end().to_owned());
    let failed = read.err().map(|e| (e.status.as_u16(), e.code.map(|code| code.to_string()), e.message));
    (lines.collect(), failed)
}

fn streamed(vendor: Vendor, pieces: &[&[u8]]) -> Outcome {
    let (mut lines, mut decoder) = (Lines::default(), chat(vendor).stream());
    let read = pieces.iter().try_for_each(|piece| decoder.piece(piece, &mut lines));
    let read = read.and_then(|()| decoder.end(&mut lines));
    outcome(lines, read)
}

fn whole_of(vendor: Vendor, body: &str) -> Outcome {
    let mut lines = Lines::default();
    let read = chat(vendor).whole(body.as_bytes(), &[], &mut lines);
    outcome(lines, read)
}

/// Decodes a stream cut everywhere, and returns what all cuts agree on.
fn cut_anywhere(vendor: Vendor, stream: &str) -> Outcome {
    let bytes = stream.as_bytes();
    let one = streamed(vendor, &[bytes]);
    for at in 0..=bytes.len() {
        let (before, after) = bytes.split_at(at);
        assert_eq!(streamed(vendor, &[before, after]), one, "cut at {at}");
    }
    for size in [1, 2, 3, 7, 64, 1000] {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(streamed(vendor, &pieces), one, "pieces of {size}");
    }
    one
}

/// The body of a golden case.
fn golden(answer: &str) -> &str {
    answer.split_once('\n').unwrap().1
}

macro_rules! golden {
    ($case:literal) => {
        golden(include_str!(concat!("../../../../tests/golden/openai_chat_completions/native_", $case, "/answer")))
    };
}

fn events(list: &[&str]) -> String {
    list.iter().map(|data| format!("data: {data}\n\n")).collect()
}

fn delta(delta: &str) -> String {
    format!(r#"{{"id":"x","choices":[{{"index":0,"delta":{delta},"finish_reason":null}}]}}"#)
}

const FINISH: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

fn usage(input: u64, output: u64, reasoning: u64) -> String {
    format!("Usage(Usage {{ input: {input}, cached: Some(0), output: {output}, reasoning: Some({reasoning}) }})")
}

#[test]
fn captured_streams_say_the_same_wherever_they_are_cut() {
    let (text, failed) = cut_anywhere(Vendor::Argo, golden!("stream_text"));
    assert_eq!(text, ["text Hello! How can I help you today?".to_owned(), "Finish(Stop)".to_owned(), usage(9, 19, 0)]);
    assert_eq!(failed, None);
    let (tools, failed) = cut_anywhere(Vendor::Argo, golden!("stream_tools"));
    let start = r#"CallStart { id: Some("call_ZfBKBgbVH9hVb84RkRUWury1"), name: "get_weather" }"#;
    let arguments = r#"arguments 0 {"location":"Chicago","unit":"celsius"}"#;
    assert_eq!(tools[..3], [start, arguments, "Finish(ToolCalls)"]);
    assert_eq!(failed, None);
    let (length, failed) = cut_anywhere(Vendor::Argo, golden!("stream_length_empty"));
    assert_eq!((length, failed), (vec!["Finish(Length)".to_owned(), usage(42, 64, 64)], None));
}

#[test]
fn captured_whole_answers_are_read() {
    let of = |body| whole_of(Vendor::Argo, body);
    let said = |lines: &[&str], counts: String| {
        let lines = lines.iter().map(|line| (*line).to_owned());
        (lines.chain([counts]).collect::<Vec<_>>(), None)
    };
    assert_eq!(of(golden!("text")), said(&["text Hello! How can I help you today?", "Finish(Stop)"], usage(9, 19, 0)));
    let call = r#"ToolCall { id: Some("call_6Cnu1pdb6L5Qa3R4yH2rV0uH"), name: "get_weather", arguments: "{\"location\":\"Chicago\",\"unit\":\"celsius\"}" }"#;
    assert_eq!(of(golden!("tools")), said(&[call, "Finish(ToolCalls)"], usage(184, 291, 256)));
    assert_eq!(of(golden!("length_empty")), said(&["Finish(Length)"], usage(42, 64, 64)));
    let plain = "Usage(Usage { input: 1, cached: None, output: 1, reasoning: None })".to_owned();
    assert_eq!(of(golden!("whole_minimal")), said(&["text pong", "Finish(Stop)"], plain));
}

#[test]
fn everything_else_that_servers_send_is_read_too() {
    let message = |message: &str| format!(r#"{{"choices":[{{"message":{message},"finish_reason":"stop"}}]}}"#);
    for (body, lines) in [
        (r#"{"content":"b","reasoning_content":"a"}"#, vec!["reasoning a", "text b", "Finish(Stop)"]),
        (r#"{"content":"b","reasoning":"a"}"#, vec!["reasoning a", "text b", "Finish(Stop)"]),
        (r#"{"content":null,"refusal":"no"}"#, vec!["refusal no", "Finish(Stop)"]),
        (
            r#"{"content":[{"type":"text","text":"a"},{"type":"x"},{"type":"text","text":"b"}]}"#,
            vec!["text ab", "Finish(Stop)"],
        ),
        (
            r#"{"content":null,"function_call":{"name":"f","arguments":"{}"}}"#,
            vec![r#"ToolCall { id: None, name: "f", arguments: "{}" }"#, "Finish(Stop)"],
        ),
        (
            r#"{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}"#,
            vec![r#"ToolCall { id: None, name: "f", arguments: "{\"a\":1}" }"#, "Finish(Stop)"],
        ),
        (r#"{"content":"cut \ud83d"}"#, vec!["text cut \u{fffd}", "Finish(Stop)"]),
    ] {
        let lines = lines.into_iter().map(str::to_owned).collect();
        assert_eq!(whole_of(Vendor::Other, &message(body)), (lines, None), "{body}");
    }
}

#[test]
fn what_is_no_answer_fails_with_the_right_status() {
    for (body, status, code, says) in [
        ("", 502, Some("empty_answer"), "empty body"),
        (" \n", 502, Some("empty_answer"), "empty body"),
        ("<html><title>Sign in</title></html>", 502, Some("bad_upstream_answer"), "Sign in"),
        (r#"{"error":{"message":"slow down","type":"rate_limit_error"}}"#, 429, None, "slow down"),
        (r#"{"error":{"message":"busy","type":"overloaded_error"}}"#, 503, None, "busy"),
        (r#"{"error":{"message":"busy","code":529}}"#, 503, None, "busy"),
        (
            r#"{"error":{"message":"m","type":"x","code":"rate_limit_exceeded"},"choices":[]}"#,
            429,
            Some("rate_limit_exceeded"),
            "m",
        ),
        (r#"{"odd":1}"#, 502, Some("bad_upstream_answer"), "odd"),
        (r#"{"choices":[]}"#, 502, Some("bad_upstream_answer"), "without a message"),
        (r#"{"choices":[{"message":{"tool_calls":[{}]}}]}"#, 502, Some("bad_upstream_answer"), "unknown shape"),
        ("[1]", 502, Some("bad_upstream_answer"), "[1]"),
    ] {
        let (lines, failed) = whole_of(Vendor::Other, body);
        let (given, given_code, message) = failed.unwrap();
        assert_eq!((given, given_code.as_deref()), (status, code), "{body}");
        assert!(lines.is_empty() && message.contains(says), "{body}: {message}");
        // The same in place of a stream.
        assert_eq!(cut_anywhere(Vendor::Other, body).1, Some((given, given_code, message)), "{body}");
    }
}

#[test]
fn a_stream_is_complete_when_it_says_why_it_ended_or_that_it_is_done() {
    let hi = delta(r#"{"content":"hi"}"#);
    let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(cut_anywhere(Vendor::Other, &events(&[&hi, FINISH])), (text(&["text hi", "Finish(Stop)"]), None));
    assert_eq!(cut_anywhere(Vendor::Other, &events(&[&hi, "[DONE]"])), (text(&["text hi"]), None));
    let odd = format!(
        ": hello\r\nevent: message\r\nid: 1\r\n\r\nevent: x\r\ndata:{hi}\r\n\r\n: ping\n\ndata: {FINISH}\n\ndata: [DONE]\n\ndata: {hi}\n\n"
    );
    assert_eq!(cut_anywhere(Vendor::Other, &odd), (text(&["text hi", "Finish(Stop)"]), None));
    for (stream, code, says) in [
        (events(&[&hi]), "bad_upstream_answer", "ended before its answer was complete"),
        (format!("data: {hi}"), "bad_upstream_answer", "ended before its answer was complete"),
        (events(&["[DONE]"]), "empty_answer", "empty body"),
        (events(&["{\"choices\":"]), "bad_upstream_answer", "answered with an error"),
        (String::new(), "empty_answer", "empty body"),
    ] {
        let (_, failed) = cut_anywhere(Vendor::Other, &stream);
        let (status, given, message) = failed.unwrap();
        assert_eq!((status, given.as_deref()), (502, Some(code)), "{stream}");
        assert!(message.contains(says), "{stream}: {message}");
    }
}

#[test]
fn an_error_among_the_events_ends_the_stream_with_its_status() {
    let hi = delta(r#"{"content":"hi"}"#);
    for (error, status) in [
        (r#"{"error":{"message":"quota","type":"rate_limit_error","code":429}}"#, 429),
        (r#"{"error":{"message":"busy","code":529}}"#, 503),
        (
            r#"{"error":{"message":"Error code: 429 - {'error': {'message': 'quota', 'type': 'x'}}","type":"RateLimitError","code":"internal_error"}}"#,
            429,
        ),
        (r#"{"error":"broken"}"#, 502),
    ] {
        let (lines, failed) = cut_anywhere(Vendor::Argo, &events(&[&hi, error]));
        assert_eq!(failed.map(|(status, ..)| status), Some(status), "{error}");
        // What may still become a notice is passed on when the stream breaks.
        assert!(lines.is_empty() || lines == ["text hi"], "{lines:?}");
        assert_eq!(cut_anywhere(Vendor::Argo, &events(&[error])).1.map(|(status, ..)| status), Some(status));
    }
}

/// Checks that these pieces of calls say this.
fn calls_say(pieces: &[&str], lines: &[&str]) {
    let call = |piece: &&str| delta(&format!(r#"{{"tool_calls":[{piece}]}}"#));
    let chunks: Vec<String> = pieces.iter().map(call).collect();
    let mut list: Vec<&str> = chunks.iter().map(String::as_str).collect();
    list.push(FINISH);
    let (mut found, failed) = cut_anywhere(Vendor::Other, &events(&list));
    assert_eq!(found.pop().as_deref(), Some("Finish(Stop)"));
    assert_eq!((found, failed), (lines.iter().map(|line| (*line).to_owned()).collect(), None), "{pieces:?}");
}

const F: &str = "CallStart { id: Some(\"a\"), name: \"f\" }";
const G: &str = "CallStart { id: Some(\"b\"), name: \"g\" }";
const NO_ID: &str = "CallStart { id: None, name: \"f\" }";

#[test]
fn calls_come_together_however_their_pieces_come() {
    let two = r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}"#;
    let rest = r#"{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":"}"}}"#;
    calls_say(&[two, rest], &[F, G, "arguments 1 {", "arguments 0 {}", "arguments 1 }"]);
    // The id and the name come again with each piece.
    let again =
        |arguments: &str| format!(r#"{{"index":0,"id":"a","function":{{"name":"f","arguments":"{arguments}"}}}}"#);
    calls_say(&[&again("{"), &again("}")], &[F, "arguments 0 {}"]);
}

#[test]
fn ids_names_and_indexes_of_calls_may_be_late_or_missing() {
    let id = r#"{"index":0,"id":"a"}"#;
    let name = r#"{"index":0,"function":{"name":"f"}}"#;
    let arguments = r#"{"index":0,"function":{"arguments":"{}"}}"#;
    calls_say(&[id, arguments, name], &[F, "arguments 0 {}"]);
    calls_say(&[name, id], &[F]);
    calls_say(&[name, arguments], &[NO_ID, "arguments 0 {}"]);
    calls_say(&[name], &[NO_ID]);
    let one = r#"{"id":"a","function":{"name":"f","arguments":"{}"}}"#;
    let other = r#"{"id":"b","function":{"name":"g","arguments":"[]"}}"#;
    calls_say(&[one, other], &[F, "arguments 0 {}", G, "arguments 1 []"]);
    let nameless = delta(&format!(r#"{{"tool_calls":[{arguments}]}}"#));
    assert!(cut_anywhere(Vendor::Other, &events(&[&nameless, FINISH])).1.unwrap().2.contains("without a name"));
}

#[test]
fn the_form_that_preceded_tools_is_read() {
    let pieces = [r#"{"name":"f","arguments":"{"}"#, r#"{"arguments":"}"}"#];
    let [one, other] = pieces.map(|piece| delta(&format!(r#"{{"function_call":{piece}}}"#)));
    let (found, _) = cut_anywhere(Vendor::Other, &events(&[&one, &other, FINISH]));
    assert_eq!(found, [NO_ID, "arguments 0 {}", "Finish(Stop)"]);
}

const BANNER: &str = "⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\\n\\n🚫 **ACCESS DENIED** 🚫\\n\\nThe username 'svcuser' could not be validated.";

#[test]
fn a_notice_of_argo_is_a_failure_wherever_it_begins_and_of_others_a_text() {
    for before in ["", "\\n\\n", "Hello. "] {
        let text = format!("{before}{BANNER}");
        let whole = format!(r#"{{"choices":[{{"message":{{"content":"{text}"}},"finish_reason":"stop"}}]}}"#);
        assert_eq!(whole_of(Vendor::Argo, &whole).1.unwrap().0, 403);
        assert_eq!(whole_of(Vendor::Other, &whole).1, None);
        let words: Vec<String> =
            text.split_inclusive(' ').map(|word| delta(&format!(r#"{{"content":"{word}"}}"#))).collect();
        let mut list: Vec<&str> = words.iter().map(String::as_str).collect();
        list.extend([FINISH, "[DONE]"]);
        let (lines, failed) = cut_anywhere(Vendor::Argo, &events(&list));
        assert_eq!(
            failed.map(|(status, code, _)| (status, code.unwrap())),
            Some((403, "argo_access_denied".to_owned()))
        );
        assert!(!lines.concat().contains("NOTICE"), "{lines:?}");
        assert_eq!(streamed(Vendor::Other, &[events(&list).as_bytes()]).1, None);
    }
}

#[test]
fn captured_errors_reach_clients_as_the_vendor_meant_them() {
    let of = |status: u16, body: &'static str| {
        let held =
            Held { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body: Bytes::from(body) };
        error::failure(chat(Vendor::Argo), &held)
    };
    for (status, body, param, code) in [
        (400, golden!("error_temperature"), "temperature", "unsupported_value"),
        (500, golden!("error_top_p"), "top_p", "unsupported_parameter"),
        (500, golden!("error_spent"), "max_tokens", "budget_spent_on_reasoning"),
    ] {
        let failure = of(status, body);
        assert_eq!((failure.status.as_u16(), failure.kind), (400, Some("invalid_request_error")), "{body}");
        assert_eq!((failure.param.as_deref(), failure.code.as_deref()), (Some(param), Some(code)));
        assert!(
            !failure.message.contains("Error code") && !failure.message.contains("NoneType"),
            "{}",
            failure.message
        );
    }
    let page = of(502, "<html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1></html>");
    assert_eq!((page.status.as_u16(), page.message.as_str()), (502, "ARGO answered 502 Bad Gateway"));
    let other = of(500, r#"{"error":{"message":"boom","type":"ValueError","code":"internal_error"}}"#);
    assert_eq!((other.kind, other.code.as_deref()), (None, None));
}

proptest! {
    #[test]
    fn texts_of_any_kind_come_through_any_cut(texts in prop::collection::vec("[a-zé\u{2028}😀\"\\\\\n]{0,8}", 1..8), size in 1usize..50) {
        let chunks: Vec<String> = texts.iter().map(|text| delta(&serde_json::json!({ "content": text, "role": null }).to_string())).collect();
        let mut list: Vec<&str> = chunks.iter().map(String::as_str).collect();
        list.extend([FINISH, "[DONE]"]);
        let stream = events(&list);
        for vendor in [Vendor::Argo, Vendor::Other] {
            let pieces: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
            let (lines, failed) = streamed(vendor, &pieces);
            prop_assert_eq!(failed, None);
            let text = texts.concat();
            let said = lines.first().and_then(|line| line.strip_prefix("text "));
            prop_assert_eq!(said.unwrap_or_default().trim_end(), text.trim_end());
        }
    }

    #[test]
    fn nothing_panics(body in "(data: |\\{|\\}|\\[|\\]|\"choices\"|\"delta\"|\"tool_calls\"|:|,|null|0|\n|\"a\"){0,40}", size in 1usize..20) {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        streamed(Vendor::Argo, &pieces);
        whole_of(Vendor::Argo, &body);
    }
}

/// Chunks that are alike are recognized by their bytes. What differs in anything but its text is read, whatever it is.
#[test]
fn a_chunk_like_the_one_before_it_says_its_text_and_another_one_all_that_it_says() {
    let chunk = |delta: &str, rest: &str| {
        format!(r#"data: {{"id":"c","choices":[{{"index":0,"delta":{{{delta}}}{rest}}}],"obfuscation":"aZ9"}}"#)
            + "\n\n"
    };
    let text = |text: &str| chunk(&format!(r#""content":"{text}","refusal":null"#), r#","finish_reason":null"#);
    let said = [
        text("a long text, so that it can be no notice any more. ").repeat(12),
        text("b"),
        text(r#"\"c\"\\\n"#),
        text(r"\ud83d\ude00 é"),
        text(""),
        text("d").replace("aZ9", ""),
        chunk(r#""content":"e","reasoning_content":"why""#, r#","finish_reason":null"#),
        text("f"),
        chunk(r#""content":"g","refusal":"no""#, r#","finish_reason":null"#),
        text("h"),
        chunk(r#""tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{}"}}]"#, ""),
        text("i"),
        chunk(r#""content":"j","refusal":null"#, r#","finish_reason":"length""#),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n".to_owned(),
    ];
    for vendor in [Vendor::Argo, Vendor::Other] {
        let (lines, failed) = cut_anywhere(vendor, &said.concat());
        assert_eq!(failed, None);
        let beginning = "a long text, so that it can be no notice any more. ".repeat(12);
        assert_eq!(lines[0], format!("text {beginning}b\"c\"\\\n😀 éd"), "{vendor:?}");
        assert_eq!(lines[1..5], ["reasoning why", "text efg", "refusal no", "text h"], "{vendor:?}");
        assert!(lines[5].starts_with("CallStart") && lines.contains(&"text ij".to_owned()), "{lines:?}");
        assert!(lines.iter().any(|line| line == "Finish(Length)"), "{lines:?}");
        assert!(lines.last().unwrap().starts_with("Usage"), "{lines:?}");
    }
}
