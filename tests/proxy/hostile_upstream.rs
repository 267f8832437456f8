//! Upstreams that answer what is no HTTP, or what could be read as two answers. A call gets one answer or a failure, and what is sent
//! beside it reaches nobody else.

use crate::support::{Answer, Argo, Server, Setup, chat, said};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";

/// An answer that no call asked for.
const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"response\":\"POISON\"}";

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The answer is taken, up to where HTTP says that it ends.
    Taken,
    /// The call has failed.
    Failed,
}
use Outcome::{Failed, Taken};

/// An answer of a hostile upstream: what makes it hostile, its bytes around a body, and what becomes of the call.
type Attack = (&'static str, fn(&str) -> String, Outcome);

/// A head with these lines, and a body.
fn with(lines: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}")
}

/// A head with a status line of its own, and a body.
fn line(line: &str, body: &str) -> String {
    format!("{line}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// The right length, with more lines.
fn length(body: &str, lines: &str) -> String {
    format!("Content-Length: {}\r\n{lines}", body.len())
}

/// A body of one chunk.
fn chunk(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
}

const TE: &str = "Transfer-Encoding: chunked\r\n";

/// Each of them goes on with an answer that nobody asked for.
fn attacks() -> Vec<Attack> {
    let framings: Vec<Attack> = vec![
        ("nothing but what follows", |b| with(&length(b, ""), b), Taken),
        ("two lengths", |b| with(&length(b, "Content-Length: 3\r\n"), b), Failed),
        ("two lengths, the other first", |b| with(&format!("Content-Length: 3\r\n{}", length(b, "")), b), Failed),
        ("the same length twice", |b| with(&length(b, &length(b, "")), b), Taken),
        ("a list of lengths", |b| with(&format!("Content-Length: 3, {}\r\n", b.len()), b), Failed),
        ("CL and TE", |b| with(&format!("Content-Length: 3\r\n{TE}"), &chunk(b)), Taken),
        ("TE and CL", |b| with(&format!("{TE}Content-Length: 3\r\n"), &chunk(b)), Taken),
        ("TE that is not chunked", |b| with(&length(b, "Transfer-Encoding: xchunked\r\n"), b), Failed),
        ("TE that ends in chunked", |b| with("Transfer-Encoding: gzip, chunked\r\n", &chunk(b)), Failed),
        ("TE in which chunked is not last", |b| with("Transfer-Encoding: chunked, identity\r\n", &chunk(b)), Failed),
        ("two TEs", |b| with(&format!("{TE}Transfer-Encoding: identity\r\n"), &chunk(b)), Failed),
        ("a negative length", |b| with("Content-Length: -1\r\n", b), Failed),
        ("a length with a sign", |b| with(&format!("Content-Length: +{}\r\n", b.len()), b), Failed),
        ("a length in hexadecimal", |b| with(&format!("Content-Length: 0x{:x}\r\n", b.len()), b), Failed),
        ("an endless length", |b| with("Content-Length: 99999999999999999999999\r\n", b), Failed),
        ("a length with a space", |b| with(&format!("Content-Length: {} 0\r\n", b.len()), b), Failed),
        ("a length with a space before its colon", |b| with(&format!("Content-Length : {}\r\n", b.len()), b), Taken),
        ("no status line", |b| format!("Content-Length: {}\r\n\r\n{b}", b.len()), Failed),
    ];
    let heads: Vec<Attack> = vec![
        ("a folded line", |b| with(&length(b, "X-A: b\r\n c\r\n"), b), Taken),
        ("a folded length", |b| with(&format!("Content-Length:\r\n {}\r\n", b.len()), b), Taken),
        ("a CR alone in a value", |b| with(&length(b, "X-A: b\rContent-Length: 3\r\n"), b), Failed),
        ("an LF alone in a value", |b| with(&length(b, "X-A: b\nX-B: c\r\n"), b), Taken),
        ("a NUL in a value", |b| with(&length(b, "X-A: b\0c\r\n"), b), Failed),
        ("a line without a colon", |b| with(&length(b, "nonsense\r\n"), b), Failed),
        ("a name with a space", |b| with(&length(b, "X A: b\r\n"), b), Failed),
        ("a line without a name", |b| with(&length(b, ": b\r\n"), b), Failed),
        ("a head of 2 MiB", |b| with(&length(b, &format!("X-A: {}\r\n", "x".repeat(2 << 20))), b), Failed),
        ("10,000 lines", |b| with(&length(b, &"X-A: b\r\n".repeat(10_000)), b), Failed),
        ("status 99", |b| line("HTTP/1.1 99 Low", b), Failed),
        ("status 1000", |b| line("HTTP/1.1 1000 High", b), Failed),
        ("status 000", |b| line("HTTP/1.1 000 None", b), Failed),
        ("a status of letters", |b| line("HTTP/1.1 2OO OK", b), Failed),
        ("a negative status", |b| line("HTTP/1.1 -200 OK", b), Failed),
        ("a status line without a status", |b| line("HTTP/1.1", b), Failed),
        ("another protocol", |b| line("ICY 200 OK", b), Failed),
        ("HTTP/3.0", |b| line("HTTP/3.0 200 OK", b), Failed),
        ("HTTP/0.9", |b| b.to_owned(), Failed),
        ("HTTP/2", |_| "\0\0\u{12}\u{4}\0\0\0\0\0\0\u{3}\0\0\0d".to_owned(), Failed),
        ("what a mail server says", |_| "220 mail.lab.gov ESMTP\r\n".to_owned(), Failed),
    ];
    let chunks: Vec<Attack> = vec![
        ("a chunk beyond 64 bits", |b| with(TE, &format!("fffffffffffffffff\r\n{b}\r\n0\r\n\r\n")), Failed),
        ("a chunk with a sign", |b| with(TE, &format!("+{:x}\r\n{b}\r\n0\r\n\r\n", b.len())), Failed),
        ("a negative chunk", |b| with(TE, &format!("-1\r\n{b}\r\n0\r\n\r\n")), Failed),
        ("a chunk with 0x", |b| with(TE, &format!("0x{:x}\r\n{b}\r\n0\r\n\r\n", b.len())), Failed),
        ("a chunk longer than it says", |b| with(TE, &format!("1\r\n{b}\r\n0\r\n\r\n")), Failed),
        ("an extension", |b| with(TE, &format!("{:x};a=\"\u{1}\"\r\n{b}\r\n0\r\n\r\n", b.len())), Taken),
        ("a trailer", |b| with(TE, &format!("{:x}\r\n{b}\r\n0\r\nContent-Length: 3\r\n\r\n", b.len())), Taken),
    ];
    [framings, heads, chunks].concat()
}

/// The bytes of an answer to a call that asked for a stream, or for a whole answer.
fn bytes(attack: &Attack, path: &str) -> String {
    let body = if path.contains("stream") { "Hi" } else { "{\"response\":\"Hi\"}" };
    attack.1(body) + POISON
}

/// An ARGO that answers the request of a text `attack N` by the attack of that number, and others by their own text. It closes the
/// connection behind each attack if `closes`.
fn attacker(closes: bool) -> Argo {
    let attacks = attacks();
    Argo::start(move |request, connection| {
        let text = request.json()["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
        let number = text.strip_prefix("attack ").and_then(|number| number.parse::<usize>().ok());
        match number {
            Some(number) => {
                connection.raw(bytes(&attacks[number], &request.path).as_bytes());
                if closes {
                    connection.close();
                }
            }
            None if request.path.contains("stream") => connection.streams(&[text.as_bytes()]),
            None => connection.says(&text),
        }
    })
}

/// What a reply says, or nothing if it is a failure, which has a form of its own.
fn text_of(answer: &Answer, streamed: bool) -> Option<String> {
    assert!(answer.complete, "{answer:?}");
    if answer.status != 200 {
        assert_eq!(answer.status, 502, "{}", String::from_utf8_lossy(&answer.body));
        answer.error();
        return None;
    }
    if streamed {
        let said = said(&answer.body);
        return said.error.is_none().then_some(said.text);
    }
    Some(answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned())
}

fn ask(server: &Server, text: &str, more: &Value) -> Option<String> {
    let mut client = server.client();
    client.send("POST", CHAT, "", chat(text, more.clone()).as_bytes());
    let answer = client.try_answer().unwrap_or_else(|| panic!("no answer: {text} {more}"));
    let allowed = ["x-request-id", "content-type", "content-length", "connection", "date", "cache-control"];
    let streams = ["transfer-encoding", "x-accel-buffering", "openai-processing-ms", "openai-version"];
    for (name, _) in &answer.headers {
        let name = name.to_ascii_lowercase();
        assert!(allowed.contains(&name.as_str()) || streams.contains(&name.as_str()), "{text}: {answer:?}");
    }
    // Nothing of what was sent beside it reached the client.
    if answer.header("connection") == Some("close") {
        assert!(client.is_closed(), "{text}");
    } else {
        assert_eq!(client.get("/livez").status, 200, "{text}");
    }
    text_of(&answer, more["stream"] == true)
}

#[test]
fn a_hostile_answer_is_one_answer_or_a_failure_and_spoils_no_other() {
    assert!(attacks().len() >= 40);
    for closes in [false, true] {
        let argo = attacker(closes);
        // One thread, and so one pool of connections.
        let server = Setup::before(&argo).config("num_workers: 1\ntimeout: 2").start();
        for (number, (name, _, outcome)) in attacks().iter().enumerate() {
            for more in [json!({}), json!({"stream": true}), json!({"n": 2})] {
                let hostile = ask(&server, &format!("attack {number}"), &more);
                let expected = (*outcome == Taken).then(|| "Hi".to_owned());
                assert_eq!(hostile, expected, "{name} {more} {closes}");
                for next in ["one", "two"] {
                    let honest = ask(&server, next, &more);
                    assert_eq!(honest.as_deref(), Some(next), "behind: {name} {more} {closes}");
                }
            }
        }
        assert_eq!(Server::get(&server, "/livez").status, 200);
    }
}
