//! Requests that are meant to be read in two ways, and others that no honest program sends: each gives exactly one clean request
//! upstream, or a refusal.

use crate::reload::until;
use crate::support::{Argo, Server, Setup, caller, chat};
use serde_json::{Value, json};

pub const CHAT: &str = "/v1/chat/completions";

/// What is sent behind each of them. Its answer shows where the proxy saw the end of what came before.
const NEXT: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A request with these headers and this framed body.
fn post(headers: &str, framed: &str) -> Vec<u8> {
    format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{framed}").into_bytes()
}

fn body() -> String {
    chat("x", json!({}))
}

/// A body of one chunk, whose size line is `size` and `extension`.
fn chunk(size: &str, extension: &str, body: &str) -> String {
    format!("{size}{extension}\r\n{body}\r\n0\r\n\r\n")
}

fn hex(text: &str) -> String {
    format!("{:x}", text.len())
}

/// The statuses of all answers to these bytes and the request behind them, and how many calls were made.
pub fn came_of(server: &Server, argo: &Argo, bytes: &[u8]) -> (Vec<u16>, usize) {
    let before = argo.requests().len();
    let mut client = server.client();
    // The proxy may refuse and close before everything is sent.
    client.try_raw([bytes, NEXT.as_bytes()].concat());
    let mut statuses = Vec::new();
    while let Some(answer) = client.try_answer() {
        assert!(answer.complete, "{answer:?}");
        if answer.status >= 400 && !answer.body.is_empty() {
            answer.error();
        }
        statuses.push(answer.status);
    }
    let calls = argo.requests();
    for call in &calls[before..] {
        assert_eq!(call.json()["messages"], json!([{"role": "user", "content": "x"}]));
        assert_eq!((call.header("transfer-encoding"), call.header("upgrade")), (None, None));
    }
    (statuses, calls.len() - before)
}

