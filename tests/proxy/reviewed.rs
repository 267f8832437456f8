//! Defects that a review found, each with the test that failed before.

use crate::support::{Argo, Client, Connection, Recorded, Server, Setup, chat, said};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn streamed(more: Value) -> String {
    let mut more = more;
    more["stream"] = json!(true);
    chat("hello world", more)
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

const GZIPPED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Tells when the proxy gives up a call that would go on for ever.
fn endless(begin: impl Fn(&mut Connection) + Send + Sync + 'static) -> (Argo, mpsc::Receiver<bool>) {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        begin(connection);
        tell.lock().unwrap().send(connection.left()).unwrap();
    });
    (argo, told)
}

#[test]
fn a_passthrough_that_fails_never_looks_complete() {
    let mut damaged = gzip(&b"hello ".repeat(5_000));
    let cut = damaged[..damaged.len() - 6].to_vec();
    damaged[30] ^= 0xff;
    for (name, bytes) in [("cut", cut), ("damaged", damaged), ("garbage", b"this is no gzip".to_vec())] {
        for stream in [false, true] {
            let bytes = bytes.clone();
            let argo = Argo::start(move |_, connection| {
                connection.raw(GZIPPED);
                connection.chunk(&bytes);
                connection.stream_end();
            });
            let server = Server::before(&argo);
            let mut client = server.client();
            client.send("POST", "/v1/chat", "", json!({"prompt": ["x"], "stream": stream}).to_string().as_bytes());
            let complete = client.try_answer().is_some_and(|answer| answer.complete && answer.status == 200);
            assert!(!complete, "{name} {stream}");
        }
    }
    let (argo, told) = endless(|connection| {
        connection.raw(GZIPPED);
        connection.chunk(b"this is no gzip");
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", "/v1/chat", "", br#"{"prompt": ["x"], "stream": true}"#);
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true), "the call is given up at once");
}

#[test]
fn a_passthrough_that_takes_too_long_breaks() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        let begun = Instant::now();
        while connection.is_open() && begun.elapsed() < Duration::from_secs(20) {
            connection.chunk(b"x");
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let server = Server::before(&argo);
    let answer = server.post("/v1/chat", r#"{"prompt": ["x"], "stream": true, "timeout": 0.3}"#);
    assert!(!answer.complete && !answer.body.is_empty());
}

#[test]
fn nothing_is_sent_twice_once_argo_has_answered_a_byte() {
    for partial in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Type: appl", "H"] {
        let argo = Argo::start(move |request, connection| {
            if request.json()["seed"] == 1 {
                connection.raw(partial.as_bytes());
                connection.close();
            } else {
                connection.says("first");
            }
        });
        let server = Setup::before(&argo).config("num_workers: 1").start();
        let mut client = server.client();
        assert_eq!(client.post("/v1/chat/completions", &chat("x", json!({}))).status, 200);
        let answer = client.post("/v1/chat/completions", &chat("x", json!({"seed": 1})));
        assert_eq!((answer.status, argo.requests().len()), (502, 2), "{partial:?}");
    }
}

#[test]
fn mixed_forms_are_an_error_on_a_stream_too() {
    let text = "You passed a messages field along with a system and or prompt field. Please only pass messages.";
    for size in [1, 7, 1000] {
        let argo = Argo::start(move |_, connection| {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            connection.streams(&pieces);
        });
        let answer = Server::before(&argo).chat(&streamed(json!({})));
        assert_eq!(answer.status, 400, "{size}");
        assert!(answer.error()["message"].as_str().unwrap().starts_with("You passed"));
    }
    let argo = Argo::start(|_, connection| connection.streams(&[b"You pass", b"ed the exam."]));
    assert_eq!(said(&Server::before(&argo).chat(&streamed(json!({}))).body).text, "You passed the exam.");
}

#[test]
fn a_client_that_does_not_read_cannot_hold_a_call() {
    let (tell, told) = mpsc::channel();
    let tell = Mutex::new(tell);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        let piece = vec![b'x'; 100_000];
        let begun = Instant::now();
        while connection.is_open() && begun.elapsed() < Duration::from_secs(25) {
            connection.chunk(&piece);
        }
        tell.lock().unwrap().send(connection.is_open()).unwrap();
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", streamed(json!({"timeout": 1})).as_bytes());
    assert_eq!(told.recv_timeout(Duration::from_secs(30)), Ok(false));
}

#[test]
fn usage_of_a_long_stream_is_counted_as_it_passes() {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(40_000);
    let said_text = text.clone();
    let argo = Argo::start(move |request, connection| match request.path.contains("stream") {
        true => {
            connection.stream_head();
            said_text.as_bytes().chunks(30_011).for_each(|piece| connection.chunk(piece));
            connection.stream_end();
        }
        false => connection.says(&said_text),
    });
    let server = Server::before(&argo);
    let stream = said(&server.chat(&streamed(json!({"stream_options": {"include_usage": true}}))).body);
    let whole = server.chat(&chat("hello world", json!({}))).json();
    assert_eq!(stream.usage.unwrap(), whole["usage"]);
}

