//! Requests on a connection, through pingora's parser: however the bytes are cut, they are the same requests, and what could be
//! read as two ends the connection.

use super::{Target, knob, pieces, seeds};
use http::{HeaderMap, Method, header};
use pingora::protocols::http::v1::server::HttpSession;
use std::cell::RefCell;
use tokio::io::AsyncWriteExt;
use tokio::runtime::{Builder, Runtime};

pub const HEADS: Target = Target {
    name: "heads",
    usual: 8_000,
    seeds: connections,
    words: &[
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "Content-Length: ",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "transfer-encoding: identity, chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "0\r\n\r\n",
        "5\r\nhello\r\n",
        "Connection: close\r\n",
        "Connection: keep-alive\r\n",
        "Host: b\r\n",
        " HTTP/1.0",
        " HTTP/1.1",
        "HTTP/1.1",
        "GET / ",
        "POST ",
        "Expect: 100-continue\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n",
        ";a=b",
        "+5",
        "0x5",
        "5, 5",
        " ",
        "\t",
        "\0",
        "http://a/",
        "CONNECT a:1 ",
        "\x0b",
        ":",
    ],
    run: heads,
};

/// What begins each of the connections.
const HEAD: &str = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n";

fn connections() -> Vec<Vec<u8>> {
    let next = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut all: Vec<Vec<u8>> = seeds::requests("openai_completions")
        .iter()
        .map(|body| {
            [format!("{HEAD}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body, next.as_bytes()].concat()
        })
        .collect();
    let rests = [
        "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-A: b\r\n\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "Content-Length: 5, 5\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Content-Length: +5\r\n\r\nhello",
        "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        "\r\n",
        "Connection: close\r\n\r\n",
    ];
    all.extend(rests.map(|rest| format!("{HEAD}{rest}{next}").into_bytes()));
    seeds::behind(b'A'..=b'Z', all)
}

/// A request as it was read.
#[derive(Debug, PartialEq)]
struct Received {
    method: Method,
    path: Vec<u8>,
    headers: HeaderMap,
    /// None if it was broken.
    body: Option<Vec<u8>>,
    /// True if more requests may follow.
    keeps: bool,
}

thread_local! {
    static RUNTIME: RefCell<Runtime> = RefCell::new(Builder::new_current_thread().build().unwrap());
}

/// All requests of a connection, and true if one was refused after them.
type Connection = (Vec<Received>, bool);

/// Reads all requests of a connection whose bytes come in these pieces.
fn received(pieces: &[&[u8]]) -> Connection {
    RUNTIME.with_borrow(|runtime| runtime.block_on(connection(pieces)))
}

async fn connection(pieces: &[&[u8]]) -> Connection {
    // Each piece is read before the next one is written, since the pipe holds no more.
    let size = pieces.iter().map(|piece| piece.len()).max().unwrap_or(0).max(1);
    let (mut client, server) = tokio::io::duplex(size);
    let write = async {
        for piece in pieces {
            if client.write_all(piece).await.is_err() {
                break;
            }
        }
        drop(client.shutdown().await);
        client
    };
    let read = async {
        let mut all = Vec::new();
        let (mut stream, mut prefix): (pingora::protocols::Stream, _) = (Box::new(server), None);
        loop {
            let mut session = HttpSession::new(stream);
            session.set_read_timeout(None);
            session.set_pipelining_enabled(true);
            if let Some(prefix) = prefix.take() {
                session.set_pipelined_prefix(prefix);
            }
            match session.read_request().await {
                Ok(Some(_)) => {}
                Ok(None) => return (all, false),
                Err(_) => return (all, true),
            }
            let body = body(&mut session).await;
            let head = session.req_header();
            let (method, path) = (head.method.clone(), head.raw_path().to_vec());
            let (headers, keeps) = (head.headers.clone(), body.is_some() && session.will_keepalive());
            all.push(Received { method, path, headers, body, keeps });
            match session.reuse().await {
                Ok(Some(reused)) if keeps => (stream, prefix) = reused.into_parts(),
                _ => return (all, false),
            }
        }
    };
    // The writer ends when the reader has dropped its side, or has read everything.
    let (all, _) = tokio::join!(read, write);
    all
}

async fn body(session: &mut HttpSession) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = session.read_body_bytes().await.ok()? {
        body.extend_from_slice(&piece);
    }
    Some(body)
}

fn heads(input: &[u8]) {
    let (knob, bytes) = knob(input);
    let (whole, refused) = received(&[bytes]);
    let (cut, cut_refused) = received(&pieces(knob, bytes));
    // pingora escapes a path that is not written as one if it has the whole line, and refuses the request if not.
    if !cut_refused {
        assert_eq!(refused, cut_refused);
    }
    let is_same = if cut_refused { whole.starts_with(&cut) } else { whole == cut };
    assert!(is_same, "{whole:?} and {cut:?}");
    for request in &whole {
        let lengths: Vec<_> = request.headers.get_all(header::CONTENT_LENGTH).iter().collect();
        let codings: Vec<_> = request.headers.get_all(header::TRANSFER_ENCODING).iter().collect();
        // One framing, and not both.
        assert!(lengths.is_empty() || codings.is_empty());
        let Some(body) = &request.body else { continue };
        for length in lengths.iter().flat_map(|value| value.to_str().unwrap().split(',')) {
            assert_eq!(length.trim().parse::<usize>().unwrap(), body.len());
            assert!(length.trim().bytes().all(|byte| byte.is_ascii_digit()), "{length}");
        }
        assert!(!lengths.is_empty() || !codings.is_empty() || body.is_empty());
        if let Some(last) = codings.last() {
            let last = last.to_str().unwrap().rsplit(',').next().unwrap().trim().to_ascii_lowercase();
            assert_eq!(last, "chunked");
        }
        for (name, value) in &request.headers {
            assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{name}");
        }
    }
}
