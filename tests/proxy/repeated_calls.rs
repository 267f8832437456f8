//! A kept connection that turns out dead under a call: the call is sent once more. Nothing else is sent twice.

use crate::support::{Argo, Connection, Recorded, Server, chat, said};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;

/// Answers whatever is asked.
fn answer(request: &Recorded, connection: &mut Connection) {
    if let Some(texts) = request.json()["prompt"].as_array().filter(|_| request.path.contains("embed")) {
        let vector = vec!["0.5"; 1536].join(",");
        let vectors = vec![format!("[{vector}]"); texts.len()];
        connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
    } else if request.path.contains("stream") {
        connection.streams(&[b"Hi"]);
    } else {
        connection.says("Hi");
    }
}

/// An ARGO that takes a second request on each connection, and ends the connection without a word.
fn forgetful() -> Argo {
    let served = Mutex::new(HashSet::new());
    Argo::start(move |request, connection| {
        if served.lock().unwrap().insert(request.connection) {
            answer(request, connection);
        } else {
            connection.close();
        }
    })
}

const CHAT: &str = "/v1/chat/completions";

/// Requests that pingora makes, and those of which the proxy makes the calls itself.
fn requests() -> Vec<(&'static str, String)> {
    let tool = json!({"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}});
    let texts: Vec<String> = (0..40).map(|number| format!("text {number}")).collect();
    vec![
        (CHAT, chat("x", json!({}))),
        (CHAT, chat("x", json!({"stream": true}))),
        (CHAT, chat("x", json!({"stream": true, "tools": [tool]}))),
        (CHAT, chat("x", json!({"n": 2}))),
        ("/v1/embeddings", json!({"input": texts}).to_string()),
    ]
}

#[test]
fn a_call_over_a_dead_kept_connection_is_sent_once_more() {
    for (path, body) in requests() {
        let argo = forgetful();
        let server = Server::before(&argo);
        for turn in 0..3 {
            let answer = server.post(path, &body);
            assert!(answer.status == 200 && answer.complete, "{turn}: {body} {answer:?}");
            if body.contains("\"stream\":true") {
                assert!(said(&answer.body).done, "{answer:?}");
            }
        }
        // On each connection but the last, a second request came, and again on another connection.
        let requests = argo.requests();
        let mut seen: HashSet<usize> = HashSet::new();
        let lost: Vec<&Recorded> = requests.iter().filter(|request| !seen.insert(request.connection)).collect();
        assert!(!lost.is_empty(), "no connection was used twice: {body}");
        let count = |body: &Value| requests.iter().filter(|request| request.json() == *body).count();
        let calls = requests.len() - lost.len();
        assert_eq!(calls % 3, 0, "each turn takes as many calls: {body}");
        for lost in lost {
            assert!(count(&lost.json()) > calls / 3, "{body}");
        }
    }
}

#[test]
fn a_call_over_a_new_connection_is_never_sent_twice() {
    for (path, body) in requests() {
        let argo = Argo::start(|_, connection| connection.close());
        let server = Server::before(&argo);
        let answer = server.post(path, &body);
        assert_eq!(answer.status, 502, "{body} {answer:?}");
        let bodies: Vec<Value> = argo.requests().iter().map(Recorded::json).collect();
        let most = if body.contains("\"n\":2") { 2 } else { 1 };
        for sent in &bodies {
            let times = bodies.iter().filter(|body| *body == sent).count();
            assert!(times <= most, "{times} times: {sent}");
        }
        assert!(!bodies.is_empty());
    }
}
