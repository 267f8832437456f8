//! What is too large for a model is refused in OpenAI's words before anything is sent, by the facts of the shipped table.

use crate::support::{Argo, Server, chat};
use serde_json::json;

#[test]
fn a_prompt_that_is_too_long_is_refused_on_every_endpoint() {
    let argo = Argo::saying("ok");
    let server = Server::before(&argo);
    let words = |number: usize| "word ".repeat(number).trim_end().to_owned();
    for stream in [false, true] {
        let body = chat(&words(5000), json!({"model": "argo:gpt-3.5-turbo", "stream": stream}));
        let answer = server.chat(&body);
        assert_eq!(answer.status, 400, "{answer:?}");
        let error = answer.error();
        assert_eq!((&error["code"], &error["param"]), (&json!("context_length_exceeded"), &json!("messages")));
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with("This model's maximum context length is 4096 tokens. However"), "{message}");
    }
    let prompt = json!({"model": "argo:gpt-3.5-turbo", "prompt": words(5000)}).to_string();
    let answer = server.post("/v1/completions", &prompt);
    assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("prompt")));
    assert!(argo.requests().is_empty());

    // More bytes than tokens are allowed, on both sides of where another thread measures.
    for (model, number) in [("argo:gpt-3.5-turbo", 4000), ("argo:gpt-4o", 120_000)] {
        assert_eq!(server.chat(&chat(&words(number), json!({"model": model}))).status, 200);
    }
    let answer = server.chat(&chat(&words(130_000), json!({"model": "argo:gpt-4o"})));
    assert_eq!((answer.status, &answer.error()["code"]), (400, &json!("context_length_exceeded")));
}

#[test]
fn an_answer_that_is_too_long_is_refused_by_the_clients_own_name_for_it() {
    let argo = Argo::saying("ok");
    let server = Server::before(&argo);
    for (model, name, most) in [
        ("argo:gpt-4o", "max_tokens", 16_384),
        ("argo:gpt-o3", "max_tokens", 100_000),
        ("argo:gemini-2.5-pro", "max_completion_tokens", 65_536),
    ] {
        let ask = |tokens: u64| server.chat(&chat("hi", json!({"model": model, name: tokens})));
        assert_eq!(ask(most).status, 200);
        let answer = ask(most + 1);
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!(name)), "{model}");
        assert!(answer.error()["message"].as_str().unwrap().contains(&format!("at most {most} completion tokens")));
    }
    // A call with tools cannot be streamed. The cap of whole calls goes first.
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let claude = json!({"model": "argo:claude-opus-4.1", "max_tokens": 50_000, "tools": tools});
    assert_eq!(server.chat(&chat("hi", claude)).status, 200);
    assert_eq!(argo.requests().last().unwrap().json()["max_tokens"], 8_192);
}
