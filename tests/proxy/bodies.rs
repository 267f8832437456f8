//! Bodies of every size in both framings, on connections that are kept.

use crate::support::{Argo, Recorded, Server, Setup, chat};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SIZES: [usize; 9] = [1, 1_000, 65_535, 65_536, 65_537, 131_072, 200_000, 1_000_000, 10_000_000];

/// A question to a model of which no context length is known, so that no text is too long.
fn asked(text: &str) -> String {
    chat(text, json!({"model": "argo:gpt-4o-latest"}))
}

/// A body of exactly `size` bytes, or the smallest there is.
fn sized(size: usize) -> String {
    let frame = asked("").len();
    asked(&"x".repeat(size.saturating_sub(frame)))
}

fn text_of(request: &Recorded) -> usize {
    request.json()["messages"][0]["content"].as_str().unwrap().len()
}

/// An ARGO that says how long the text was.
fn measuring() -> Argo {
    Argo::start(|request, connection| connection.says(&text_of(request).to_string()))
}

#[test]
fn every_size_in_both_framings_over_one_connection() {
    let argo = measuring();
    let server = Server::before(&argo);
    let mut client = server.client();
    for size in SIZES {
        let body = sized(size);
        let expected = json!((body.len() - asked("").len()).to_string());
        let known = client.post("/v1/chat/completions", &body);
        assert_eq!((known.status, &known.json()["choices"][0]["message"]["content"]), (200, &expected), "{size}");
        for chunk in [7_000, 65_536, body.len()] {
            let chunked = client.post_chunked("/v1/chat/completions", body.as_bytes(), chunk);
            assert_eq!(
                (chunked.status, &chunked.json()["choices"][0]["message"]["content"]),
                (200, &expected),
                "{size} by {chunk}"
            );
        }
    }
}

#[test]
fn small_chunks_and_white_space_after_the_document() {
    let argo = measuring();
    let server = Server::before(&argo);
    let mut client = server.client();
    let body = sized(3_000) + " \r\n";
    for chunk in [1, 2, 3, 100] {
        let answer = client.post_chunked("/v1/chat/completions", body.as_bytes(), chunk);
        assert_eq!(answer.status, 200, "{chunk}: {answer:?}");
    }
    let garbage = sized(3_000) + "   {\"more\": 1}";
    assert_eq!(server.client().post_chunked("/v1/chat/completions", garbage.as_bytes(), 1_000).status, 400);
    assert_eq!(server.client().post("/v1/chat/completions", &garbage).status, 400);
    for nonsense in ["{\"messages\": ", "null", "nonsense", "\"{}\""] {
        assert_eq!(
            server.client().post_chunked("/v1/chat/completions", nonsense.as_bytes(), 2).status,
            400,
            "{nonsense}"
        );
    }
    assert_eq!(argo.requests().len(), 4);
}

#[test]
fn a_body_above_the_limit_is_refused_with_413() {
    let argo = measuring();
    let server = Setup::before(&argo).config("max_body: 100000").start();
    let big = sized(3_000_000);
    for answer in [
        server.post("/v1/chat/completions", &big),
        server.client().post_chunked("/v1/chat/completions", big.as_bytes(), 30_000),
    ] {
        assert_eq!((answer.status, answer.error()["code"].as_str()), (413, Some("request_too_large")));
        assert!(answer.error()["message"].as_str().unwrap().contains("max_body (100000 bytes)"));
    }
    assert_eq!(server.post("/v1/chat/completions", &sized(100_000)).status, 200);
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn expect_100_continue_is_answered_and_the_connection_kept() {
    let argo = measuring();
    let server = Server::before(&argo);
    let mut client = server.client();
    for _ in 0..2 {
        let body = sized(2_000);
        let length = body.len();
        client.raw(format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        ));
        assert_eq!(client.head().status, 100);
        client.raw(&body);
        let answer = client.answer();
        assert_eq!((answer.status, answer.header("connection")), (200, Some("keep-alive")));
    }
    assert!(argo.requests().iter().all(|request| request.header("expect").is_none()));
}

#[test]
fn compressed_requests_are_refused_by_name() {
    let argo = measuring();
    let server = Server::before(&argo);
    let answer = server.client().call("POST", "/v1/chat/completions", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08");
    assert_eq!(answer.status, 415);
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn connections_to_argo_are_reused() {
    let argo = measuring();
    let server = Setup::before(&argo).config("num_workers: 1").start();
    let mut client = server.client();
    for _ in 0..5 {
        assert_eq!(client.post("/v1/chat/completions", &sized(1)).status, 200);
    }
    let connections: Vec<usize> = argo.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0; 5]);
}

#[test]
fn a_dead_connection_is_replaced_once_and_nothing_else_is_sent_twice() {
    // Each connection is closed when its second request comes: what a server does to idle connections.
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let seen = std::sync::Mutex::new(std::collections::HashSet::new());
    let argo = Argo::start(move |request, connection| {
        counter.fetch_add(1, Ordering::SeqCst);
        match seen.lock().unwrap().insert(request.connection) {
            true => connection.says(&text_of(request).to_string()),
            false => connection.close(),
        }
    });
    let server = Setup::before(&argo).config("num_workers: 1").start();
    let mut client = server.client();
    for size in [1, 70_000, 1, 1, 2_000, 1, 1, 1] {
        assert_eq!(client.post("/v1/chat/completions", &sized(size)).status, 200, "{size}");
        let chunked = client.post_chunked("/v1/chat/completions", sized(size.min(60_000)).as_bytes(), 1_000);
        assert_eq!(chunked.status, 200, "{size}");
    }
    // Every second call of the proxy meets a dead connection and is made again, once.
    let made = calls.load(Ordering::SeqCst);
    assert!((16..=31).contains(&made), "{made}");

    let fresh = Argo::start(|_, connection| connection.close());
    let server = Setup::before(&fresh).config("num_workers: 1").start();
    assert_eq!(server.post("/v1/chat/completions", &sized(1)).status, 502);
    assert_eq!(fresh.requests().len(), 1, "a fresh connection that breaks is an error");
}

#[test]
fn an_answer_larger_than_the_limit_is_refused() {
    let argo = Argo::start(|_, connection| connection.says(&"y".repeat(200_000)));
    let server = Setup::before(&argo).config("max_answer: 100000").start();
    let answer = server.chat(&sized(1));
    assert_eq!(answer.status, 502);
    assert!(answer.error()["message"].as_str().unwrap().contains("max_answer (100000 bytes)"));
}

#[test]
fn a_large_answer_and_a_large_stream_come_through_whole() {
    let text = "0123456789abcdé\n".repeat(600_000);
    let said = text.clone();
    let argo = Argo::start(move |request, connection| match request.path.contains("stream") {
        true => {
            connection.stream_head();
            for piece in said.as_bytes().chunks(50_001) {
                connection.chunk(piece);
            }
            connection.stream_end();
        }
        false => connection.says(&said),
    });
    let server = Setup::before(&argo).start();
    assert!(server.chat(&sized(1)).json()["choices"][0]["message"]["content"] == text.as_str());
    let stream = server.chat(&chat("x", json!({"stream": true})));
    assert!(crate::support::said(&stream.body).text == text);
}
