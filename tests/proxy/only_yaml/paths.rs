//! The examples of docs/change-what-it-serves.md about paths, run as they stand there.

use super::examples::{sent, setup, start};
use crate::support::{Argo, chat, said};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

#[test]
fn chat_is_served_on_another_path() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Serve chat on another path");
    let became = sent(&server, &argo, "/lab/chat", &chat("Hi", json!({"model": "argo:gpt-5", "temperature": 1})));
    let fields = ["model", "temperature", "max_tokens"].map(|name| became[name].clone());
    assert_eq!(fields, [json!("gpt41mini"), json!(0), json!(200)]);
    assert_eq!(sent(&server, &argo, "/lab/chat", &chat("Hi", json!({"max_tokens": 3})))["max_tokens"], 3);
    assert!(server.get("/v1/docs").text().contains("Short answers"));
    assert_eq!(sent(&server, &argo, CHAT, &chat("Hi", json!({})))["model"], "gpt4o", "the shipped path stays");
}

#[test]
fn a_question_is_asked_with_get() {
    let argo = Argo::saying("Light falls");
    let server = start(&argo, "Ask a fixed question with GET");
    let answer = server.get("/lab/haiku").json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Light falls");
    assert_eq!(argo.request().json()["messages"][0]["content"], "A haiku about photons");
}

#[test]
fn a_path_has_a_time_limit_of_its_own() {
    let argo = Argo::start(|_, connection| {
        connection.left();
    });
    let server = setup(&argo, "Give one path another time limit", &[("20s", "300ms")]).start();
    let answer = server.post("/v1/completions", &json!({"prompt": "Hi"}).to_string());
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(answer.status == 504 && message.contains("within 0.3 s"), "{message}");
    let answer = server.chat(&chat("Hi", json!({"timeout": 0.4})));
    assert!(answer.error()["message"].as_str().unwrap().contains("within 0.4 s"), "other paths keep theirs");
}

#[test]
fn a_path_has_a_body_limit_of_its_own() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Give one path a smaller body limit");
    let text = "word ".repeat(20_000);
    let answer = server.post("/v1/embeddings", &json!({"input": text}).to_string());
    assert_eq!((answer.status, argo.requests().len()), (413, 0));
    assert_eq!(server.chat(&chat(&text, json!({}))).status, 200);
}

#[test]
fn tokens_are_not_counted() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Do not count tokens");
    assert_eq!(server.chat(&chat("Hi", json!({}))).json()["usage"], Value::Null);
    let asked = json!({"stream": true, "stream_options": {"include_usage": true}});
    let stream = said(&server.chat(&chat("Hi", asked)).body);
    assert!(stream.done && stream.usage.is_none(), "{stream:?}");
    let other = server.post("/v1/completions", &json!({"prompt": "Hi"}).to_string());
    assert!(other.json()["usage"]["total_tokens"].is_u64(), "other paths count");
    let estimate = setup(&argo, "Do not count tokens", &[("usage: none", "usage: estimate")]).start();
    assert!(estimate.chat(&chat("Hi", json!({}))).json()["usage"]["total_tokens"].is_u64());
}

#[test]
fn a_request_may_ask_for_so_many_answers() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Limit how many answers one request may ask for");
    let answer = server.chat(&chat("Hi", json!({"n": 5})));
    assert_eq!((answer.status, answer.error()["param"].as_str(), argo.requests().len()), (400, Some("n"), 0));
    let answer = server.chat(&chat("Hi", json!({"n": 4}))).json();
    assert_eq!((answer["choices"].as_array().unwrap().len(), argo.requests().len()), (4, 4));
}

#[test]
fn replies_get_headers() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Add headers to replies");
    assert_eq!(server.get("/v1/models").header("cache-control"), Some("max-age=60"));
    assert_ne!(server.get("/health").header("cache-control"), Some("max-age=60"));
}

#[test]
fn an_endpoint_is_closed() {
    let argo = Argo::saying("Hi");
    assert_eq!(start(&argo, "Add headers to replies").get("/v1/status").status, 200);
    let closed = |value: &str, to: &str| {
        let filled = [("enabled: false", value)];
        setup(&argo, "Close an endpoint", &filled).environment("LAB_STATUS", to).start().get("/v1/status").status
    };
    let variable = "enabled: \"${LAB_STATUS:-false}\"";
    assert!(super::examples::PAGE.contains(variable));
    assert_eq!(closed(variable, "true"), 200, "the shipped row stays");
    let all = [closed("enabled: false", "true"), closed(variable, "false"), closed(variable, "")];
    assert_eq!((all, argo.requests().len()), ([404; 3], 2));
}

#[test]
fn json_of_ones_own_is_the_answer() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Answer with JSON of your own");
    let rules = server.get("/lab/rules");
    assert_eq!((rules.status, rules.json()), (200, json!({"contact": "the lab's operator", "quota": "none"})));
    let old = server.post("/lab/old", "{}");
    assert_eq!((old.status, old.json(), argo.requests().len()), (410, json!({"error": "gone"}), 0));
}

#[test]
fn an_old_path_is_redirected() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Redirect an old path");
    for (method, body) in [("GET", &b""[..]), ("POST", b"{}")] {
        let answer = server.client().call(method, "/api/v1/chat/completions", "", body);
        assert_eq!((answer.status, answer.header("location")), (307, Some(CHAT)));
    }
}

#[test]
fn a_shipped_row_is_replaced_and_another_taken_out() {
    let argo = Argo::saying("Hi");
    let server = start(&argo, "Replace a shipped reply, and take another row out");
    let root = server.get("/");
    assert_eq!((root.status, root.header("location")), (307, Some("/v1/docs")));
    assert_eq!(server.post("/v1/chat", &json!({"model": "gpt4o", "prompt": ["Hi"]}).to_string()).status, 404);
    assert_eq!(server.chat(&chat("Hi", json!({}))).status, 200);
}
