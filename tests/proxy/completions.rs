//! Legacy completions.

use crate::support::{Argo, Server, said};
use serde_json::{Value, json};

fn body(prompt: Value, more: Value) -> String {
    let mut body = json!({"model": "argo:gpt-4o", "prompt": prompt});
    crate::support::merge(&mut body, more);
    body.to_string()
}

#[test]
fn a_prompt_becomes_a_message_and_the_answer_a_text() {
    let argo = Argo::saying(" Hi");
    let server = Server::before(&argo);
    for prompt in [json!("hello world"), json!(["hello world"])] {
        let answer = server.post("/v1/completions", &body(prompt, json!({"temperature": 0.5})));
        let reply = answer.json();
        assert!(reply["id"].as_str().unwrap().starts_with("cmpl-"));
        assert_eq!(reply["object"], "text_completion");
        assert_eq!(reply["choices"], json!([{"index": 0, "text": " Hi", "logprobs": null, "finish_reason": "stop"}]));
        assert_eq!(reply["usage"]["prompt_tokens"], 2);
        let sent = argo.requests().last().unwrap().json();
        assert_eq!(
            sent,
            json!({"user": "tester", "model": "gpt4o", "messages": [{"role": "user", "content": "hello world"}], "temperature": 0.5})
        );
    }
}

#[test]
fn a_streamed_completion_has_text_and_one_end() {
    let argo = Argo::start(|_, connection| connection.streams(&[b"a", b"b"]));
    let server = Server::before(&argo);
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let answer = server.post("/v1/completions", &body(json!("x"), options));
    let said = said(&answer.body);
    assert_eq!((said.text.as_str(), said.finish.as_slice(), said.done), ("ab", &["stop".to_owned()][..], true));
    assert_eq!(said.usage.unwrap()["prompt_tokens"], 1);
    assert!(answer.text().contains("\"object\":\"text_completion\""));
}

#[test]
fn what_is_not_served_is_told_by_field() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for (body, param) in [
        (json!({}), "prompt"),
        (json!({"prompt": []}), "prompt"),
        (json!({"prompt": ["a", 1]}), "prompt[1]"),
        (json!({"prompt": [1, -2]}), "prompt[1]"),
        (json!({"prompt": [[1, 2], []]}), "prompt[1]"),
        (json!({"prompt": 5}), "prompt"),
        (json!({"prompt": "x", "best_of": 2}), "best_of"),
        (json!({"prompt": "x", "echo": true}), "echo"),
        (json!({"prompt": "x", "suffix": "y"}), "suffix"),
        (json!({"prompt": "x", "logprobs": 3}), "logprobs"),
    ] {
        let answer = server.post("/v1/completions", &body.to_string());
        assert_eq!((answer.status, answer.error()["param"].as_str()), (400, Some(param)), "{body}");
    }
    assert_eq!(argo.requests().len(), 0);
}
