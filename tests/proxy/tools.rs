//! Tool calls, whole and for clients that stream: calls that the proxy makes itself.

use crate::support::{Argo, Client, Server, Setup, chat, events, merge, said};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

const CLAUDE: &str = r#"{"response":{"content":"I will look.","tool_calls":[{"id":"toolu_1","input":{"city":"Chicago"},"name":"weather","type":"tool_use"}]}}"#;

fn asks(more: Value) -> String {
    let mut all = json!({
        "model": "argo:claude-opus-4.5",
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}],
    });
    merge(&mut all, more);
    chat("How is the weather?", all)
}

/// The data of the events of a stream that may hold comments.
fn without_comments(stream: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(stream).unwrap();
    let kept = text.split_inclusive("\n\n").filter(|event| !event.starts_with(':'));
    kept.collect::<String>().into_bytes()
}

#[test]
fn a_tool_call_comes_back_whole_and_as_a_stream() {
    let argo = Argo::start(|_, connection| connection.json(200, CLAUDE));
    let server = Server::before(&argo);
    let whole = server.chat(&asks(json!({}))).json();
    let call = &whole["choices"][0]["message"]["tool_calls"][0];
    assert_eq!(
        call,
        &json!({"id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Chicago\"}"}})
    );
    assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");

    let stream = server.chat(&asks(json!({"stream": true, "stream_options": {"include_usage": true}})));
    assert_eq!(
        (stream.status, stream.header("content-type"), stream.complete),
        (200, Some("text/event-stream; charset=utf-8"), true)
    );
    let said = said(&stream.body);
    assert_eq!((said.text.as_str(), said.finish, said.done), ("I will look.", vec!["tool_calls".to_owned()], true));
    assert_eq!(said.usage, Some(whole["usage"].clone()));
    let deltas: Vec<Value> = events(&stream.body)
        .iter()
        .filter_map(|event| serde_json::from_str::<Value>(event).ok())
        .filter_map(|chunk| chunk["choices"][0]["delta"].get("tool_calls").map(|calls| calls[0].clone()))
        .collect();
    assert_eq!(
        deltas,
        [
            json!({"index": 0, "id": "toolu_1", "type": "function", "function": {"name": "weather", "arguments": ""}}),
            json!({"index": 0, "function": {"arguments": "{\"city\":\"Chicago\"}"}})
        ]
    );
    let requests = argo.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.path, "/argoapi/api/v1/resource/chat/", "streamchat takes no tools");
        assert_eq!(request.json()["tools"][0]["input_schema"]["type"], "object");
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}

#[test]
fn a_silent_model_is_heard_of_and_its_late_failure_is_an_event() {
    let (seen, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let argo = Argo::start(move |_, connection| {
        wait.lock().unwrap().recv().unwrap();
        connection.json(500, "{\"detail\": \"boom\"}");
    });
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    let body = asks(json!({"stream": true}));
    // The sooner the client would give up, the sooner it hears something.
    client.send("POST", "/v1/chat/completions", "x-stainless-read-timeout: 0.4\r\n", body.as_bytes());
    let head = client.head();
    assert_eq!(head.status, 200);
    assert!(client.chunk().unwrap().starts_with(b": "));
    assert!(client.chunk().unwrap().starts_with(b": "));
    seen.send(()).unwrap();
    let mut rest = Vec::new();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        rest.extend_from_slice(&piece);
    }
    let said = said(&without_comments(&rest));
    assert!(said.error.unwrap()["message"].as_str().unwrap().contains("boom"));
    assert!(!said.done && said.finish.is_empty());
    // The connection is still good.
    assert_eq!(client.get("/health").status, 200);
}

#[test]
fn failures_before_anything_was_said_keep_their_status() {
    let argo = Argo::start(|_, connection| connection.json(429, "{\"error\": {\"message\": \"slow down\"}}"));
    let server = Server::before(&argo);
    let answer = server.chat(&asks(json!({"stream": true})));
    assert_eq!((answer.status, answer.header("content-type")), (429, Some("application/json")));
    assert!(answer.error()["message"].as_str().unwrap().contains("slow down"));
    drop(argo);

    let argo = Argo::start(|_, connection| connection.close());
    let server = Server::before(&argo);
    let answer = server.chat(&asks(json!({"stream": true})));
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(argo.requests().len(), 1, "nothing is sent twice");
}

