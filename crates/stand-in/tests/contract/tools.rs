//! Tool calls in the shape of each vendor.

use std::sync::Arc;

use argo_stand_in::{CHAT_PATH, Family, Options, STREAM_CHAT_PATH};
use serde_json::{Value, json};

use super::client::*;

#[test]
fn tool_calls_follow_the_models_family() {
    let served = serve(Options {
        family: Arc::new(|model| match model {
            "claude" => Family::Anthropic,
            "gemini" => Family::Google,
            _ => Family::OpenAI,
        }),
        ..Options::default()
    });
    let mut client = Client::connect(&served);
    let mut call = |path: &str, model: &str, tool: Value, text: &str| {
        let messages = json!([{"role": "user", "content": text}]);
        let body = json!({"user": "u", "model": model, "messages": messages, "tools": [tool]});
        client.call("POST", path, &body.to_string())
    };
    let openai = json!({"type": "function", "function": {"name": "add", "parameters": {}}});
    let anthropic = json!({"name": "add", "input_schema": {}});
    let google = json!({"name": "add", "parameters": {}});
    for (model, tool, name, arguments) in [
        ("gpt", &openai, "/function/name", "/function/arguments"),
        ("claude", &anthropic, "/name", "/input"),
        ("gemini", &google, "/name", "/args"),
    ] {
        let answer = call(CHAT_PATH, model, tool.clone(), "Use the tool, please").json();
        let made = &answer["response"]["tool_calls"][0];
        assert_eq!(made.pointer(name), Some(&json!("add")), "{answer}");
        assert!(made.pointer(arguments).is_some(), "{answer}");
        let answer = call(CHAT_PATH, model, tool.clone(), "call dd {} call add {\"a\":[1]} call sub \"text\"").json();
        let made = |i: usize| {
            let call = &answer["response"]["tool_calls"][i];
            let arguments = call.pointer(arguments).unwrap();
            let read = arguments.as_str().map_or(arguments.clone(), |text| serde_json::from_str(text).unwrap());
            (call.pointer(name).unwrap().as_str().unwrap().to_owned(), read)
        };
        let calls = [made(0), made(1), made(2)];
        let expected = [("dd", json!({})), ("add", json!({"a": [1]})), ("sub", json!({"input": "text"}))];
        assert_eq!(calls, expected.map(|(name, arguments)| (name.to_owned(), arguments)));
        let answer = call(CHAT_PATH, model, tool.clone(), "hi").json();
        assert_eq!(answer, json!({"response": {"content": "You said: hi", "tool_calls": []}}));
        let answer = call(STREAM_CHAT_PATH, model, tool.clone(), "use the tool");
        assert!(answer.text().starts_with("Tools are not supported"), "{answer:?}");
    }
    assert_eq!(call(CHAT_PATH, "claude", openai, "hi").status, 400);
    let answer = call(CHAT_PATH, "claude", anthropic.clone(), "leaked tool call").json();
    assert!(answer["response"]["content"].as_str().unwrap().contains("{'type': 'tool_use'"));
    let answer = call(CHAT_PATH, "claude", anthropic, "python dict").json();
    assert!(answer["response"].as_str().unwrap().starts_with("{'content': ''"));
    assert_eq!(chat(&served, "blocks").json()["response"]["content"][0]["type"], "text");
}
