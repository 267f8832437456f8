//! `/v1/responses`.

use argo_stand_in::RESPONSES_PATH;
use serde_json::{Value, json};

use super::*;

fn ask(text: &str) -> Value {
    json!({"model": "gpt5", "input": text})
}

fn respond(served: &Served, body: &Value) -> Answer {
    call(served, RESPONSES_PATH, body)
}

fn streamed(served: &Served, body: &Value) -> Vec<Value> {
    let answer = respond(served, &with(body.clone(), json!({"stream": true})));
    let events = events(&answer);
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], i, "{event}");
        let name = event["type"].as_str().unwrap();
        assert!(answer.pieces[i].starts_with(format!("event: {name}\n").as_bytes()), "{name}");
    }
    events
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn a_text_is_built_and_then_whole() {
    let served = gateway();
    let events = streamed(&served, &ask("a longer question"));
    assert_eq!(
        names(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    assert_eq!(
        (&events[0]["response"]["status"], &events[2]["item"]["status"]),
        (&json!("in_progress"), &json!("in_progress"))
    );
    assert_eq!(events[5]["delta"], "er question");
    assert!(events[5]["obfuscation"].is_string() && events[5]["logprobs"].is_array());
    let whole = respond(&served, &ask("a longer question")).json();
    assert_eq!(events[9]["response"], whole);
    assert_eq!(
        whole["output"][0]["content"][0],
        json!({"type": "output_text", "annotations": [], "logprobs": [], "text": "You said: a longer question"})
    );
    assert_eq!(
        (&whole["status"], &whole["model"], &whole["usage"]["total_tokens"]),
        (&json!("completed"), &json!("gpt-5-2025-08-07"), &json!(16))
    );
    assert_eq!(whole["output"][0], events[8]["item"]);
}

#[test]
fn functions_and_custom_tools_are_called() {
    let served = gateway();
    let tools = json!([
        {"type": "web_search"},
        {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
        {"type": "custom", "name": "patch", "description": "Edits files"},
    ]);
    let ask = with(ask("use all tools"), json!({"tools": tools}));
    let whole = respond(&served, &ask).json();
    assert_eq!(
        (&whole["output"][0]["type"], &whole["output"][1]["type"]),
        (&json!("function_call"), &json!("custom_tool_call"))
    );
    assert_eq!(whole["output"][0]["arguments"], r#"{"city":"sample city"}"#);
    assert_eq!(
        (&whole["tools"][0], &whole["tools"][2], &whole["tools"][1]["strict"]),
        (&tools[0], &tools[2], &json!(true))
    );
    let events = streamed(&served, &ask);
    assert_eq!(events.last().unwrap()["response"], whole);
    for (kind, done, member) in [
        ("response.function_call_arguments.delta", "response.function_call_arguments.done", "arguments"),
        ("response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", "input"),
    ] {
        let parts = events.iter().filter(|event| event["type"] == kind);
        let text: String = parts.map(|event| event["delta"].as_str().unwrap()).collect();
        let end = events.iter().find(|event| event["type"] == done).unwrap();
        assert!(!text.is_empty() && end[member] == json!(text), "{kind}");
    }
    let forced = json!({"tool_choice": {"type": "custom", "name": "patch"}});
    assert_eq!(respond(&served, &with(ask.clone(), forced)).json()["output"][0]["name"], "patch");
    let allowed = json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "patch"}]});
    assert_eq!(
        respond(&served, &with(ask.clone(), json!({"tool_choice": allowed}))).json()["output"][0]["name"],
        "patch"
    );
    let long = json!({"tools": [{"type": "custom", "name": "n", "description": "x".repeat(4097)}]});
    assert!(message(&respond(&served, &with(super::responses::ask("hi"), long))).contains("string_above_max_length"));
}

#[test]
fn results_are_answered_and_have_to_fit() {
    let served = gateway();
    let user = json!({"role": "user", "content": [{"type": "input_text", "text": "hi"}]});
    let call = json!({"type": "function_call", "call_id": "a", "name": "n", "arguments": "{}"});
    let result = json!({"type": "function_call_output", "call_id": "a", "output": "13"});
    let of = |input: Value| respond(&served, &with(ask(""), json!({"input": input})));
    assert_eq!(of(json!([user, call, result])).json()["output"][0]["content"][0]["text"], "The tool answered: 13");
    let orphan = of(json!([user, result]));
    assert!(orphan.status == 400 && message(&orphan).contains("No tool call found"), "{orphan:?}");
}

#[test]
fn reasoning_is_an_item() {
    let served = gateway();
    let ask = with(ask("hi"), json!({"reasoning": {"effort": "low", "summary": "auto"}}));
    let whole = respond(&served, &ask).json();
    assert_eq!((&whole["output"][0]["type"], &whole["output"][1]["type"]), (&json!("reasoning"), &json!("message")));
    assert!(whole["usage"]["output_tokens_details"]["reasoning_tokens"].as_u64().unwrap() > 0);
    let events = streamed(&served, &ask);
    assert_eq!(events.last().unwrap()["response"], whole);
    assert!(names(&events).contains(&"response.reasoning_summary_text.delta"));
    let unasked = respond(&served, &super::responses::ask("think 7")).json();
    assert_eq!((&unasked["output"][0]["type"], &unasked["output"][0]["summary"]), (&json!("reasoning"), &json!([])));
    assert_eq!(unasked["usage"]["output_tokens_details"]["reasoning_tokens"], 7);
}

