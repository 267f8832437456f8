//! Upstream answers, through transformer and exchange: whole, streamed, of vectors, and errors.

use super::golden::{End, SCHEMA, TABLE, TOOL, answer, both_ways, chat, cut, told};
use super::pipeline::{run, whole};
use super::{Target, json, knob, seeds};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

const WORDS: &[&str] = &[
    "{\"response\":",
    "\"response\"",
    "\"content\"",
    "\"tool_calls\"",
    "\"function\"",
    "\"arguments\"",
    "\"input\"",
    "\"name\"",
    "null",
    "[]",
    "{}",
    "\"\"",
    "\\ud83d",
    "\\u0000",
    "é",
    "😀",
    "\u{2028}",
    "\u{feff}",
    "[DONE]",
    "\n\n",
    "IMPORTANT AUTHENTICATION NOTICE FROM ARGO",
    "ACCESS DENIED",
    "⚠️ **",
    "{'type': 'tool_use', 'name': 'f', 'id': 'i', ",
    "You passed a messages field along with a system and or prompt field",
    "```json\n",
    "```",
    "\"embedding\":[[1,2.5]]",
    "1e39",
    "-0.0",
    "0.012345678901234567",
    "[[",
    "]]",
    "{\"error\":{\"message\":\"no\"}}",
];

pub const WHOLE: Target = Target {
    name: "argo_whole",
    usual: 6_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_chat_completions", |head| head.contains("json"))),
    words: WORDS,
    run: whole_answer,
};
pub const STREAM: Target = Target {
    name: "argo_stream",
    usual: 4_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_chat_completions", |head| head.starts_with("200 text"))),
    words: WORDS,
    run: stream,
};
pub const EMBEDDINGS: Target = Target {
    name: "argo_embeddings",
    usual: 12_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_embeddings", |head| head.starts_with('2'))),
    words: WORDS,
    run: embeddings,
};
pub const ERRORS: Target = Target {
    name: "argo_errors",
    usual: 12_000,
    seeds: || seeds::behind(0..=255, seeds::answers("", |head| !head.starts_with('2'))),
    words: WORDS,
    run: errors,
};

const CHAT: &str = "/openai_chat_completions";

/// Requests whose answers are read in different ways.
fn requests() -> [Bytes; 8] {
    [
        chat("argo:four", r#""stream":false"#),
        chat("argo:four", TOOL),
        chat("argo:opus", &format!("{TOOL},\"stream\":true")),
        chat("argo:four", SCHEMA),
        chat("argo:four", r#""response_format":{"type":"json_object"},"stream":true"#),
        chat("argo:gem", &format!("{SCHEMA},\"stream\":true")),
        chat("argo:gem", r#""stream":true,"stream_options":{"include_usage":true}"#),
        chat("argo:rules", &format!("{TOOL},\"n\":2")),
    ]
}

fn whole_answer(input: &[u8]) {
    let (knob, body) = knob(input);
    let request = &requests()[usize::from(knob % 8)];
    let reply = both_ways(CHAT, request, &answer("200 application/json", body), knob / 8);
    // What ARGO says in plain JSON is what the client gets.
    let Some(said) = json::value(body) else { return };
    if let (0, Some(text), true) = (knob % 8, said["response"].as_str(), reply.status.is_success()) {
        let reply = json::value(&reply.body).unwrap();
        assert_eq!(reply["choices"][0]["message"]["content"].as_str().unwrap_or_default(), text);
    }
}

fn stream(input: &[u8]) {
    let (knob, body) = knob(input);
    // Tokens are counted for a part of the inputs: that takes most of the time, whatever the pieces are.
    let more =
        if knob / 8 % 8 == 0 { r#""stream":true,"stream_options":{"include_usage":true}"# } else { r#""stream":true"# };
    let request = chat("argo:four", more);
    let answer = answer("200 text/plain; charset=utf-8", body);
    let (text, end) = told(&run(&TABLE, CHAT, &request, &answer, whole));
    let (piecewise, same_end) = told(&run(&TABLE, CHAT, &request, &answer, cut(knob)));
    assert_eq!(same_end, end);
    assert!(body.starts_with(piecewise.as_bytes()) && body.starts_with(text.as_bytes()));
    assert!(end != End::Done || text.as_bytes() == body && piecewise == text);
}

fn embeddings(input: &[u8]) {
    let (knob, body) = knob(input);
    let format = if knob % 2 == 0 { "float" } else { "base64" };
    let request = format!(r#"{{"model":"argo:vectors","input":["x"],"encoding_format":"{format}"}}"#);
    let answer = answer("200 application/json", body);
    let reply = both_ways("/openai_embeddings", &Bytes::from(request), &answer, knob);
    if !reply.status.is_success() {
        return;
    }
    let said = numbers(body);
    let reply = json::value(&reply.body).unwrap();
    let sent = &reply["data"][0]["embedding"];
    if let (Some(text), Some(said)) = (sent.as_str(), said) {
        let bytes = STANDARD.decode(text).unwrap();
        let sent: Vec<f32> = bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect();
        let nearest: Vec<f32> = said.iter().map(|number| number.parse().unwrap()).collect();
        assert_eq!(sent, nearest);
    } else if let (Some(sent), Some(said)) = (sent.as_array(), numbers(body)) {
        let said: Vec<Value> = said.iter().map(|number| json::value(number.as_bytes()).unwrap()).collect();
        assert_eq!(*sent, said);
    }
}

/// The numbers of the first vector, as they are written.
fn numbers(body: &[u8]) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        embedding: Vec<Vec<&'a serde_json::value::RawValue>>,
    }
    let answer: Answer<'_> = serde_json::from_slice(body).ok()?;
    Some(answer.embedding.first()?.iter().map(|number| number.get().to_owned()).collect())
}

fn errors(input: &[u8]) {
    const HEADS: [&str; 8] = [
        "400 application/json",
        "401 text/html",
        "404 application/json",
        "429 application/json",
        "500 text/plain",
        "502 text/html",
        "503 application/json",
        "422 application/json",
    ];
    let (knob, body) = knob(input);
    let request = &requests()[usize::from(knob / 8 % 8)];
    let reply = both_ways(CHAT, request, &answer(HEADS[usize::from(knob % 8)], body), knob);
    let is_stream = reply.content_type.starts_with("text/event-stream");
    assert!(is_stream || reply.status.as_u16() >= 400);
    assert!(!reply.body.ends_with(b"[DONE]\n\n"), "an error never looks complete");
}
