//! Time limits: of the configuration, of the request, of the client.

use crate::support::{Answer, Argo, Server, Setup, chat, said, without_comments};
use serde_json::json;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// An ARGO that never answers.
fn silent() -> Argo {
    Argo::start(|_, connection| {
        connection.left();
    })
}

fn is_timeout(answer: &Answer) {
    assert_eq!((answer.status, answer.error()["type"].as_str()), (504, Some("timeout_error")), "{answer:?}");
    assert!(answer.error()["message"].as_str().unwrap().contains("did not answer within"));
}

#[test]
fn the_configured_limit_holds() {
    let argo = silent();
    let server = Setup::before(&argo).config("timeout: 0.5").start();
    let begun = Instant::now();
    is_timeout(&server.chat(&chat("x", json!({}))));
    is_timeout(&server.chat(&chat("x", json!({"stream": true}))));
    is_timeout(&server.post("/v1/embeddings", r#"{"input": "x"}"#));
    is_timeout(&server.post("/v1/chat", r#"{"prompt": "x"}"#));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert_eq!(argo.requests().len(), 4);
}

#[test]
fn a_request_may_ask_for_less_or_more() {
    let argo = silent();
    let server = Server::before(&argo);
    is_timeout(&server.chat(&chat("x", json!({"timeout": 0.5}))));
    for header in ["x-stainless-read-timeout: 0.5\r\n", "x-stainless-timeout: 0.5\r\n"] {
        let body = chat("x", json!({}));
        is_timeout(&server.client().call("POST", "/v1/chat/completions", header, body.as_bytes()));
    }
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let slow = Argo::start(move |_, connection| {
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        connection.says("late");
    });
    let server = Setup::before(&slow).config("timeout: 0.5").start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.chat(&chat("x", json!({"timeout": 20}))));
        // A request with the configured limit has timed out by the time that the patient one is let go.
        while slow.requests().is_empty() {
            std::thread::yield_now();
        }
        is_timeout(&server.post("/v1/completions", r#"{"prompt": "x"}"#));
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!(waiting.join().unwrap().status, 200);
    });
}

#[test]
fn a_limit_that_no_clock_can_tell_is_none() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for more in [json!({}), json!({"stream": true}), json!({"n": 2})] {
        let mut body = more.clone();
        body["timeout"] = json!(1.5e19);
        assert_eq!(server.chat(&chat("x", body)).status, 200, "{more}");
        let header = "x-stainless-read-timeout: 1.5e19\r\n";
        let body = chat("x", more.clone());
        let answer = server.client().call("POST", "/v1/chat/completions", header, body.as_bytes());
        assert_eq!(answer.status, 200, "{more}");
    }
}

#[test]
fn a_stream_that_stalls_ends_with_an_error_event() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        connection.chunk(b"Hello");
        connection.left();
    });
    let server = Server::before(&argo);
    let answer = server.chat(&chat("x", json!({"stream": true, "timeout": 0.3})));
    let said = said(&answer.body);
    assert_eq!((said.text.as_str(), said.finish.len(), said.done), ("Hello", 0, false));
    assert_eq!(said.error.unwrap()["code"], "timeout");
}

#[test]
fn a_stream_ends_at_its_limit_however_late_its_last_piece_came() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        std::thread::sleep(Duration::from_millis(2500));
        connection.chunk(b"Hello");
        connection.left();
    });
    let server = Server::before(&argo);
    let begun = Instant::now();
    let answer = server.chat(&chat("x", json!({"stream": true, "timeout": 3})));
    let (said, taken) = (said(&answer.body), begun.elapsed());
    assert_eq!(
        (said.text.as_str(), said.done, said.error.unwrap()["code"].as_str()),
        ("Hello", false, Some("timeout"))
    );
    // A limit for each read would have ended it three seconds after its piece.
    assert!(Duration::from_secs(3) <= taken && taken < Duration::from_secs(5), "{taken:?}");
}

#[test]
fn a_client_that_waits_for_pieces_only_so_long_is_told_when_none_comes() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        for _ in 0..3 {
            connection.chunk(b"x");
            std::thread::sleep(Duration::from_millis(400));
        }
        connection.left();
    });
    let server = Server::before(&argo);
    let body = chat("x", json!({"stream": true}));
    let header = "x-stainless-read-timeout: 0.8\r\n";
    let answer = server.client().call("POST", "/v1/chat/completions", header, body.as_bytes());
    let said = said(&without_comments(&answer.body));
    assert_eq!((said.text.as_str(), said.done), ("xxx", false), "the limit is for silence, not for the whole");
    let error = said.error.unwrap();
    assert!(error["message"].as_str().unwrap().contains("x-stainless-read-timeout"), "{error}");
}

#[test]
fn a_stream_that_goes_on_too_long_ends_with_an_error_event_and_the_call_with_it() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        let begun = Instant::now();
        let mut pieces = 0;
        while connection.is_open() && begun.elapsed() < Duration::from_secs(20) {
            connection.chunk(b"x");
            pieces += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
        tell.lock().unwrap().send((pieces, connection.is_open())).unwrap();
    });
    let server = Server::before(&argo);
    let answer = server.chat(&chat("x", json!({"stream": true, "timeout": 0.5})));
    let said = said(&answer.body);
    assert!(!said.text.is_empty() && !said.done && answer.complete);
    assert_eq!(said.error.unwrap()["code"], "timeout");
    let (_, still_open) = told.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(!still_open, "the call goes on though nobody listens");
}

#[test]
fn an_argo_that_cannot_be_reached_is_told_within_the_connect_timeout() {
    // A listener whose queue is full lets further connections hang, as a firewall does.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        waiting.push(stream);
        assert!(waiting.len() < 5000);
    }
    let server = Setup::before_address(address).config("connect_timeout: 0.3").start();
    let begun = Instant::now();
    let answer = server.chat(&chat("x", json!({})));
    assert_eq!((answer.status, answer.error()["code"].as_str()), (504, Some("upstream_unreachable")));
    assert!(answer.error()["message"].as_str().unwrap().contains("The address is set by argo_url"));
    assert!(begun.elapsed() < Duration::from_secs(5));
}
