//! What targets share that run requests and answers through the golden table.

use super::pipeline::{Run, joined, run, said, table, whole};
use super::{json, pieces};
use argo_openai_proxy::table::Table;
use bytes::Bytes;
use serde_json::Value;
use std::sync::LazyLock;

/// The table of the golden cases.
pub static TABLE: LazyLock<Table> = LazyLock::new(table);

pub const TOOL: &str =
    r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}]"#;
pub const SCHEMA: &str = r#""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object","properties":{"a":{}}}}}"#;

pub fn chat(model: &str, more: &str) -> Bytes {
    Bytes::from(format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"x"}}],{more}}}"#))
}

pub fn answer(head: &str, body: &[u8]) -> Vec<Vec<u8>> {
    vec![[head.as_bytes(), b"\n", body].concat()]
}

/// Cuts an answer into pieces. The end of one with very many is one piece: each costs an event, and the beginning says as much.
pub fn cut(knob: u8) -> impl Fn(&[u8]) -> Vec<Bytes> {
    const MOST: usize = 200;
    move |body| {
        let (beginning, end) = body.split_at(body.len().min(MOST << (knob % 8)));
        let pieces = pieces(knob, beginning).into_iter().chain(Some(end).filter(|end| !end.is_empty()));
        pieces.map(Bytes::copy_from_slice).collect()
    }
}

/// Runs a request whose answer comes whole, and again with the answer in pieces. Returns the reply, which is the same.
pub fn both_ways(path: &str, request: &Bytes, answer: &[Vec<u8>], knob: u8) -> Run {
    let one = run(&TABLE, path, request, answer, whole);
    let other = run(&TABLE, path, request, answer, cut(knob));
    assert_eq!((one.status, &one.content_type), (other.status, &other.content_type));
    if one.content_type.starts_with("text/event-stream") {
        assert_eq!(joined(&one.body), joined(&other.body));
    } else {
        assert_eq!(one.body, other.body);
    }
    check(&one);
    one
}

/// What all events of a stream but the last have.
#[derive(serde::Deserialize)]
struct Chunk<'a> {
    object: &'a str,
}

/// A reply is an answer, a complete stream, or an error, in OpenAI's form.
fn check(reply: &Run) {
    if reply.content_type.starts_with("text/event-stream") {
        let text = std::str::from_utf8(&reply.body).unwrap();
        let events: Vec<&str> = text.strip_suffix("\n\n").unwrap().split("\n\n").collect();
        let (last, others) = events.split_last().unwrap();
        for event in others {
            let chunk: Chunk = serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(chunk.object, "chat.completion.chunk");
        }
        let error = |event: &str| json::value(event.strip_prefix("data: ").unwrap().as_bytes()).unwrap();
        assert!(*last == "data: [DONE]" || error(last)["error"]["message"].is_string(), "{last}");
        return;
    }
    let body = json::value(&reply.body).unwrap();
    if reply.status.is_success() {
        assert!(matches!(body["object"].as_str(), Some("chat.completion" | "list")), "{body}");
    } else {
        assert!(reply.status.as_u16() >= 400);
        assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    }
}

/// How a streamed reply ends: complete, or by an error of this type and code. The head of a stream leaves with its first text, so the
/// pieces decide whether an error has a status or comes as an event, and how much of a notice it quotes.
#[derive(Debug, PartialEq)]
pub enum End {
    Done,
    Error(Value, Value),
}

impl End {
    fn error(reply: &Value) -> Self {
        End::Error(reply["error"]["type"].clone(), reply["error"]["code"].clone())
    }
}

/// Returns the text of a reply and its end.
pub fn told(reply: &Run) -> (String, End) {
    check(reply);
    if !reply.status.is_success() {
        return (String::new(), End::error(&json::value(&reply.body).unwrap()));
    }
    let all = joined(&reply.body);
    let text = all.iter().map(said).collect();
    match all.last().unwrap() {
        Value::String(done) if done == "[DONE]" => (text, End::Done),
        error => (text, End::error(error)),
    }
}
