//! Several answers to one request: parallel calls that become one reply.

use crate::support::{Argo, Client, Server, chat, events};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Barrier, Mutex};
use std::time::Duration;

/// What each choice of a stream said, and its finish reason.
fn by_choice(stream: &[u8], count: usize) -> Vec<(String, Vec<String>)> {
    let mut said = vec![(String::new(), Vec::new()); count];
    let all = events(stream);
    assert_eq!(all.last().map(String::as_str), Some("[DONE]"));
    for chunk in all.iter().filter_map(|event| serde_json::from_str::<Value>(event).ok()) {
        for choice in chunk["choices"].as_array().unwrap() {
            let (text, finish) = &mut said[choice["index"].as_u64().unwrap() as usize];
            text.push_str(choice["delta"]["content"].as_str().or(choice["text"].as_str()).unwrap_or_default());
            finish.extend(choice["finish_reason"].as_str().map(str::to_owned));
        }
    }
    said
}

#[test]
fn answers_are_asked_for_at_the_same_time_and_joined_in_order() {
    let together = Barrier::new(3);
    let number = AtomicUsize::new(0);
    let argo = Argo::start(move |_, connection| {
        together.wait();
        connection.says(&format!("answer {}", number.fetch_add(1, Ordering::SeqCst)));
    });
    let server = Server::before(&argo);
    let reply = server.chat(&chat("hello", json!({"n": 3}))).json();
    let mut texts: Vec<&str> = Vec::new();
    for (index, choice) in reply["choices"].as_array().unwrap().iter().enumerate() {
        assert_eq!(choice["index"], index);
        texts.push(choice["message"]["content"].as_str().unwrap());
    }
    texts.sort();
    assert_eq!(texts, ["answer 0", "answer 1", "answer 2"]);
    assert_eq!(reply["usage"]["completion_tokens"], 6 + 3, "the tokens of all");
}

#[test]
fn several_prompts_are_streamed_with_their_indexes() {
    let argo = Argo::start(|request, connection| {
        let prompt = request.json()["messages"][0]["content"].as_str().unwrap().to_owned();
        connection.streams(&[b"you said ", prompt.as_bytes()]);
    });
    let server = Server::before(&argo);
    let body = json!({"model": "argo:gpt-4o", "prompt": ["one", "zwei €", "three"], "stream": true}).to_string();
    let answer = server.post("/v1/completions", &body);
    let stop = || vec!["stop".to_owned()];
    assert_eq!(
        by_choice(&answer.body, 3),
        ["you said one", "you said zwei €", "you said three"].map(|text| (text.to_owned(), stop()))
    );
    assert!(argo.requests().iter().all(|request| request.path.ends_with("/streamchat/")));
}

#[test]
fn pieces_of_one_answer_do_not_wait_for_the_others() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (wait, number) = (Mutex::new(wait), AtomicUsize::new(0));
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        if number.fetch_add(1, Ordering::SeqCst) == 0 {
            wait.lock().unwrap().recv().unwrap();
        }
        connection.chunk(b"text");
        connection.stream_end();
    });
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    client.send("POST", "/v1/chat/completions", "", chat("hello", json!({"n": 2, "stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    let mut stream = Vec::new();
    while !String::from_utf8_lossy(&stream).contains("\"finish_reason\":\"stop\"") {
        stream.extend_from_slice(&client.chunk().unwrap());
    }
    go_on.send(()).unwrap();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        stream.extend_from_slice(&piece);
    }
    let both = ("text".to_owned(), vec!["stop".to_owned()]);
    assert_eq!(by_choice(&stream, 2), [both.clone(), both]);
}

#[test]
fn one_that_fails_fails_all_and_cancels_the_rest() {
    let number = AtomicUsize::new(0);
    let (left, is_left) = mpsc::channel();
    let left = Mutex::new(left);
    let together = Barrier::new(2);
    let argo = Argo::start(move |_, connection| {
        together.wait();
        if number.fetch_add(1, Ordering::SeqCst) == 0 {
            connection.json(429, "{\"error\": {\"message\": \"slow down\"}}");
        } else {
            left.lock().unwrap().send(connection.left()).unwrap();
        }
    });
    let server = Server::before(&argo);
    let answer = server.chat(&chat("hello", json!({"n": 2})));
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(is_left.recv_timeout(Duration::from_secs(20)), Ok(true));
}

#[test]
fn a_row_may_allow_more_answers_or_fewer() {
    let argo = Argo::saying("hi");
    let server = Server::before(&argo);
    let answer = server.chat(&chat("hello", json!({"n": 21})));
    assert_eq!((answer.status, answer.error()["param"].as_str()), (400, Some("n")));
    let body = json!({"model": "argo:gpt-4o", "prompt": vec!["x"; 21]}).to_string();
    let answer = server.post("/v1/completions", &body);
    assert_eq!((answer.status, answer.error()["param"].as_str()), (400, Some("prompt")));
    assert!(argo.requests().is_empty());

    let table = include_str!("../../routes.yaml")
        .replace("{ path: /v1/chat/completions, upstream", "{ path: /v1/chat/completions, most_choices: 1, upstream");
    let server = crate::support::Setup::before(&argo).routes(&table).start();
    assert_eq!(server.chat(&chat("hello", json!({"n": 2}))).status, 400);
    assert_eq!(server.chat(&chat("hello", json!({"n": 1}))).status, 200);
}
