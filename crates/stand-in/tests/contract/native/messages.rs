//! `/v1/messages` and `/v1/messages/count_tokens`.

use argo_stand_in::{COUNT_TOKENS_PATH, MESSAGES_PATH};
use serde_json::{Value, json};

use super::*;

fn ask(model: &str, text: &str) -> Value {
    json!({"model": model, "max_tokens": 4000, "messages": [{"role": "user", "content": text}]})
}

fn say(served: &Served, body: &Value) -> Answer {
    call(served, MESSAGES_PATH, body)
}

fn streamed(served: &Served, body: &Value) -> Answer {
    say(served, &with(body.clone(), json!({"stream": true})))
}

fn tools() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!([{"name": "weather", "input_schema": schema}, {"name": "place", "input_schema": schema}])
}

/// The content that the events of a stream build, with signatures and arguments put together.
fn built(events: &[Value]) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    for event in events {
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(event["index"], blocks.len());
                blocks.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                let block = &mut blocks[event["index"].as_u64().unwrap() as usize];
                let delta = event["delta"].as_object().unwrap();
                let (member, part) = delta.iter().find(|(member, _)| *member != "type").unwrap();
                let so_far = block[member].as_str().unwrap_or_default().to_owned();
                block[member] = json!(so_far + part.as_str().unwrap());
            }
            _ => {}
        }
    }
    for block in &mut blocks {
        if let Some(arguments) = block.as_object_mut().unwrap().remove("partial_json") {
            block["input"] = serde_json::from_str(arguments.as_str().unwrap()).unwrap();
        }
    }
    blocks
}

#[test]
fn a_whole_message_is_as_recorded() {
    let served = gateway();
    let mut body = say(&served, &ask("claudehaiku45", "hi")).json();
    let id = body["id"].take();
    assert!(id.as_str().unwrap().starts_with("msg_vrtx_01"), "{id}");
    let expected = r#"{"content":[{"citations":null,"text":"You said: hi","type":"text"}],"id":null,"model":"claude-haiku-4-5-20251001","role":"assistant","stop_details":null,"stop_reason":"end_turn","stop_sequence":null,"type":"message","usage":{"cache_creation":{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0},"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"input_tokens":5,"output_tokens":3,"server_tool_use":null,"service_tier":null}}"#;
    assert_eq!(body.to_string(), expected);
}

