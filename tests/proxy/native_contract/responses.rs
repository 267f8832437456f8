//! What OpenAI was recorded to send on `/v1/responses`: no reply of ARGO's is public.

use super::{DENIED, EXHAUSTED, Endpoint, GREETING, Sent};
use serde_json::{Value, json};

pub const ENDPOINT: Endpoint = Endpoint {
    dialect: "openai_responses",
    path: "/argoapi/v1/responses",
    model: "gpt4o",
    tools: "openai",
    ends: &[("say hello", GREETING, "stop"), ("length", "", "length"), ("filtered", "", "content_filter")],
    sends,
};

fn sends(prompt: &str, streams: bool) -> Sent {
    let exhausted = json!({"error": {"message": EXHAUSTED, "type": "APIError", "code": "internal_error"}});
    let late = json!({"type": "error", "code": "server_error", "message": EXHAUSTED, "param": null});
    let says = |items: Value, incomplete: Option<&str>| {
        let whole = response(&items, incomplete);
        if streams { Sent::Events(stream(&whole)) } else { Sent::Json(200, whole.to_string()) }
    };
    let head: String = stream(&response(&text("lorem"), None)).split_inclusive("\n\n").take(5).collect();
    let refused = |status, message: &str, class: &str| {
        Sent::Json(status, json!({"error": {"message": message, "type": class, "code": "internal_error"}}).to_string())
    };
    match prompt {
        "say hello" => says(text(GREETING), None),
        "length" => says(json!([]), Some("max_output_tokens")),
        "filtered" => says(json!([]), Some("content_filter")),
        "access denied" => says(text(DENIED), None),
        "use the tool" => says(
            json!([{
                "id": "fc_0", "type": "function_call", "status": "completed", "arguments": "{\"city\":\"sample city\"}",
                "call_id": "call_k", "name": "weather"
            }]),
            None,
        ),
        "429 in 200" if streams => Sent::Events(event(&late)),
        "429 in 200" => Sent::Json(200, exhausted.to_string()),
        "empty body" if streams => Sent::Events(String::new()),
        "empty body" => Sent::Json(200, String::new()),
        "error 400" => refused(
            400,
            "Error code: 400 - {'error': {'message': \"Unsupported parameter: 'temperature' is not supported with this model.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': None}}",
            "BadRequestError",
        ),
        "error 500" => refused(500, "'NoneType' object is not subscriptable", "TypeError"),
        "no endpoint" => Sent::Json(404, r#"{"detail":"Not Found"}"#.to_owned()),
        "late error 6" => Sent::Events(format!("{head}{}", event(&late))),
        "cut 6" => Sent::Cut(head),
        other => panic!("nothing was recorded for {other}"),
    }
}

fn text(text: &str) -> Value {
    let part = json!({"type": "output_text", "annotations": [], "logprobs": [], "text": text});
    json!([{
        "id": "msg_0", "type": "message", "status": "completed", "content": [part], "phase": "final_answer",
        "role": "assistant"
    }])
}

fn response(items: &Value, incomplete: Option<&str>) -> Value {
    json!({
        "id": "resp_0", "object": "response", "created_at": 1_777_493_415, "background": false, "error": null,
        "status": if incomplete.is_some() { "incomplete" } else { "completed" },
        "incomplete_details": incomplete.map(|reason| json!({"reason": reason})), "instructions": null,
        "max_output_tokens": 64, "model": "gpt-5.4-nano-2026-03-17", "output": items, "parallel_tool_calls": true,
        "previous_response_id": null, "reasoning": {"effort": "none", "summary": null}, "service_tier": "default",
        "store": true, "temperature": 1.0, "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto", "tools": [], "top_p": 0.98, "truncation": "disabled",
        "usage": {"input_tokens": 23, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 9,
                  "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 32},
        "user": null, "metadata": {}
    })
}

fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

/// The events that build a response, with a text or arguments in two pieces.
fn stream(whole: &Value) -> String {
    let mut begun = whole.clone();
    crate::support::merge(&mut begun, json!({"status": "in_progress", "output": [], "usage": null}));
    let mut events = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
    ];
    for item in whole["output"].as_array().unwrap() {
        let is_call = item["type"] == "function_call";
        let empty = if is_call { json!({"arguments": ""}) } else { json!({"content": []}) };
        let mut begun = item.clone();
        crate::support::merge(&mut begun, empty);
        begun["status"] = json!("in_progress");
        events.push(json!({"type": "response.output_item.added", "item": begun, "output_index": 0}));
        let place = if is_call {
            json!({"item_id": item["id"], "output_index": 0})
        } else {
            json!({"item_id": item["id"], "output_index": 0, "content_index": 0})
        };
        let at = |kind: &str, more: Value| {
            let mut event = json!({ "type": kind });
            crate::support::merge(&mut event, place.clone());
            crate::support::merge(&mut event, more);
            event
        };
        let kind = if is_call { "response.function_call_arguments" } else { "response.output_text" };
        let text = if is_call { &item["arguments"] } else { &item["content"][0]["text"] }.as_str().unwrap();
        if !is_call {
            let mut part = item["content"][0].clone();
            part["text"] = json!("");
            events.push(at("response.content_part.added", json!({ "part": part })));
        }
        let middle = text.char_indices().nth(5).map_or(text.len(), |(at, _)| at);
        for part in [&text[..middle], &text[middle..]].into_iter().filter(|part| !part.is_empty()) {
            events.push(at(&format!("{kind}.delta"), json!({"delta": part, "obfuscation": "pFT90X0e3ePus"})));
        }
        events.push(at(
            &format!("{kind}.done"),
            if is_call { json!({"arguments": text}) } else { json!({"text": text}) },
        ));
        if !is_call {
            events.push(at("response.content_part.done", json!({"part": item["content"][0]})));
        }
        events.push(json!({"type": "response.output_item.done", "item": item, "output_index": 0}));
    }
    let end = format!("response.{}", whole["status"].as_str().unwrap());
    events.push(json!({"type": end, "response": whole}));
    for (i, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(i);
    }
    events.iter().map(event).collect()
}
