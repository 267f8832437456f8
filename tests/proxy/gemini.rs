//! Google's Gemini API over real sockets: versions, keys, silence, failures, lists, images, and what stands beside it.

use crate::images::figures;
use crate::reload::until;
use crate::support::{Answer, Argo, Client, Connection, Server, Setup, caller, merge};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

const SSE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const JSON: &str = "Content-Type: application/json\r\n";
const WHOLE: &str = r#"{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
const PIECE: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const LAST: &[u8] = b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
const EVENTS: &str = "/v1beta/models/argo:x:streamGenerateContent?alt=sse";
const LIST: &str = "/v1beta/models/argo:x:streamGenerateContent";
const ANSWER: &str = "/v1beta/models/argo:x:generateContent";

/// A table with one upstream that speaks OpenAI's chat completions, and what else its rows say.
fn table(url: &str, more: &str) -> String {
    let row = |method: &str, transformer: &str| {
        format!(
            "  - {{ path: \"/{{version}}/models/{{model*}}:{method}\", upstream: a, models: m, transformer: {transformer}{more} }}\n"
        )
    };
    format!(
        "version: 1
upstreams:
  a: {{ url: \"{url}\", stream_url: \"{url}\", dialect: openai, vendor: argo }}
models:
  m: {{ names: {{ argo:x: x1 }}, rules: [{{ match: x1, tools: openai }}] }}
routes:
{}{}  - {{ path: /v1/models, reply: model_list }}
",
        row("generateContent", "gemini_generate"),
        row("streamGenerateContent", "gemini_stream"),
    )
}

fn behind(upstream: &Argo, more: &str) -> Setup {
    Setup::before(upstream).routes(&table(&format!("http://{}/", upstream.address), more))
}

fn asked(more: Value) -> String {
    let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    merge(&mut body, more);
    body.to_string()
}

fn post(server: &Server, path: &str, headers: &str, body: &str) -> Answer {
    server.client().call("POST", path, headers, body.as_bytes())
}

/// The objects of a stream of events, which have nothing beside them.
fn objects(stream: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stream).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "a piece is not finished: {text:?}");
    let data = text.split("\n\n").filter(|event| !event.is_empty());
    data.map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()).collect()
}

fn said(objects: &[Value]) -> String {
    objects.iter().filter_map(|object| object["candidates"][0]["content"]["parts"][0]["text"].as_str()).collect()
}

/// Reads chunks until the reply ends. Returns them, and whether it ended as HTTP wants it to.
fn rest(client: &mut Client) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        match client.chunk() {
            None => return (body, false),
            Some(chunk) if chunk.is_empty() => return (body, true),
            Some(chunk) => body.extend_from_slice(&chunk),
        }
    }
}

/// An upstream that waits for a word before it answers.
fn gated(answer: fn(&mut Connection)) -> (Argo, Sender<()>) {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |_, connection| {
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        answer(connection);
    });
    (argo, go)
}

fn streams(connection: &mut Connection) {
    connection.raw(SSE.as_bytes());
    connection.chunk(PIECE);
    connection.chunk(LAST);
    connection.stream_end();
}

#[test]
fn each_version_has_the_methods_and_a_model_may_be_written_as_clients_do() {
    let upstream = Argo::start(|_, connection| connection.whole(200, JSON, WHOLE.as_bytes()));
    let server = behind(&upstream, "").start();
    for path in [
        "/v1/models/argo:x:generateContent",
        "/v1beta/models/x:generateContent",
        "/v1alpha/models/argo%3Ax%3AgenerateContent",
    ] {
        let answer = post(&server, path, "", &asked(json!({})));
        assert_eq!((answer.status, said(&[answer.json()])), (200, "hi".to_owned()), "{path}: {answer:?}");
        assert_eq!(upstream.requests().pop().unwrap().json()["model"], "x1");
    }
    for (path, status, word) in [
        ("/v1beta/models/argo:y:generateContent", 404, "NOT_FOUND"),
        ("/v1beta/models/argo:x:predict", 404, "NOT_FOUND"),
        ("/v1beta/tunedModels/argo:x:generateContent", 404, "NOT_FOUND"),
        ("/v1beta/cachedContents", 404, "NOT_FOUND"),
    ] {
        let answer = post(&server, path, "", &asked(json!({})));
        assert_eq!((answer.status, &answer.json()["error"]["status"]), (status, &json!(word)), "{path}: {answer:?}");
        assert_eq!(answer.json()["error"]["code"], status);
    }
}

