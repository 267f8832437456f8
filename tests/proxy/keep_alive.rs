//! Silent streams: a comment at each silence, and the head before the first text once that takes long.

use crate::fallback::{thinking, thinks_or};
use crate::reload::until;
use crate::support::{Answer, Argo, Client, Connection, Server, Setup, chat, said};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

const COMMENT: &[u8] = b": the model is working\n\n";

/// What the scripted ARGO does once it is told to go on.
type Step = fn(&mut Connection);

fn streamed() -> String {
    chat("hi", json!({"stream": true}))
}

/// An ARGO that waits for a word before each of these steps.
fn stepwise(steps: Vec<Step>) -> (Argo, Sender<()>) {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |_, connection| {
        for step in &steps {
            gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
            step(connection);
        }
    });
    (argo, go)
}

/// A proxy whose heads wait no longer than a moment.
fn soon(argo: &Argo, more: &str) -> Server {
    Setup::before(argo).config(&format!("first_head: 0.3\n{more}")).start()
}

/// Sends a request and reads the head that comes before its text, with a first comment.
fn early(client: &mut Client, headers: &str, body: &str) -> Answer {
    client.send("POST", "/v1/chat/completions", headers, body.as_bytes());
    let head = client.head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream; charset=utf-8")), "{head:?}");
    assert_eq!(client.chunk().unwrap(), COMMENT);
    head
}

/// Reads the rest of a stream, without comments. It must end as HTTP wants it to.
fn rest(client: &mut Client) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let chunk = client.chunk().expect("the stream broke");
        if chunk.is_empty() {
            return body;
        }
        if chunk != COMMENT {
            body.extend_from_slice(&chunk);
        }
    }
}