#[test]
fn a_stream_has_the_recorded_events() {
    let served = gateway();
    let answer = streamed(&served, &ask("claudehaiku45", "a longer question"));
    let named = |name: &str| {
        let start = format!("event: {name}\ndata: {{");
        answer.text().matches(&start).count()
    };
    for (name, times) in [
        ("message_start", 1),
        ("content_block_start", 1),
        ("content_block_delta", 2),
        ("content_block_stop", 1),
        ("message_delta", 1),
        ("message_stop", 1),
        ("ping", 0),
    ] {
        assert_eq!(named(name), times, "{name}: {}", answer.text());
    }
    assert!(answer.text().contains(r#"data: {"delta": {"text": "You said: a long", "type": "text_delta"}, "index": 0, "type": "content_block_delta"}"#));
    assert!(answer.text().contains(r#"data: {"content_block": {"citations": null, "text": "", "type": "text"}, "index": 0, "type": "content_block_start"}"#));
    assert!(answer.text().contains(r#"{"delta": {"stop_reason": "end_turn", "stop_sequence": null, "stop_details": null}, "type": "message_delta", "usage": {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "input_tokens": 9, "output_tokens": 7, "server_tool_use": null}}"#), "{}", answer.text());
    let whole = say(&served, &ask("claudehaiku45", "a longer question")).json();
    assert_eq!(json!(built(&events(&answer))), whole["content"]);
}

#[test]
fn thinking_is_signed_and_comes_first() {
    let served = gateway();
    let ask = with(ask("claudesonnet46", "hi"), json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}));
    let whole = say(&served, &ask).json();
    let kinds: Vec<&str> =
        whole["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "text"]);
    assert!(!whole["content"][0]["signature"].as_str().unwrap().is_empty());
    assert_eq!(json!(built(&events(&streamed(&served, &ask)))), whole["content"]);
    assert_eq!(say(&served, &super::messages::ask("claudeopus5", "hi")).json()["content"][0]["type"], "thinking");

    // A signed thought may come back; a changed or unsigned one may not.
    let again = |thought: Value| {
        let history = json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": [thought]}, {"role": "user", "content": "and?"}]);
        say(&served, &with(ask.clone(), json!({"messages": history})))
    };
    let thought = whole["content"][0].clone();
    assert_eq!(again(thought.clone()).status, 200);
    assert!(message(&again(with(thought, json!({"signature": "foreign"})))).contains("Invalid `signature`"));
    let unsigned = again(json!({"type": "thinking", "thinking": "t"}));
    assert!(message(&unsigned).contains("messages.1.content.0.thinking.signature: Field required"), "{unsigned:?}");
}

#[test]
fn the_wrong_type_of_thinking_is_refused_or_gets_nothing() {
    let served = gateway();
    let of = |model, thinking: Value, stream| {
        say(&served, &with(ask(model, "hi"), json!({"thinking": thinking, "stream": stream})))
    };
    let (enabled, adaptive) = (json!({"type": "enabled", "budget_tokens": 1024}), json!({"type": "adaptive"}));
    let refused = of("claudeopus45", adaptive.clone(), false);
    assert_eq!(refused.status, 400);
    let expected = r#"Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': "thinking: Input tag 'adaptive' found using 'type' does not match any of the expected tags: 'disabled', 'enabled'"}, 'request_id': 'req_vrtx_"#;
    assert!(message(&refused).starts_with(expected), "{refused:?}");
    assert_eq!(of("claudeopus47", enabled.clone(), true).status, 400);
    for (model, thinking) in [("claudesonnet5", &enabled), ("claudeopus5", &enabled), ("claudeopus41", &adaptive)] {
        let nothing = of(model, thinking.clone(), true);
        assert_eq!(nothing.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert!(nothing.status == 200 && nothing.complete && nothing.body.is_empty(), "{model}: {nothing:?}");
        assert_eq!(of(model, thinking.clone(), false).status, 400, "{model}");
    }
}

#[test]
fn tool_calls_stream_after_an_empty_delta() {
    let served = gateway();
    let ask = with(ask("claudehaiku45", "use all tools"), json!({"tools": tools()}));
    let events = events(&streamed(&served, &ask));
    let first = events.iter().position(|event| event["type"] == "content_block_delta").unwrap();
    assert_eq!(events[first]["delta"], json!({"partial_json": "", "type": "input_json_delta"}));
    let whole = say(&served, &ask).json();
    assert_eq!((&whole["stop_reason"], &whole["content"][1]["name"]), (&json!("tool_use"), &json!("place")));
    assert!(whole["content"][0]["id"].as_str().unwrap().starts_with("toolu_vrtx_01"));
    assert_eq!(json!(built(&events)), whole["content"]);
    let forced = json!({"tool_choice": {"type": "any"}, "thinking": {"type": "enabled", "budget_tokens": 1024}});
    assert!(message(&say(&served, &with(ask.clone(), forced))).contains("Thinking may not be enabled"));
    let openai = json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
    assert!(message(&say(&served, &with(ask, openai))).contains("tools.0.input_schema: Field required"));
}

#[test]
fn results_are_answered_and_have_to_fit() {
    let served = gateway();
    let called = json!({"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "n", "input": {}}]});
    let result =
        |id: &str| json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "13"}]});
    let of = |messages: Value| say(&served, &with(ask("claudehaiku45", ""), json!({"messages": messages})));
    assert_eq!(of(json!([called, result("a")])).json()["content"][0]["text"], "The tool answered: 13");
    assert!(message(&of(json!([called, result("b")]))).contains("unexpected `tool_use_id`"));
}

#[test]
fn parameters_are_refused_by_generation() {
    let served = gateway();
    let of = |model, more| say(&served, &with(ask(model, "hi"), more));
    for (model, more, part) in [
        ("claudehaiku45", json!({"max_tokens": null}), "max_tokens is required"),
        ("claudeopus46", json!({"temperature": 0.5, "top_p": 0.5}), "cannot both be specified"),
        ("claudeopus47", json!({"temperature": 0.5}), "`temperature` is deprecated"),
        ("claudeopus47", json!({"top_p": 0.5}), "`top_p` is deprecated"),
        ("claudeopus47", json!({"output_config": {"effort": "minimal"}}), "output_config.effort: Input should be"),
        ("claudehaiku45", json!({"output_config": {"format": {"type": "json_schema"}}}), "FAILED_PRECONDITION"),
        ("claudehaiku45", json!({"tools": [{"name": "n", "input_schema": {}, "strict": true}]}), "FAILED_PRECONDITION"),
    ] {
        let answer = of(model, more);
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (400, &json!("invalid_request_error")));
        assert!(message(&answer).contains(part), "{answer:?}");
    }
    assert_eq!(message(&of("claudehaiku45", json!({"max_tokens": null}))), "max_tokens is required");
    for (model, more) in [
        ("claudeopus41", json!({"temperature": 0.5, "top_p": 0.5})),
        ("claudehaiku45", json!({"temperature": 0.5})),
        ("claudeopus45", json!({"output_config": {"effort": "minimal"}})),
    ] {
        assert_eq!(of(model, more).status, 200, "{model}");
    }
    for (model, limit, status) in
        [("claudehaiku45", 21_333, 200), ("claudehaiku45", 21_334, 500), ("claudeopus41", 8193, 500)]
    {
        let answer = of(model, json!({"max_tokens": limit}));
        assert_eq!(answer.status, status, "{model} {limit}");
        assert_eq!(of(model, json!({"max_tokens": limit, "stream": true})).status, 200);
    }
    assert!(message(&of("claudeopus41", json!({"max_tokens": 8193}))).starts_with("Streaming is required"));
}

#[test]
fn other_models_are_sent_elsewhere() {
    let served = gateway();
    for path in [MESSAGES_PATH, COUNT_TOKENS_PATH] {
        let answer = call(&served, path, &ask("gpt4o", "hi"));
        assert_eq!(answer.status, 400);
        assert!(message(&answer).starts_with("Model 'gpt4o' is not supported on the /v1/messages endpoint."));
    }
}

#[test]
fn limits_and_sequences_end_a_message() {
    let served = gateway();
    let of = |more| say(&served, &with(ask("claudehaiku45", "a question"), more)).json();
    let stopped = of(json!({"stop_sequences": ["x", " said"]}));
    assert_eq!((&stopped["stop_reason"], &stopped["stop_sequence"]), (&json!("stop_sequence"), &json!(" said")));
    assert_eq!(stopped["content"][0]["text"], "You");
    assert_eq!(of(json!({"max_tokens": 2}))["stop_reason"], "max_tokens");
    let of = |prompt: &str| say(&served, &ask("claudehaiku45", prompt)).json();
    assert_eq!(of("refuse")["stop_reason"], "refusal");
    assert_eq!((&of("length")["stop_reason"], &of("length")["content"]), (&json!("max_tokens"), &json!([])));
    let cached = &of("cached 9")["usage"];
    assert_eq!((&cached["cache_read_input_tokens"], &cached["input_tokens"]), (&json!(9), &json!(6)));
}

#[test]
fn a_success_can_hide_a_failure() {
    let served = gateway();
    let whole = |prompt: &str| say(&served, &ask("claudehaiku45", prompt));
    let hidden = whole("error in 200");
    assert_eq!(
        (hidden.status, &hidden.json()["type"], &hidden.json()["error"]["type"]),
        (200, &json!("error"), &json!("api_error"))
    );
    let stream = |prompt: &str| streamed(&served, &ask("claudehaiku45", prompt));
    assert_eq!(
        stream("429 in 200").text(),
        "event: error\ndata: {\"type\": \"error\", \"error\": {\"type\": \"api_error\", \"message\": \"Error code: 429 - {'error': {'code': 429, 'message': 'Resource exhausted. Please try again later.', 'status': 'RESOURCE_EXHAUSTED'}}\"}}\n\n"
    );
    assert!(stream("token failure").text().contains("HTTPSConnectionPool(host='oauth2.googleapis.com'"));
    let late = stream("late error 4");
    assert!(late.pieces.len() == 5 && late.text().ends_with("\"}}\n\n") && late.text().contains("event: error"));
    let other = whole("other shape").json();
    assert_eq!(other["choices"][0]["message"]["content"], "You said: other shape");
    assert!(stream("other shape").text().contains("chat.completion.chunk"));
    assert!(stream("empty body").body.is_empty() && whole("empty body").body.is_empty());
}

#[test]
fn strangers_are_denied_in_a_message() {
    let served = gateway();
    let as_user = |headers| call_as(&served, MESSAGES_PATH, headers, &ask("claudehaiku45", "hi"));
    for headers in
        ["Authorization: Bearer jdoe\r\n", "x-api-key: jdoe\r\n", "Authorization: Bearer jdoe\r\nx-api-key: j doe\r\n"]
    {
        assert_eq!(as_user(headers).json()["content"][0]["text"], "You said: hi");
    }
    let denied = as_user("x-api-key: j@doe\r\n").json();
    assert!(denied["id"].as_str().unwrap().starts_with("msg_blocked_j@doe_"), "{denied}");
    assert_eq!(
        (&denied["usage"], &denied["model"]),
        (&json!({"input_tokens": 0, "output_tokens": 0}), &json!("claudehaiku45"))
    );
    assert!(denied["content"][0]["text"].as_str().unwrap().contains("🚫 **ACCESS DENIED** 🚫"));
    assert_eq!(as_user("").status, 500);
    let stream = events(&streamed(&served, &ask("claudehaiku45", "access denied")));
    assert_eq!(stream[0]["message"]["id"], "msg_blocked_jdoe_1790000000");
}

#[test]
fn tokens_are_counted() {
    let served = gateway();
    let question = ask("claudehaiku45", "a question");
    let counted = call(&served, COUNT_TOKENS_PATH, &question).json();
    assert_eq!(counted, json!({"input_tokens": 7}));
    assert_eq!(say(&served, &question).json()["usage"]["input_tokens"], 7);
    assert_eq!(call(&served, COUNT_TOKENS_PATH, &ask("claudehaiku45", "error 429")).status, 429);
}

#[test]
fn errors_have_anthropics_shape() {
    let served = gateway();
    for (prompt, status, kind) in [
        ("error 400", 400, "invalid_request_error"),
        ("error 429", 429, "rate_limit_error"),
        ("error 500", 500, "api_error"),
        ("error 422", 422, ""),
    ] {
        let answer = say(&served, &ask("claudehaiku45", prompt));
        assert_eq!(answer.status, status, "{prompt}");
        assert_eq!(answer.json()["error"]["type"].as_str().unwrap_or_default(), kind, "{prompt}");
    }
    assert_eq!(say(&served, &ask("claudehaiku45", "error 429")).header("retry-after"), Some("7"));
}
