//! OpenAI's Responses as a client dialect: any request is refused or goes upstream as JSON, and any reply is one object or a stream
//! whose items open and close.

use super::golden::{TABLE, answer, cut};
use super::pipeline::{Run, run, whole};
use super::{Target, json, knob, seeds};
use bytes::Bytes;
use std::collections::HashSet;

const WORDS: &[&str] = &[
    "{\"type\":\"message\",\"role\":\"user\",\"content\":\"x\"}",
    "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}",
    "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"x\"}",
    "{\"type\":\"custom_tool_call\",\"call_id\":\"d\",\"name\":\"g\",\"input\":\"x\"}",
    "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"sealed.1.AA\"}",
    "{\"type\":\"additional_tools\",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[]}]}",
    "{\"type\":\"item_reference\",\"id\":\"rs_1\"}",
    "{\"type\":\"of_tomorrow\"}",
    "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AA==\"}",
    "{\"type\":\"custom\",\"name\":\"g\"}",
    "{\"type\":\"web_search\"}",
    "\"model\":\"argo:four\"",
    "\"instructions\":\"x\"",
    "\"stream\":true",
    "\"max_output_tokens\":9",
    "\"text\":{\"format\":{\"type\":\"json_object\"}}",
    "\"tool_choice\":{\"type\":\"allowed_tools\",\"tools\":[]}",
    "[]",
    "{}",
    "null",
    "\"\"",
    "\\n",
    "\\ud83d",
    "{\"type\":\"response.output_text.delta\",\"delta\":\"x\"}",
    "{\"type\":\"response.completed\",\"response\":{\"output\":[]}}",
    "{\"type\":\"error\",\"message\":\"x\"}",
    "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}",
    "data: ",
    "\n\n",
    "[DONE]",
    "ACCESS DENIED",
];
const PATHS: [&str; 5] = [
    "/openai_responses",
    "/openai_responses/native",
    "/openai_responses/messages",
    "/openai_responses/responses",
    "/openai_input_tokens",
];

pub const REQUEST: Target = Target {
    name: "responses",
    usual: 10_000,
    seeds: || seeds::behind(0..=4, seeds::requests("openai_responses")),
    words: WORDS,
    run: request,
};
pub const REPLY: Target = Target {
    name: "responses_stream",
    usual: 3_000,
    seeds: || seeds::behind(0..=255, seeds::answers("openai_responses", |head| head.contains("event-stream"))),
    words: WORDS,
    run: reply,
};

/// A request is refused with a status of the client's fault, or what goes upstream is JSON with a model.
fn request(input: &[u8]) {
    let (knob, body) = knob(input);
    let path = PATHS[usize::from(knob) % PATHS.len()];
    let body = argo_openai_proxy::json::mended(Bytes::copy_from_slice(body));
    let Run { upstream, status, body: reply, .. } = run(&TABLE, path, &body, &[b"500 text/plain\n".to_vec()], whole);
    if upstream.is_empty() {
        let reply = json::value(&reply).unwrap();
        let is_refused = status.is_client_error() && reply["error"]["message"].is_string();
        assert!(is_refused || reply["input_tokens"].is_u64(), "{status}: {reply}");
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

/// However an answer is cut, its reply ends in the same way.
fn reply(input: &[u8]) {
    let (knob, body) = knob(input);
    let path = PATHS[1 + usize::from(knob) % 3];
    let model = if path.ends_with("/messages") { "argo:opus" } else { "argo:four" };
    let request = Bytes::from(format!(r#"{{"model":"{model}","stream":true,"input":"x"}}"#));
    let answer = answer("200 text/event-stream", body);
    let (one, two) = (run(&TABLE, path, &request, &answer, whole), run(&TABLE, path, &request, &answer, cut(knob / 4)));
    assert_eq!(end(&one, path), end(&two, path));
}

/// Returns the type of the last event, or the code of the error. A stream that the proxy writes itself opens and closes each of its
/// items once, and numbers its events.
fn end(reply: &Run, path: &str) -> String {
    if !reply.content_type.starts_with("text/event-stream") {
        let value = json::value(&reply.body).unwrap();
        assert!(value["error"]["message"].is_string(), "{value}");
        // The head of a stream leaves with its first text, so the pieces decide whether an error has a status or comes as an event.
        return "response.failed".to_owned();
    }
    let text = std::str::from_utf8(&reply.body).unwrap();
    let is_own = !path.ends_with("/responses");
    let (mut last, mut open, mut number) = (String::new(), HashSet::new(), 0);
    for event in text.strip_suffix("\n\n").unwrap().split("\n\n") {
        let (name, data) = event.split_once('\n').unwrap();
        last = name.strip_prefix("event: ").unwrap().to_owned();
        let Some(data) = json::value(data.strip_prefix("data: ").unwrap().as_bytes()) else { continue };
        if !is_own {
            continue;
        }
        assert_eq!(data["sequence_number"], number, "{text}");
        number += 1;
        let id = || data["item"]["id"].as_str().map(str::to_owned);
        match last.as_str() {
            "response.output_item.added" => assert!(open.insert(id().unwrap()), "{text}"),
            "response.output_item.done" => assert!(open.remove(&id().unwrap()), "{text}"),
            "response.completed" | "response.incomplete" => assert!(open.is_empty(), "{text}"),
            _ => {}
        }
    }
    assert!(["response.completed", "response.incomplete", "response.failed"].contains(&last.as_str()), "{text}");
    last
}
