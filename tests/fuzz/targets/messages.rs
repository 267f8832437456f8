//! Anthropic's messages as a client dialect: any request is refused in its form or goes upstream, and any answer is relayed as it came.

use super::golden::{TABLE, answer, cut};
use super::pipeline::{Run, run, whole};
use super::{Target, json, knob, seeds};
use bytes::Bytes;
use serde_json::Value;

const WORDS: &[&str] = &[
    "\"type\":\"text\",\"text\":\"x\"",
    "\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{}",
    "\"type\":\"tool_result\",\"tool_use_id\":\"t\"",
    "\"type\":\"thinking\",\"thinking\":\"x\",\"signature\":\"y\"",
    "\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"data:image/png;base64,AA==\"}",
    "{\"type\":\"of_tomorrow\"}",
    "{\"role\":\"system\",\"content\":\"x\"}",
    "\"model\":\"argo:opus\"",
    "\"max_tokens\":9",
    "\"stream\":true",
    "\"thinking\":{\"type\":\"adaptive\"}",
    "\"output_config\":{\"effort\":\"high\"}",
    "\"is_error\":true",
    "\"defer_loading\":true",
    "[]",
    "{}",
    "null",
    "\"\"",
    "\\n",
    "\\ud83d",
    "{\"type\":\"message_start\",\"message\":{}}",
    "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"x\"}}",
    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}",
    "{\"type\":\"message_stop\"}",
    "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}",
    "event: ",
    "data: ",
    "\n\n",
    ": ping\n\n",
    "ACCESS DENIED",
];
const PATHS: [&str; 5] = [
    "/anthropic_messages",
    "/anthropic_messages/native",
    "/anthropic_messages/messages",
    "/anthropic_messages/responses",
    "/anthropic_count_tokens",
];

pub const REQUEST: Target = Target {
    name: "messages",
    usual: 10_000,
    seeds: || seeds::behind(0..=4, seeds::requests("anthropic_messages")),
    words: WORDS,
    run: request,
};
pub const RELAY: Target = Target {
    name: "messages_relay",
    usual: 4_000,
    seeds: || seeds::behind(0..=255, seeds::answers("anthropic_messages", |head| head.contains("event-stream"))),
    words: WORDS,
    run: relay,
};

/// A request is refused with a status of the client's fault and Anthropic's error, or what goes upstream is JSON. Where the upstream has
/// the client's form, the messages go as they came unless one of them has to be mended.
fn request(input: &[u8]) {
    let (knob, body) = knob(input);
    let path = PATHS[usize::from(knob) % PATHS.len()];
    let body = argo_openai_proxy::json::mended(Bytes::copy_from_slice(body));
    let Run { upstream, status, body: reply, .. } = run(&TABLE, path, &body, &[b"500 text/plain\n".to_vec()], whole);
    if upstream.is_empty() {
        let reply = json::value(&reply).unwrap();
        assert!(status.is_client_error() && is_error(&reply) || reply["input_tokens"].is_u64(), "{status}: {reply}");
        return;
    }
    let given = json::value(&body);
    for (_, call) in &upstream {
        let Some(call) = json::value(call) else {
            // What serde_json cannot read may pass as it came.
            assert_eq!(given, None);
            return;
        };
        assert!(call["model"].is_string());
        let Some(given) = &given else { continue };
        if path.ends_with("/messages")
            && call.get("messages") != given.get("messages")
            && given["output_config"]["format"].is_null()
        {
            let text = given["messages"].to_string();
            assert!(
                ["text", "data:", "output_format"]
                    .iter()
                    .any(|word| text.contains(word) || given.get("output_format").is_some())
            );
        }
    }
}

/// However an answer is cut, its reply ends in the same way, and a complete one has the same bytes.
fn relay(input: &[u8]) {
    let (knob, body) = knob(input);
    let stream = if knob % 2 == 0 { "true" } else { "false" };
    let path = PATHS[1 + usize::from(knob / 2) % 3];
    let request = format!(
        r#"{{"model":"argo:opus","max_tokens":9,"stream":{stream},"messages":[{{"role":"user","content":"x"}}]}}"#
    );
    let (request, answer) = (Bytes::from(request), answer("200 text/event-stream", body));
    let (one, two) = (run(&TABLE, path, &request, &answer, whole), run(&TABLE, path, &request, &answer, cut(knob / 8)));
    let ends = [&one, &two].map(end);
    assert_eq!(ends[0], ends[1]);
    if ends[0].as_deref() == Some("message_stop") && path.ends_with("/messages") {
        assert_eq!(one.body.escape_ascii().to_string(), two.body.escape_ascii().to_string());
    }
}

/// Returns the type of the last event or of the error; `None` for a whole message.
fn end(reply: &Run) -> Option<String> {
    if !reply.content_type.starts_with("text/event-stream") {
        let value = json::value(&reply.body).unwrap();
        let is_message = reply.status.is_success();
        assert!(is_message || is_error(&value), "{value}");
        return (!is_message).then(|| kind_of(&value["error"]));
    }
    let text = std::str::from_utf8(&reply.body).unwrap();
    let events: Vec<&str> = text.strip_suffix("\n\n").unwrap().split("\n\n").collect();
    let mut last = Value::Null;
    for event in events {
        let (name, data) = event.split_once('\n').unwrap();
        assert!(name.starts_with("event: "), "{event}");
        last = json::value(data.strip_prefix("data: ").unwrap().as_bytes()).unwrap_or(Value::Null);
    }
    let kind = kind_of(&last);
    Some(if kind == "error" { kind_of(&last["error"]) } else { kind })
}

fn kind_of(value: &Value) -> String {
    value["type"].as_str().unwrap_or_default().to_owned()
}

fn is_error(value: &Value) -> bool {
    value["type"] == "error" && value["error"]["type"].is_string() && value["error"]["message"].is_string()
}