/// The statuses of all answers, and how many calls were made.
type Outcome = (&'static [u16], usize);

/// Both requests are read as they were meant, each once.
const BOTH: Outcome = (&[200, 200], 1);
/// The first is read, and the connection ends behind it.
const FIRST: Outcome = (&[200], 1);
/// The first is refused, and the connection ends.
const REFUSED: Outcome = (&[400], 0);

fn check(cases: Vec<(&str, Vec<u8>, Outcome)>) {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for (name, bytes, (statuses, calls)) in cases {
        assert_eq!(came_of(&server, &argo, &bytes), (statuses.to_vec(), calls), "{name}");
    }
    assert_eq!(server.chat(&body()).status, 200);
}

#[test]
fn two_framings_are_one_or_none() {
    let body = body();
    let (length, size) = (format!("Content-Length: {}\r\n", body.len()), hex(&body));
    let chunked = chunk(&size, "", &body);
    let te = "Transfer-Encoding: chunked\r\n";
    check(vec![
        // The chunks count, as RFC 9112 6.3 says, and the connection ends since its client may mean something else.
        ("CL and TE", post(&format!("Content-Length: 5\r\n{te}"), &chunked), FIRST),
        ("TE and CL", post(&format!("{te}Content-Length: 5\r\n"), &chunked), FIRST),
        ("TE and a length that is too large", post(&format!("{te}Content-Length: 99999\r\n"), &chunked), FIRST),
        ("TE of another case and CL", post(&format!("{length}transfer-encoding: Chunked\r\n"), &chunked), FIRST),
        ("TE that is not chunked", post(&format!("{length}Transfer-Encoding: xchunked\r\n"), &body), REFUSED),
        ("TE in which chunked is not last", post("Transfer-Encoding: chunked, identity\r\n", &chunked), REFUSED),
        ("two TEs", post(&format!("{te}Transfer-Encoding: identity\r\n"), &chunked), REFUSED),
        ("TE with a space before its colon", post("Transfer-Encoding : chunked\r\n", &chunked), REFUSED),
        ("two CLs that are the same", post(&format!("{length}{length}"), &body), BOTH),
        ("a list of the same", post(&format!("Content-Length: {0}, {0}\r\n", body.len()), &body), BOTH),
        ("two CLs", post(&format!("{length}Content-Length: 5\r\n"), &body), REFUSED),
        ("a list of two", post(&format!("Content-Length: 5, {}\r\n", body.len()), &body), REFUSED),
        ("a CL with a sign", post(&format!("Content-Length: +{}\r\n", body.len()), &body), REFUSED),
        ("a negative CL", post("Content-Length: -1\r\n", &body), REFUSED),
        ("a CL in hexadecimal", post("Content-Length: 0x10\r\n", &body), REFUSED),
        ("an endless CL", post("Content-Length: 99999999999999999999999\r\n", &body), REFUSED),
    ]);
}

#[test]
fn chunks_are_what_they_say_or_the_end() {
    let body = body();
    let size = hex(&body);
    let te = "Transfer-Encoding: chunked\r\n";
    check(vec![
        ("an extension", post(te, &chunk(&size, ";a=b;c=\"d\"", &body)), BOTH),
        ("a trailer", post(te, &format!("{size}\r\n{body}\r\n0\r\nX-A: b\r\n\r\n")), BOTH),
        ("leading zeros", post(te, &chunk(&format!("000{size}"), "", &body)), BOTH),
        ("a size beyond 64 bits", post(te, &chunk("fffffffffffffffff", "", &body)), REFUSED),
        ("a size with a sign", post(te, &chunk(&format!("+{size}"), "", &body)), REFUSED),
        ("a size with 0x", post(te, &chunk(&format!("0x{size}"), "", &body)), REFUSED),
        // That is read as the last chunk, and what follows it as trailers: there is no body.
        ("no size", post(te, &chunk("", "", &body)), (&[400, 200], 0)),
        ("a chunk that is longer than it says", post(te, &chunk("2", "", &body)), REFUSED),
    ]);
}

#[test]
fn heads_are_what_they_say_or_nothing() {
    let body = body();
    let length = format!("Content-Length: {}\r\n", body.len());
    let with = |line: &str| post(&format!("{length}{line}"), &body);
    let bare = String::from_utf8(with("")).unwrap().replace("\r\n", "\n").into_bytes();
    let target = |line: &str, more: &str| format!("{line} HTTP/1.1\r\n{more}{length}\r\n{body}").into_bytes();
    let many: String = (0..300).map(|number| format!("X-{number}: y\r\n")).collect();
    check(vec![
        ("a folded line", with("X-A: b\r\n c\r\n"), REFUSED),
        ("a folded length", post(&format!("Content-Length:\r\n {}\r\n", body.len()), &body), REFUSED),
        ("lines that end with LF alone", bare, BOTH),
        ("a CR alone", with("X-A: b\rX-B: c\r\n"), REFUSED),
        ("a NUL", with("X-A: b\0c\r\n"), REFUSED),
        ("a name with a space", with("X A: b\r\n"), REFUSED),
        ("no name", with(": b\r\n"), REFUSED),
        ("too many headers", with(&many), REFUSED),
        ("bytes behind the body", [with(""), b"GARBAGE\r\n\r\n".to_vec()].concat(), (&[200, 400], 1)),
        ("absolute form", target(&format!("POST http://localhost{CHAT}"), "Host: localhost\r\n"), BOTH),
        (
            "absolute form of another host",
            target(&format!("POST http://evil.test{CHAT}"), "Host: localhost\r\n"),
            REFUSED,
        ),
        ("authority form", b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n".to_vec(), (&[405], 0)),
        (
            "another HTTP",
            format!("POST {CHAT} HTTP/3.0\r\nHost: localhost\r\n{length}\r\n{body}").into_bytes(),
            REFUSED,
        ),
    ]);
}

#[test]
fn a_head_above_what_is_read_at_all_is_refused_in_openais_form() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    for size in [1 << 20, 2 << 20] {
        let mut client = server.client();
        client.try_raw(format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(size)));
        let answer = client.answer();
        assert_eq!((answer.status, answer.error()["code"].as_str()), (431, Some("head_too_large")), "{answer:?}");
        assert!(client.is_closed());
    }
    let mut client = server.client();
    client.raw("nonsense\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, answer.error()["type"].as_str()), (400, Some("invalid_request_error")));
}

#[test]
fn an_upgrade_is_refused_where_it_is_websocket_and_else_ignored() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let body = body();
    let headers = "Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for (method, path) in [("GET", CHAT), ("POST", CHAT), ("GET", "/v1/status"), ("POST", "/v1/embeddings")] {
        let answer = server.client().call(method, path, headers, if method == "POST" { body.as_bytes() } else { b"" });
        assert_eq!((answer.status, answer.error()["code"].as_str()), (426, Some("websocket_not_served")), "{path}");
    }
    assert!(argo.requests().is_empty());
    // Who may not call learns nothing of what is served.
    let keys = Setup::before(&argo).callers(&[caller("ann", "ann-key", "")]).start();
    for path in [CHAT, "/v1/status", "/nothing"] {
        assert_eq!(keys.client().call("GET", path, headers, b"").status, 401, "{path}");
    }
    // As Java's client offers it.
    let headers = format!(
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nContent-Length: {}\r\n",
        body.len()
    );
    assert_eq!(came_of(&server, &argo, &post(&headers, &body)), (vec![200, 200], 1));
}