#[test]
fn responses_end_in_four_ways() {
    let served = gateway();
    for (prompt, more, status, end) in [
        ("a question", json!({"max_output_tokens": 2}), "incomplete", "response.incomplete"),
        ("length", json!({}), "incomplete", "response.incomplete"),
        ("filtered", json!({}), "incomplete", "response.incomplete"),
        ("failed", json!({}), "failed", "response.failed"),
        ("refuse", json!({}), "completed", "response.completed"),
    ] {
        let ask = with(ask(prompt), more);
        let whole = respond(&served, &ask).json();
        assert_eq!(whole["status"], status, "{prompt}");
        let events = streamed(&served, &ask);
        let last = events.last().unwrap();
        assert_eq!((&last["type"], &last["response"]), (&json!(end), &whole), "{prompt}");
    }
    assert_eq!(respond(&served, &ask("length")).json()["incomplete_details"], json!({"reason": "max_output_tokens"}));
    assert_eq!(respond(&served, &ask("failed")).json()["error"]["code"], "server_error");
    assert_eq!(respond(&served, &ask("refuse")).json()["output"][0]["content"][0]["type"], "refusal");
    let schema = json!({"type": "object", "properties": {"days": {"type": "integer"}}});
    let format = json!({"text": {"format": {"type": "json_schema", "name": "s", "schema": schema}}});
    assert_eq!(respond(&served, &with(ask("hi"), format)).json()["output"][0]["content"][0]["text"], r#"{"days":1}"#);
}

#[test]
fn errors_are_those_of_chat() {
    let served = gateway();
    for model in ["claudehaiku45", "gemini25pro", "v3small"] {
        let answer = respond(&served, &with(ask("hi"), json!({"model": model})));
        assert_eq!((answer.status, message(&answer).as_str()), (400, "Use a supported GPT model name."), "{model}");
    }
    assert!(message(&respond(&served, &with(ask("hi"), json!({"top_p": 1})))).contains("unsupported_parameter"));
    assert_eq!(respond(&served, &json!({"model": "gpt5"})).json()["detail"][0]["loc"], json!(["body", "input"]));
    assert_eq!(call_as(&served, RESPONSES_PATH, "x-api-key: jdoe\r\n", &ask("hi")).status, 500);
    let denied = call_as(&served, RESPONSES_PATH, "Authorization: Bearer j@doe\r\n", &ask("hi")).json();
    assert!(denied["output"][0]["content"][0]["text"].as_str().unwrap().contains("ACCESS DENIED"));
    let hidden = respond(&served, &with(ask("429 in 200"), json!({"stream": true})));
    assert!(hidden.status == 200 && hidden.text().starts_with("event: error\ndata: {\"type\":\"error\""), "{hidden:?}");
}

#[test]
fn a_message_can_spell_out_calls() {
    let served = gateway();
    let schema = json!({"type": "object"});
    let function = |name: &str| json!({"type": "function", "name": name, "parameters": schema});
    let patch = json!({"type": "custom", "name": "patch"});
    let added = json!({"type": "additional_tools", "role": "developer", "tools": [
        {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]},
        {"type": "namespace", "name": "lab", "description": "d", "tools": [function("add")]},
    ]});
    let script = r#"call add {"b":2,"a":1} call patch "one\ntwo" call exec "x" call find {} call tool_search {"query":"q"} call none {}"#;
    let body = json!({
        "model": "gpt5", "input": [added, {"role": "user", "content": script}],
        "tools": [function("long_find"), patch, {"type": "tool_search", "execution": "client", "parameters": schema}],
    });
    let whole = respond(&served, &body).json();
    let calls: Vec<Value> = whole["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let said = item.get("arguments").or(item.get("input"));
            json!([item["type"], item["namespace"], item["name"], said])
        })
        .collect();
    assert_eq!(
        json!(calls),
        json!([
            ["function_call", "lab", "add", r#"{"b":2,"a":1}"#],
            ["custom_tool_call", null, "patch", "one\ntwo"],
            ["custom_tool_call", "functions", "exec", "x"],
            ["function_call", null, "long_find", "{}"],
            ["tool_search_call", null, null, {"query": "q"}],
            ["function_call", null, "none", "{}"],
        ])
    );
    let events = streamed(&served, &body);
    assert_eq!(events.last().unwrap()["response"], whole);
    let search = json!({"type": "tool_search_call", "call_id": "c", "arguments": {}});
    let found = json!({"type": "tool_search_output", "call_id": "c", "tools": [function("sum")]});
    let ask = |items: Value| with(super::responses::ask(""), json!({"input": items}));
    let answered = respond(&served, &ask(json!([search, found]))).json();
    assert_eq!(answered["output"][0]["content"][0]["text"], "The tool answered: ");
    let then = respond(&served, &ask(json!([search, found, {"role": "user", "content": "call sum {}"}]))).json();
    assert_eq!(then["output"][0]["name"], "sum");
}