#[test]
fn between_two_pieces_of_a_silent_stream_there_is_a_comment() {
    let (argo, go) = stepwise(vec![
        |connection| {
            connection.stream_head();
            connection.chunk(b"a");
        },
        |connection| connection.chunk(b"b"),
        |connection| {
            connection.chunk(b"c");
            connection.stream_end();
        },
    ]);
    let server = Server::before(&argo);
    let mut client = server.client();
    // The client gives up after five seconds, so it hears something after half of them.
    go.send(()).unwrap();
    client.send("POST", "/v1/chat/completions", "x-stainless-read-timeout: 5\r\n", streamed().as_bytes());
    assert_eq!(client.head().status, 200);
    let mut body = Vec::new();
    for _ in 0..2 {
        loop {
            let chunk = client.chunk().unwrap();
            if chunk == COMMENT {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        go.send(()).unwrap();
    }
    body.extend_from_slice(&rest(&mut client));
    let said = said(&body);
    assert_eq!((said.text.as_str(), said.done), ("abc", true));
    assert_eq!(client.get("/livez").status, 200, "the connection goes on");
}

#[test]
fn a_comment_is_no_sign_of_life_of_the_upstream() {
    let (argo, go) = stepwise(vec![
        |connection| {
            connection.stream_head();
            connection.chunk(b"a");
        },
        |_| {},
    ]);
    let server = Server::before(&argo);
    let mut client = server.client();
    go.send(()).unwrap();
    client.send("POST", "/v1/chat/completions", "x-stainless-read-timeout: 1\r\n", streamed().as_bytes());
    assert_eq!(client.head().status, 200);
    let answer = rest(&mut client);
    let said = said(&answer);
    assert_eq!((said.text.as_str(), &said.error.unwrap()["code"]), ("a", &json!("timeout")));
    drop(go);
}

#[test]
fn a_head_that_waits_for_its_text_goes_out_with_a_comment() {
    let (argo, go) = stepwise(vec![Connection::stream_head, |connection| {
        connection.chunk(b"ok");
        connection.stream_end();
    }]);
    let server = soon(&argo, "");
    let mut client = server.client();
    go.send(()).unwrap();
    client.send("POST", "/v1/chat/completions", "", streamed().as_bytes());
    let head = client.head();
    assert_eq!(head.status, 200);
    assert_eq!(client.chunk().unwrap(), COMMENT);
    go.send(()).unwrap();
    let said = said(&rest(&mut client));
    assert_eq!((said.text.as_str(), said.done, said.error), ("ok", true, None));
}

#[test]
fn without_a_head_of_the_upstream_the_stream_begins_all_the_same() {
    let (argo, go) = stepwise(vec![|connection| connection.streams(&[b"o", b"k"])]);
    let server = soon(&argo, "cors: { origins: [\"https://a.example\"] }\nserver_timing: true");
    let mut client = server.client();
    let headers = "x-request-id: mine\r\nOrigin: https://a.example\r\n";
    let head = early(&mut client, headers, &streamed());
    assert_eq!(head.header("x-request-id"), Some("mine"));
    assert_eq!(head.header("connection"), Some("close"));
    assert_eq!(head.header("access-control-allow-origin"), Some("https://a.example"));
    for name in ["date", "cache-control", "server-timing"] {
        assert!(head.header(name).is_some(), "{name}: {head:?}");
    }
    go.send(()).unwrap();
    let said = said(&rest(&mut client));
    assert_eq!((said.text.as_str(), said.done, said.error), ("ok", true, None));
    assert!(client.is_closed());
    until("its line", || server.log().contains("POST /v1/chat/completions 200 "));
}

#[test]
fn every_failure_after_an_early_head_is_an_event() {
    let steps: [(&str, Step, u64, &str); 6] = [
        ("an error", |connection| connection.json(429, r#"{"error":{"message":"slow down"}}"#), 0, "slow down"),
        ("a page", |connection| connection.whole(200, "Content-Type: text/html\r\n", b"<html>"), 0, "web page"),
        ("nothing", |connection| connection.close(), 0, "closed"),
        (
            "a head and nothing",
            |connection| {
                connection.stream_head();
                connection.close();
            },
            0,
            "",
        ),
        ("no text", |connection| connection.streams(&[b"\xff\xfe"]), 0, ""),
        ("too much time", |connection| assert!(connection.left()), 1, "did not answer within"),
    ];
    for (name, step, timeout, message) in steps {
        let (argo, go) = stepwise(vec![step]);
        let server = soon(&argo, if timeout > 0 { "timeout: 1" } else { "" });
        let mut client = server.client();
        early(&mut client, "", &streamed());
        go.send(()).unwrap();
        let said = said(&rest(&mut client));
        let error = said.error.unwrap_or_else(|| panic!("{name}: no error"));
        assert!(error["message"].as_str().unwrap().contains(message), "{name}: {error}");
        assert_eq!((said.text.as_str(), said.done), ("", false), "{name}");
        assert!(client.is_closed(), "{name}");
        until("its line", || server.log().contains("POST /v1/chat/completions 200 "));
    }
}

#[test]
fn a_client_that_leaves_after_an_early_head_ends_the_call() {
    let (argo, is_asked, is_left) = Argo::silent();
    let server = soon(&argo, "");
    let mut client = server.client();
    early(&mut client, "", &streamed());
    is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(client);
    assert!(is_left.recv_timeout(Duration::from_secs(20)).unwrap());
    until("its line", || server.log().contains("POST /v1/chat/completions"));
    assert_eq!(server.get("/livez").status, 200);
}

#[test]
fn the_next_upstream_goes_on_where_the_head_is_out() {
    for (name, step) in [
        ("no endpoint", (|connection| connection.json(404, r#"{"detail":"Not Found"}"#)) as Step),
        ("a page", |connection| connection.whole(200, "Content-Type: text/html\r\n", b"<html>log in</html>")),
    ] {
        for answers in [true, false] {
            let (first, go) = stepwise(vec![step]);
            let second = Argo::start(move |_, connection| match answers {
                true => connection.streams(&[b"sec", b"ond"]),
                false => connection.json(500, r#"{"error":{"message":"broken"}}"#),
            });
            let url = |argo: &Argo| format!("http://{}/", argo.address);
            let (first_url, second_url) = (url(&first), url(&second));
            let table = format!(
                "version: 1
upstreams:
  first: {{ url: \"{first_url}\", stream_url: \"{first_url}\", dialect: argo }}
  second: {{ url: \"{second_url}\", stream_url: \"{second_url}\", dialect: argo }}
models:
  chat: {{ default: argo:gpt-4o, names: {{ argo:gpt-4o: a1 }} }}
routes:
  - {{ path: /v1/chat/completions, upstream: [first, second], models: chat, transformer: openai_chat_completions }}
"
            );
            let server = Setup::before(&second).config("first_head: 0.3").routes(&table).start();
            let mut client = server.client();
            early(&mut client, "", &streamed());
            go.send(()).unwrap();
            let said = said(&rest(&mut client));
            assert_eq!((said.text == "second", said.done, said.error.is_none()), (answers, answers, answers), "{name}");
            assert!(client.is_closed(), "{name}");
        }
    }
}

#[test]
fn an_answer_of_nothing_is_asked_for_once_more_where_the_head_is_out() {
    for is_chunked in [false, true] {
        let (go, gate) = mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let argo = thinks_or("adaptive", move |connection| {
            gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
            if is_chunked {
                connection.streams(&[]);
            } else {
                connection.whole(200, "Content-Type: text/event-stream\r\n", b"");
            }
        });
        let table = thinking(&format!("http://{}/", argo.address), "budget");
        let server = Setup::before(&argo).config("first_head: 0.3").routes(&table).start();
        let mut client = server.client();
        early(&mut client, "", &chat("hi", json!({"stream": true, "reasoning_effort": "low", "max_tokens": 4000})));
        go.send(()).unwrap();
        let said = said(&rest(&mut client));
        assert_eq!((said.text.as_str(), said.done, said.error), ("Hello", true, None), "{is_chunked}");
        assert_eq!(argo.requests().len(), 2, "{is_chunked}");
    }
}

#[test]
fn without_first_head_a_failure_keeps_its_status() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    for (name, more) in [("pingora's call", json!({})), ("a subrequest", json!({"tools": tools}))] {
        let mut body = json!({"stream": true});
        crate::support::merge(&mut body, more);
        for (first_head, status) in [("0", 504), ("0.2", 200)] {
            let (argo, _is_asked, _is_left) = Argo::silent();
            let config = format!("first_head: {first_head}\ntimeout: 1");
            let answer = Setup::before(&argo).config(&config).start().chat(&chat("hi", body.clone()));
            assert_eq!((answer.status, answer.complete), (status, true), "{name}");
            let is_event = answer.body.starts_with(COMMENT);
            assert_eq!(is_event, status == 200, "{name}");
        }
    }
}

#[test]
fn only_streams_that_have_a_place_for_comments_begin_early() {
    let (argo, _is_asked, _is_left) = Argo::silent();
    let server = soon(&argo, "timeout: 1");
    assert_eq!(server.chat(&chat("hi", json!({}))).status, 504, "a whole reply");
    let raw = json!({"model": "argo:gpt-4o", "prompt": ["hi"], "stream": true});
    assert_eq!(server.post("/v1/chat", &raw.to_string()).status, 504, "a raw stream");
    let mut client = server.client();
    let body = streamed();
    client.raw(format!("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert_eq!(client.answer().status, 504, "HTTP/1.0 has no chunks");
}

#[test]
fn who_has_ended_its_side_gets_the_early_head_too() {
    let (argo, go) = stepwise(vec![|connection| connection.streams(&[b"ok"])]);
    let server = soon(&argo, "");
    let mut client = server.client();
    client.send("POST", "/v1/chat/completions", "", streamed().as_bytes());
    client.end_sending();
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), COMMENT);
    go.send(()).unwrap();
    assert_eq!(said(&rest(&mut client)).text, "ok");
}

#[test]
fn comments_are_no_text_of_the_answer() {
    let (argo, go) = stepwise(vec![|connection| connection.streams(&[b"ok"])]);
    let server = soon(&argo, "access_log: json");
    let mut client = server.client();
    early(&mut client, "", &streamed());
    go.send(()).unwrap();
    let own = rest(&mut client).len();
    until("its line", || server.out().lines().any(|line| line.contains("/v1/chat/completions")));
    let out = server.out();
    let line = out.lines().find(|line| line.contains("/v1/chat/completions")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["http.response.status_code"], 200, "{line}");
    assert_eq!(line["http.response.body.size"], own, "{line}");
    let time = |key: &str| line[key].as_f64().unwrap();
    assert!(time("proxy.first_text_s") >= time("proxy.first_byte_s"), "{line}");
}

#[test]
fn a_comment_never_comes_inside_an_event() {
    let (argo, go) = stepwise(vec![
        |connection| {
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            connection.chunk(br#"data: {"id":"x","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}"#);
            connection.chunk(b"\n\ndata: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"cont");
        },
        |connection| {
            connection.chunk(b"ent\":\"b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
            connection.stream_end();
        },
    ]);
    let url = format!("http://{}/v1/chat/completions", argo.address);
    let table = format!(
        "version: 1
upstreams:
  native: {{ url: \"{url}\", stream_url: \"{url}\", dialect: openai }}
models:
  chat: {{ default: argo:gpt-4o, names: {{ argo:gpt-4o: a1 }} }}
routes:
  - {{ path: /v1/chat/completions, upstream: native, models: chat, transformer: openai_chat_completions }}
"
    );
    let server = Setup::before(&argo).routes(&table).start();
    let mut client = server.client();
    go.send(()).unwrap();
    client.send("POST", "/v1/chat/completions", "x-stainless-read-timeout: 5\r\n", streamed().as_bytes());
    assert_eq!(client.head().status, 200);
    let mut body = Vec::new();
    loop {
        let chunk = client.chunk().unwrap();
        assert!(chunk.ends_with(b"\n\n"), "{:?}", String::from_utf8_lossy(&chunk));
        if chunk == COMMENT {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    go.send(()).unwrap();
    body.extend_from_slice(&rest(&mut client));
    assert_eq!(said(&body).text, "ab");
}
