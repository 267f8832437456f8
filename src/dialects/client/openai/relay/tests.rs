use super::*;
use crate::access::Caller;
use crate::dialects::client::frame::ReplyOptions;
use crate::dialects::client::openai::Openai;
use crate::dialects::client::openai::shape::CHAT;
use crate::dialects::upstream::{Vendor, openai};
use crate::models::Rules;
use crate::plan::{Address, Attempt, Client, Context, ServiceState};
use crate::tokens::{CountNeed, Counting, Ledger, Prompt, Tokenizer};
use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// What the client gets, and the tokens that were recorded.
#[derive(Debug, Clone, PartialEq)]
struct Relayed {
    reply: String,
    failed: Option<(u16, Option<String>)>,
    tokens: (Option<u64>, Option<u64>),
}

fn frame(stream: bool, include_usage: bool, ledger: &Arc<Ledger>) -> ReplyFrame {
    let caller = Caller::anybody("tester");
    let cx = Context {
        caller: &caller,
        id: "0123",
        now: 1_750_000_000,
        address: Address { scheme: "http", host: "" },
        state: ServiceState { version: "", loaded_at: 0, is_behind: false, is_stopping: false, has_page: false },
        attempt: Attempt::default(),
        seal: &crate::wire::Seal::of_instance(),
        ledger,
        steps: None,
    };
    let options = ReplyOptions {
        model: "argo:four",
        rules: &Rules::default(),
        stream,
        include_usage,
        max_tokens: None,
        counting: Counting::None,
        is_counted: true,
        upstream: "ARGO",
        form: None,
    };
    ReplyFrame::new(&options, Arc::new(Prompt::new(Counting::None, Tokenizer::O200k)), &cx)
}

fn relayed(vendor: Vendor, delivery: Delivery, include_usage: bool, status: u16, pieces: &[&[u8]]) -> Relayed {
    let ledger = Arc::new(Ledger::needed_by(CountNeed::Limits));
    let stream = delivery == Delivery::Stream;
    let client = OpenaiChat { shape: &CHAT, old_calls: false };
    let mut reply = relay(client, frame(stream, include_usage, &ledger), openai::chat(vendor), delivery);
    let (status, headers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
    let mut out = Vec::new();
    let failed = match reply.head(&UpstreamHead { status, headers: &headers, bodiless: false }) {
        Start::Stream(_) => {
            let read = pieces.iter().try_for_each(|piece| reply.piece(piece, &mut out));
            let read = read.and_then(|()| reply.end(&mut out));
            read.map_err(|failure| reply.broken(&mut out).unwrap_or(failure)).err()
        }
        Start::Hold | Start::Pass => {
            let held = Held { status, headers, body: Bytes::from(pieces.concat()) };
            reply.answer(&held).map(|answer| out.extend_from_slice(&answer.body)).err()
        }
    };
    if let Some(failure) = failed.as_ref().filter(|_| !out.is_empty()) {
        Openai.error_event(failure, &mut out);
    }
    let failed = failed.map(|e| (e.status.as_u16(), e.code.map(|code| code.to_string())));
    Relayed { reply: String::from_utf8(out).unwrap(), failed, tokens: (ledger.prompt(), ledger.completion()) }
}

/// Relays a stream cut everywhere; the bytes that the client gets are the same.
fn stream(vendor: Vendor, include_usage: bool, body: &str) -> Relayed {
    let of = |pieces: &[&[u8]]| relayed(vendor, Delivery::Stream, include_usage, 200, pieces);
    let one = of(&[body.as_bytes()]);
    for at in 0..=body.len() {
        let (before, after) = body.as_bytes().split_at(at);
        assert_eq!(of(&[before, after]), one, "cut at {at}");
    }
    for size in [1, 3, 64] {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        assert_eq!(of(&pieces), one, "pieces of {size}");
    }
    one
}

fn whole(vendor: Vendor, body: &str) -> Relayed {
    relayed(vendor, Delivery::Whole, false, 200, &[body.as_bytes()])
}

/// The chunks of a stream that ends as it has to.
fn chunks(reply: &str) -> Vec<Value> {
    let events = reply.strip_suffix("data: [DONE]\n\n").unwrap();
    assert!(!events.contains("[DONE]"));
    let events = events.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap());
    events.map(|data| serde_json::from_str(data).unwrap()).collect()
}

macro_rules! golden {
    ($case:literal) => {
        include_str!(concat!("../../../../../tests/golden/openai_chat_completions/native_", $case, "/answer"))
            .split_once('\n')
            .unwrap()
            .1
    };
}