#[test]
fn a_driven_call_has_an_exact_deadline() {
    let argo = Argo::start(|_, connection| assert!(connection.left()));
    let server = Server::before(&argo);
    let begun = std::time::Instant::now();
    let answer = server.chat(&asks(json!({"stream": true, "timeout": 0.3})));
    assert_eq!(answer.status, 504, "{answer:?}");
    assert!(answer.error()["message"].as_str().unwrap().contains("0.3 s"));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_client_that_goes_away_cancels_its_driven_call() {
    let (argo, is_asked, wait) = Argo::silent();
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    client.send("POST", "/v1/chat/completions", "", asks(json!({"stream": true})).as_bytes());
    is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    drop(client);
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(true));
}

#[test]
fn driven_calls_reuse_connections_on_both_sides() {
    let argo = Argo::start(|_, connection| connection.json(200, CLAUDE));
    let server = Setup::before(&argo).config("num_workers: 1").start();
    let mut client = Client::connect(server.address);
    for _ in 0..3 {
        let answer = client.post("/v1/chat/completions", &asks(json!({"stream": true})));
        assert!(said(&answer.body).done);
    }
    let body = asks(json!({"stream": true}));
    let answer = client.post_chunked("/v1/chat/completions", body.as_bytes(), 7);
    assert!(said(&answer.body).done);
    let connections: Vec<usize> = argo.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0, 0]);
}

#[test]
fn large_answers_are_cut_into_lines_that_clients_can_read() {
    let text = "é\u{2028}\"\\😀 ".repeat(40_000);
    let body =
        json!({"response": {"content": text, "tool_calls": [{"name": "weather", "args": {"city": text}, "id": null}]}});
    let body = body.to_string();
    let argo = Argo::start(move |_, connection| connection.json(200, &body));
    let server = Server::before(&argo);
    let answer = server.chat(&asks(json!({"stream": true, "model": "argo:gemini-2.5-pro"})));
    assert!(answer.text().lines().all(|line| line.len() < 64 * 1024));
    assert_eq!(said(&answer.body).text, text);
    let arguments: String = events(&answer.body)
        .iter()
        .filter_map(|event| serde_json::from_str::<Value>(event).ok())
        .filter_map(|chunk| {
            let call = &chunk["choices"][0]["delta"]["tool_calls"][0];
            call["function"]["arguments"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({"city": text}));
}

#[test]
fn an_http_1_0_client_gets_a_driven_stream_without_chunks() {
    let argo = Argo::start(|_, connection| connection.json(200, CLAUDE));
    let server = Server::before(&argo);
    let mut client = Client::connect(server.address);
    let body = asks(json!({"stream": true}));
    client.raw(format!("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    let answer = client.answer();
    assert_eq!(answer.header("transfer-encoding"), None);
    assert!(said(&answer.body).done);
}

#[test]
fn an_upstream_that_is_slow_to_begin_or_falls_silent_is_named() {
    let argo = Argo::start(|request, connection| {
        if request.path.ends_with("/silent/") {
            connection.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{");
        }
        assert!(connection.left());
    });
    let table = |path: &str, limit: &str| {
        format!(
            r#"
version: 1
upstreams: {{ a: {{ url: "http://{}{path}", {limit}: 0.2, dialect: argo }} }}
models: {{ m: {{ show: {{ owned_by: x, created: 1 }}, names: {{ x: y }} }} }}
routes: [{{ path: /chat, upstream: a, models: m, transformer: openai_chat_completions }}]
"#,
            argo.address
        )
    };
    for (path, limit) in [("/slow/", "first_byte_timeout"), ("/silent/", "idle_timeout")] {
        let server = Setup::before(&argo).routes(&table(path, limit)).start();
        let answer = server.post("/chat", &asks(json!({"stream": true, "model": "x"})));
        assert_eq!(answer.status, 504, "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains(limit), "{answer:?}");
    }
}
