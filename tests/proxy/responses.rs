//! `/v1/responses` over real sockets: what a stream says before, during and after its answer, and what is kept of nothing.

use crate::images::figures;
use crate::support::{Argo, Client, Connection, Server, Setup, caller};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

const SSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

/// A table with one upstream that speaks `dialect`, and what else its row says.
fn table(url: &str, dialect: &str, more: &str) -> String {
    format!(
        "version: 1
upstreams:
  a: {{ url: \"{url}\", stream_url: \"{url}\", dialect: {dialect} }}
models:
  m: {{ names: {{ argo:x: x1 }}, rules: [{{ match: x1, tools: openai, thinking: budget }}] }}
routes:
  - {{ path: /v1/responses, upstream: a, models: m, transformer: openai_responses{more} }}
"
    )
}

fn url(argo: &Argo) -> String {
    format!("http://{}/", argo.address)
}

fn asked(more: Value) -> String {
    let mut body = json!({"model": "argo:x", "input": "hi"});
    crate::support::merge(&mut body, more);
    body.to_string()
}

/// The events of a stream, each with its name. Comments are left out; the numbers have no gap.
fn events(stream: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(stream).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "an event is not finished: {text:?}");
    let mut all = Vec::new();
    for event in text.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':')) {
        let (name, data) = event.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], name.as_str());
        assert_eq!(data["sequence_number"], all.len(), "{text}");
        all.push((name, data));
    }
    all
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

/// An upstream that waits for a word before each of these steps.
fn stepwise(steps: Vec<fn(&mut Connection)>) -> (Argo, Sender<()>) {
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

fn send(client: &mut Client, headers: &str, body: &str) {
    client.send("POST", "/v1/responses", headers, body.as_bytes());
}

/// Reads the rest of a stream, which must end as HTTP wants it to.
fn rest(client: &mut Client) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let chunk = client.chunk().expect("the stream broke");
        if chunk.is_empty() {
            return body;
        }
        body.extend_from_slice(&chunk);
    }
}

#[test]
fn a_silent_stream_opens_before_its_text_and_an_event_keeps_it_alive() {
    let silence = |connection: &mut Connection| connection.chunk(b": nothing to say\n\n");
    let steps: Vec<fn(&mut Connection)> =
        std::iter::once::<fn(&mut Connection)>(|connection| connection.raw(SSE.as_bytes()))
            .chain((0..9).map(|_| silence as fn(&mut Connection)))
            .chain([(|connection| {
                connection.chunk(
            b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n",
        );
                connection.chunk(b"data: [DONE]\n\n");
                connection.stream_end();
            }) as fn(&mut Connection)])
            .collect();
    let (upstream, go) = stepwise(steps);
    let server = Setup::before(&upstream).routes(&table(&url(&upstream), "openai", "")).start();
    let mut client = server.client();
    go.send(()).unwrap();
    // A client that gives up after two seconds hears something every second.
    send(&mut client, "x-stainless-read-timeout: 2\r\n", &asked(json!({"stream": true})));
    assert_eq!(client.head().status, 200);
    let mut heard = Vec::new();
    let mut beats = 0;
    while beats < 5 {
        let chunk = client.chunk().unwrap();
        heard.extend_from_slice(&chunk);
        beats += 1;
        go.send(()).unwrap();
    }
    let opened = events(&heard);
    assert_eq!(names(&opened), ["response.created", "response.in_progress", "keepalive"]);
    for _ in 0..5 {
        go.send(()).unwrap();
    }
    heard.extend_from_slice(&rest(&mut client));
    let all = events(&heard);
    assert_eq!(names(&all).iter().filter(|name| **name == "response.created").count(), 1);
    let (last, end) = all.last().unwrap();
    assert_eq!(
        (last.as_str(), &end["response"]["output"][0]["content"][0]["text"]),
        ("response.completed", &json!("hi"))
    );
    assert_eq!(end["response"]["id"], all[0].1["response"]["id"]);
}

#[test]
fn a_failure_after_the_text_is_two_events_and_the_end_of_the_body() {
    for dialect in ["argo", "openai"] {
        let upstream = Argo::start(move |_, connection| {
            match dialect {
                "argo" => {
                    connection.stream_head();
                    connection.chunk(b"partial");
                }
                _ => {
                    connection.raw(SSE.as_bytes());
                    connection.chunk(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"partial\"}}]}\n\n");
                }
            }
            connection.close();
        });
        let server = Setup::before(&upstream).routes(&table(&url(&upstream), dialect, "")).start();
        let mut client = server.client();
        send(&mut client, "", &asked(json!({"stream": true})));
        assert_eq!(client.head().status, 200);
        let all = events(&rest(&mut client));
        let (created, failed) = (&all[0].1, &all.last().unwrap().1);
        assert_eq!(names(&all)[all.len() - 2..], ["error", "response.failed"], "{dialect}");
        assert_eq!(failed["response"]["id"], created["response"]["id"]);
        assert_eq!(failed["response"]["status"], "failed");
        assert_eq!(failed["response"]["error"]["code"], "server_error");
        let error = &all[all.len() - 2].1;
        assert_eq!((&error["message"], &error["code"]), (&error["error"]["message"], &error["error"]["code"]));
        assert_eq!(error["message"], failed["response"]["error"]["message"]);
    }
}