#[test]
fn the_next_request_may_come_before_the_answer() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |request, connection| {
        if request.json()["seed"] == 1 {
            gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        }
        connection.says(&request.json()["seed"].to_string());
    });
    let server = Server::before(&argo);
    let body = |seed: u64| chat("x", json!({ "seed": seed }));
    let content = |answer: &crate::support::Answer| answer.json()["choices"][0]["message"]["content"].clone();
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", body(1).as_bytes());
    while argo.requests().is_empty() {
        std::thread::yield_now();
    }
    client.raw("\r\n");
    client.send("POST", "/v1/chat/completions", "", body(2).as_bytes());
    go.send(()).unwrap();
    assert_eq!(content(&client.answer()), "1");
    assert_eq!(content(&client.answer()), "2");

    let mut packet = String::new();
    for seed in 3..6 {
        let body = body(seed);
        packet += &format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
    }
    client.raw(packet);
    for seed in 3..6 {
        assert_eq!(content(&client.answer()), seed.to_string());
    }
}

#[test]
fn text_that_was_held_back_is_not_lost_when_a_stream_breaks() {
    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        connection.chunk(b"Hello I");
        connection.close();
    });
    let said = said(&Server::before(&argo).chat(&streamed(json!({}))).body);
    assert_eq!((said.text.as_str(), said.error.is_some()), ("Hello I", true));

    let argo = Argo::start(|_, connection| {
        connection.stream_head();
        connection.chunk(b"IMPORTANT AUTHENTICATION NOTICE FROM ARGO \n\n ACCESS DENIED \n\nThe username");
        connection.close();
    });
    let answer = Server::before(&argo).chat(&streamed(json!({})));
    assert_eq!(
        (answer.status, &answer.error()["code"]),
        (403, &json!("argo_access_denied")),
        "what is certain is told"
    );
}

#[test]
fn an_error_event_ends_the_stream_and_the_call_at_once() {
    let (argo, told) = endless(|connection| {
        connection.stream_head();
        connection.chunk(b"abc\xff");
    });
    let server = Server::before(&argo);
    let answer = server.chat(&streamed(json!({})));
    assert!(answer.complete);
    let said = said(&answer.body);
    assert_eq!((said.text.as_str(), said.done, said.error.is_some()), ("abc", false, true));
    assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
}

#[test]
fn refusals_reach_clients_that_still_send() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let big = "x".repeat(1_000_000);
    for (path, headers, status) in [
        ("/chat/completions", "", 404),
        ("/v1/models", "", 405),
        ("/v1/chat/completions", "Content-Encoding: gzip\r\n", 415),
    ] {
        let answer = server.client().call("POST", path, headers, big.as_bytes());
        assert_eq!(answer.status, status, "{path}");
        let mut client = server.client();
        let small = client.call("POST", path, headers, &big.as_bytes()[..30_000]);
        assert_eq!((small.status, small.header("connection")), (status, Some("keep-alive")), "{path}");
        assert_eq!(client.get("/health").status, 200);
    }
    let mut client = server.client();
    let refused = client.post_chunked("/v1/chat/completions", chat("x", json!({"model": "nobody"})).as_bytes(), 10);
    assert_eq!((refused.status, refused.header("connection")), (404, Some("keep-alive")));
    assert_eq!(client.get("/health").status, 200);
    // A client that waits to be told to go on is not waited for.
    let mut client = server.client();
    let begun = Instant::now();
    client.raw(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n",
    );
    assert_eq!(client.answer().status, 413);
    assert!(client.is_closed() && begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn broken_framing_is_the_clients_fault() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    client.raw("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(client.answer().status, 400);
    let document = chat(&"x".repeat(100_000), json!({}));
    let garbage = document + &" ".repeat(70_000) + "garbage";
    assert_eq!(server.client().post_chunked("/v1/chat/completions", garbage.as_bytes(), 50_000).status, 400);
}

#[test]
fn odd_statuses_of_argo_are_502() {
    let scripts: [fn(&Recorded, &mut Connection); 2] = [
        |_, connection| {
            connection.raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        },
        |_, connection| connection.raw(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    ];
    for script in scripts {
        let argo = Argo::start(script);
        let answer = Server::before(&argo).chat(&chat("x", json!({})));
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(answer.status == 502 && !message.contains("redirects"), "{message}");
    }
}

#[test]
fn an_empty_stream_is_not_cached_either() {
    let argo = Argo::start(|_, connection| connection.whole(200, "", b""));
    let answer = Server::before(&argo).chat(&streamed(json!({})));
    assert_eq!((answer.header("cache-control"), answer.header("x-accel-buffering")), (Some("no-cache"), Some("no")));
}

#[test]
fn a_canned_request_stays_what_it_is() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client: Client = server.client();
    assert_eq!(client.call("GET", "/v1/status", "", chat("mine", json!({})).as_bytes()).status, 200);
    assert_eq!(argo.request().json()["messages"][0]["content"], "Say hello");
    assert_eq!(client.get("/health").status, 200);
}
