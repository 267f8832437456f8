//! What the proxy makes of a native endpoint's ways holds for the built-in stand-in as for the scripted upstream: the one is
//! asked by a documented prompt, the other sends what the real endpoint was recorded to send.

use crate::support::{Argo, Connection, Recorded, Server, Setup, StandIn, chat, said};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The path is that of the endpoint below the stand-in's base URL.
const PATH: &str = "/argoapi/v1/chat/completions";

const HEAD: &str = r#"data: {"id": "", "choices": [], "created": 0, "model": "", "object": "", "service_tier": null, "system_fingerprint": null, "usage": null, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]}

data: {"id": "chatcmpl-D", "choices": [{"delta": {"content": "", "function_call": null, "refusal": null, "role": "assistant", "tool_calls": null}, "finish_reason": null, "index": 0, "logprobs": null, "content_filter_results": {}}], "created": 1776449057, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": null, "obfuscation": "59Aip"}

"#;

const USAGE: &str = r#"{"completion_tokens": 64, "prompt_tokens": 42, "total_tokens": 106, "completion_tokens_details": {"accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 64, "rejected_prediction_tokens": 0}, "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 9}}"#;

/// An upstream that can be asked for a case.
enum Upstream {
    StandIn(StandIn),
    Scripted(Argo),
}

impl Upstream {
    fn both() -> [Self; 2] {
        [Self::StandIn(StandIn::start()), Self::Scripted(Argo::start(script))]
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::StandIn(stand_in) => stand_in.address,
            Self::Scripted(argo) => argo.address,
        }
    }

    /// A proxy that has only this upstream.
    fn server(&self) -> Server {
        let address = self.address();
        let routes = format!(
            "version: 1\n\
             upstreams:\n  native: {{ url: \"http://{address}{PATH}\", stream_url: \"http://{address}{PATH}\", dialect: openai, vendor: argo, headers: {{ Authorization: Bearer tester }} }}\n\
             models:\n  chat:\n    default: argo:gpt-4o\n    show: {{ owned_by: system, created: 1 }}\n    names: {{ argo:gpt-4o: gpt4o }}\n\
             \x20   rules: [{{ match: \"*\", tools: openai }}]\n\
             routes:\n  - {{ path: /v1/chat/completions, upstream: native, models: chat, transformer: openai_chat_completions }}\n"
        );
        Setup::before_address(address).routes(&routes).start()
    }
}

/// A chunk with one choice, in the recorded form.
fn chunk(delta: &str, finish: &str) -> String {
    format!(
        r#"data: {{"id": "chatcmpl-D", "choices": [{{"delta": {delta}, "finish_reason": {finish}, "index": 0, "logprobs": null, "content_filter_results": {{}}}}], "created": 1776449057, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": null, "obfuscation": "x"}}

"#
    )
}

