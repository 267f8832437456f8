//! `/v1/messages` over real sockets: keys, silence, failures, images, and what stands beside it.

use crate::images::figures;
use crate::reload::until;
use crate::support::{Answer, Argo, Client, Connection, Server, Setup, caller};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

const SSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const JSON: &str = "Content-Type: application/json\r\n";
const VERSION: &str = "anthropic-version: 2023-06-01\r\n";
const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"x1","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}"#;

/// A table with one upstream that speaks `dialect`, and what else its row says.
fn table(url: &str, dialect: &str, more: &str) -> String {
    format!(
        "version: 1
upstreams:
  a: {{ url: \"{url}\", stream_url: \"{url}\", dialect: {dialect}, vendor: argo }}
models:
  m: {{ names: {{ argo:x: x1 }}, rules: [{{ match: x1, tools: anthropic }}] }}
routes:
  - {{ path: /v1/messages, upstream: a, models: m, transformer: anthropic_messages{more} }}
"
    )
}

fn url(argo: &Argo) -> String {
    format!("http://{}/", argo.address)
}

fn asked(more: Value) -> String {
    let mut body = json!({"model": "argo:x", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    crate::support::merge(&mut body, more);
    body.to_string()
}

fn post(server: &Server, headers: &str, body: &str) -> Answer {
    server.client().call("POST", "/v1/messages", headers, body.as_bytes())
}

/// The events of a stream, each with its name.
fn events(stream: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(stream).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "an event is not finished: {text:?}");
    let read = |event: &str| {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let name = name.strip_prefix("event: ").unwrap().to_owned();
        assert_eq!(data["type"], name.as_str());
        (name, data)
    };
    text.split("\n\n").filter(|event| !event.is_empty()).map(read).collect()
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
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

/// What the scripted upstream does once it is told to go on.
type Step = fn(&mut Connection);

/// An upstream that waits for a word before each of these steps.
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

fn answer_in_openais_form(connection: &mut Connection) {
    connection.raw(SSE.as_bytes());
    let chunk: &[u8] =
        b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    connection.chunk(chunk);
    connection.chunk(b"data: [DONE]\n\n");
    connection.stream_end();
}

fn answer_in_anthropics_form(connection: &mut Connection) {
    connection.raw(SSE.as_bytes());
    for data in [
        r#"{"type":"message_start","message":{"id":"msg_up","type":"message","role":"assistant","model":"x1","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}"#,
        r#"{"type":"message_stop"}"#,
    ] {
        connection.chunk(format!("event: x\ndata: {data}\n\n").as_bytes());
    }
    connection.stream_end();
}

#[test]
fn a_silent_stream_gets_the_beginning_of_its_message_and_then_pings() {
    let answers: [Step; 2] = [answer_in_openais_form, answer_in_anthropics_form];
    for (dialect, answer) in ["openai", "anthropic"].into_iter().zip(answers) {
        let (upstream, go) = stepwise(vec![answer]);
        let setup = Setup::before(&upstream).config("first_head: 0.3\n").routes(&table(&url(&upstream), dialect, ""));
        let server = setup.start();
        let mut client = server.client();
        let headers = format!("{VERSION}x-stainless-timeout: NOT_GIVEN\r\nx-stainless-read-timeout: 2\r\n");
        client.send("POST", "/v1/messages?beta=true", &headers, asked(json!({"stream": true})).as_bytes());
        let head = client.head();
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
        assert!(head.header("request-id").is_some_and(|id| id.starts_with("req_")), "{head:?}");
        let mut heard = client.chunk().unwrap();
        heard.extend_from_slice(&client.chunk().unwrap());
        assert_eq!(names(&events(&heard)), ["message_start", "ping", "ping"], "{dialect}");
        go.send(()).unwrap();
        heard.extend_from_slice(&rest(&mut client));
        let all: Vec<_> = events(&heard).into_iter().filter(|(name, _)| name != "ping").collect();
        let expected = [
            "message_start",
            "content_block_start",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ];
        assert_eq!(names(&all), expected, "{dialect}");
        assert_eq!(all[0].1["message"]["model"], "argo:x");
        assert!(all[4].1["usage"]["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{all:?}");
    }
}

#[test]
fn a_failure_after_the_text_is_an_event_and_the_message_has_no_end() {
    for (dialect, piece) in [
        ("openai", r#"{"choices":[{"index":0,"delta":{"content":"partial"}}]}"#),
        ("anthropic", r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"partial"}}"#),
    ] {
        let upstream = Argo::start(move |_, connection| {
            connection.raw(SSE.as_bytes());
            connection.chunk(b"data: {\"type\":\"message_start\",\"message\":{\"model\":\"x1\"},\"choices\":[]}\n\n");
            connection.chunk(format!("data: {piece}\n\n").as_bytes());
            connection.close();
        });
        let server = Setup::before(&upstream).routes(&table(&url(&upstream), dialect, "")).start();
        let mut client = server.client();
        client.send("POST", "/v1/messages", "", asked(json!({"stream": true})).as_bytes());
        assert_eq!(client.head().status, 200);
        let all = events(&rest(&mut client));
        assert_eq!(names(&all).last(), Some(&"error"), "{dialect}: {all:?}");
        assert!(!names(&all).contains(&"message_stop"));
        assert_eq!(all.last().unwrap().1["error"]["type"], "api_error");
    }
}

#[test]
fn statuses_are_anthropics_and_say_when_to_try_again() {
    for (status, headers, body, expected, kind) in [
        (400, "", r#"{"error":{"message":"bad"}}"#, 400, "invalid_request_error"),
        (422, "", r#"{"error":{"message":"bad"}}"#, 400, "invalid_request_error"),
        (404, "", r#"{"error":{"message":"no such model"}}"#, 404, "not_found_error"),
        (429, "Retry-After: 7\r\n", r#"{"error":{"message":"slow"}}"#, 429, "rate_limit_error"),
        (500, "", r#"{"error":{"message":"broken"}}"#, 500, "api_error"),
        (503, "Retry-After: 7\r\n", r#"{"error":{"message":"busy"}}"#, 529, "overloaded_error"),
        (529, "Retry-After: 7\r\n", r#"{"error":{"message":"busy"}}"#, 529, "overloaded_error"),
    ] {
        for (dialect, stream) in [("openai", false), ("openai", true), ("anthropic", false), ("anthropic", true)] {
            let upstream = Argo::start(move |_, connection| {
                connection.whole(status, &format!("{JSON}{headers}"), body.as_bytes());
            });
            let server = Setup::before(&upstream).routes(&table(&url(&upstream), dialect, "")).start();
            let answer = post(&server, "", &asked(json!({"stream": stream})));
            assert_eq!(answer.status, expected, "{status} {dialect} {stream}: {answer:?}");
            let told = answer.json();
            assert_eq!((&told["type"], &told["error"]["type"]), (&json!("error"), &json!(kind)), "{told}");
            assert_eq!(answer.header("retry-after"), (!headers.is_empty()).then_some("7"), "{answer:?}");
            assert!(answer.header("request-id").is_some(), "{answer:?}");
        }
    }
}

#[test]
fn a_key_comes_in_either_header_and_the_upstream_gets_its_own() {
    let upstream = Argo::start(|_, connection| connection.whole(200, JSON, MESSAGE.as_bytes()));
    let people = [caller("ann", "key-of-ann-0123456789", "")];
    let routes = table(&url(&upstream), "anthropic", "");
    let server = Setup::before(&upstream).routes(&routes).callers(&people).start();
    for header in ["x-api-key: key-of-ann-0123456789\r\n", "Authorization: Bearer key-of-ann-0123456789\r\n"] {
        for version in ["2023-06-01", "2026-10-21"] {
            let headers = format!("{header}anthropic-version: {version}\r\nanthropic-beta: a,b\r\n");
            let answer = post(&server, &headers, &asked(json!({"user": "eve", "metadata": {"user_id": "device"}})));
            assert_eq!(answer.status, 200, "{answer:?}");
            let sent = upstream.requests().pop().unwrap();
            let said: String = ["x-api-key", "authorization"].iter().filter_map(|name| sent.header(name)).collect();
            assert!(!said.is_empty() && !said.contains("key-of-ann"), "{said}");
            assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
            assert_eq!((&sent.json()["user"], &sent.json()["metadata"]["user_id"]), (&Value::Null, &json!("device")));
        }
    }
    for headers in [VERSION.to_owned(), format!("{VERSION}x-api-key: nobody\r\n")] {
        let answer = post(&server, &headers, &asked(json!({})));
        assert_eq!((answer.status, answer.header("x-should-retry")), (401, Some("false")), "{answer:?}");
        assert_eq!(answer.json()["error"]["type"], "authentication_error");
    }
}

#[test]
fn images_by_url_are_fetched_from_messages_and_from_results() {
    for dialect in ["openai", "anthropic"] {
        let upstream = Argo::start(move |_, connection| {
            let chat = r#"{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}"#;
            connection.whole(200, JSON, if dialect == "openai" { chat } else { MESSAGE }.as_bytes());
        });
        let figures = figures();
        let more = format!(", images: {{ allow_hosts: [\"{}\"] }}", figures.address);
        let server = Setup::before(&upstream).routes(&table(&url(&upstream), dialect, &more)).start();
        let source = json!({"type": "url", "url": format!("http://{}/a.png", figures.address)});
        let image = json!({"type": "image", "source": source});
        let call = json!({"type": "tool_use", "id": "t", "name": "f", "input": {}});
        let result = json!({"type": "tool_result", "tool_use_id": "t", "content": [image]});
        let messages = json!([{"role": "user", "content": [image]}, {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]}]);
        let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
        let answer = post(&server, "", &asked(json!({"messages": messages, "tools": tools})));
        assert_eq!(answer.status, 200, "{answer:?}");
        let sent = upstream.request().json().to_string();
        assert_eq!(sent.matches("http://").count(), 0, "{sent}");
        let wanted = if dialect == "openai" { "data:image/png;base64," } else { r#""media_type":"image/png""# };
        assert_eq!(sent.matches(wanted).count(), 2, "{sent}");
    }
}

#[test]
fn failures_before_a_route_is_known_have_the_form_of_who_asks() {
    let server = Server::before(&Argo::saying("hi"));
    for (method, path, status, kind) in [
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("POST", "/v1/messages/batches", 404, "not_found_error"),
        ("POST", "/v1/complete", 404, "not_found_error"),
    ] {
        let answer = server.client().call(method, path, VERSION, b"{}");
        assert_eq!((answer.status, &answer.json()["error"]["type"]), (status, &json!(kind)), "{answer:?}");
        assert_eq!(answer.json()["type"], "error");
        assert_eq!(answer.header("allow").is_some(), status == 405);
        assert!(answer.header("request-id").is_some());
        let other = server.client().call(method, path, "", b"{}");
        assert!(path == "/v1/messages" || other.json().get("type").is_none(), "{other:?}");
    }
    assert_eq!(server.client().call("HEAD", "/", VERSION, b"").status, 200);
}

#[test]
fn tokens_are_counted_and_never_zero() {
    let server = Server::before(&Argo::saying("hi"));
    let body = json!({"model": "argo:gpt-4o", "messages": [{"role": "user", "content": "foo"}], "tools": []});
    let count = |body: &Value| server.post("/v1/messages/count_tokens?beta=true", &body.to_string()).json();
    assert_eq!(count(&body), json!({"input_tokens": 8}));
    let claude = json!({"model": "claude-opus-4-7", "messages": [{"role": "user", "content": ""}]});
    assert!(count(&claude)["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0));
}

#[test]
fn models_read_in_the_shape_of_who_asks_and_a_key_in_the_query_is_not_logged() {
    let server = Setup::before(&Argo::saying("hi")).config("access_log: json").start();
    let get = |path: &str, headers: &str| server.client().call("GET", path, headers, b"");
    let list = get("/v1/models?limit=1000", VERSION).json();
    assert_eq!((&list["has_more"], &list["data"][0]["type"]), (&json!(false), &json!("model")));
    assert!(list["data"][0]["display_name"].is_string() && list["first_id"] == list["data"][0]["id"]);
    let one = get("/v1/models/claude-opus-4-7", VERSION).json();
    assert_eq!((&one["id"], &one["display_name"]), (&json!("argo:claude-opus-4.7"), &json!("Claude Opus 4.7")));
    assert_eq!(get("/v1/models/nobody", VERSION).json()["error"]["type"], "not_found_error");
    for (path, headers) in [
        ("/v1/models?key=secret-of-somebody", ""),
        ("/v1/models", "x-goog-api-key: any\r\n"),
        ("/v1/models", "x-goog-api-client: genai\r\n"),
    ] {
        let list = get(path, headers).json();
        assert!(list["models"][0]["name"].as_str().is_some_and(|name| name.starts_with("models/")), "{list}");
    }
    assert_eq!(get("/v1/models", "").json()["object"], "list");
    until("a line of each request", || server.out().lines().count() == 7);
    let out = server.out();
    server.signal("TERM");
    let log = server.ended().1 + &out;
    assert!(log.contains("/v1/models") && !log.contains("secret-of-somebody"), "{log}");
}
