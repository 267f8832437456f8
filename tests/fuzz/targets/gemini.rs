//! Gemini as a client dialect: any request is refused in its form or goes upstream, and any answer becomes one object, whole pieces, or
//! a list.

use super::golden::{TABLE, answer, cut};
use super::pipeline::{Run, run, whole};
use super::{Target, json, knob, seeds};
use bytes::Bytes;
use serde_json::Value;

const WORDS: &[&str] = &[
    "{\"text\":\"x\"}",
    "{\"functionCall\":{\"name\":\"f\",\"args\":{}}}",
    "{\"function_response\":{\"name\":\"f\",\"response\":{\"result\":\"x\"}}}",
    "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AA==\"}}",
    "\"thought\":true",
    "\"thoughtSignature\":\"AA==\"",
    "\"role\":\"model\"",
    "\"generation_config\":{\"maxOutputTokens\":9.0}",
    "\"responseSchema\":{\"type\":\"ARRAY\"}",
    "\"responseMimeType\":\"application/json\"",
    "\"candidateCount\":2",
    "\"functionDeclarations\":[{\"name\":\"a.b\"}]",
    "\"mode\":\"ANY\"",
    "\"requests\":[]",
    "\"content\":{\"parts\":[]}",
    "[]",
    "{}",
    "null",
    "\"\"",
    "\\n",
    "\\ud83d",
    "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}",
    "data: ",
    "\n\n",
    "ACCESS DENIED",
];
const PATHS: [&str; 6] = [
    "/gemini_generate/argo:four",
    "/gemini_stream/native/argo:four?alt=sse",
    "/gemini_stream/messages/argo:opus",
    "/gemini_generate/responses/argo:other",
    "/gemini_count_tokens/argo:four",
    "/gemini_embed/argo:long",
];

pub const REQUEST: Target = Target {
    name: "gemini",
    usual: 10_000,
    seeds: || {
        let of = |name| seeds::behind(0..=5, seeds::requests(name));
        [of("gemini_generate"), of("gemini_stream"), of("gemini_embed")].concat()
    },
    words: WORDS,
    run: request,
};
pub const STREAM: Target = Target {
    name: "gemini_stream",
    usual: 4_000,
    seeds: || seeds::behind(0..=255, seeds::answers("gemini_stream", |head| head.contains("event-stream"))),
    words: WORDS,
    run: stream,
};

/// A request is refused with a status of the client's fault and Google's error, or what goes upstream is JSON.
fn request(input: &[u8]) {
    let (knob, body) = knob(input);
    let path = PATHS[usize::from(knob) % PATHS.len()];
    let body = argo_openai_proxy::json::mended(Bytes::copy_from_slice(body));
    let Run { upstream, status, body: reply, .. } = run(&TABLE, path, &body, &[b"500 text/plain\n".to_vec()], whole);
    if upstream.is_empty() {
        let reply = json::value(&reply).unwrap();
        assert!(status.is_client_error() && is_error(&reply) || reply["totalTokens"].is_u64(), "{status}: {reply}");
        return;
    }
    for (_, call) in &upstream {
        match json::value(call) {
            Some(call) => assert!(call["model"].is_string()),
            // What serde_json cannot read may pass as it came.
            None => assert_eq!(json::value(&body), None),
        }
    }
}

/// However an answer is cut, its reply says the same and ends in the same way.
fn stream(input: &[u8]) {
    let (knob, body) = knob(input);
    let path = PATHS[1 + usize::from(knob % 2)];
    let request = Bytes::from_static(br#"{"contents":[{"parts":[{"text":"x"}]}]}"#);
    let answer = answer("200 text/event-stream", body);
    let (one, two) = (run(&TABLE, path, &request, &answer, whole), run(&TABLE, path, &request, &answer, cut(knob / 2)));
    assert_eq!(said(&one), said(&two));
}

/// Returns what a reply says: its texts, its calls, and how it ends.
fn said(reply: &Run) -> (String, Vec<Value>, Option<Value>) {
    let objects: Vec<Value> = if reply.content_type.starts_with("text/event-stream") {
        let text = std::str::from_utf8(&reply.body).unwrap();
        let pieces = text.strip_suffix("\n\n").unwrap().split("\n\n");
        pieces.map(|piece| json::value(piece.strip_prefix("data: ").unwrap().as_bytes()).unwrap_or_default()).collect()
    } else {
        match json::value(&reply.body).unwrap_or_default() {
            Value::Array(list) => list,
            one => vec![one],
        }
    };
    let parts = objects.iter().filter_map(|object| object["candidates"][0]["content"]["parts"].as_array()).flatten();
    let texts = parts.clone().filter_map(|part| part["text"].as_str()).collect();
    let calls = parts.filter(|part| part.get("functionCall").is_some()).cloned().collect();
    let last = objects.last().cloned().unwrap_or_default();
    let end = [&last["error"], &last["candidates"][0]["finishReason"]].into_iter().find(|end| !end.is_null()).cloned();
    (texts, calls, end)
}

fn is_error(value: &Value) -> bool {
    let error = &value["error"];
    error["code"].is_u64() && error["status"].is_string() && error["message"].is_string()
}