/// A value in as many lists as there are.
fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn deep_and_odd_json_is_passed_on_or_refused() {
    const LEVELS: usize = 200_000;
    let argo = Argo::start(|request, connection| {
        // Its JSON is too deep for a tree.
        if String::from_utf8_lossy(&request.body).contains("deep answer") {
            connection.json(200, &format!("{{\"response\": {}}}", nested(LEVELS)));
        } else {
            connection.says("Hi");
        }
    });
    let server = Server::before(&argo);
    let deep = nested(LEVELS);
    let with =
        |field: &str| format!(r#"{{"model":"argo:gpt-4o","messages":[{{"role":"user","content":"x"}}],{field}}}"#);
    for (body, status) in [
        (deep.clone(), 400),
        (with(&format!("\"metadata\":{deep}")), 200),
        (with(&format!("\"tools\":{deep}")), 400),
        (with(&format!("\"stop\":{deep}")), 200),
        (with(&format!("\"model\":{deep}")), 400),
        (format!(r#"{{"messages":[{{"role":"user","content":{deep}}}]}}"#), 200),
        (format!(r#"{{"messages":{deep}}}"#), 400),
        ("{\"a\":".repeat(LEVELS), 400),
    ] {
        for answer in [server.chat(&body), server.client().post_chunked(CHAT, body.as_bytes(), 60_000)] {
            assert_eq!(answer.status, status, "{}", &body[..body.len().min(100)]);
        }
    }
    let answer = server.chat(&chat("deep answer", json!({})));
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
}

#[test]
fn huge_numbers_and_nuls_are_refused_or_go_up_as_they_came() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let ask = |fields: &str| {
        server.chat(&format!(r#"{{"model":"argo:gpt-4o","messages":[{{"role":"user","content":"x"}}],{fields}}}"#))
    };
    let digits = "9".repeat(100_000);
    for field in ["n", "max_tokens", "timeout"] {
        for number in [&digits, "1e999999999", "-1e999999999", "18446744073709551616", "-1"] {
            let answer = ask(&format!("\"{field}\":{number}"));
            assert_eq!(answer.status, 400, "{field} {}", &number[..number.len().min(20)]);
        }
    }
    assert!(argo.requests().is_empty());
    assert_eq!(ask(&format!("\"seed\":{digits}")).status, 200);
    assert!(String::from_utf8(argo.request().body).unwrap().contains(&format!("\"seed\":{digits}")));
    let before = argo.requests().len();
    assert_eq!(
        server.chat("{\"messages\":[{\"role\":\"user\",\"content\":\"a\0b\"}]}").status,
        400,
        "JSON has no NUL in a text"
    );
    assert_eq!(server.chat(&format!("{}\0", body())).status, 400);
    assert_eq!(argo.requests().len(), before);
    assert_eq!(server.chat(&chat("a\0b", json!({}))).status, 200, "but it may be escaped");
    assert_eq!(argo.requests().pop().unwrap().json()["messages"][0]["content"], "a\0b");
}

#[test]
fn a_message_has_at_most_128_calls_of_tools() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let call =
        |id: usize| json!({"id": format!("c{id}"), "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let ask = |calls: usize, model: &str| {
        let mut messages = vec![json!({"role": "user", "content": "x"})];
        let list: Vec<Value> = (0..calls).map(call).collect();
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": list}));
        messages.extend(
            (0..calls).rev().map(|id| json!({"role": "tool", "tool_call_id": format!("c{id}"), "content": "y"})),
        );
        server.chat(&json!({"model": model, "messages": messages}).to_string())
    };
    for model in ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"] {
        assert_eq!(ask(128, model).status, 200, "{model}");
        let answer = ask(129, model);
        assert_eq!((answer.status, &answer.error()["param"]), (400, &json!("messages[1].tool_calls")), "{answer:?}");
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("129 calls; at most 128"), "{message}");
    }
    assert_eq!(argo.requests().len(), 3);
}

#[test]
fn a_body_with_very_many_parts_holds_nobody_up() {
    // As many as a list may have, in many messages.
    const PARTS: usize = 99_999;
    const MESSAGES: usize = 150;
    let argo = Argo::saying("Hi");
    // One thread serves all. It would be busy with the parts, if they were searched there.
    let server = Setup::before(&argo).config("num_workers: 1").start();
    // The last part is refused, so that the search is all that is done.
    let last = r#"{"type":"image_url","image_url":{"url":"http://me:secret@a.test/"}}"#;
    let message = |last: &str| format!(r#"{{"role":"user","content":[{}{last}]}}"#, "1,".repeat(PARTS));
    let body = format!(r#"{{"messages":[{}{}]}}"#, format!("{},", message("1")).repeat(MESSAGES), message(last));
    let mut other = server.client();
    let mut client = server.client();
    client.send("POST", CHAT, "Content-Type: application/json\r\n", body.as_bytes());
    let mut served = 0;
    until("the answer", || {
        // A thread that searches answers none of the second ten.
        for _ in 0..10 {
            assert_eq!(other.get("/livez").status, 200);
            served += 1;
        }
        client.has_bytes(std::time::Duration::from_millis(1))
    });
    let answer = client.answer();
    assert!(answer.error()["message"].as_str().unwrap().contains("user name"), "{answer:?}");
    assert!(served > 10, "{served} others were served meanwhile");
}
