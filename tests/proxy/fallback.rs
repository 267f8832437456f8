//! A row with several upstreams: which one takes a call, and when the next one is asked.

use crate::support::{Argo, Connection, Server, Setup, chat};
use serde_json::{Value, json};

/// A table whose row prefers `first` to `second`. `more` are more keys of the first upstream, `rules` those of the group.
fn table(first: &str, second: &str, more: &str, rules: &str) -> String {
    format!(
        "version: 1
upstreams:
  first: {{ url: \"{first}\", stream_url: \"{first}\", dialect: argo{more} }}
  second: {{ url: \"{second}\", stream_url: \"{second}\", dialect: argo }}
models:
  chat:
    default: argo:gpt-4o
    names: {{ argo:gpt-4o: a1, argo:b: b1 }}
    rules: [{rules}]
routes:
  - {{ path: /v1/chat/completions, upstream: [first, second], models: chat, transformer: openai_chat_completions }}
  - {{ path: /v1/completions, upstream: [first, second], models: chat, transformer: openai_completions }}
"
    )
}

fn url(argo: &Argo) -> String {
    format!("http://{}/", argo.address)
}

fn between(first: &str, second: &Argo, more: &str, rules: &str) -> Server {
    Setup::before(second).routes(&table(first, &url(second), more, rules)).start()
}

/// The kinds of calls: pingora's own, whole and streamed, and those that the proxy makes itself.
fn kinds() -> [(&'static str, Value); 4] {
    let tool = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    [
        ("whole", json!({})),
        ("streamed", json!({"stream": true})),
        ("a whole answer for a stream", json!({"stream": true, "tools": tool})),
        ("several answers", json!({"n": 2})),
    ]
}

/// An upstream that answers every call with these bytes.
fn answering(status: u16, headers: &'static str, body: &'static str) -> Argo {
    Argo::start(move |_, connection| connection.whole(status, headers, body.as_bytes()))
}

const JSON: &str = "Content-Type: application/json\r\n";
const HTML: &str = "Content-Type: text/html\r\n";

/// An upstream that answers whole and streamed calls.
fn answers() -> Argo {
    Argo::start(|request, connection| match request.header("accept") {
        Some("text/plain") => connection.streams(&[b"sec", b"ond"]),
        _ => connection.says("second"),
    })
}

#[test]
fn the_next_upstream_is_asked_where_one_has_no_such_endpoint() {
    for (status, headers, body, all) in [
        (404, JSON, r#"{"detail":"Not Found"}"#, 4),
        (405, JSON, r#"{"detail":"Method Not Allowed"}"#, 1),
        (404, HTML, "<html>nothing here</html>", 1),
        (200, HTML, "<html>please log in</html>", 4),
        (403, HTML, "<html>forbidden</html>", 1),
        (302, "Location: /login\r\n", "", 2),
    ] {
        for (kind, more) in kinds().into_iter().take(all) {
            let (first, second) = (answering(status, headers, body), answers());
            let server = between(&url(&first), &second, "", "");
            let answer = server.chat(&chat("Hi", more.clone()));
            assert_eq!(answer.status, 200, "{status} {kind}: {answer:?}");
            assert!(answer.text().contains("sec"), "{status} {kind}: {answer:?}");
            let asked = first.requests().len();
            assert!(asked >= 1, "{status} {kind}");
            // It is remembered, so that the next request does not go there.
            assert_eq!(server.chat(&chat("Hi", more)).status, 200);
            assert_eq!(first.requests().len(), asked, "{status} {kind}");
            let told = || server.log().contains("has no such endpoint and is passed over for 60 s");
            crate::reload::until("it is told in the log", told);
        }
    }
}

#[test]
fn the_next_upstream_is_asked_where_one_cannot_be_connected_to() {
    for (kind, more) in kinds() {
        let second = answers();
        // A port at which nobody listens: this listener is gone when its address is used.
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = between(&format!("http://{gone}/"), &second, "", "");
        let answer = server.chat(&chat("Hi", more));
        assert_eq!(answer.status, 200, "{kind}: {answer:?}");
        assert!(answer.text().contains("sec"), "{kind}: {answer:?}");
        crate::reload::until("the request is logged", || server.log().contains(" 200 "));
        let log = server.log();
        assert!(!log.contains("Connect") && !log.contains("ended"), "{kind}: {log}");
    }
}

#[test]
fn what_a_vendor_answers_is_the_answer() {
    for (status, headers, body) in [
        (404, JSON, r#"{"error":{"message":"no such model","code":"model_not_found"}}"#),
        (400, JSON, r#"{"error":{"message":"bad"}}"#),
        (401, JSON, r#"{"error":{"message":"who"}}"#),
        (429, JSON, r#"{"error":{"message":"slow"}}"#),
        (500, JSON, r#"{"error":{"message":"broken"}}"#),
        // The program behind the front door may have run.
        (502, HTML, "<html>bad gateway</html>"),
    ] {
        for (kind, more) in kinds().into_iter().take(if status == 404 { 4 } else { 1 }) {
            let (first, second) = (answering(status, headers, body), answers());
            let server = between(&url(&first), &second, "", "");
            let answer = server.chat(&chat("Hi", more));
            assert_eq!(answer.status, status, "{status} {kind}: {answer:?}");
            assert_eq!(second.requests().len(), 0, "{status} {kind}");
        }
    }
}

#[test]
fn nothing_is_asked_after_a_byte_of_an_answer() {
    let (first, second) = (
        Argo::start(|_, connection| {
            connection.stream_head();
            connection.chunk(b"Hel");
            connection.close();
        }),
        answers(),
    );
    let server = between(&url(&first), &second, "", "");
    let answer = server.chat(&chat("Hi", json!({"stream": true})));
    assert!(answer.text().contains("Hel") && answer.text().contains("\"error\""), "{answer:?}");
    assert_eq!(second.requests().len(), 0);
}

#[test]
fn the_failure_of_the_last_upstream_that_could_serve_reaches_the_client() {
    let (first, second) =
        (answering(404, JSON, r#"{"detail":"Not Found"}"#), answering(500, JSON, r#"{"error":"broken"}"#));
    let server = between(&url(&first), &second, "", "");
    let answer = server.chat(&chat("Hi", json!({})));
    assert_eq!(answer.status, 500, "{answer:?}");
    assert!(answer.text().contains("broken"), "{answer:?}");
}

#[test]
fn an_upstream_takes_only_the_models_that_it_serves() {
    let (first, second) = (Argo::saying("first"), Argo::saying("second"));
    let server = between(&url(&first), &second, ", serves: [\"A*\"]", "");
    let says = |model: &str| {
        server.chat(&chat("Hi", json!({"model": model}))).json()["choices"][0]["message"]["content"].clone()
    };
    assert_eq!((says("argo:gpt-4o"), says("argo:b")), (json!("first"), json!("second")));
}

#[test]
fn an_upstream_that_cannot_carry_a_part_of_a_message_is_passed_over() {
    let (first, second) = (answering(500, JSON, "{}"), answers());
    for dialect in ["anthropic", "openai_responses"] {
        let table =
            table(&url(&first), &url(&second), "", "").replacen("dialect: argo", &format!("dialect: {dialect}"), 1);
        let server = Setup::before(&second).routes(&table).start();
        let parts = json!([{"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}]);
        for (kind, more) in kinds() {
            let messages = json!({"messages": [{"role": "user", "content": parts}]});
            let mut request = more.as_object().unwrap().clone();
            request.extend(messages.as_object().unwrap().clone());
            let answer = server.chat(&chat("Hi", request.into()));
            assert_eq!(answer.status, 200, "{dialect}, {kind}: {answer:?}");
        }
    }
    assert_eq!(first.requests().len(), 0);
}

#[test]
fn rules_may_hold_at_one_upstream_alone() {
    let rules = "{ match: \"*\", upstream: first, drop: [seed] }, { match: \"*\", upstream: \"sec*\", drop: [top_p] }";
    let (first, second) = (Argo::saying("first"), Argo::saying("second"));
    let server = between(&url(&first), &second, ", serves: a1", rules);
    for (model, argo, gone, stays) in [("gpt-4o", &first, "seed", "top_p"), ("b", &second, "top_p", "seed")] {
        let model = format!("argo:{model}");
        assert_eq!(server.chat(&chat("Hi", json!({"model": model, "seed": 1, "top_p": 0.5}))).status, 200);
        let sent = argo.request().json();
        assert!(sent.get(gone).is_none() && sent.get(stays).is_some(), "{sent}");
    }
}

#[test]
fn a_call_carries_the_callers_name_as_its_upstream_wants_it() {
    for (key, header, value) in [
        ("credential: bearer", "authorization", Some("Bearer tester")),
        ("credential: x_api_key", "x-api-key", Some("tester")),
        ("credential: none", "authorization", None),
        ("vendor: argo", "authorization", Some("Bearer tester")),
        ("vendor: argo, credential: none", "authorization", None),
        ("vendor: other", "authorization", None),
    ] {
        let (first, second) = (Argo::saying("first"), Argo::saying("second"));
        let server = between(&url(&first), &second, &format!(", {key}"), "");
        assert_eq!(server.chat(&chat("Hi", json!({}))).status, 200);
        assert_eq!(first.request().header(header), value, "{key}");
    }
}

#[test]
fn a_token_comes_from_a_file_and_is_read_again_when_that_changes() {
    let (first, second) = (Argo::saying("first"), Argo::saying("second"));
    let table = table(&url(&first), &url(&second), ", bearer_file: token", "");
    let server = Setup::before(&second).routes(&table).file("token", "one\n").start();
    assert_eq!(server.chat(&chat("Hi", json!({}))).status, 200);
    assert_eq!(first.request().header("authorization"), Some("Bearer one"));
    crate::reload::replace(&server.file("token"), "two\n");
    crate::reload::until("the new token is sent", || {
        server.chat(&chat("Hi", json!({})));
        first.requests().iter().any(|request| request.header("authorization") == Some("Bearer two"))
    });
}

#[test]
fn an_upstream_is_off_while_what_it_needs_is_not_set() {
    let (first, second) = (Argo::saying("first"), Argo::saying("second"));
    let table = table("${lab_url}", &url(&second), ", needs: lab_url", "");
    for (lab, says) in [(None, "second"), (Some(String::new()), "second"), (Some(url(&first)), "first")] {
        let mut setup = Setup::before(&second).routes(&table);
        if let Some(lab) = lab {
            setup = setup.environment("lab_url", &lab);
        }
        let server = setup.start();
        assert_eq!(server.chat(&chat("Hi", json!({}))).json()["choices"][0]["message"]["content"], says);
    }
}

/// A table of one model over Anthropic's messages, which thinks in this way.
pub fn thinking(url: &str, way: &str) -> String {
    format!(
        "version: 1
upstreams:
  a: {{ url: \"{url}\", dialect: anthropic, vendor: argo }}
models:
  chat: {{ names: {{ argo:gpt-4o: a1 }}, rules: [{{ match: a1, tools: anthropic, thinking: {way} }}] }}
routes:
  - {{ path: /v1/chat/completions, upstream: a, models: chat, transformer: openai_chat_completions }}
"
    )
}

/// An upstream that answers nothing until it is asked to think in this way.
fn thinks(way: &'static str) -> Argo {
    thinks_or(way, |connection| connection.whole(200, "Content-Type: text/event-stream\r\n", b""))
}

/// The same, where `nothing` is what it answers before.
pub fn thinks_or(way: &'static str, nothing: impl Fn(&mut Connection) + Send + Sync + 'static) -> Argo {
    Argo::start(move |request, connection| {
        let asked = request.json();
        if asked["thinking"]["type"] != way {
            return nothing(connection);
        }
        let usage = r#""usage":{"input_tokens":1,"output_tokens":1}"#;
        if asked["stream"] != true {
            let body = format!(
                r#"{{"type":"message","role":"assistant","content":[{{"type":"text","text":"Hello"}}],"stop_reason":"end_turn",{usage}}}"#
            );
            return connection.json(200, &body);
        }
        let events = [
            format!(
                r#"{{"type":"message_start","message":{{"type":"message","role":"assistant","content":[],{usage}}}}}"#
            ),
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#.to_owned(),
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}"#.to_owned(),
            r#"{"type":"content_block_stop","index":0}"#.to_owned(),
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},{usage}}}"#),
            r#"{"type":"message_stop"}"#.to_owned(),
        ];
        let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        connection.whole(200, "Content-Type: text/event-stream\r\n", body.as_bytes());
    })
}

#[test]
fn an_empty_answer_is_asked_for_once_more_in_the_other_way_of_thinking() {
    for (way, other) in [("budget", "adaptive"), ("adaptive", "enabled")] {
        for more in [json!({}), json!({"stream": true}), json!({"n": 2})] {
            let argo = thinks(other);
            let server = Setup::before(&argo).routes(&thinking(&url(&argo), way)).start();
            let asked = json!({"reasoning_effort": "low", "max_tokens": 4000});
            let body: Value =
                [asked, more.clone()].into_iter().flat_map(|one| one.as_object().unwrap().clone()).collect();
            let answer = server.chat(&chat("Hi", body));
            assert_eq!(answer.status, 200, "{way} {more}: {answer:?}");
            assert!(answer.text().contains("Hello"), "{way} {more}: {answer:?}");
        }
    }
}

#[test]
fn an_empty_answer_is_an_error_where_there_is_no_other_way_to_ask() {
    let never = thinks("never");
    for (way, effort, asked) in [("budget", json!("low"), 2), ("budget", Value::Null, 1), ("none", json!("low"), 1)] {
        for stream in [false, true] {
            let before = never.requests().len();
            let server = Setup::before(&never).routes(&thinking(&url(&never), way)).start();
            let body = json!({"reasoning_effort": effort, "max_tokens": 4000, "stream": stream});
            let answer = server.chat(&chat("Hi", body));
            assert_eq!(
                (answer.status, &answer.error()["code"]),
                (502, &json!("empty_answer")),
                "{way} {effort}: {answer:?}"
            );
            assert_eq!(never.requests().len() - before, asked, "{way} {effort} {stream}");
        }
    }
}
