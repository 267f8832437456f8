//! Requests.

use super::OTHERS;
use crate::chat::tools::{Tool, ToolCall, ToolChoice, Tools};
use crate::chat::{Conversation, Message, Role};
use crate::dialects::upstream::{CallTerms, ChatDialect, UpstreamDialect};
use crate::json::Fields;
use crate::models::Rules;
use crate::wire::Failure;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

fn raw(json: &str) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(json.to_owned()).unwrap())
}

fn message(role: Role, content: &str) -> Message<'static> {
    Message::plain(role, raw(content), Fields::default())
}

fn call(id: &str, arguments: &str) -> ToolCall<'static> {
    ToolCall { id: Cow::Owned(id.to_owned()), name: "f".into(), arguments: Cow::Owned(arguments.to_owned()) }
}

fn result(id: &str, content: &str) -> Message<'static> {
    Message { result_of: Some(Cow::Owned(id.to_owned())), ..message(Role::Tool, content) }
}

fn encoded(chat: &Conversation<'_>, stream: bool) -> Result<Value, Failure> {
    let call = CallTerms { user: "ann", model: "m", stream, rules: &Rules::default() };
    OTHERS.encode(chat, call).map(|body| serde_json::from_slice(&body).unwrap())
}

fn input(messages: Vec<Message<'_>>) -> Result<Value, Failure> {
    encoded(&Conversation { messages, ..Conversation::default() }, false).map(|mut body| body["input"].take())
}

/// The body of a request with these parameters, a JSON object.
fn with(params: &str) -> Result<Value, Failure> {
    let fields = Fields::parse(params).unwrap();
    let params = fields.into_iter().collect();
    encoded(&Conversation { messages: vec![message(Role::User, "\"q\"")], params, ..Conversation::default() }, false)
}

#[test]
fn messages_become_items_in_their_order() {
    let parts = r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:x","detail":"low"}},{"type":"image_url","image_url":"http://x"},{"type":"file","file":{"file_data":"data:y","filename":"y.pdf","file_id":null}},{"type":"input_text","text":"b"}]"#;
    let said = Message {
        calls: vec![call("c1", "{}"), call("c2", "{\"x\":1}")],
        ..message(Role::Assistant, r#"[{"type":"text","text":"t"},{"type":"refusal","refusal":"r"}]"#)
    };
    let silent = Message { calls: vec![call("c3", "{}")], ..message(Role::Assistant, "\"\"") };
    let items = input(vec![
        message(Role::System, "\"s\""),
        message(Role::User, parts),
        said,
        result("c2", "\"r2\""),
        result("c1", r#"[{"type":"text","text":"r1"}]"#),
        message(Role::System, "\"later\""),
        silent,
        result("c3", "\"\""),
        message(Role::Assistant, "\"done\""),
    ]);
    let expected = json!([
        { "type": "message", "role": "system", "content": "s" },
        { "type": "message", "role": "user", "content": [
            { "type": "input_text", "text": "a" },
            { "type": "input_image", "image_url": "data:x", "detail": "low" },
            { "type": "input_image", "image_url": "http://x", "detail": "auto" },
            { "type": "input_file", "file_data": "data:y", "filename": "y.pdf" },
            { "type": "input_text", "text": "b" },
        ] },
        { "type": "message", "role": "assistant", "content": [
            { "type": "output_text", "text": "t" }, { "type": "refusal", "refusal": "r" },
        ] },
        { "type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}" },
        { "type": "function_call", "call_id": "c2", "name": "f", "arguments": "{\"x\":1}" },
        { "type": "function_call_output", "call_id": "c2", "output": "r2" },
        { "type": "function_call_output", "call_id": "c1", "output": [{ "type": "input_text", "text": "r1" }] },
        { "type": "message", "role": "system", "content": "later" },
        { "type": "function_call", "call_id": "c3", "name": "f", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "c3", "output": "" },
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "done" }] },
    ]);
    assert_eq!(items.unwrap(), expected);
}

