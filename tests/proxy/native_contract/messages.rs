//! What was recorded of `/v1/messages`.

use super::{DENIED, EXHAUSTED, Endpoint, GREETING, Sent};
use serde_json::{Value, json};

pub const ENDPOINT: Endpoint = Endpoint {
    dialect: "anthropic",
    path: "/argoapi/v1/messages",
    model: "claudehaiku45",
    tools: "anthropic",
    ends: &[("say hello", GREETING, "stop"), ("length", "", "length")],
    sends,
};

fn sends(prompt: &str, streams: bool) -> Sent {
    let exhausted = json!({"type": "error", "error": {"type": "api_error", "message": EXHAUSTED}});
    let says = |blocks: Value, reason: &str| {
        if streams { Sent::Events(stream(&blocks, reason)) } else { Sent::Json(200, whole(&blocks, reason)) }
    };
    let text = |text: &str| json!([{"citations": null, "text": text, "type": "text"}]);
    let refused = |status, kind: &str, message: &str| {
        Sent::Json(status, json!({"type": "error", "error": {"type": kind, "message": message}}).to_string())
    };
    let head = {
        let all = stream(&text("lorem"), "end_turn");
        all.split_inclusive("\n\n").take(3).collect::<String>()
    };
    match prompt {
        "say hello" => says(text(GREETING), "end_turn"),
        "length" => says(json!([]), "max_tokens"),
        "access denied" if streams => Sent::Events(stream(&text(DENIED), "end_turn")),
        "access denied" => Sent::Json(200, denied()),
        "use the tool" => {
            let call = json!({"id": "toolu_vrtx_01M", "input": {"city": "sample city"}, "name": "weather", "type": "tool_use"});
            says(json!([call]), "tool_use")
        }
        "429 in 200" if streams => Sent::Events(event("error", &exhausted)),
        "429 in 200" => Sent::Json(200, exhausted.to_string()),
        "empty body" if streams => Sent::Events(String::new()),
        "empty body" => Sent::Json(200, String::new()),
        "error 400" => refused(
            400,
            "invalid_request_error",
            "Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': '`temperature` is deprecated for this model.'}, 'request_id': 'req_vrtx_011CbG3PxMvHFXiibzBtknCe'}",
        ),
        "error 500" => refused(500, "api_error", "'NoneType' object is not subscriptable"),
        "no endpoint" => Sent::Json(404, r#"{"detail":"Not Found"}"#.to_owned()),
        "late error 6" => Sent::Events(format!("{head}{}", event("error", &exhausted))),
        "cut 6" => Sent::Cut(head),
        other => panic!("nothing was recorded for {other}"),
    }
}

fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

fn usage(output: u64) -> Value {
    json!({
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "input_tokens": 10, "output_tokens": output,
        "server_tool_use": null, "service_tier": null
    })
}

fn message(blocks: &Value, reason: &Value, output: u64) -> Value {
    json!({
        "content": blocks, "id": "msg_vrtx_017", "model": "claude-haiku-4-5-20251001", "role": "assistant",
        "stop_details": null, "stop_reason": reason, "stop_sequence": null, "type": "message", "usage": usage(output)
    })
}

fn whole(blocks: &Value, reason: &str) -> String {
    message(blocks, &json!(reason), 19).to_string()
}

fn denied() -> String {
    json!({
        "id": "msg_blocked_someuser_1787147786", "type": "message", "role": "assistant",
        "content": [{"type": "text", "text": DENIED}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 0, "output_tokens": 0}
    })
    .to_string()
}

/// A stream that builds these blocks: the first event counts tokens already, and the first delta of arguments is empty.
fn stream(blocks: &Value, reason: &str) -> String {
    let begun = message(&json!([]), &Value::Null, 8);
    let mut out = event("message_start", &json!({"message": begun, "type": "message_start"}));
    for (i, block) in blocks.as_array().unwrap().iter().enumerate() {
        let (empty, deltas) = match block["type"].as_str() {
            Some("tool_use") => {
                let parts = ["", "{\"", "city", "\": \"sample c", "ity\"}"];
                (
                    json!({"input": {}}),
                    parts.map(|part| json!({"partial_json": part, "type": "input_json_delta"})).to_vec(),
                )
            }
            _ => (json!({"text": ""}), vec![json!({"text": block["text"], "type": "text_delta"})]),
        };
        let mut start = block.clone();
        crate::support::merge(&mut start, empty);
        out +=
            &event("content_block_start", &json!({"content_block": start, "index": i, "type": "content_block_start"}));
        for delta in deltas {
            let delta = json!({"delta": delta, "index": i, "type": "content_block_delta"});
            out += &event("content_block_delta", &delta);
        }
        out += &event("content_block_stop", &json!({"index": i, "type": "content_block_stop"}));
    }
    let end = json!({
        "delta": {"stop_reason": reason, "stop_sequence": null, "stop_details": null}, "type": "message_delta",
        "usage": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "input_tokens": 10, "output_tokens": 19}
    });
    out + &event("message_delta", &end) + &event("message_stop", &json!({"type": "message_stop"}))
}
