//! A stream's head leaves with its first text. What fails before that is an error with its own status.

use crate::reload::until;
use crate::support::{Argo, Client, Server, Setup, chat, said};
use serde_json::json;
use std::time::Duration;

fn streamed() -> String {
    chat("hi", json!({"stream": true}))
}

#[test]
fn what_fails_before_the_first_text_keeps_its_status() {
    let broken = Argo::start(|_, connection| {
        connection.stream_head();
        connection.close();
    });
    let answer = Server::before(&broken).chat(&streamed());
    assert_eq!((answer.status, &answer.error()["code"]), (502, &json!("bad_upstream_answer")));
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let stalled = Argo::start(|_, connection| {
        connection.stream_head();
        connection.left();
    });
    let answer = Setup::before(&stalled).config("timeout: 0.5").start().chat(&streamed());
    assert_eq!((answer.status, &answer.error()["code"]), (504, &json!("timeout")));

    let unreadable = Argo::start(|_, connection| connection.streams(&[b"\xff\xfe"]));
    assert_eq!(Server::before(&unreadable).chat(&streamed()).status, 502);
}

#[test]
fn the_reply_is_complete_the_connection_ends_and_the_log_has_its_status() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        connection.close();
    });
    let server = Server::before(&argo);
    for version in ["1.1", "1.0"] {
        let mut client = Client::connect(server.address);
        let body = streamed();
        client.raw(format!(
            "POST /v1/chat/completions HTTP/{version}\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let answer = client.answer();
        assert_eq!((answer.status, answer.complete), (502, true), "{version}");
        assert_eq!(answer.header("connection"), Some("close"), "{version}");
        assert!(answer.header("date").is_some() && answer.header("x-request-id").is_some(), "{version}");
        assert!(client.is_closed(), "{version}: nothing follows the reply");
    }
    until("their lines", || server.log().matches("POST /v1/chat/completions 502 ").count() == 2);
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(!log.contains("POST /v1/chat/completions 200 "), "{log}");
}

#[test]
fn a_connection_serves_the_next_request_after_a_stream() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    for _ in 0..3 {
        let stream = client.post("/v1/chat/completions", &streamed());
        assert_eq!((stream.status, said(&stream.body).text), (200, "Hi".to_owned()));
        assert_eq!(client.get("/livez").status, 200);
    }
}

#[test]
fn after_the_first_text_a_failure_is_an_event() {
    let (argo, go) = Argo::halting();
    let server = Setup::before(&argo).config("timeout: 0.5").start();
    let mut client = Client::connect(server.address);
    client.set_patience(Duration::from_secs(20));
    client.send("POST", "/v1/chat/completions", "Content-Type: application/json\r\n", streamed().as_bytes());
    assert_eq!(client.head().status, 200);
    let mut body = Vec::new();
    while let Some(chunk) = client.chunk() {
        body.extend_from_slice(&chunk);
    }
    let said = said(&body);
    assert_eq!((said.text.as_str(), said.done), ("a", false));
    assert_eq!(said.error.unwrap()["code"], "timeout");
    drop(go);
}
