//! `/v1/chat/completions`.

use argo_stand_in::{COMPLETIONS_PATH, ListedModel, Options};
use serde_json::{Value, json};

use super::*;

fn ask(model: &str, text: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": text}]})
}

fn tools() -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tool = |name| json!({"type": "function", "function": {"name": name, "parameters": parameters}});
    json!([tool("weather"), tool("place")])
}

fn chat(served: &Served, body: &Value) -> Answer {
    call(served, COMPLETIONS_PATH, body)
}

fn streamed(served: &Served, body: &Value) -> Answer {
    chat(served, &with(body.clone(), json!({"stream": true})))
}

/// The text of a stream's chunks.
fn text(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_whole_answer_has_what_azure_adds() {
    let served = gateway();
    let body = chat(&served, &ask("gpt5mini", "hi")).json();
    assert_eq!(
        keys(&body),
        [
            "choices",
            "created",
            "id",
            "model",
            "object",
            "prompt_filter_results",
            "service_tier",
            "system_fingerprint",
            "usage"
        ]
    );
    assert_eq!(
        body["choices"][0]["message"],
        json!({
            "annotations": [], "audio": null, "content": "You said: hi", "function_call": null, "refusal": null,
            "role": "assistant", "tool_calls": null
        })
    );
    assert_eq!(
        (&body["choices"][0]["finish_reason"], &body["model"]),
        (&json!("stop"), &json!("gpt-5-mini-2025-08-07"))
    );
    assert_eq!(body["choices"][0]["content_filter_results"]["hate"], json!({"filtered": false, "severity": "safe"}));
    let usage = &body["usage"];
    assert_eq!([&usage["prompt_tokens"], &usage["completion_tokens"], &usage["total_tokens"]], [5, 3, 8]);
    assert_eq!(usage["prompt_tokens_details"]["cache_write_tokens"], Value::Null);
}

#[test]
fn a_stream_has_the_recorded_chunks() {
    let served = gateway();
    let answer = streamed(&served, &ask("gpt5mini", "héllo"));
    let data = data(&answer);
    assert!(
        data[0].starts_with(
            r#"{"id": "", "choices": [], "created": 0, "model": "", "object": "", "service_tier": null, "system_fingerprint": null, "usage": null, "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate""#
        ),
        "{}",
        data[0]
    );
    let role = r#""choices": [{"delta": {"content": "", "function_call": null, "refusal": null, "role": "assistant", "tool_calls": null}, "finish_reason": null, "index": 0, "logprobs": null, "content_filter_results": {}}], "created": 1790000000, "model": "gpt-5-mini-2025-08-07", "object": "chat.completion.chunk", "service_tier": "default", "system_fingerprint": null, "usage": null, "obfuscation": ""#;
    assert!(data[1].contains(role), "{}", data[1]);
    assert!(data[2].contains(r#"{"delta": {"content": "You said: h\u00e9llo", "function_call": null, "refusal": null, "role": null, "tool_calls": null}, "finish_reason": null"#), "{}", data[2]);
    assert_eq!(data.last(), Some(&"[DONE]"));
    let chunks = events(&answer);
    let [.., end, usage] = chunks.as_slice() else { panic!("{chunks:?}") };
    assert_eq!(
        (&end["choices"][0]["finish_reason"], &end["choices"][0]["delta"]["content"]),
        (&json!("stop"), &Value::Null)
    );
    assert_eq!((&usage["choices"], &usage["usage"]["completion_tokens"]), (&json!([]), &json!(4)));
    let whole = chat(&served, &ask("gpt5mini", "héllo")).json();
    assert_eq!((&whole["choices"][0]["message"]["content"], &whole["usage"]), (&json!(text(&chunks)), &usage["usage"]));
    assert_eq!(whole["id"], usage["id"]);
}

#[test]
fn tool_calls_stream_in_pieces() {
    let served = gateway();
    let ask = with(ask("gpt4o", "use all tools"), json!({"tools": tools()}));
    let chunks = events(&streamed(&served, &ask));
    let first = &chunks[1]["choices"][0]["delta"];
    assert_eq!((&first["content"], &first["role"]), (&Value::Null, &json!("assistant")));
    assert_eq!(first["tool_calls"][0]["function"], json!({"arguments": "", "name": "weather"}));
    let second = &chunks[2]["choices"][0]["delta"]["tool_calls"][0];
    assert_eq!(
        (&second["id"], &second["type"], &second["function"]["name"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let mut arguments = [String::new(), String::new()];
    for call in chunks.iter().flat_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].as_array()).flatten() {
        arguments[call["index"].as_u64().unwrap() as usize] += call["function"]["arguments"].as_str().unwrap();
    }
    let whole = chat(&served, &ask).json();
    let message = &whole["choices"][0]["message"];
    assert_eq!((&message["content"], &whole["choices"][0]["finish_reason"]), (&json!(""), &json!("tool_calls")));
    for (i, streamed) in arguments.iter().enumerate() {
        assert_eq!(message["tool_calls"][i]["function"]["arguments"], json!(streamed));
    }
    assert_eq!(chunks.iter().rev().nth(1).unwrap()["choices"][0]["finish_reason"], "tool_calls");
    let forced = json!({"tool_choice": {"type": "function", "function": {"name": "place"}}});
    let called = chat(&served, &with(ask, forced)).json();
    assert_eq!(called["choices"][0]["message"]["tool_calls"][0]["function"]["name"], "place");
}

#[test]
fn other_vendors_answer_plainly() {
    let served = gateway();
    let body = chat(&served, &ask("gemini25pro", "ping")).json();
    assert_eq!(keys(&body), ["id", "object", "created", "model", "choices", "usage"]);
    assert_eq!((&body["model"], &body["usage"]["prompt_tokens"]), (&json!("gemini25pro"), &json!(1)));
    assert_eq!(keys(&body["choices"][0]["message"]), ["role", "content", "tool_calls"]);
    let chunks = events(&streamed(&served, &ask("gemini25pro", "ping")));
    assert_eq!(text(&chunks), "You said: ping");
    assert!(chunks.iter().all(|chunk| chunk["prompt_filter_results"].is_null()));
}

#[test]
fn claude_wants_a_stream_for_long_answers() {
    let served = gateway();
    let limited = |model, limit| with(ask(model, "hi"), json!({"max_tokens": limit}));
    for whole in [
        ask("claudehaiku45", "hi"),
        limited("claudehaiku45", 21_334),
        limited("claudeopus41", 8193),
        with(ask("claudehaiku45", "hi"), json!({"max_completion_tokens": 100})),
    ] {
        let answer = chat(&served, &whole);
        assert_eq!(answer.status, 500, "{whole}");
        assert!(message(&answer).starts_with("Streaming is required"), "{answer:?}");
    }
    for whole in [limited("claudehaiku45", 21_333), limited("claudeopus41", 8192)] {
        assert_eq!(chat(&served, &whole).status, 200, "{whole}");
    }
    assert_eq!(text(&events(&streamed(&served, &ask("claudehaiku45", "hi")))), "You said: hi");
}

#[test]
fn gpt5_refuses_sampling_in_pythons_words() {
    let served = gateway();
    let sampled = |model, sampling| chat(&served, &with(ask(model, "hi"), sampling));
    let refused = sampled("gpt5", json!({"temperature": 0}));
    assert_eq!(
        (refused.status, refused.json()),
        (
            400,
            json!({"error": {
                "message": "Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': 'unsupported_value'}}",
                "type": "BadRequestError", "code": "internal_error"
            }})
        )
    );
    assert!(message(&sampled("gpt55", json!({"top_p": 1}))).contains("'code': 'unsupported_parameter'"));
    for (model, sampling) in [("gpt5", json!({"temperature": 1})), ("gpt4o", json!({"temperature": 0.5, "top_p": 0.9}))]
    {
        assert_eq!(sampled(model, sampling).status, 200, "{model}");
    }
}

#[test]
fn vendors_fail_over_what_others_take() {
    let served = gateway();
    let of = |model, messages| chat(&served, &json!({"model": model, "messages": messages}));
    let developer = json!([{"role": "user", "content": "a"}, {"role": "developer", "content": "b"}]);
    assert!(message(&of("gpt4o", developer)).contains("Unknown parameter: 'messages[1].tool_calls'."));
    let null = json!([{"role": "assistant", "content": null}, {"role": "user", "content": "a"}]);
    assert_eq!(of("gemini25pro", null.clone()).status, 500);
    assert_eq!(of("gpt4o", null).status, 200);
    let orphan = json!([{"role": "user", "content": "a"}, {"role": "tool", "tool_call_id": "x", "content": "1"}]);
    assert_eq!(of("gpt4o", orphan).status, 400);
    let short = chat(&served, &with(ask("gemini35flash", "hi"), json!({"max_tokens": 2047})));
    assert_eq!((short.status, message(&short).as_str()), (500, "'NoneType' object has no attribute 'parts'"));
    assert_eq!(chat(&served, &with(ask("gemini35flash", "hi"), json!({"max_tokens": 2048}))).status, 200);
}

#[test]
fn limits_formats_and_stops_are_honoured() {
    let served = gateway();
    let choice = |model, more| chat(&served, &with(ask(model, "a long question"), more)).json()["choices"][0].clone();
    let limited = choice("gpt4o", json!({"max_tokens": 2}));
    assert_eq!((&limited["message"]["content"], &limited["finish_reason"]), (&json!("You said"), &json!("length")));
    // The o-series honours one name of the limit, and the others of Gemini and Claude the other one.
    for (model, more) in [("gpto3mini", json!({"max_tokens": 2})), ("gemini25pro", json!({"max_completion_tokens": 2}))]
    {
        assert_eq!(choice(model, more)["finish_reason"], "stop", "{model}");
    }
    let stopped = choice("gpt4o", json!({"stop": [" said"]}));
    assert_eq!((&stopped["message"]["content"], &stopped["finish_reason"]), (&json!("You"), &json!("stop")));
    let schema = json!({"type": "object", "properties": {"days": {"type": "integer"}}});
    let format = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}});
    assert_eq!(choice("gpt4o", format)["message"]["content"], r#"{"days":1}"#);
}

#[test]
fn prompts_steer_the_end_and_the_usage() {
    let served = gateway();
    let of = |prompt: &str| chat(&served, &ask("gpt5mini", prompt)).json();
    let spent = of("length");
    assert_eq!(
        (&spent["choices"][0]["finish_reason"], &spent["choices"][0]["message"]["content"]),
        (&json!("length"), &json!(""))
    );
    assert_eq!(spent["usage"]["completion_tokens_details"]["reasoning_tokens"], 64);
    assert_eq!(of("think 7")["usage"]["completion_tokens_details"]["reasoning_tokens"], 7);
    assert_eq!(of("cached 9")["usage"]["prompt_tokens_details"]["cached_tokens"], 9);
    assert_eq!(of("filtered")["choices"][0]["finish_reason"], "content_filter");
    let refused = &of("refuse")["choices"][0]["message"];
    assert_eq!((&refused["content"], refused["refusal"].is_string()), (&Value::Null, true));
}

#[test]
fn a_success_can_hide_an_error() {
    let served = gateway();
    for (prompt, part) in [
        ("error in 200", "Internal server error"),
        ("429 in 200", "RESOURCE_EXHAUSTED"),
        ("token failure", "oauth2.googleapis.com"),
    ] {
        let whole = chat(&served, &ask("gpt4o", prompt));
        assert!(whole.status == 200 && message(&whole).contains(part), "{whole:?}");
        let stream = streamed(&served, &ask("gpt4o", prompt));
        let [only] = events(&stream).try_into().unwrap();
        assert!(stream.complete && only["error"]["message"].as_str().unwrap().contains(part), "{only}");
    }
    let late = streamed(&served, &ask("gpt4o", "late error 4"));
    assert!(late.complete && late.pieces.len() == 5 && data(&late)[4].contains("overloaded_error"));
    for answer in [chat(&served, &ask("gpt4o", "empty body")), streamed(&served, &ask("gpt4o", "empty body"))] {
        assert!(answer.status == 200 && answer.complete && answer.body.is_empty(), "{answer:?}");
    }
}

#[test]
fn who_calls_is_in_the_bearer_or_the_body() {
    let served = gateway();
    let as_user = |headers, user: Value| {
        call_as(&served, COMPLETIONS_PATH, headers, &with(ask("gpt4o", "hi"), json!({"user": user})))
    };
    let content = |answer: Answer| answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert_eq!(content(as_user("", json!("jdoe"))), "You said: hi");
    assert_eq!(content(as_user("Authorization: Bearer jdoe\r\nx-api-key: other\r\n", Value::Null)), "You said: hi");
    let denied = as_user("Authorization: Bearer j@doe\r\n", json!("jdoe"));
    assert_eq!((denied.status, &denied.json()["usage"]["total_tokens"]), (200, &json!(0)));
    assert!(content(denied).contains("The username 'j@doe' could not be validated as an authorized"));
    assert_eq!(as_user("x-api-key: jdoe\r\n", Value::Null).status, 500);
    let denied = chat(&served, &ask("gpt4o", "access denied"));
    assert!(content(denied).contains("ACCESS DENIED"));
}

#[test]
fn models_go_by_their_id_and_their_display_name() {
    let model = ListedModel { id: "GPT-4o".into(), internal_id: "gpt4o".into(), owned_by: "openai".into() };
    let served = gateway_with(Options { models: vec![model], ..Options::default() });
    for name in ["gpt4o", "GPT-4o"] {
        assert_eq!(chat(&served, &ask(name, "hi")).json()["model"], "gpt-4o-2025-08-07");
    }
    let answer = chat(&served, &ask("gpt-4o", "hi"));
    assert_eq!((answer.status, message(&answer).as_str()), (400, "Model 'gpt-4o' not found. Valid models: gpt4o"));
}

#[test]
fn wrong_bodies_are_the_frameworks_to_refuse() {
    let served = gateway();
    for body in [
        json!({"messages": []}),
        json!({"model": "m"}),
        json!({"model": "m", "messages": 7}),
        json!({"model": "m", "messages": [], "stream": "yes"}),
    ] {
        let answer = chat(&served, &body);
        assert!(answer.status == 422 && answer.json()["detail"].is_array(), "{answer:?}");
    }
    assert_eq!(chat(&served, &ask("m", "no endpoint")).json(), json!({"detail": "Not Found"}));
}

#[test]
fn streams_are_cut_slowed_and_zipped_by_events() {
    let served = gateway();
    let cut = streamed(&served, &ask("gpt4o", "cut 4"));
    assert!(!cut.complete && cut.pieces.len() == 4, "{cut:?}");
    let zipped = streamed(&served, &ask("gpt4o", "gzip"));
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
    let start = std::time::Instant::now();
    let slow = streamed(&served, &ask("gpt4o", "slow 3"));
    assert!(start.elapsed().as_millis() >= 3 * (slow.pieces.len() as u128 - 1));
}