fn events(list: &[&str]) -> String {
    list.iter().map(|data| format!("data: {data}\n\n")).collect()
}

fn delta(delta: &str) -> String {
    format!(
        r#"{{"id": "x", "created": 5, "choices": [{{"index": 0, "delta": {delta}, "finish_reason": null}}], "obfuscation": "aZ"}}"#
    )
}

const FINISH: &str = r#"{"id":"y","created":6,"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

#[test]
fn a_captured_stream_has_what_openai_documents_and_nothing_else() {
    let relayed = stream(Vendor::Argo, false, golden!("stream_text"));
    assert_eq!((relayed.failed, relayed.tokens), (None, (Some(9), Some(19))));
    for gone in ["filter", "obfuscation", "function_call", "refusal", "\"usage\"", "gpt-5", "fingerprint"] {
        assert!(!relayed.reply.contains(gone), "{gone}: {}", relayed.reply);
    }
    let chunks = chunks(&relayed.reply);
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, "Hello! How can I help you today?");
    let of = |delta: Value, reason: Value| {
        json!({
            "id": "chatcmpl-DVhn9UPXmaBN8j8QO3lSOAWkZC1wv", "object": "chat.completion.chunk", "created": 1_776_448_875,
            "model": "argo:four", "service_tier": "default",
            "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": reason }],
        })
    };
    assert_eq!(chunks[0], of(json!({"role": "assistant", "content": ""}), Value::Null));
    assert_eq!(chunks[1], of(json!({"content": "Hello"}), Value::Null));
    assert_eq!(chunks[chunks.len() - 1], of(json!({}), json!("stop")));
}

#[test]
fn usage_comes_once_and_last_where_it_was_asked_for() {
    let relayed = stream(Vendor::Argo, true, golden!("stream_length_empty"));
    let chunks = chunks(&relayed.reply);
    assert_eq!(chunks.len(), 3);
    assert!(chunks[..2].iter().all(|chunk| chunk["usage"].is_null() && chunk.get("usage").is_some()));
    assert_eq!(chunks[1]["choices"][0]["finish_reason"], "length");
    assert_eq!(chunks[2]["choices"], json!([]));
    assert_eq!(chunks[2]["usage"]["completion_tokens_details"]["reasoning_tokens"], 64);
    assert_eq!(relayed.tokens, (Some(42), Some(64)));
    // Some servers count in the last chunk with a choice, or in each.
    let counted = r#"{"id":"y","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    for (asked, expected) in [(true, 1), (false, 0)] {
        let relayed = stream(Vendor::Other, asked, &events(&[counted, "[DONE]"]));
        assert_eq!(relayed.reply.matches("prompt_tokens").count(), expected, "{}", relayed.reply);
        assert_eq!(relayed.tokens, (Some(1), Some(2)));
    }
}

#[test]
fn tool_calls_of_a_captured_stream_pass_piece_by_piece() {
    let relayed = stream(Vendor::Argo, false, golden!("stream_tools"));
    let chunks = chunks(&relayed.reply);
    let calls: Vec<&Value> = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].get("tool_calls")).collect();
    let first = json!([{ "index": 0, "id": "call_ZfBKBgbVH9hVb84RkRUWury1", "type": "function", "function": { "name": "get_weather", "arguments": "" } }]);
    assert_eq!(calls[0], &first);
    assert_eq!(calls[1], &json!([{ "index": 0, "function": { "arguments": "{\"" } }]));
    let arguments: String = calls.iter().map(|call| call[0]["function"]["arguments"].as_str().unwrap()).collect();
    assert_eq!(arguments, r#"{"location":"Chicago","unit":"celsius"}"#);
    assert_eq!(chunks[chunks.len() - 1]["choices"][0]["finish_reason"], "tool_calls");
}

