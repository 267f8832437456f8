//! A scripted ARGO, the real binary in front of it, and a plain client.

mod argo;
mod balancer;
mod client;
mod server;
mod stand_in;

pub use argo::{Argo, Connection, Recorded, Wire};
pub use balancer::{Balancer, Passed};
pub use client::{Answer, Client};
pub use server::{Folder, Server, Setup, caller, callers};
pub use stand_in::StandIn;

use serde_json::{Value, json};

/// A chat request with one user message and more fields.
pub fn chat(text: &str, more: Value) -> String {
    let mut body = json!({"model": "argo:gpt-4o", "messages": [{"role": "user", "content": text}]});
    merge(&mut body, more);
    body.to_string()
}

/// A request of these fields to a model.
pub fn with_model(fields: Value) -> String {
    let mut body = json!({"model": "argo:gpt-4o"});
    merge(&mut body, fields);
    body.to_string()
}

/// `into` with the fields of `more`.
pub fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// The data of each event of a stream.
pub fn events(stream: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(stream).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "an event is not finished: {text:?}");
    let data =
        |event: &str| event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data line: {event:?}")).to_owned();
    text.split("\n\n").filter(|event| !event.is_empty()).map(data).collect()
}

/// A stream without comments.
pub fn without_comments(stream: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(stream).unwrap();
    text.split_inclusive("\n\n").filter(|event| !event.starts_with(':')).collect::<String>().into_bytes()
}

/// What a stream of chunks said.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    pub text: String,
    pub finish: Vec<String>,
    pub usage: Option<Value>,
    pub error: Option<Value>,
    pub done: bool,
}

/// Reads a stream of chunks, checking what must hold for every one.
pub fn said(stream: &[u8]) -> Said {
    let mut said = Said::default();
    let mut common: Option<(Value, Value, Value)> = None;
    for event in events(stream) {
        assert!(!said.done, "something follows [DONE]: {event}");
        if event == "[DONE]" {
            said.done = true;
            continue;
        }
        let chunk: Value = serde_json::from_str(&event).unwrap_or_else(|e| panic!("{e}: {event}"));
        if let Some(error) = chunk.get("error") {
            said.error = Some(error.clone());
            continue;
        }
        assert!(said.error.is_none(), "something follows the error: {event}");
        let own = (chunk["id"].clone(), chunk["created"].clone(), chunk["model"].clone());
        assert_eq!(common.get_or_insert_with(|| own.clone()), &own);
        match chunk["choices"].as_array().unwrap().as_slice() {
            [] => said.usage = Some(chunk["usage"].clone()),
            [choice] => {
                assert!(said.finish.is_empty(), "a choice follows the finish chunk: {event}");
                let content = choice["delta"]["content"].as_str().or(choice["text"].as_str());
                said.text.push_str(content.unwrap_or_default());
                said.finish.extend(choice["finish_reason"].as_str().map(str::to_owned));
            }
            several => panic!("{several:?}"),
        }
    }
    said
}