#[test]
fn nothing_is_stored_and_a_stream_is_asked_for_only_where_one_is_wanted() {
    let chat = Conversation { messages: vec![message(Role::User, "\"q\"")], ..Conversation::default() };
    let whole = encoded(&chat, false).unwrap();
    let input = json!([{ "type": "message", "role": "user", "content": "q" }]);
    assert_eq!(whole, json!({ "model": "m", "input": input, "store": false }));
    assert_eq!(encoded(&chat, true).unwrap()["stream"], json!(true));
}

#[test]
fn tools_are_flat_and_strict_only_if_the_client_says_so() {
    let (description, schema) = (raw("\"d\""), raw("{\"type\":\"object\"}"));
    let strict = raw("true");
    let tool = |name: &'static str| Tool { name: name.into(), description: None, parameters: None, strict: None };
    let full = Tool {
        description: Some(Cow::Borrowed(&*description)),
        parameters: Some(Cow::Borrowed(&*schema)),
        strict: Some(&strict),
        ..tool("g")
    };
    for (choice, told) in [
        (None, Value::Null),
        (Some(ToolChoice::Auto), json!("auto")),
        (Some(ToolChoice::None), json!("none")),
        (Some(ToolChoice::Required), json!("required")),
        (Some(ToolChoice::Named("g".into())), json!({ "type": "function", "name": "g" })),
    ] {
        let tools = Tools { offered: vec![tool("f"), full.clone()], choice, parallel: Some(false) };
        let chat = Conversation { tools: Some(tools), ..Conversation::default() };
        let body = encoded(&chat, false).unwrap();
        assert_eq!((&body["tool_choice"], &body["parallel_tool_calls"]), (&told, &json!(false)));
        let expected = json!([
            { "type": "function", "name": "f", "parameters": { "type": "object", "properties": {} }, "strict": false },
            { "type": "function", "name": "g", "description": "d", "parameters": { "type": "object" }, "strict": true },
        ]);
        assert_eq!(body["tools"], expected);
    }
}

