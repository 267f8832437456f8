//! Clients that send or read nothing, or one byte now and then: they hold little, and not for long.

use crate::reload::until;
use crate::support::{Argo, Client, Server, Setup, chat};
use serde_json::json;
use std::time::{Duration, Instant};

const CHAT: &str = "/v1/chat/completions";

fn hasty(argo: &Argo, lines: &str) -> Server {
    Setup::before(argo).config(lines).start()
}

/// Resident memory in MiB: now (`VmRSS:`), or at most until now (`VmHWM:`).
fn memory(server: &Server, what: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

#[test]
fn a_head_that_does_not_end_is_given_up_though_a_byte_comes_now_and_then() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "head_timeout: 0.3");
    let mut dripping = server.client();
    let begun = Instant::now();
    dripping.raw("GET /health HTTP/1.1\r\n");
    while dripping.try_raw("X") {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(begun.elapsed() > Duration::from_millis(290));
    until("the log", || server.log().contains("head_timeout"));
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn an_idle_connection_is_closed_in_time_and_serves_until_then() {
    let argo = Argo::saying("Hi");
    for threads in [1, 2] {
        let server = hasty(&argo, &format!("keepalive_timeout: 0.5\nnum_workers: {threads}"));
        let mut silent = server.client();
        let mut kept = server.client();
        assert_eq!((kept.get("/health").status, kept.get("/health").status), (200, 200));
        assert!(silent.is_closed() && kept.is_closed());
    }
}

#[test]
fn a_body_that_comes_too_slowly_is_refused() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "body_timeout: 0.3");
    for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut client = server.client();
        client.raw(format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n"));
        let answer = client.answer();
        assert_eq!(answer.status, 408);
        assert!(answer.error()["message"].as_str().unwrap().contains("body_timeout"));
    }
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
}

#[test]
fn a_body_that_drips_is_refused_though_a_byte_comes_now_and_then() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "body_timeout: 0.4");
    for (framing, drop) in [("Content-Length: 1000000", " "), ("Transfer-Encoding: chunked", "1\r\n \r\n")] {
        let mut client = server.client();
        let begun = Instant::now();
        client.raw(format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n"));
        while !client.has_bytes(Duration::from_millis(20)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{framing}: it waits for as long as something comes");
            client.try_raw(drop);
        }
        assert!(begun.elapsed() > Duration::from_millis(390));
        let answer = client.answer();
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("body_timeout"), "{answer:?}");
    }
    until("its lines", || server.log().matches("ended_by=client").count() == 2);
    assert!(argo.requests().is_empty());
}

/// A body in one chunk, and the first bytes of its end.
fn without_last_chunk(body: &str) -> String {
    let length = body.len();
    format!(
        "POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\nX: "
    )
}

#[test]
fn the_end_of_a_chunked_body_has_the_clock_of_the_body_however_it_drips() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "body_timeout: 0.4");
    // One call and several; bodies that pingora can replay, and larger ones.
    for (size, more) in [(10, json!({})), (10, json!({"n": 2})), (100_000, json!({})), (100_000, json!({"n": 2}))] {
        let mut body = more;
        body["model"] = json!("argo:gpt-4o-latest");
        let mut client = server.client();
        client.raw(without_last_chunk(&chat(&"x".repeat(size), body)));
        let is_given_up = (0..800).any(|_| {
            client.try_raw("x");
            client.has_bytes(Duration::from_millis(20))
        });
        assert!(is_given_up, "{size}: it waits for as long as something comes");
        let answer = client.answer();
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("body_timeout"), "{answer:?}");
    }
    until("its lines", || server.log().matches("ended_by=client").count() == 4);
    assert!(argo.requests().is_empty());
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
}

#[test]
fn a_head_above_its_limit_is_refused_in_openais_form() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "max_head: 2KiB");
    let mut client = server.client();
    assert_eq!(client.call("GET", "/health", &format!("X-Long: {}\r\n", "x".repeat(1800)), b"").status, 200);
    let answer = client.call("GET", "/health", &format!("X-Long: {}\r\n", "x".repeat(2100)), b"");
    assert_eq!((answer.status, answer.error()["code"].as_str()), (431, Some("head_too_large")));
    assert!(answer.error()["message"].as_str().unwrap().contains("max_head (2048 bytes)"));
    assert_eq!(client.get("/health").status, 200);
}

/// More than the system buffers for a client on this machine.
const LARGE: usize = 24 << 20;

#[test]
fn who_does_not_read_a_large_answer_is_given_up_and_holds_little_until_then() {
    // Words: counting the tokens of one long run of letters takes a debug build half a minute.
    let argo = Argo::start(|_, connection| connection.says(&"a word ".repeat(LARGE / 7)));
    let server = hasty(&argo, "write_timeout: 1");
    let body = chat("x", json!({"model": "argo:gpt-4o-latest"}));
    let deaf: Vec<Client> = (0..2)
        .map(|_| {
            let mut client = server.client();
            client.send("POST", CHAT, "", body.as_bytes());
            client
        })
        .collect();
    until("both given up", || server.log().matches("reads too slowly").count() == 2);
    let peak = memory(&server, "VmHWM:");
    // An answer as it came, as text, and as the reply: three times its size for each, beside what the program has anyway.
    assert!(peak < 150 + 2 * 3 * (LARGE >> 20), "{peak} MiB");
    assert_eq!(server.get("/health").status, 200);
    drop(deaf);
}

#[test]
fn a_stream_whose_pieces_are_slow_is_none_of_a_slow_client() {
    let (argo, go) = Argo::halting();
    let server = hasty(&argo, "write_timeout: 0.2\nhead_timeout: 0.2\nkeepalive_timeout: 0.2\nbody_timeout: 0.2");
    let mut client = server.client();
    client.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    // Several looks of every clock go by.
    std::thread::sleep(Duration::from_millis(700));
    go.send(()).unwrap();
    let mut body = Vec::new();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        body.extend(piece);
    }
    assert_eq!(crate::support::said(&body).text, "ab");
}

#[test]
fn many_that_send_no_body_hold_little() {
    let argo = Argo::saying("Hi");
    let server = hasty(&argo, "body_timeout: 2\nverbose: false");
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    let before = memory(&server, "VmRSS:");
    let mut silent: Vec<Client> = (0..200)
        .map(|_| {
            let mut client = server.client();
            client.raw(format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000000\r\n\r\n{{"));
            client
        })
        .collect();
    for client in &mut silent {
        assert_eq!(client.answer().status, 408);
    }
    let grown = memory(&server, "VmRSS:").saturating_sub(before);
    assert!(grown < 40, "{grown} MiB for 200 connections");
}