#[test]
fn ids_and_names_of_calls_come_once() {
    let call = |piece: &str| delta(&format!(r#"{{"tool_calls":[{piece}]}}"#));
    let again = r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}"#;
    let relayed = stream(Vendor::Other, false, &events(&[&call(again), &call(again), FINISH, "[DONE]"]));
    assert_eq!((relayed.reply.matches("\"id\":\"a\"").count(), relayed.reply.matches("\"name\"").count()), (1, 1));
    let bare = r#"{"function":{"name":"f","arguments":{"a":1}},"extra_content":{"google":{"thought_signature":"s"}}}"#;
    let relayed = stream(Vendor::Other, false, &events(&[&call(bare), FINISH]));
    let chunk = &chunks(&relayed.reply)[0]["choices"][0]["delta"]["tool_calls"][0];
    let expected = json!({ "index": 0, "id": "call_01230", "type": "function", "extra_content": { "google": { "thought_signature": "s" } }, "function": { "name": "f", "arguments": "{\"a\":1}" } });
    assert_eq!(chunk, &expected);
}

#[test]
fn a_captured_whole_answer_has_what_openai_documents_and_nothing_else() {
    let relayed = whole(Vendor::Argo, golden!("tools"));
    assert_eq!((relayed.failed, relayed.tokens), (None, (Some(184), Some(291))));
    let reply: Value = serde_json::from_str(&relayed.reply).unwrap();
    let call = json!({ "id": "call_6Cnu1pdb6L5Qa3R4yH2rV0uH", "type": "function", "function": { "name": "get_weather", "arguments": "{\"location\":\"Chicago\",\"unit\":\"celsius\"}" } });
    let choice = json!({ "index": 0, "message": { "role": "assistant", "content": null, "refusal": null, "tool_calls": [call] }, "logprobs": null, "finish_reason": "tool_calls" });
    let usage: Value = serde_json::from_str::<Value>(golden!("tools")).unwrap()["usage"].clone();
    let expected = json!({
        "id": "chatcmpl-DVhtmQw1jnUB7gJzF8mkL1zSr6QJi", "object": "chat.completion", "created": 1_776_449_286, "model": "argo:four",
        "service_tier": "default", "choices": [choice], "usage": usage,
    });
    assert_eq!(reply, expected);
    let empty: Value = serde_json::from_str(&whole(Vendor::Argo, golden!("length_empty")).reply).unwrap();
    assert_eq!(
        (&empty["choices"][0]["message"]["content"], &empty["choices"][0]["finish_reason"]),
        (&json!(""), &json!("length"))
    );
}

#[test]
fn what_is_missing_is_made_and_what_is_unknown_is_kept() {
    let relayed = whole(
        Vendor::Other,
        r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"citations":[1]},"matched_stop":2}],"vendor":{"x":null}}"#,
    );
    let expected = json!({
        "id": "chatcmpl-0123", "object": "chat.completion", "created": 1_750_000_000, "model": "argo:four", "vendor": { "x": null },
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "ab", "refusal": null, "citations": [1] }, "logprobs": null, "finish_reason": "stop", "matched_stop": 2 }],
    });
    assert_eq!(serde_json::from_str::<Value>(&relayed.reply).unwrap(), expected);
    assert_eq!(relayed.tokens, (None, None));
    // A stream that is done without a reason gets one, and every chunk the same id and time.
    let relayed = stream(
        Vendor::Other,
        false,
        &events(&[&delta(r#"{"content":"hi"}"#), &delta(r#"{"reasoning_content":"r","new":[1]}"#), "[DONE]"]),
    );
    let chunks = chunks(&relayed.reply);
    assert_eq!(chunks[1]["choices"][0]["delta"], json!({ "reasoning_content": "r", "new": [1] }));
    assert_eq!(chunks[2]["choices"][0]["finish_reason"], "stop");
    assert!(chunks.iter().all(|chunk| chunk["id"] == "x" && chunk["created"] == 5));
}

#[test]
fn failures_are_those_of_the_decoder() {
    let hi = delta(r#"{"content":"hi"}"#);
    for (body, status, code) in [
        ("".to_owned(), 502, Some("empty_answer")),
        ("<html>Sign in</html>".to_owned(), 502, Some("bad_upstream_answer")),
        (r#"{"error":{"message":"slow","code":429}}"#.to_owned(), 429, None),
        (events(&[r#"{"error":{"message":"slow","code":429}}"#]), 429, None),
        (events(&["[DONE]"]), 502, Some("empty_answer")),
        (golden!("denied_stream").to_owned(), 403, Some("argo_access_denied")),
        (events(&[&delta(r#"{"role":"assistant","content":""}"#)]), 502, Some("bad_upstream_answer")),
    ] {
        let relayed = stream(Vendor::Argo, false, &body);
        assert_eq!((relayed.reply.as_str(), relayed.failed), ("", Some((status, code.map(str::to_owned)))), "{body}");
    }
    let cut = stream(Vendor::Other, false, &events(&[&hi]));
    assert!(
        cut.reply.contains("\"hi\"") && cut.reply.ends_with("\"code\":\"bad_upstream_answer\"}}\n\n"),
        "{}",
        cut.reply
    );
    for (body, status) in [
        ("", 502),
        ("<html></html>", 502),
        (r#"{"error":{"message":"m","type":"rate_limit_error"}}"#, 429),
        (golden!("denied"), 403),
        (r#"{"choices":[]}"#, 502),
    ] {
        let relayed = whole(Vendor::Argo, body);
        assert_eq!((relayed.reply.as_str(), relayed.failed.map(|(status, _)| status)), ("", Some(status)), "{body}");
    }
    for delivery in [Delivery::Whole, Delivery::Stream] {
        let refused = relayed(Vendor::Argo, delivery, false, 500, &[golden!("error_top_p").as_bytes()]);
        assert_eq!(refused.failed, Some((400, Some("unsupported_parameter".to_owned()))));
    }
}

#[test]
fn a_whole_answer_in_place_of_a_stream_is_cut_into_one() {
    let relayed = stream(Vendor::Argo, false, golden!("text"));
    let text: String = chunks(&relayed.reply)
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!((text.as_str(), relayed.tokens), ("Hello! How can I help you today?", (Some(9), Some(19))));
}

#[test]
fn the_end_is_told_once() {
    let text = delta(r#"{"content":"hi"}"#);
    let relayed = stream(Vendor::Other, false, &events(&[&text, FINISH, FINISH, &text, "[DONE]", "[DONE]", &text]));
    assert_eq!(relayed.reply.matches("\"stop\"").count(), 1);
    assert_eq!(chunks(&relayed.reply).len(), 3);
}

#[test]
fn line_ends_in_a_chunk_do_not_cut_the_event() {
    let chunk = "{\"choices\":[{\"delta\":{\"content\":\"a\u{2028}b\",\ndata: \"new\":[1,\ndata: 2]}}]}";
    let relayed = stream(Vendor::Other, false, &format!("data: {chunk}\n\ndata: [DONE]\n\n"));
    assert!(relayed.reply.contains("a\\u2028b") && relayed.reply.contains("[1, 2]"), "{}", relayed.reply);
}

proptest! {
    /// Chunks that are like the one before take another way than the first; both say the same.
    #[test]
    fn chunks_are_rewritten_alike_however_they_are_recognized(
        pieces in prop::collection::vec(("[a-z\"\\\\\n\u{2028}é😀\u{1}]{0,6}", "[a-zA-Z0-9]{0,5}", any::<bool>(), any::<bool>()), 1..12),
        ascii in any::<bool>(),
    ) {
        let stream_of = |pieces: &[(String, String, bool, bool)]| -> String {
            pieces.iter().map(|(text, padding, odd, reasons)| {
                let field = if *reasons { "reasoning_content" } else { "content" };
                let text = serde_json::to_string(text).unwrap();
                let text = if ascii { text.replace('😀', "\\ud83d\\ude00") } else { text };
                let odd = if *odd { ",\"odd\":1" } else { "" };
                format!("data: {{\"id\":\"x\",\"choices\":[{{\"delta\":{{\"{field}\":{text}}}{odd}}}],\"obfuscation\":\"{padding}\"}}\n\n")
            }).collect()
        };
        let end = events(&[FINISH, "[DONE]"]);
        let all = relayed(Vendor::Other, Delivery::Stream, false, 200, &[(stream_of(&pieces) + &end).as_bytes()]);
        prop_assert_eq!(&all.failed, &None);
        let list = chunks(&all.reply);
        for field in ["content", "reasoning_content"] {
            let found: String = list.iter().filter_map(|chunk| chunk["choices"][0]["delta"][field].as_str()).collect();
            let expected: String = pieces.iter().filter(|piece| piece.3 == (field != "content")).map(|piece| piece.0.as_str()).collect();
            prop_assert_eq!(found, expected);
        }
        // Each chunk alone becomes what it became among the others.
        let alone: Vec<Value> = pieces.iter().flat_map(|piece| {
            let one = relayed(Vendor::Other, Delivery::Stream, false, 200, &[(stream_of(std::slice::from_ref(piece)) + &end).as_bytes()]);
            let mut list = chunks(&one.reply);
            list.pop();
            list
        }).collect();
        prop_assert_eq!(&list[..list.len() - 1], &alone[..]);
    }

    #[test]
    fn nothing_panics(body in "(data: |\\{|\\}|\\[|\\]|\"choices\"|\"delta\"|\"tool_calls\"|\"function\"|:|,|null|0|\n|\"a\"){0,40}", size in 1usize..20) {
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(size).collect();
        relayed(Vendor::Argo, Delivery::Stream, true, 200, &pieces);
        whole(Vendor::Argo, &body);
    }
}
