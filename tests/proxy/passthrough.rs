//! `/v1/chat`: straight to ARGO.

use crate::support::{Argo, Server};
use serde_json::{Value, json};

#[test]
fn only_user_and_model_change() {
    let argo = Argo::start(|_, connection| {
        connection.whole(200, "Content-Type: application/json\r\nX-Secret: 1\r\n", b" {\"response\" : \"as it is\"} ");
    });
    let server = Server::before(&argo);
    let body = json!({"user": "eve", "model": "argo:gpt-4o", "messages": [{"role": "developer", "content": null}], "odd": [1.50], "timeout": 9});
    let answer = server.post("/v1/chat", &body.to_string());
    assert_eq!(answer.text(), " {\"response\" : \"as it is\"} ");
    assert_eq!((answer.header("content-type"), answer.header("x-secret")), (Some("application/json"), None));
    let sent = argo.request().json();
    assert_eq!(
        sent,
        json!({"user": "tester", "model": "gpt4o", "messages": [{"role": "developer", "content": null}], "odd": [1.5]})
    );
}

#[test]
fn status_and_body_of_failures_come_as_they_are() {
    for status in [400, 404, 429, 500, 502] {
        let argo = Argo::start(move |_, connection| {
            connection.whole(status, "Content-Type: text/html\r\nRetry-After: 3\r\n", b"<p>no")
        });
        let answer = Server::before(&argo).post("/v1/chat", r#"{"prompt": ["x"]}"#);
        assert_eq!((answer.status, answer.text(), answer.header("retry-after")), (status, "<p>no", Some("3")));
    }
}

#[test]
fn a_stream_passes_byte_by_byte() {
    let argo = Argo::start(|_, connection| connection.streams(&[b"raw \xe2", b"\x82\xac", b" text"]));
    let server = Server::before(&argo);
    let answer = server.post("/v1/chat", r#"{"prompt": ["x"], "stream": true}"#);
    assert_eq!((answer.text(), answer.complete), ("raw € text", true));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(argo.request().path.ends_with("/streamchat/"));
}

#[test]
fn what_argo_says_of_tools_on_a_stream_passes_too() {
    let said = "Tools are not available with streaming.";
    let argo = Argo::start(move |_, connection| connection.streams(&[said.as_bytes()]));
    let body = json!({"prompt": ["x"], "stream": true, "tools": [{"type": "function", "function": {"name": "f"}}]});
    assert_eq!(Server::before(&argo).post("/v1/chat", &body.to_string()).text(), said);
    assert_eq!(argo.request().json()["tools"][0]["function"]["name"], "f");
}

#[test]
fn a_stream_that_is_cut_breaks_the_connection() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        connection.chunk(b"half");
        connection.close();
    });
    let answer = Server::before(&argo).post("/v1/chat", r#"{"prompt": ["x"], "stream": true}"#);
    assert_eq!((answer.text(), answer.complete), ("half", false));
}

#[test]
fn the_old_forms_are_made_to_fit() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let sent = |body: Value| {
        assert_eq!(server.post("/v1/chat", &body.to_string()).status, 200, "{body}");
        let mut sent = argo.requests().pop().unwrap().json();
        sent.as_object_mut().unwrap().retain(|name, _| name != "user" && name != "model");
        sent
    };
    let old = "argo:gpt-o1-preview";
    assert_eq!(sent(json!({"prompt": "p"})), json!({"prompt": ["p"]}));
    assert_eq!(sent(json!({"system": "s", "prompt": ["p", "q"]})), json!({"system": "s", "prompt": ["p", "q"]}));
    assert_eq!(sent(json!({"model": old, "system": "s", "prompt": ["p"]})), json!({"prompt": ["s", "p"]}));
    assert_eq!(sent(json!({"model": old, "system": ["s", "s"], "prompt": "p"})), json!({"prompt": ["s", "s", "p"]}));
    assert_eq!(sent(json!({"model": old, "system": "s"})), json!({"prompt": ["s"]}));
    assert_eq!(
        sent(
            json!({"model": old, "messages": [{"role": "system", "content": "s", "x": 1}, {"role": "assistant", "content": "a"}]})
        ),
        json!({"messages": [{"role": "user", "content": "s", "x": 1}, {"role": "assistant", "content": "a"}]})
    );
}

#[test]
fn our_own_refusals_are_openais_errors() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    assert_eq!(server.post("/v1/chat", "[]").error()["type"], "invalid_request_error");
    let unknown = server.post("/v1/chat", r#"{"model": "nobody", "prompt": ["x"]}"#);
    assert_eq!((unknown.status, unknown.error()["code"].as_str()), (404, Some("model_not_found")));
    assert_eq!(argo.requests().len(), 0);
}