#[test]
fn a_failure_before_the_text_is_a_status_that_says_whether_to_try_again() {
    for (status, headers, body, expected, code) in [
        (400, "", r#"{"error":{"message":"bad","code":"context_length_exceeded"}}"#, 400, "context_length_exceeded"),
        (
            429,
            "Retry-After: 7\r\n",
            r#"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#,
            429,
            "rate_limit_exceeded",
        ),
        (
            503,
            "Retry-After: 7\r\n",
            r#"{"error":{"message":"busy","code":"server_is_overloaded"}}"#,
            503,
            "server_is_overloaded",
        ),
    ] {
        for stream in [false, true] {
            let upstream = Argo::start(move |_, connection| {
                connection.whole(status, &format!("{JSON}{headers}"), body.as_bytes());
            });
            let server = Setup::before(&upstream).routes(&table(&url(&upstream), "openai", "")).start();
            let answer = server.post("/v1/responses", &asked(json!({"stream": stream})));
            assert_eq!((answer.status, &answer.error()["code"]), (expected, &json!(code)), "{answer:?}");
            assert_eq!(answer.header("retry-after").is_some(), !headers.is_empty(), "{answer:?}");
        }
    }
}

#[test]
fn a_failure_after_an_early_head_opens_the_response_and_fails_it() {
    let (argo, go) = stepwise(vec![|connection| connection.json(500, r#"{"error":"Something broke"}"#)]);
    let server = Setup::before(&argo).config("first_head: 0.3\n").routes(&table(&url(&argo), "argo", "")).start();
    // Tools over the older endpoint are one whole call, and pingora's own path is the other.
    let tools = json!([{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]);
    for more in [json!({"stream": true}), json!({"stream": true, "tools": tools})] {
        let mut client = server.client();
        send(&mut client, "", &asked(more));
        assert_eq!(client.head().status, 200);
        let mut heard = client.chunk().unwrap();
        go.send(()).unwrap();
        heard.extend_from_slice(&rest(&mut client));
        let all = events(&heard);
        assert_eq!(names(&all), ["response.created", "response.in_progress", "error", "response.failed"]);
        assert!(all[3].1["response"]["error"]["message"].as_str().unwrap().contains("Something broke"), "{all:?}");
    }
}

#[test]
fn another_upstream_goes_on_with_the_stream_that_is_open() {
    let (first, go) = stepwise(vec![|connection| connection.json(404, r#"{"detail":"Not Found"}"#)]);
    let second = Argo::start(|_, connection| connection.streams(&[b"sec", b"ond"]));
    let table = format!(
        "version: 1
upstreams:
  first: {{ url: \"{0}\", stream_url: \"{0}\", dialect: openai }}
  second: {{ url: \"{1}\", stream_url: \"{1}\", dialect: argo }}
models: {{ m: {{ names: {{ argo:x: x1 }} }} }}
routes: [{{ path: /v1/responses, upstream: [first, second], models: m, transformer: openai_responses }}]
",
        url(&first),
        url(&second)
    );
    let server = Setup::before(&second).config("first_head: 0.3\n").routes(&table).start();
    let mut client = server.client();
    send(&mut client, "", &asked(json!({"stream": true})));
    assert_eq!(client.head().status, 200);
    let mut heard = client.chunk().unwrap();
    go.send(()).unwrap();
    heard.extend_from_slice(&rest(&mut client));
    let all = events(&heard);
    assert_eq!(names(&all)[..3], ["response.created", "response.in_progress", "response.output_item.added"]);
    let last = &all.last().unwrap().1["response"];
    assert_eq!(last["id"], all[0].1["response"]["id"]);
    assert_eq!(last["output"][0]["content"][0]["text"], "second");
}

#[test]
fn nothing_is_kept_and_nothing_is_a_websocket() {
    let server = Server::before(&Argo::saying("hi"));
    let not_kept = |method: &str, path: &str| {
        let answer = server.client().call(method, path, "", b"");
        assert_eq!((answer.status, &answer.error()["code"]), (404, &json!("not_found")), "{method} {path}: {answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("Send the whole conversation"));
    };
    not_kept("GET", "/v1/responses/resp_1");
    not_kept("GET", "/v1/responses/resp_1/input_items");
    not_kept("DELETE", "/v1/responses/resp_1");
    not_kept("POST", "/v1/responses/resp_1/cancel");
    not_kept("POST", "/v1/responses/compact");
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(server.client().call("GET", "/v1/responses", upgrade, b"").status, 426);
    assert_eq!(server.get("/v1/responses").status, 405);
    let answer =
        server.post("/v1/responses", &json!({"model": "argo:gpt-4o", "input": "hi", "store": true}).to_string());
    assert_eq!((answer.status, &answer.json()["store"]), (200, &json!(false)));
    let counted =
        server.post("/v1/responses/input_tokens", &json!({"model": "argo:gpt-4o", "input": "hello world"}).to_string());
    assert_eq!(counted.json(), json!({"object": "response.input_tokens", "input_tokens": 9}));
}

const THOUGHT: &str = r#"{"type":"thinking","thinking":"So \"it\" is.","signature":"c2lnbmVk"}"#;

/// An upstream that thinks, signs what it thought, and answers.
fn thinker() -> Argo {
    Argo::start(|_, connection| {
        let usage = r#""usage":{"input_tokens":1,"output_tokens":1}"#;
        let body = format!(
            r#"{{"id":"m","type":"message","role":"assistant","content":[{THOUGHT},{{"type":"text","text":"42"}}],"stop_reason":"end_turn",{usage}}}"#
        );
        connection.whole(200, JSON, body.as_bytes());
    })
}

/// Asks once, and again with the answer and what the user says next. Returns what went upstream.
fn second_turn(first: &mut Client, second: &mut Client, keys: [&str; 2], upstream: &Argo) -> Value {
    let key = |key: &str| format!("Authorization: Bearer {key}\r\n");
    let answer = first.call("POST", "/v1/responses", &key(keys[0]), asked(json!({})).as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut input = vec![json!({"role": "user", "content": "hi"})];
    input.extend(answer.json()["output"].as_array().unwrap().iter().cloned());
    assert!(!answer.text().contains("c2lnbmVk"), "the signature is sealed");
    input.push(json!({"role": "user", "content": "why?"}));
    let answer = second.call("POST", "/v1/responses", &key(keys[1]), asked(json!({"input": input})).as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    upstream.requests().last().unwrap().json()
}

#[test]
fn thinking_goes_back_signed_and_only_to_the_same_caller() {
    let upstream = thinker();
    let people = [caller("ann", "key-of-ann-0123456789", ""), caller("bob", "key-of-bob-0123456789", "")];
    let setup = || Setup::before(&upstream).routes(&table(&url(&upstream), "anthropic", ""));
    let server = setup().callers(&people).start();
    let turn = |keys| second_turn(&mut server.client(), &mut server.client(), keys, &upstream);
    let own = turn(["key-of-ann-0123456789"; 2]);
    assert_eq!(own["messages"][1]["content"][0], serde_json::from_str::<Value>(THOUGHT).unwrap());
    let foreign = turn(["key-of-ann-0123456789", "key-of-bob-0123456789"]);
    assert_eq!(foreign["messages"][1]["content"], json!([{"type": "text", "text": "42"}]));
}

#[test]
fn instances_with_one_secret_read_each_others_thinking() {
    let upstream = thinker();
    let start = |secret: Option<&str>| {
        let setup = Setup::before(&upstream).routes(&table(&url(&upstream), "anthropic", ""));
        match secret {
            Some(secret) => setup.file("seal.key", secret).config("seal_file: seal.key\n").start(),
            None => setup.start(),
        }
    };
    let secret = "0123456789abcdef0123456789abcdef";
    for (first, second, is_read) in [
        (Some(secret), Some(secret), true),
        (Some(secret), Some("another secret, just as long as it"), false),
        (None, None, false),
    ] {
        let (one, other) = (start(first), start(second));
        let sent = second_turn(&mut one.client(), &mut other.client(), ["unused"; 2], &upstream);
        let thought = sent["messages"][1]["content"][0]["type"] == "thinking";
        assert_eq!(thought, is_read, "{first:?} {second:?}");
    }
}

#[test]
fn images_by_url_are_fetched_from_messages_and_from_results() {
    let (upstream, figures) = (Argo::saying("I see"), figures());
    let images = format!(", images: {{ allow_hosts: [\"{}\"] }}", figures.address);
    let server = Setup::before(&upstream).routes(&table(&url(&upstream), "argo", &images)).start();
    let image = |path: &str| json!({"type": "input_image", "image_url": format!("http://{}{path}", figures.address)});
    let answer = server.post(
        "/v1/responses",
        &asked(json!({"input": [
            {"role": "user", "content": [{"type": "input_text", "text": "look"}, image("/a.png")]},
            {"type": "function_call", "call_id": "c", "name": "view", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [image("/b.gif")]},
        ]})),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = upstream.request().json().to_string();
    assert!(sent.contains("data:image/png;base64,") && sent.contains("data:image/gif;base64,"), "{sent}");
    let failed =
        server.post("/v1/responses", &asked(json!({"input": [{"role": "user", "content": [image("/none")]}]})));
    assert_eq!((failed.status, &failed.error()["code"]), (400, &json!("invalid_image_url")));
    assert!(failed.error()["message"].as_str().unwrap().contains("input[0].content[0].image_url"), "{failed:?}");
}
