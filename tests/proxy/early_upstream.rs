//! Upstreams that answer before the request is sent, and those that say something before they answer.

use crate::support::{Answer, Argo, Server, Setup, chat, said};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CHAT: &str = "/v1/chat/completions";
const SIZES: [usize; 2] = [200, 10_000_000];

fn forms() -> [Value; 3] {
    [json!({}), json!({"stream": true}), json!({"n": 2})]
}

/// What an upstream does once it has answered the head of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It reads the body.
    Reads,
    /// It closes the connection, with the body unread.
    Closes,
    /// It keeps the connection, and reads nothing.
    Waits,
}

/// An upstream that answers a request as soon as its head is there; and how many requests it got.
fn early(answer: fn(bool) -> String, then: Then) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let counter = counter.clone();
            std::thread::spawn(move || serve(stream, answer, then, &counter));
        }
    });
    (address, asked)
}

fn serve(stream: TcpStream, answer: fn(bool) -> String, then: Then, asked: &AtomicUsize) {
    let mut reader = BufReader::with_capacity(256, stream);
    loop {
        let (mut length, mut streamed, mut line) = (0, false, String::new());
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            streamed |= line.contains("/streamchat/");
            let counted = line.to_ascii_lowercase();
            length = counted.strip_prefix("content-length: ").map_or(length, |text| text.trim().parse().unwrap());
            line.clear();
        }
        if length == 0 {
            return;
        }
        asked.fetch_add(1, Ordering::SeqCst);
        // The proxy may have left.
        let _ = reader.get_mut().write_all(answer(streamed).as_bytes());
        match then {
            Then::Closes => return,
            Then::Reads => drop(std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())),
            // It stays open for as long as the test runs.
            Then::Waits => return std::mem::forget(reader),
        }
    }
}

fn fine(streamed: bool) -> String {
    let body = if streamed { "Hi" } else { "{\"response\":\"Hi\"}" };
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn too_large(_: bool) -> String {
    let body = "{\"detail\":\"too large\"}";
    format!("HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn text_of(answer: &Answer, more: &Value) -> String {
    if more["stream"] == true {
        return said(&answer.body).text;
    }
    answer.json()["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}

fn body(size: usize, more: &Value) -> String {
    let mut more = more.clone();
    // Nobody counts its tokens.
    more["metadata"] = json!("x".repeat(size));
    chat("x", more)
}

#[test]
fn an_answer_that_comes_before_the_body_is_sent_is_the_answer() {
    for then in [Then::Reads, Then::Waits, Then::Closes] {
        for (answer, status) in [(fine as fn(bool) -> String, 200), (too_large, 413)] {
            let (address, asked) = early(answer, then);
            let server = Setup::before_address(address)
                .config(&format!("timeout: {}", if then == Then::Waits { 2 } else { 30 }))
                .start();
            let mut calls = 0;
            for (size, more) in SIZES.into_iter().flat_map(|size| forms().map(|more| (size, more))) {
                let begun = Instant::now();
                let mut client = server.client();
                client.send("POST", CHAT, "", body(size, &more).as_bytes());
                let told = client.try_answer().unwrap_or_else(|| panic!("no answer: {then:?} {status} {size} {more}"));
                let what = format!(
                    "{then:?} {status} {size} {more}: {:?}",
                    (told.status, String::from_utf8_lossy(&told.body))
                );
                assert!(told.complete && begun.elapsed() < Duration::from_secs(15), "{what}");
                calls += if more["n"] == 2 { 2 } else { 1 };
                assert!(asked.load(Ordering::SeqCst) <= calls, "nothing is sent twice: {what}");
                let is_large = size > SIZES[0];
                // The system drops what has arrived on a connection that is reset. And who does not read a body that is larger
                // than the system's buffers keeps the proxy from reading, until the call's time is up.
                let may_fail = (then == Then::Closes && told.status == 502)
                    || (then == Then::Waits && is_large && told.status == 504);
                if may_fail {
                    told.error();
                } else if status == 200 {
                    assert_eq!(told.status, 200, "{what}");
                    assert_eq!((told.status, text_of(&told, &more).as_str()), (200, "Hi"), "{what}");
                } else {
                    assert_eq!((told.status, &told.error()["message"]), (413, &json!("too large")), "{what}");
                }
                if told.header("connection") == Some("keep-alive") {
                    assert_eq!(client.get("/livez").status, 200, "{what}");
                }
            }
        }
    }
}

#[test]
fn interim_heads_before_an_answer_are_passed_over() {
    const INTERIM: [&str; 4] = [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
        "HTTP/1.1 199 Odd\r\nContent-Length: 5\r\n\r\n",
    ];
    let argo = Argo::start(|request, connection| {
        let text = request.json()["messages"][0]["content"].as_str().unwrap().to_owned();
        let (kind, times) = text.split_once(' ').unwrap();
        for _ in 0..times.parse().unwrap() {
            connection.raw(INTERIM[kind.parse::<usize>().unwrap()].as_bytes());
        }
        if request.path.contains("stream") { connection.streams(&[b"Hi"]) } else { connection.says("Hi") }
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    for kind in 0..INTERIM.len() {
        for (times, more) in [1, 2_000].into_iter().flat_map(|times| forms().map(|more| (times, more))) {
            let told = client.post(CHAT, &chat(&format!("{kind} {times}"), more.clone()));
            assert_eq!((told.status, text_of(&told, &more).as_str()), (200, "Hi"), "{kind} {times} {more}");
            assert_eq!(told.header("link"), None);
        }
    }
}

#[test]
fn interim_heads_without_end_are_given_up_in_time() {
    let argo = Argo::start(|_, connection| {
        while connection.is_open() {
            connection.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n");
        }
    });
    let server = Setup::before(&argo).config("timeout: 1").start();
    for more in forms() {
        let begun = Instant::now();
        let told = server.chat(&chat("x", more.clone()));
        assert_eq!((told.status, told.error()["code"].as_str()), (504, Some("timeout")), "{more}: {told:?}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{more}");
    }
    assert_eq!(server.get("/livez").status, 200);
}
