//! Structured output: what goes to ARGO in place of `response_format`, and the JSON that comes back.

use crate::support::{Argo, Server, Setup, chat, merge, said};
use serde_json::{Value, json};

fn weather() -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": false});
    json!({"type": "json_schema", "json_schema": {"name": "weather", "strict": true, "schema": schema}})
}

fn asks(model: &str, format: Value, more: Value) -> String {
    let mut all = json!({"model": model, "response_format": format});
    merge(&mut all, more);
    chat("How is the weather?", all)
}

#[test]
fn a_schema_is_answered_by_a_forced_call_of_every_family() {
    let city = "Z\u{fc}rich \u{2028} \"x\"";
    let input = json!({"city": city});
    for (model, call, choice) in [
        (
            "argo:gpt-4o",
            json!({"id": "c", "type": "function", "function": {"name": "weather", "arguments": input.to_string()}}),
            json!({"type": "function", "function": {"name": "weather"}}),
        ),
        (
            "argo:claude-opus-4.5",
            json!({"id": "t", "type": "tool_use", "name": "weather", "input": input}),
            json!({"type": "tool", "name": "weather", "disable_parallel_tool_use": true}),
        ),
        ("argo:gemini-2.5-pro", json!({"id": null, "name": "weather", "args": input}), json!("ANY")),
    ] {
        let body = json!({"response": {"content": "", "tool_calls": [call]}}).to_string();
        let argo = Argo::start(move |_, connection| connection.json(200, &body));
        let server = Server::before(&argo);
        let whole = server.chat(&asks(model, weather(), json!({}))).json();
        let choice_of = &whole["choices"][0];
        let content = choice_of["message"]["content"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(content).unwrap(), input, "{model}");
        assert_eq!((&choice_of["finish_reason"], choice_of["message"].get("tool_calls")), (&json!("stop"), None));

        let stream =
            server.chat(&asks(model, weather(), json!({"stream": true, "stream_options": {"include_usage": true}})));
        let said = said(&stream.body);
        assert_eq!((said.text.as_str(), said.finish, said.done), (content, vec!["stop".to_owned()], true));
        assert_eq!(said.usage, Some(whole["usage"].clone()));
        for request in argo.requests() {
            let sent = request.json();
            assert_eq!(request.path, "/argoapi/api/v1/resource/chat/");
            assert_eq!((&sent["tool_choice"], sent.get("response_format")), (&choice, None), "{model}");
        }
    }
}

#[test]
fn an_object_is_asked_for_in_words_and_loses_its_fence() {
    let argo = Argo::start(|_, connection| connection.json(200, r#"{"response": "```json\n{\"a\": 1}\n```"}"#));
    let server = Server::before(&argo);
    let object = json!({"type": "json_object"});
    let whole = server.chat(&asks("argo:gpt-4o", object.clone(), json!({"n": 2}))).json();
    for choice in 0..2 {
        assert_eq!(whole["choices"][choice]["message"]["content"], "{\"a\": 1}");
    }
    let stream = said(&server.chat(&asks("argo:gpt-4o", object, json!({"stream": true}))).body);
    assert_eq!((stream.text.as_str(), stream.done), ("{\"a\": 1}", true));
    assert_eq!(argo.requests().len(), 3);
    for request in argo.requests() {
        assert_eq!(request.path, "/argoapi/api/v1/resource/chat/");
        let sent = request.json();
        assert_eq!(sent["messages"][0]["role"], "system");
        assert!(sent["messages"][0]["content"].as_str().unwrap().contains("JSON object"));
        assert_eq!((sent.get("tools"), sent.get("response_format")), (None, None));
    }
}

#[test]
fn a_rule_decides_otherwise() {
    let argo = Argo::start(|_, connection| connection.json(200, r#"{"response": "```\n{}\n```"}"#));
    let table = format!(
        r#"
version: 1
upstreams: {{ a: {{ url: "http://{}/chat/", dialect: argo }} }}
models:
  m:
    show: {{ owned_by: x, created: 1 }}
    names: {{ passing: passing1, telling: telling1 }}
    rules:
      - {{ match: "*", tools: openai }}
      - {{ match: passing1, structured: pass }}
      - {{ match: telling1, structured: instruction }}
routes: [{{ path: /chat, upstream: a, models: m, transformer: openai_chat_completions }}]
"#,
        argo.address
    );
    let server = Setup::before(&argo).routes(&table).start();
    let content = |model: &str| {
        let answer = server.post("/chat", &asks(model, weather(), json!({}))).json();
        answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    };
    assert_eq!(content("passing"), "```\n{}\n```");
    assert_eq!(content("telling"), "{}");
    let sent: Vec<Value> = argo.requests().iter().map(|request| request.json()).collect();
    assert_eq!(sent[0]["response_format"], weather());
    assert_eq!((sent[1].get("tools"), sent[1].get("response_format")), (None, None));
    assert!(sent[1]["messages"][0]["content"].as_str().unwrap().contains("additionalProperties"));
}

#[test]
fn wrong_shapes_are_named_before_anything_is_sent() {
    let argo = Argo::saying("unused");
    let server = Server::before(&argo);
    for (format, param) in [
        (json!("json"), "response_format"),
        (json!({"type": "json_schema"}), "response_format.json_schema"),
        (json!({"type": "json_schema", "json_schema": {"schema": {}}}), "response_format.json_schema.name"),
    ] {
        let answer = server.chat(&asks("argo:gpt-4o", format, json!({"stream": true})));
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!(param)));
    }
    assert!(argo.requests().is_empty());
}
