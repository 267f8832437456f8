//! Whole calls that ask for more than ARGO answers whole: they are streamed upstream, and the client gets one answer.

use crate::support::{Argo, Client, Server, Setup, chat};
use serde_json::{Value, json};
use std::time::Duration;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);
const OPUS: &str = "argo:claude-opus-5";

fn long(more: Value) -> String {
    let mut fields = json!({"model": OPUS, "max_tokens": 64_000});
    crate::support::merge(&mut fields, more);
    chat("hi", fields)
}

/// An ARGO that refuses such a call as the real one does, unless it is streamed.
fn guarded() -> Argo {
    Argo::start(|request, connection| {
        if request.path.contains("stream") {
            connection.streams(&[b"Gr\xc3", b"\xbc\xc3\x9fe, ", b"\"world\""]);
        } else {
            connection.json(
                500,
                r#"{"error": "Streaming is required for operations that may take longer than 10 minutes."}"#,
            );
        }
    })
}

#[test]
fn what_does_not_come_whole_is_streamed_upstream_and_collected() {
    let argo = guarded();
    let server = Server::before(&argo);
    let answer = server.chat(&long(json!({})));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let reply = answer.json();
    assert_eq!(reply["choices"][0]["message"]["content"], "Grüße, \"world\"");
    assert_eq!((&reply["object"], &reply["choices"][0]["finish_reason"]), (&json!("chat.completion"), &json!("stop")));
    assert!(reply["usage"]["completion_tokens"].as_u64().unwrap() > 0, "{reply}");
    let sent = argo.request();
    assert_eq!((sent.path.contains("stream"), &sent.json()["max_tokens"]), (true, &json!(64_000)));

    let two = server.chat(&long(json!({"n": 2}))).json();
    assert_eq!(two["choices"][1]["message"]["content"], "Grüße, \"world\"");
    let words =
        server.post("/v1/completions", &json!({"model": OPUS, "prompt": "x", "max_tokens": 64_000}).to_string());
    assert_eq!(words.json()["choices"][0]["text"], "Grüße, \"world\"");
    assert!(argo.requests().iter().all(|request| request.path.contains("stream")));
}

#[test]
fn two_models_have_a_lower_limit_and_a_request_that_says_nothing_is_above_it() {
    let argo = guarded();
    let server = Server::before(&argo);
    for (model, max_tokens, streams) in [
        ("argo:claude-opus-4.1", Some(8_193), true),
        ("argo:claude-opus-4", None, true),
        ("argo:claude-opus-4.1", Some(8_192), false),
        (OPUS, Some(21_333), false),
        (OPUS, Some(21_334), true),
        (OPUS, None, false),
    ] {
        let fields = max_tokens.map_or(json!({"model": model}), |most| json!({"model": model, "max_tokens": most}));
        server.chat(&chat("hi", fields));
        assert_eq!(argo.requests().last().unwrap().path.contains("stream"), streams, "{model} {max_tokens:?}");
    }
}

#[test]
fn a_stream_that_breaks_is_no_answer() {
    for cut in [&b"half of it"[..], b""] {
        let argo = Argo::start(move |_, connection| {
            connection.stream_head();
            if !cut.is_empty() {
                connection.chunk(cut);
            }
            connection.close();
        });
        let answer = Server::before(&argo).chat(&long(json!({})));
        assert_eq!(answer.status, 502);
        assert!(!answer.text().contains("half of it"), "{}", answer.text());
        assert_eq!(argo.requests().len(), 1, "it may have run");
    }
}

#[test]
fn a_client_that_leaves_ends_the_call() {
    let (argo, asked, left) = Argo::silent();
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    client.send("POST", "/v1/chat/completions", "Content-Type: application/json\r\n", long(json!({})).as_bytes());
    asked.recv_timeout(PATIENCE).unwrap();
    drop(client);
    assert_eq!(left.recv_timeout(PATIENCE), Ok(true));
}

#[test]
fn an_upstream_without_streams_gets_what_it_answers_whole() {
    let argo = Argo::saying("Hi");
    let table = r#"
version: 1
upstreams: { argo: { url: "${argo_url}", dialect: argo } }
models:
  chat:
    default: lab:one
    show: { owned_by: us, created: 7 }
    names: { lab:one: one1 }
    rules: [{ match: one1, stream_above: { max_tokens: 10 } }]
routes: [{ path: /chat, upstream: argo, models: chat, transformer: openai_chat_completions }]
"#;
    let server = Setup::before(&argo).routes(table).start();
    assert_eq!(server.post("/chat", &chat("hi", json!({"model": "lab:one", "max_tokens": 11}))).status, 200);
    assert_eq!(argo.request().json()["max_tokens"], 10);
}
