//! What was recorded of `/v1/chat/completions`.

use super::{DENIED, EXHAUSTED, Endpoint, GREETING, Sent};
use serde_json::{Value, json};

pub const ENDPOINT: Endpoint = Endpoint {
    dialect: "openai",
    path: "/argoapi/v1/chat/completions",
    model: "gpt4o",
    tools: "openai",
    ends: &[("say hello", GREETING, "stop"), ("length", "", "length"), ("filtered", "", "content_filter")],
    sends,
};

const HEAD: &str = r#"data: {"id": "", "choices": [], "created": 0, "model": "", "object": "", "service_tier": null, "system_fingerprint": null, "usage": null, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}

"#;
const NOTHING: &str = r#"{"content": null, "function_call": null, "refusal": null, "role": null, "tool_calls": null}"#;
const ROLE: &str =
    r#"{"content": "", "function_call": null, "refusal": null, "role": "assistant", "tool_calls": null}"#;
const USAGE: &str = r#"{"completion_tokens": 64, "prompt_tokens": 42, "total_tokens": 106, "completion_tokens_details": {"accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 64, "rejected_prediction_tokens": 0}, "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 9}}"#;
const SAMPLED: &str = r#"{"error":{"message":"Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': 'unsupported_value'}}","type":"BadRequestError","code":"internal_error"}}"#;
const NONE_TYPE: &str =
    r#"{"error":{"message":"'NoneType' object is not iterable","type":"TypeError","code":"internal_error"}}"#;

fn sends(prompt: &str, streams: bool) -> Sent {
    let exhausted = json!({"error": {"message": EXHAUSTED, "type": "APIError", "code": "internal_error"}});
    let says = |text: &str, finish: &str| {
        if streams { Sent::Events(stream(text, finish)) } else { Sent::Json(200, whole(text, finish)) }
    };
    let head = format!("{HEAD}{}{}", chunk(ROLE, "null"), chunk(&with_content("lorem"), "null"));
    match prompt {
        "say hello" => says(GREETING, "stop"),
        "length" => says("", "length"),
        "filtered" => says("", "content_filter"),
        "access denied" => says(DENIED, "stop"),
        "use the tool" if streams => Sent::Events(called()),
        "use the tool" => Sent::Json(200, whole_call()),
        "429 in 200" if streams => Sent::Events(format!("data: {exhausted}\n\n")),
        "429 in 200" => Sent::Json(200, exhausted.to_string()),
        "empty body" if streams => Sent::Events(String::new()),
        "empty body" => Sent::Json(200, String::new()),
        "error 400" => Sent::Json(400, SAMPLED.to_owned()),
        "error 500" => Sent::Json(500, NONE_TYPE.replace("iterable", "subscriptable")),
        "no room" => Sent::Json(500, NONE_TYPE.to_owned()),
        "no endpoint" => Sent::Json(404, r#"{"detail":"Not Found"}"#.to_owned()),
        "late error 6" => Sent::Events(format!("{head}data: {exhausted}\n\n")),
        "cut 6" => Sent::Cut(head),
        other => panic!("nothing was recorded for {other}"),
    }
}

fn with_content(text: &str) -> String {
    NOTHING.replacen("null", &json!(text).to_string(), 1)
}

/// A chunk with one choice, in the recorded form.
fn chunk(delta: &str, finish: &str) -> String {
    format!(
        r#"data: {{"id": "chatcmpl-D", "choices": [{{"delta": {delta}, "finish_reason": {finish}, "index": 0, "logprobs": null, "content_filter_results": {{}}}}], "created": 1776449057, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": null, "obfuscation": "x"}}

"#
    )
}

/// The end of a stream: the reason, the usage that nobody asked for, `[DONE]`.
fn end(finish: &str) -> String {
    let finish = chunk(NOTHING, &json!(finish).to_string());
    format!(
        r#"{finish}data: {{"id": "chatcmpl-D", "choices": [], "created": 1776449057, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": {USAGE}, "obfuscation": "x"}}

data: [DONE]

"#
    )
}

fn stream(text: &str, finish: &str) -> String {
    format!("{HEAD}{}{}{}", chunk(ROLE, "null"), chunk(&with_content(text), "null"), end(finish))
}

fn called() -> String {
    let call = |role: &str, call: Value| {
        let delta = format!(
            r#"{{"content": null, "function_call": null, "refusal": null, "role": {role}, "tool_calls": [{call}]}}"#
        );
        chunk(&delta, "null")
    };
    let first =
        json!({"index": 0, "id": "call_Z", "function": {"arguments": "", "name": "weather"}, "type": "function"});
    let more =
        |part: &str| json!({"index": 0, "id": null, "function": {"arguments": part, "name": null}, "type": null});
    let parts = ["{\"", "city", "\":\"sample", " city\"}"].map(|part| call("null", more(part))).concat();
    format!("{HEAD}{}{parts}{}", call("\"assistant\"", first), end("tool_calls"))
}

fn whole_call() -> String {
    let mut body: Value = serde_json::from_str(&whole("", "tool_calls")).unwrap();
    body["choices"][0]["message"]["tool_calls"] = json!([
        {"function": {"arguments": "{\"city\":\"sample city\"}", "name": "weather"}, "id": "call_6", "type": "function"}
    ]);
    body.to_string()
}

fn whole(text: &str, finish: &str) -> String {
    let usage: Value = serde_json::from_str(USAGE).unwrap();
    json!({
        "choices": [{"content_filter_results": {}, "finish_reason": finish, "index": 0, "logprobs": null, "message": {
            "annotations": [], "audio": null, "content": text, "function_call": null, "refusal": null, "role": "assistant",
            "tool_calls": null
        }}],
        "created": 1776449054, "id": "chatcmpl-D", "model": "gpt-5-mini-2025-08-07", "object": "chat.completion",
        "prompt_filter_results": [{"content_filter_results": {}, "prompt_index": 0}], "service_tier": "default",
        "system_fingerprint": null, "usage": usage
    })
    .to_string()
}