/// A stream that says a text and then ends for this reason.
fn stream(text: &str, finish: &str) -> String {
    let nothing = r#"{"content": null, "function_call": null, "refusal": null, "role": null, "tool_calls": null}"#;
    let says = nothing.replacen("null", &json!(text).to_string(), 1);
    let usage = format!(
        r#"data: {{"id": "chatcmpl-D", "choices": [], "created": 1776449057, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": {USAGE}, "obfuscation": "x"}}

"#
    );
    format!("{HEAD}{}{}{usage}data: [DONE]\n\n", chunk(&says, "null"), chunk(nothing, &json!(finish).to_string()))
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

const DENIED: &str = "\n\n⚠️ **IMPORTANT AUTHENTICATION NOTICE FROM ARGO** ⚠️\n\n🚫 **ACCESS DENIED** 🚫\n\nThe username 'x' is not known.\n\n ** END NOTICE FROM ARGO **\n\n";
const EXHAUSTED: &str = r#"{"error": {"message": "Error code: 429 - {'error': {'code': 429, 'message': 'Resource exhausted. Please try again later.', 'status': 'RESOURCE_EXHAUSTED'}}", "type": "APIError", "code": "internal_error"}}"#;
const SAMPLED: &str = r#"{"error":{"message":"Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': 'unsupported_value'}}","type":"BadRequestError","code":"internal_error"}}"#;
const NONE_TYPE: &str =
    r#"{"error":{"message":"'NoneType' object is not iterable","type":"TypeError","code":"internal_error"}}"#;

/// Sends what the real endpoint sends in the case that the prompt names.
fn script(request: &Recorded, connection: &mut Connection) {
    let body = request.json();
    let prompt = body["messages"][0]["content"].as_str().unwrap();
    let streams = body["stream"] == true;
    let mut say = |text: &str, finish: &str| {
        if streams {
            events(connection, &stream(text, finish));
        } else {
            connection.json(200, &whole(text, finish));
        }
    };
    match prompt {
        "say hello" => say("Hello! Nice to meet you. How can I help you today?", "stop"),
        "length" => say("", "length"),
        "filtered" => say("", "content_filter"),
        "access denied" => say(DENIED, "stop"),
        "429 in 200" if streams => events(connection, &format!("data: {EXHAUSTED}\n\n")),
        "429 in 200" => connection.json(200, EXHAUSTED),
        "empty body" if streams => events(connection, ""),
        "empty body" => connection.json(200, ""),
        "error 400" => connection.json(400, SAMPLED),
        "error 500" => connection.json(500, &NONE_TYPE.replace("iterable", "subscriptable")),
        "no room" => connection.json(500, NONE_TYPE),
        "no endpoint" => connection.json(404, r#"{"detail":"Not Found"}"#),
        "late error 4" => {
            events(connection, &format!("{HEAD}{}data: {EXHAUSTED}\n\n", chunk(r#"{"content": "lorem"}"#, "null")))
        }
        "cut 3" => {
            head(connection);
            connection.chunk(HEAD.as_bytes());
            connection.chunk(chunk(r#"{"content": "lorem"}"#, "null").as_bytes());
            connection.close();
        }
        other => panic!("no script for {other}"),
    }
}

fn head(connection: &mut Connection) {
    connection.raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
}

fn events(connection: &mut Connection, stream: &str) {
    head(connection);
    if !stream.is_empty() {
        connection.chunk(stream.as_bytes());
    }
    connection.stream_end();
}

#[test]
fn native_answers_and_their_ends_are_the_upstreams_own() {
    for upstream in Upstream::both() {
        let server = upstream.server();
        for (prompt, text, finish) in [
            ("say hello", "Hello! Nice to meet you. How can I help you today?", "stop"),
            ("length", "", "length"),
            ("filtered", "", "content_filter"),
        ] {
            let answer = server.chat(&chat(prompt, json!({}))).json();
            let choice = &answer["choices"][0];
            assert_eq!(
                (&choice["message"]["content"], &choice["finish_reason"]),
                (&json!(text), &json!(finish)),
                "{prompt}"
            );
            assert_eq!(answer["model"], "argo:gpt-4o");
            assert!(answer["usage"]["completion_tokens_details"]["reasoning_tokens"].is_u64(), "{prompt}: {answer}");
            assert!(answer.get("prompt_filter_results").is_none(), "{answer}");
            let streamed = said(&server.chat(&chat(prompt, json!({"stream": true}))).body);
            assert_eq!((streamed.text.as_str(), streamed.finish, streamed.done), (text, vec![finish.to_owned()], true));
            assert_eq!((streamed.usage, streamed.error), (None, None), "{prompt}: nobody asked for usage");
            let asked = json!({"stream": true, "stream_options": {"include_usage": true}});
            let usage = said(&server.chat(&chat(prompt, asked)).body).usage.unwrap();
            assert_eq!(usage["completion_tokens"], answer["usage"]["completion_tokens"], "{prompt}");
        }
    }
}

#[test]
fn native_failures_become_errors_before_an_answer() {
    for upstream in Upstream::both() {
        let server = upstream.server();
        for (prompt, status, part, code) in [
            ("access denied", 403, "ACCESS DENIED", json!("argo_access_denied")),
            ("429 in 200", 429, "Resource exhausted", Value::Null),
            ("empty body", 502, "", json!("empty_answer")),
            ("error 400", 400, "does not support 0.0", json!("unsupported_value")),
            ("error 500", 500, "'NoneType' object is not subscriptable", Value::Null),
            ("no room", 400, "used all tokens", json!("budget_spent_on_reasoning")),
            ("no endpoint", 404, "Not Found", Value::Null),
        ] {
            for stream in [false, true] {
                let answer = server.chat(&chat(prompt, json!({"stream": stream})));
                assert_eq!(answer.status, status, "{prompt}, stream: {stream}: {}", answer.text());
                let error = answer.error();
                assert!(error["message"].as_str().unwrap().contains(part), "{prompt}: {error}");
                assert!(code.is_null() || error["code"] == code, "{prompt}, stream: {stream}: {error}");
            }
        }
    }
}

#[test]
fn native_streams_never_end_cleanly_by_chance() {
    for upstream in Upstream::both() {
        let server = upstream.server();
        for prompt in ["cut 3", "late error 4"] {
            let answer = server.chat(&chat(prompt, json!({"stream": true})));
            let streamed = said(&answer.body);
            assert_eq!((answer.status, streamed.done, streamed.finish.len()), (200, false, 0), "{prompt}");
            assert!(streamed.text.starts_with("lorem") && streamed.error.is_some(), "{prompt}: {streamed:?}");
        }
    }
}
