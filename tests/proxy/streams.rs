//! Streamed chat completions.

use crate::support::{Argo, Said, Server, Setup, chat, events, said};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

fn streamed(more: Value) -> String {
    let mut more = more;
    more["stream"] = json!(true);
    chat("hello world", more)
}

#[test]
fn a_stream_has_one_beginning_and_one_end() {
    let argo = Argo::start(|_, connection| connection.streams(&[b" Hel", b"lo", "é\u{2028}".as_bytes(), b"!"]));
    let server = Server::before(&argo);
    let answer = server.chat(&streamed(json!({})));
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    assert!(answer.complete);
    let expected =
        Said { text: " Helloé\u{2028}!".into(), finish: vec!["stop".into()], done: true, ..Said::default() };
    assert_eq!(said(&answer.body), expected);
    assert!(!answer.text().contains(['\u{2028}', '\u{2029}', '\u{85}']));
    let events = events(&answer.body);
    let first: Value = serde_json::from_str(&events[0]).unwrap();
    assert_eq!(first["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert!(events[1..].iter().all(|event| !event.contains("\"role\"") && !event.contains("\"usage\"")));
    let request = argo.request();
    assert_eq!(request.path, "/argoapi/api/v1/resource/streamchat/");
    assert_eq!(request.header("accept"), Some("text/plain"));
    assert!(request.json().get("stream").is_none() && request.json().get("stream_options").is_none());
}

#[test]
fn usage_comes_only_when_asked_for_and_is_the_same_as_without_a_stream() {
    let argo = Argo::saying("one two three");
    let server = Server::before(&argo);
    let whole = server.chat(&chat("hello world", json!({}))).json();
    let stream = server.chat(&streamed(json!({"stream_options": {"include_usage": true}})));
    assert_eq!(said(&stream.body).usage, Some(whole["usage"].clone()));
    let events = events(&stream.body);
    let others = &events[..events.len() - 2];
    assert!(others.iter().all(|event| event.contains("\"usage\":null")), "{others:?}");
}

#[test]
fn length_is_told_on_a_stream_too() {
    let argo = Argo::saying("hello world");
    let server = Server::before(&argo);
    assert_eq!(said(&server.chat(&streamed(json!({"max_tokens": 2}))).body).finish, ["length"]);
    assert_eq!(said(&server.chat(&streamed(json!({"max_tokens": 3}))).body).finish, ["stop"]);
}

#[test]
fn every_cut_of_a_stream_gives_the_same_text() {
    let text = "aé€😀\"\\\n\u{2029}z";
    let argo = Argo::start(move |request, connection| {
        let size = request.json()["seed"].as_u64().unwrap() as usize;
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        connection.streams(&pieces);
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    for size in 1..=text.len() {
        let answer = client.post("/v1/chat/completions", &streamed(json!({ "seed": size })));
        let expected = Said { text: text.into(), finish: vec!["stop".into()], done: true, ..Said::default() };
        assert_eq!(said(&answer.body), expected, "{size}");
    }
}

#[test]
fn an_empty_stream_is_an_empty_answer() {
    let argo = Argo::start(|request, connection| match request.json()["seed"].as_u64() {
        Some(0) => connection.streams(&[]),
        _ => connection.whole(200, "Content-Type: text/plain\r\n", b""),
    });
    let server = Server::before(&argo);
    for seed in 0..2 {
        let answer = server.chat(&streamed(json!({ "seed": seed })));
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
        assert_eq!(said(&answer.body), Said { finish: vec!["stop".into()], done: true, ..Said::default() }, "{seed}");
    }
}

#[test]
fn pieces_arrive_as_they_come() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        for piece in ["a", "b", "c"] {
            connection.chunk(piece.as_bytes());
            gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        }
        connection.stream_end();
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", streamed(json!({})).as_bytes());
    assert_eq!(client.head().status, 200);
    for piece in ["a", "b", "c"] {
        let chunk = String::from_utf8(client.chunk().unwrap()).unwrap();
        assert!(chunk.contains(&format!("\"content\":\"{piece}\"")), "{chunk}");
        go.send(()).unwrap();
    }
    let last = String::from_utf8(client.chunk().unwrap()).unwrap();
    assert!(last.ends_with("data: [DONE]\n\n"), "{last}");
}

#[test]
fn a_client_that_leaves_cancels_the_call() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |request, connection| {
        if request.path.contains("stream") {
            connection.stream_head();
            connection.chunk(b"a");
        }
        tell.lock().unwrap().send("begun").unwrap();
        tell.lock().unwrap().send(if connection.left() { "left" } else { "stayed" }).unwrap();
    });
    let server = Server::before(&argo);
    for body in [streamed(json!({})), chat("x", json!({}))] {
        let mut client = server.client();
        client.send("POST", "/v1/chat/completions", "", body.as_bytes());
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok("begun"));
        drop(client);
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok("left"));
    }
}

#[test]
fn two_hundred_streams_at_once() {
    let argo = Argo::start(|request, connection| {
        let text = request.json()["messages"][0]["content"].as_str().unwrap().to_owned();
        connection.stream_head();
        for piece in text.as_bytes().chunks(7) {
            connection.chunk(piece);
        }
        connection.stream_end();
    });
    let server = Server::before(&argo);
    std::thread::scope(|scope| {
        for number in 0..200 {
            let server = &server;
            scope.spawn(move || {
                let text = format!("stream {number} é").repeat(20);
                let answer = server.chat(&chat(&text, json!({"stream": true})));
                let said = said(&answer.body);
                assert_eq!((said.text, said.done), (text, true));
            });
        }
    });
}

#[test]
fn old_clients_get_a_stream_without_chunks() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let body = streamed(json!({}));
    let mut client = server.client();
    client.raw(format!("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    let answer = client.answer();
    assert_eq!(answer.header("transfer-encoding"), None);
    assert_eq!(said(&answer.body).text, "Hi");
}

#[test]
fn an_estimate_or_nothing_is_counted_where_the_table_says_so() {
    let table = include_str!("../../routes.yaml").replace(
        "models: chat, transformer: openai_chat_completions }",
        "models: chat, transformer: openai_chat_completions, usage: COUNTING }",
    );
    let argo = Argo::saying("hello world, how are you today?");
    let body = streamed(json!({"max_tokens": 2, "stream_options": {"include_usage": true}}));
    for (counting, counted) in [("estimate", true), ("none", false)] {
        let server = Setup::before(&argo).routes(&table.replace("COUNTING", counting)).start();
        let stream = said(&server.chat(&body).body);
        assert_eq!(stream.finish, ["stop"], "only an exact count decides length");
        assert_eq!(stream.usage.is_some(), counted);
        let whole = server.chat(&chat("hello world", json!({}))).json();
        assert_eq!(whole.get("usage").is_some(), counted);
    }
}