#[test]
fn a_silent_stream_gets_pieces_without_text_and_nothing_else() {
    let (upstream, go) = gated(streams);
    let server = behind(&upstream, "").config("first_head: 0.3\n").start();
    let mut client = server.client();
    let headers = "x-stainless-timeout: NOT_GIVEN\r\nx-stainless-read-timeout: 2\r\n";
    client.send("POST", EVENTS, headers, asked(json!({})).as_bytes());
    let head = client.head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
    // Node takes a broken connection that was announced for a whole reply.
    assert_eq!(head.header("connection"), None);
    let mut heard = client.chunk().unwrap();
    heard.extend_from_slice(&client.chunk().unwrap());
    go.send(()).unwrap();
    let (more, is_whole) = rest(&mut client);
    heard.extend_from_slice(&more);
    let objects = objects(&heard);
    assert!(is_whole && objects.len() >= 4, "{objects:?}");
    assert_eq!(said(&objects), "hi");
    assert!(objects.iter().all(|object| object["candidates"][0]["content"]["role"] == "model"), "{objects:?}");
    assert_eq!(objects.last().unwrap()["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn a_silent_list_stays_a_list() {
    let (upstream, go) = gated(streams);
    let server = behind(&upstream, "").config("first_head: 0.3\n").start();
    let mut client = server.client();
    let headers = "x-stainless-timeout: NOT_GIVEN\r\nx-stainless-read-timeout: 2\r\n";
    client.send("POST", LIST, headers, asked(json!({})).as_bytes());
    let head = client.head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("application/json")));
    let mut heard = client.chunk().unwrap();
    go.send(()).unwrap();
    let (more, is_whole) = rest(&mut client);
    heard.extend_from_slice(&more);
    let list: Vec<Value> = serde_json::from_slice(&heard).unwrap();
    assert!(is_whole && said(&list) == "hi", "{list:?}");
}

#[test]
fn a_stream_that_fails_says_so_and_breaks() {
    for (path, more) in [(EVENTS, ""), (LIST, ""), (EVENTS, ", most_choices: 2"), (LIST, ", most_choices: 2")] {
        let upstream = Argo::start(move |_, connection| {
            connection.raw(SSE.as_bytes());
            connection.chunk(PIECE);
            connection.chunk(b"data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n");
            connection.stream_end();
        });
        let server = behind(&upstream, more).start();
        let mut client = server.client();
        let several = if more.is_empty() { json!({}) } else { json!({"generationConfig": {"candidateCount": 2}}) };
        client.send("POST", path, "", asked(several).as_bytes());
        let head = client.head();
        assert_eq!((head.status, head.header("connection").unwrap_or("keep-alive")), (200, "keep-alive"), "{path}");
        let (body, is_whole) = rest(&mut client);
        assert!(!is_whole, "{path}: the reply ends like a whole one");
        let objects = if path == EVENTS { objects(&body) } else { serde_json::from_slice(&body).unwrap() };
        let last = objects.last().unwrap();
        assert_eq!((&last["error"]["code"], &last["error"]["status"]), (&json!(503), &json!("UNAVAILABLE")), "{last}");
        assert!(said(&objects).starts_with("hi"));
    }
}

#[test]
fn a_cut_stream_and_one_that_fails_before_its_text_are_told() {
    let cut = Argo::start(|_, connection| {
        connection.raw(SSE.as_bytes());
        connection.chunk(PIECE);
        connection.close();
    });
    let server = behind(&cut, "").start();
    let mut client = server.client();
    client.send("POST", EVENTS, "", asked(json!({})).as_bytes());
    assert_eq!(client.head().status, 200);
    let (body, is_whole) = rest(&mut client);
    assert_eq!((is_whole, &objects(&body).last().unwrap()["error"]["status"]), (false, &json!("INTERNAL")));

    let (late, go) = gated(|connection| connection.whole(429, &format!("{JSON}Retry-After: 7\r\n"), b"{}"));
    let server = behind(&late, "").config("first_head: 0.3\n").start();
    let mut client = server.client();
    client.send("POST", EVENTS, "x-stainless-timeout: NOT_GIVEN\r\n", asked(json!({})).as_bytes());
    client.wait_for_bytes();
    go.send(()).unwrap();
    assert_eq!(client.head().status, 200);
    let (body, is_whole) = rest(&mut client);
    assert_eq!((is_whole, &objects(&body).last().unwrap()["error"]["code"]), (false, &json!(429)));
}