#[test]
fn parameters_go_where_this_api_has_them() {
    let body = with(
        r#"{"temperature":0.5,"max_tokens":100,"max_completion_tokens":200,"reasoning_effort":"low","verbosity":"high","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"a":1},"strict":true,"description":null}},"top_p":null,"stop":[]}"#,
    );
    let body = body.unwrap();
    assert_eq!(
        body["text"]["format"],
        json!({ "type": "json_schema", "name": "n", "schema": { "a": 1 }, "strict": true })
    );
    assert_eq!((&body["text"]["verbosity"], &body["reasoning"]), (&json!("high"), &json!({ "effort": "low" })));
    assert_eq!((&body["max_output_tokens"], &body["temperature"]), (&json!(200), &json!(0.5)));
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["model", "input", "temperature", "max_output_tokens", "reasoning", "text", "store"]);
    assert_eq!(with(r#"{"max_tokens":3}"#).unwrap()["max_output_tokens"], json!(16));
    let object = with(r#"{"response_format":{"type":"json_object"}}"#).unwrap();
    assert_eq!(object["text"], json!({ "format": { "type": "json_object" } }));
}

#[test]
fn what_this_api_lacks_is_left_out_unless_it_changes_the_answer() {
    for name in ["temperature", "max_tokens", "max_completion_tokens", "response_format", "verbosity"] {
        assert!(OTHERS.takes(name), "{name}");
    }
    for name in ["seed", "n", "frequency_penalty", "logit_bias", "store", "stream_options", "of_tomorrow"] {
        assert!(!OTHERS.takes(name), "{name}");
    }
    for (params, param) in [
        (r#"{"response_format":"json"}"#, "response_format"),
        (r#"{"response_format":{"type":"json_schema","json_schema":1}}"#, "response_format.json_schema"),
    ] {
        let failure = with(params).unwrap_err();
        assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(param)), "{params}");
    }
}

#[test]
fn stop_sequences_are_refused_and_so_is_what_is_no_text() {
    for (param, value, is_refused) in [
        ("stop", "\"x\"", true),
        ("stop", "[\"x\"]", true),
        ("stop", "[]", false),
        ("logprobs", "true", true),
        ("logprobs", "false", false),
        ("temperature", "1", false),
    ] {
        assert_eq!(OTHERS.refuses(param, value).is_some(), is_refused, "{param} {value}");
    }
}

#[test]
fn what_no_item_can_hold_is_refused_by_its_place() {
    for (bad, place) in [
        (message(Role::User, r#"[{"type":"text","text":"x"},{"type":"input_audio"}]"#), "messages[1].content[1].type"),
        (message(Role::User, r#"[{"type":"image_url","image_url":7}]"#), "messages[1].content[0]"),
        (message(Role::User, r#"["x"]"#), "messages[1].content[0]"),
        (message(Role::User, r#"[{"text":"x"}]"#), "messages[1].content[0].type"),
        (message(Role::User, "{}"), "messages[1].content"),
        (message(Role::Assistant, r#"[{"type":"image_url"}]"#), "messages[1].content[0].type"),
        (message(Role::Function, "\"x\""), "messages[1]"),
    ] {
        let failure = input(vec![message(Role::System, "\"s\""), bad]).unwrap_err();
        assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(place)));
    }
}

fn ids_of<'a>(items: &'a Value, kind: &str) -> Vec<&'a str> {
    let items = items.as_array().unwrap().iter().filter(|item| item["type"] == kind);
    items.map(|item| item["call_id"].as_str().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_result_follows_its_call_and_every_text_survives(
        turns in prop::collection::vec((any::<String>(), prop::collection::vec(any::<String>(), 0..4), any::<bool>()), 0..8),
        long in "[a-z]{60,90}",
    ) {
        let mut messages = Vec::new();
        let mut texts = Vec::new();
        for (turn, (text, arguments, reversed)) in turns.iter().enumerate() {
            let content = serde_json::to_string(text).unwrap();
            messages.push(message(Role::User, &content));
            texts.push(text.as_str());
            let id = |nth: usize| format!("{long}-{turn}-{nth}");
            let calls = arguments.iter().enumerate().map(|(nth, arguments)| call(&id(nth), arguments)).collect();
            messages.push(Message { calls, ..message(Role::Assistant, &content) });
            let mut results: Vec<_> = (0..arguments.len()).map(|nth| result(&id(nth), &content)).collect();
            if *reversed {
                results.reverse();
            }
            messages.extend(results);
        }
        let items = input(messages).unwrap();
        let (calls, results) = (ids_of(&items, "function_call"), ids_of(&items, "function_call_output"));
        prop_assert_eq!(calls.iter().collect::<std::collections::BTreeSet<_>>().len(), calls.len());
        prop_assert!(calls.iter().all(|id| id.len() <= 64));
        let mut open = Vec::new();
        for item in items.as_array().unwrap() {
            match item["type"].as_str().unwrap() {
                "function_call" => open.push(item["call_id"].as_str().unwrap()),
                "function_call_output" => {
                    let at = open.iter().position(|id| item["call_id"] == **id);
                    prop_assert!(at.is_some());
                    open.remove(at.unwrap());
                }
                kind => prop_assert!(kind == "message" && open.is_empty()),
            }
        }
        prop_assert!(open.is_empty() && calls.len() == results.len());
        let asked = items.as_array().unwrap().iter().filter(|item| item["role"] == "user");
        let asked: Vec<&str> = asked.map(|item| item["content"].as_str().unwrap()).collect();
        prop_assert_eq!(asked, texts);
        let arguments: Vec<&str> = turns.iter().flat_map(|(_, arguments, _)| arguments).map(String::as_str).collect();
        let sent = items.as_array().unwrap().iter().filter(|item| item["type"] == "function_call");
        prop_assert_eq!(sent.map(|item| item["arguments"].as_str().unwrap()).collect::<Vec<_>>(), arguments);
    }
}
