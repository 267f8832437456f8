//! Keys and bodies are in no line that the proxy writes, whatever becomes of a request.

use crate::reload::{replace, until};
use crate::support::{Argo, Setup, caller, callers, chat};
use serde_json::json;

const KEY: &str = "sk-argo-SECRETKEYSECRETKEYSECRETKEYSECRETKEYSECRET00";
const WRONG: &str = "WRONGKEYWRONGKEYWRONGKEY";
const TEXT: &str = "BODYTEXT7731";

/// Everything that must not be found, also in parts.
const SECRETS: [&str; 4] = ["SECRETKEY", "WRONGKEY", TEXT, "ANSWER9"];

#[test]
fn no_line_tells_a_key_or_a_body() {
    let argo = Argo::start(|request, connection| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let streamed = request.path.contains("stream");
        if body.contains("refuse") {
            connection.json(500, "{\"detail\": \"ANSWER9 went wrong\"}");
        } else if body.contains("vanish") {
            connection.close();
        } else if body.contains("break") && streamed {
            connection.stream_head();
            connection.chunk(b"ANSWER9");
            connection.close();
        } else if body.contains("garbage") {
            connection.raw(b"ANSWER9 this is not HTTP\r\n\r\n");
            connection.close();
        } else if streamed {
            connection.streams(&[b"ANSWER9"]);
        } else {
            connection.says("ANSWER9");
        }
    });
    let setup = || Setup::before(&argo).callers(&[caller("ann", KEY, "")]);
    // What `log_bodies` is for: bodies, but never a key.
    let bodies = setup().config("log_bodies: true");
    let mut logs = Vec::new();
    let json = || setup().config("access_log: json");
    let setups = [
        setup(),
        setup().environment("RUST_LOG", "debug"),
        setup().environment("RUST_LOG", "trace"),
        bodies,
        json(),
        json().environment("RUST_LOG", "trace"),
    ];
    for (number, setup) in setups.into_iter().enumerate() {
        let server = setup.start();
        let bodies = |word: &str| {
            [false, true].map(|stream| chat(&format!("{TEXT} {word}"), json!({"stream": stream, "user": TEXT})))
        };
        let send = |headers: &str, body: &str| {
            server.client().call("POST", "/v1/chat/completions", headers, body.as_bytes()).status
        };
        let right = format!("Authorization: Bearer {KEY}\r\n");
        let mut seen = Vec::new();
        for word in ["fine", "refuse", "vanish", "break", "garbage"] {
            seen.extend(bodies(word).map(|body| send(&right, &body)));
        }
        assert_eq!(seen, [200, 200, 500, 500, 502, 502, 200, 200, 502, 502], "each of them is met");
        let [body, _] = bodies("fine");
        for headers in [
            format!("Authorization: Bearer {WRONG}\r\n"),
            format!("X-Api-Key: {WRONG}\r\n"),
            format!("api-key: {KEY}{WRONG}\r\n"),
        ] {
            assert_eq!(send(&headers, &body), 401);
        }
        assert_eq!(send(&right, &format!("{{\"messages\": \"{TEXT}")), 400);
        assert_eq!(send(&right, &chat(TEXT, json!({"model": "argo:nobody-knows"}))), 404);
        assert_eq!(send(&format!("{right}Origin: https://attacker.example\r\n"), &body), 403);
        // Keys that people paste into a URL, or send where an id belongs.
        for key in [KEY, &KEY.replace('-', "%2d"), &KEY.replace('S', "%53")] {
            let answer =
                server.client().call("GET", &format!("/v1/{key}/models"), &format!("{right}X-Request-Id: a\r\n"), b"");
            assert_eq!(answer.status, 404, "{key}");
        }
        let answer = server.client().call("GET", "/v1/models", &format!("{right}X-Request-Id: {KEY}\r\n"), b"");
        assert!(answer.status == 200 && answer.header("x-request-id").unwrap().starts_with("req_"));
        let mut client = server.client();
        client.raw(format!("GET / HTTP/9.9\r\n{right}\r\n"));
        assert_eq!(client.head().status, 400, "a head that pingora cannot read");
        // A file with a key where its hash belongs is told of, without the key.
        let broken = callers(&[caller("ann", KEY, "")]).replace("key_sha256: \"", &format!("key_sha256: \"{KEY}"));
        replace(&server.file("callers.yaml"), &broken);
        until("the mistake is told", || server.log().contains("key_sha256: expected the SHA-256"));
        if number >= 4 {
            until("all lines", || server.out().lines().count() >= 16);
            assert!(server.out().lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
        }
        let out = server.out();
        server.signal("TERM");
        logs.push((server.ended().1 + &out, number == 3));
    }
    let down = Setup::before_address(([127, 0, 0, 1], 9).into()).callers(&[caller("ann", KEY, "")]).start();
    let headers = format!("Authorization: Bearer {KEY}\r\n");
    assert_eq!(
        down.client().call("POST", "/v1/chat/completions", &headers, chat(TEXT, json!({})).as_bytes()).status,
        502
    );
    down.signal("TERM");
    logs.push((down.ended().1, false));
    for (log, has_bodies) in logs {
        let (text, json) = ("POST /v1/chat/completions", "\"url.path\":\"/v1/chat/completions\"");
        assert!(log.contains(text) || log.contains(json), "it does log requests: {log}");
        for secret in SECRETS.into_iter().filter(|secret| !has_bodies || secret.ends_with("KEY")) {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret}: {line:?}");
        }
    }
}