#[test]
fn statuses_are_googles_and_say_when_to_try_again() {
    for (status, headers, expected, word) in [
        (400, "", 400, "INVALID_ARGUMENT"),
        (404, "", 404, "NOT_FOUND"),
        (429, "Retry-After: 7\r\n", 429, "RESOURCE_EXHAUSTED"),
        (500, "", 500, "INTERNAL"),
        (503, "Retry-After: 7\r\n", 503, "UNAVAILABLE"),
        (529, "", 503, "UNAVAILABLE"),
    ] {
        for path in [ANSWER, EVENTS, LIST] {
            let upstream = Argo::start(move |_, connection| {
                connection.whole(status, &format!("{JSON}{headers}"), br#"{"error":{"message":"no"}}"#);
            });
            let server = behind(&upstream, "").start();
            let answer = post(&server, path, "", &asked(json!({})));
            let error = &answer.json()["error"];
            assert_eq!((answer.status, &error["status"]), (expected, &json!(word)), "{status} {path}: {answer:?}");
            let wait =
                error["details"].as_array().into_iter().flatten().find_map(|detail| detail["retryDelay"].as_str());
            assert_eq!(wait, (!headers.is_empty()).then_some("7s"), "{error}");
            assert_eq!(answer.header("retry-after").is_some(), !headers.is_empty());
        }
    }
}

#[test]
fn a_key_comes_by_header_or_in_the_query_and_is_never_logged() {
    const KEY: &str = "key-of-ann-0123456789";
    let upstream = Argo::start(|_, connection| connection.whole(200, JSON, WHOLE.as_bytes()));
    let people = [caller("ann", KEY, "")];
    let server =
        behind(&upstream, "").config("access_log: json\n").environment("RUST_LOG", "debug").callers(&people).start();
    for (query, headers, status) in [
        (String::new(), format!("x-goog-api-key: {KEY}\r\n"), 200),
        (String::new(), format!("Authorization: Bearer {KEY}\r\n"), 200),
        (format!("?key={KEY}"), String::new(), 200),
        (format!("?alt=json&key={}", KEY.replace('-', "%2D")), String::new(), 200),
        (String::new(), String::new(), 401),
        ("?key=nobodys-key-0123456789".to_owned(), String::new(), 401),
        (format!("?key={KEY}"), "x-goog-api-key: nobodys-key-0123456789\r\n".to_owned(), 401),
    ] {
        let answer = post(&server, &format!("{ANSWER}{query}"), &headers, &asked(json!({})));
        assert_eq!(answer.status, status, "{query} {headers}: {answer:?}");
        if status == 401 {
            assert_eq!(answer.json()["error"]["status"], "UNAUTHENTICATED");
        }
    }
    assert!(
        upstream.requests().iter().all(|sent| !sent.path.contains("key") && sent.header("x-goog-api-key").is_none())
    );
    until("a line of each request", || server.out().lines().count() == 7);
    let out = server.out();
    server.signal("TERM");
    let log = server.ended().1 + &out;
    assert!(log.contains(":generateContent") && !log.contains(KEY) && !log.contains("nobodys-key"), "{log}");
}

#[test]
fn images_by_address_are_fetched_from_contents_and_from_results() {
    let upstream = Argo::start(|_, connection| connection.whole(200, JSON, WHOLE.as_bytes()));
    let figures = figures();
    let server = behind(&upstream, &format!(", images: {{ allow_hosts: [\"{}\"] }}", figures.address)).start();
    let image = json!({"fileData": {"fileUri": format!("http://{}/a.png", figures.address), "mimeType": "image/png"}});
    let contents = json!([{"role": "user", "parts": [image]},
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "see"}, "parts": [image]}}]}]);
    let answer = post(&server, ANSWER, "", &json!({"contents": contents}).to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
    let sent = upstream.request().json().to_string();
    assert_eq!((sent.matches("http://").count(), sent.matches("data:image/png;base64,").count()), (0, 2), "{sent}");
}

#[test]
fn models_are_listed_in_pages_and_failures_have_googles_form_before_a_route_is_known() {
    let server = Server::before(&Argo::saying("hi"));
    let get = |path: &str| server.client().call("GET", path, "x-goog-api-client: genai\r\n", b"");
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("/v1/models?pageSize=20&pageToken={token}")).json();
        let models = page["models"].as_array().unwrap();
        assert!(models.len() <= 20);
        names.extend(models.iter().map(|model| model["name"].as_str().unwrap().to_owned()));
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    let whole = server.get("/v1beta/models").json();
    let all: Vec<&str> =
        whole["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(names.len() > 20 && names == all, "{names:?}");
    assert_eq!(server.get("/v1beta/models/gemini-2.5-pro").json()["name"], "models/argo:gemini-2.5-pro");
    assert_eq!(get("/v1/models/models/gemini-2.5-pro").json()["inputTokenLimit"], 1_048_576);
    for (method, path, status, word) in [
        ("GET", "/v1/models?pageSize=0", 400, "INVALID_ARGUMENT"),
        ("GET", "/v1beta/files", 404, "NOT_FOUND"),
        ("POST", "/upload/v1beta/files?key=x", 404, "NOT_FOUND"),
        ("POST", "/v1/models/x:generateAnswer", 404, "NOT_FOUND"),
    ] {
        let answer = server.client().call(method, path, "x-goog-api-key: x\r\n", b"");
        assert_eq!((answer.status, &answer.json()["error"]["status"]), (status, &json!(word)), "{path}: {answer:?}");
    }
}
