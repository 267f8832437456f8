//! How answers travel: pieces, pauses, compression, and connections that end too early.

use std::io::Read;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use argo_stand_in::{CHAT_PATH, EMBED_PATH, Options, STREAM_CHAT_PATH};
use serde_json::Value;

use super::client::*;

fn gunzip(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn streams_come_in_pieces_that_may_cut_characters() {
    let served = serve(Options { piece_size: 1, ..Options::default() });
    let answer = stream(&served, "emoji");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(answer.complete && answer.pieces.iter().all(|piece| piece.len() == 1));
    for length in 1..=4 {
        assert!(answer.text().chars().any(|c| c.len_utf8() == length));
    }
    let sixteen = stream(&serve(Options::default()), "lorem 50");
    let (last, others) = sixteen.pieces.split_last().unwrap();
    assert!(last.len() <= 16 && others.iter().all(|piece| piece.len() == 16));
    assert_eq!(sixteen.text().split(' ').count(), 50);
}

#[test]
fn time_passes_as_asked() {
    let served = serve(Options {
        latency: Duration::from_millis(40),
        piece_delay: Duration::from_millis(5),
        ..Options::default()
    });
    let start = Instant::now();
    let pieces = stream(&served, "lorem 20").pieces.len() as u32;
    assert!(start.elapsed() >= Duration::from_millis(40) + Duration::from_millis(5) * (pieces - 1));
    let start = Instant::now();
    assert!(chat(&served, "slow 30").complete);
    assert!(start.elapsed() >= Duration::from_millis(70));
}

#[test]
fn hanging_ends_when_the_client_leaves() {
    let served = serve(Options::default());
    for (path, body) in
        [(CHAT_PATH, chat_body("hang")), (STREAM_CHAT_PATH, chat_body("hang")), (EMBED_PATH, embed_body("hang"))]
    {
        let mut client = Client::connect(&served);
        let length = body.len();
        client.send(&format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}"));
        client.0.get_mut().shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.rest(), b"");
    }
}

#[test]
fn connections_are_cut_as_asked() {
    let served = serve(Options::default());
    for (prompt, pieces) in [("cut 0", 0), ("cut 5", 5), ("cut", 3)] {
        let answer = stream(&served, prompt);
        assert!(answer.status == 200 && !answer.complete);
        assert_eq!(answer.pieces.len(), pieces);
    }
    let answer = chat(&served, "cut");
    assert!(answer.status == 200 && !answer.complete && !answer.body.is_empty());

    let answer = stream(&served, "cut character");
    assert!(answer.complete);
    assert_eq!(std::str::from_utf8(&answer.body).unwrap_err().error_len(), None);
}

#[test]
fn gzip_comes_unasked() {
    let served = serve(Options::default());
    let answer = chat(&served, "gzip");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let body: Value = serde_json::from_str(&gunzip(&answer.body)).unwrap();
    assert!(body["response"].as_str().unwrap().starts_with("lorem ipsum"));
    let answer = stream(&served, "gzip");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.complete && answer.pieces.len() > 3);
    assert_eq!(Value::from(gunzip(&answer.body)), body["response"]);
}
