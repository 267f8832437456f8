//! Bodies of requests and of whole answers, in the form of each dialect.

use super::prose;
use bytes::Bytes;
use serde_json::{Value, json};

pub(super) fn of_claude(body: &str) -> String {
    body.replace("argo:gpt-4o", "argo:claude-haiku-4.5").replace("\"model\"", "\"max_tokens\":1000,\"model\"")
}

/// Returns the request of a client of OpenAI's Responses, with a call and its result.
pub(super) fn in_responses_form() -> String {
    let call =
        json!({"type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": "{\"name\":\"flux\"}"});
    let result = json!({"type": "function_call_output", "call_id": "call_1", "output": "42.7"});
    let asked = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is it?"}]});
    let tools = json!([{"type": "function", "name": "lookup", "strict": false,
        "parameters": {"type": "object", "properties": {"name": {"type": "string"}}}}]);
    json!({"model": "argo:gpt-4o", "instructions": prose(1000), "input": [asked, call, result], "tools": tools})
        .to_string()
}

/// Returns the request of a client of Anthropic's, with a call and its result.
pub(super) fn in_anthropics_form(model: &str) -> String {
    let call = json!({"type": "tool_use", "id": "toolu_1", "name": "lookup", "input": {"name": "flux"}});
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "42.7"});
    let messages = json!([{"role": "user", "content": "What is it?"}, {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]}]);
    let system = json!([{"type": "text", "text": prose(1000), "cache_control": {"type": "ephemeral"}}]);
    let tools =
        json!([{"name": "lookup", "input_schema": {"type": "object", "properties": {"name": {"type": "string"}}}}]);
    json!({"model": model, "max_tokens": 1000, "system": system, "messages": messages, "tools": tools}).to_string()
}

/// Returns the request of a client of Google's, with a call and its result.
pub(super) fn in_googles_form() -> String {
    let call = json!({"functionCall": {"id": "call_1", "name": "lookup", "args": {"name": "flux"}}});
    let result = json!({"functionResponse": {"id": "call_1", "name": "lookup", "response": {"output": "42.7"}}});
    let contents = json!([{"role": "user", "parts": [{"text": "What is it?"}]}, {"role": "model", "parts": [call]},
        {"role": "user", "parts": [result]}]);
    let lookup = json!({"name": "lookup", "parametersJsonSchema": {"type": "object", "properties": {"name": {"type": "string"}}}});
    json!({"systemInstruction": {"parts": [{"text": prose(1000)}]}, "contents": contents,
        "tools": [{"functionDeclarations": [lookup]}]})
    .to_string()
}

pub(super) fn with_tool(body: &str) -> String {
    let parameters = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    let tools = json!([{"type": "function", "function": {"name": "lookup", "parameters": parameters}}]);
    body.replace("\"model\"", &format!("\"tools\":{tools},\"model\""))
}

/// Returns a whole answer of a kilobyte in OpenAI's form, with all that ARGO writes beside it.
pub(super) fn completion() -> Bytes {
    let safe = json!({"filtered": false, "severity": "safe"});
    let filter = json!({"hate": safe, "protected_material_code": {"detected": false, "filtered": false}, "self_harm": safe,
        "sexual": safe, "violence": safe});
    let message = json!({"annotations": [], "audio": null, "content": prose(1000), "function_call": null, "refusal": null,
        "role": "assistant", "tool_calls": null});
    let choice = json!({"content_filter_results": filter, "finish_reason": "stop", "index": 0, "logprobs": null, "message": message});
    let usage = json!({"completion_tokens": 250, "prompt_tokens": 270, "total_tokens": 520,
        "completion_tokens_details": {"accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 0,
            "rejected_prediction_tokens": 0},
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0}});
    bytes(&json!({"choices": [choice], "created": 1776448871, "id": "chatcmpl-bench", "model": "gpt-4o-2024-08-06",
        "object": "chat.completion", "prompt_filter_results": [{"content_filter_results": filter, "prompt_index": 0}],
        "service_tier": "default", "system_fingerprint": null, "usage": usage}))
}

/// Returns a whole answer of a kilobyte in Anthropic's form.
pub(super) fn message() -> Bytes {
    let usage = json!({"cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "input_tokens": 270, "output_tokens": 250,
        "server_tool_use": null, "service_tier": null});
    let content = json!([{"citations": null, "text": prose(1000), "type": "text"}]);
    bytes(&json!({"content": content, "id": "msg_bench", "model": "claude-haiku-4-5", "role": "assistant",
        "stop_details": null, "stop_reason": "end_turn", "stop_sequence": null, "type": "message", "usage": usage}))
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// Returns a whole answer of a kilobyte in the form of OpenAI's Responses.
pub(super) fn response() -> Bytes {
    let part = json!({"type": "output_text", "annotations": [], "logprobs": [], "text": prose(1000)});
    let output =
        json!([{"id": "msg_bench", "type": "message", "status": "completed", "role": "assistant", "content": [part]}]);
    let usage = json!({"input_tokens": 270, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 250,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 520});
    bytes(
        &json!({"id": "resp_bench", "object": "response", "created_at": 1776448871, "status": "completed", "error": null,
        "incomplete_details": null, "model": "gpt-4o-2024-08-06", "output": output, "usage": usage}),
    )
}

/// Returns a whole answer of a kilobyte, as ARGO's legacy call gives it.
pub(super) fn legacy() -> Bytes {
    bytes(&json!({"response": prose(1000)}))
}

/// Returns a vector in OpenAI's form.
pub(super) fn vector() -> Bytes {
    let numbers: Vec<f64> = (0..1536).map(|at| f64::from(at) * 1e-4 - 0.07).collect();
    bytes(
        &json!({"object": "list", "model": "v3small", "data": [{"object": "embedding", "index": 0, "embedding": numbers}],
        "usage": {"prompt_tokens": 250, "total_tokens": 250}}),
    )
}
