//! A line for each request, for people and for programs, and bodies where they are wanted.

use crate::reload::{replace, until};
use crate::support::{Argo, Server, Setup, caller, chat};
use crate::upstream_options::refusing;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::mpsc;

/// The line of the request with this id, without its time and level, and its times made equal.
fn line(server: &Server, id: &str) -> (String, String) {
    let own = format!(" id={id}\n");
    until("the line", || server.log().contains(&own));
    let log = server.log();
    let found = log.lines().find(|line| line.ends_with(&own[..own.len() - 1])).unwrap();
    let (head, line) = found.split_once("] ").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), timeless(line))
}

/// With `_` for the digits in front of `ms` and `us`.
fn timeless(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let unit = ["ms", "us"].into_iter().find(|unit| word.ends_with(unit));
        let bare = unit.and_then(|unit| word.strip_suffix(unit));
        match (bare, unit) {
            (Some(bare), Some(unit)) if bare.ends_with(|c: char| c.is_ascii_digit()) => {
                format!("{}_{unit}", bare.trim_end_matches(|c: char| c.is_ascii_digit()))
            }
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn send(server: &Server, path: &str, id: &str, body: &str) -> u16 {
    server.client().call("POST", path, &format!("X-Request-Id: {id}\r\n"), body.as_bytes()).status
}

const CHAT: &str = "/v1/chat/completions";

#[test]
fn each_way_to_end_has_its_line() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let at = argo.address;
    let body = chat("x", json!({}));
    let size = body.len();
    let answer = server.client().call("POST", CHAT, "X-Request-Id: whole\r\n", body.as_bytes());
    let out = answer.body.len();
    let usage = &answer.json()["usage"];
    let (asked, said) = (&usage["prompt_tokens"], &usage["completion_tokens"]);
    assert_eq!(
        line(&server, "whole"),
        (
            "INFO".to_owned(),
            format!(
                "POST {CHAT} 200 _ms model=gpt4o name=argo:gpt-4o upstream=200 at={at} first_byte=_ms first_text=_ms \
                 own=_us in={size} out={out} tokens_in={asked} tokens_out={said} id=whole"
            )
        )
    );
    let body = chat("x", json!({"stream": true, "model": "GPT-4o"}));
    let answer = server.client().call("POST", CHAT, "X-Request-Id: streamed\r\n", body.as_bytes());
    assert!(answer.complete);
    let (level, told) = line(&server, "streamed");
    let (size, out) = (body.len(), told.split(" out=").nth(1).unwrap().split(' ').next().unwrap().to_owned());
    assert_eq!(
        (level.as_str(), told),
        (
            "INFO",
            format!(
                "POST {CHAT} 200 _ms model=gpt4o name=argo:gpt-4o asked=GPT-4o stream upstream=200 at={at} \
                 first_byte=_ms first_text=_ms own=_us in={size} out={out} id=streamed"
            )
        )
    );
    let body = chat("x", json!({"model": "no such\nINFO model"}));
    assert_eq!(send(&server, CHAT, "refused", &body), 404);
    let told = line(&server, "refused");
    assert!(told.1.contains("404 _ms asked=\"no such\\nINFO model\" own=_us"), "{told:?}");
    assert!(told.1.ends_with("ended_by=us error=model_not_found why=\"param=model\" id=refused"), "{told:?}");
    assert_eq!(told.0, "INFO");
    assert_eq!(send(&server, "/v1/models/argo:gpt-4o\u{85}\u{2028}?key=secret", "odd", "{}"), 404);
    let (_, told) = line(&server, "odd");
    assert!(told.starts_with("POST /v1/models/argo:gpt-4o\\u{85}\\u{2028} 4"), "{told}");
    assert!(!server.log().contains("secret"));
}

#[test]
fn failures_are_warnings_that_say_who_ended_it_and_why() {
    let server = Setup::before_address(refusing()).config("verbose: false").start();
    assert_eq!(send(&server, CHAT, "down", &chat("x", json!({}))), 502);
    let (level, told) = line(&server, "down");
    assert_eq!(level, "WARN");
    assert!(told.contains("502 _ms model=gpt4o name=argo:gpt-4o at=127.0.0.1:"), "{told}");
    assert!(told.contains(" ended_by=upstream error=upstream_unreachable why=\"502: ARGO ("), "{told}");
    let (silent, is_asked, _is_left) = Argo::silent();
    let server = Setup::before(&silent).config("timeout: 0.3").start();
    assert_eq!(send(&server, CHAT, "late", &chat("x", json!({}))), 504);
    let (_, told) = line(&server, "late");
    assert!(told.contains("ended_by=us error=timeout why=\"504: "), "{told}");
    is_asked.recv().unwrap();
    let mut client = server.client();
    client.send("POST", CHAT, "X-Request-Id: gone\r\n", chat("x", json!({"timeout": 60})).as_bytes());
    is_asked.recv().unwrap();
    drop(client);
    let (level, told) = line(&server, "gone");
    assert!(told.contains(" - _ms ") && told.contains(" ended_by=client error=ConnectionClosed id=gone"), "{told}");
    assert_eq!(level, "INFO");
}

/// An ARGO that answers as the user's text says, and quotes what must be in no log.
fn failing() -> Argo {
    const QUOTED: &str = "SECRET the prompt";
    let denied = format!("IMPORTANT AUTHENTICATION NOTICE FROM ARGO \n ACCESS DENIED \n {QUOTED}");
    Argo::start(move |request, connection| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        match ["oops", "nginx", "wrong", "nothing", "denied", "moved"].into_iter().find(|word| body.contains(word)) {
            Some("oops") => connection.json(500, &json!({"detail": QUOTED}).to_string()),
            Some("nginx") => connection.whole(502, "Content-Type: text/html\r\n", b"<html><h1>502 SECRET</h1></html>"),
            Some("wrong") => {
                let error = json!({"message": QUOTED, "param": "temperature", "code": "unsupported_value"});
                connection.json(400, &json!({"error": error}).to_string());
            }
            Some("nothing") => connection.json(200, &json!({"message": QUOTED}).to_string()),
            Some("moved") => connection.whole(307, "Location: http://argo.test/SECRET\r\n", b""),
            _ if request.path.contains("stream") => connection.streams(&[denied.as_bytes()]),
            _ => connection.says(&denied),
        }
    })
}

#[test]
fn the_reason_is_in_the_proxys_own_words_and_quotes_nobody() {
    let server = Server::before(&failing());
    for (text, status, reason) in [
        ("oops", 500, "error=server_error why=\"ARGO answered 500 Internal Server Error\""),
        ("nginx", 502, "error=server_error why=\"ARGO answered 502 Bad Gateway\""),
        ("wrong", 400, "error=unsupported_value why=\"ARGO answered 400 Bad Request param=temperature\""),
        ("nothing", 502, "error=bad_upstream_answer why=\"ARGO answered without a 'response'\""),
        ("denied", 403, "error=argo_access_denied why=\"ARGO denies access to 'tester' (user in config.yaml)\""),
        ("moved", 502, "error=bad_upstream_answer why=\"ARGO redirects http://"),
    ] {
        for stream in [false, true] {
            let id = format!("{text}-{stream}");
            let body = chat(text, json!({"stream": stream}));
            let answer = server.client().call("POST", CHAT, &format!("X-Request-Id: {id}\r\n"), body.as_bytes());
            // A stream has no form that an answer could miss: what comes is its text.
            if text == "nothing" && stream {
                continue;
            }
            assert_eq!(answer.status, status, "{id}");
            assert!(answer.text().contains("SECRET") || text == "nginx", "the client is told: {}", answer.text());
            let (level, told) = line(&server, &id);
            assert_eq!(level, "WARN");
            assert!(told.contains(&format!("ended_by=upstream {reason}")), "{told}");
        }
    }
    let embedding = json!({"model": "argo:text-embedding-3-small", "input": "nothing"}).to_string();
    let own = crate::support::with_model(json!({"prompt": ["oops"]}));
    for (path, id, body, status, reason) in [
        (
            "/v1/embeddings",
            "embedding",
            embedding,
            502,
            "error=bad_upstream_answer why=\"ARGO answered without an 'embedding'\"",
        ),
        ("/v1/chat", "own", own, 500, "error=upstream_error why=\"the upstream answered 500 Internal Server Error\""),
    ] {
        assert_eq!(send(&server, path, id, &body), status);
        let (_, told) = line(&server, id);
        assert!(told.contains(&format!("ended_by=upstream {reason}")), "{told}");
    }
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(!log.contains("SECRET"), "{log}");
}

#[test]
fn a_denial_names_the_user_and_where_it_was_set() {
    let argo = failing();
    let rows = [caller("ann", "ann-key", "user: asmith"), caller("bob", "bob-key", "")];
    let keys = Setup::before(&argo).callers(&rows).start();
    let passthrough = Setup::before(&argo).config("access: passthrough").start();
    for (server, key, user) in [
        (&keys, "ann-key", "'asmith' (user of ann in callers.yaml)"),
        (&keys, "bob-key", "'tester' (user in config.yaml)"),
        (&passthrough, "ac.jdoe", "'ac.jdoe' (the key of the request)"),
    ] {
        let headers = format!("Authorization: Bearer {key}\r\nX-Request-Id: {key}\r\n");
        let answer = server.client().call("POST", CHAT, &headers, chat("denied", json!({})).as_bytes());
        let message = answer.error()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("ARGO denies access to {user}. It says: IMPORTANT")), "{message}");
        let (_, told) = line(server, key);
        assert!(told.contains(&format!("why=\"ARGO denies access to {user}\"")), "{told}");
    }
    let body = json!({"model": "argo:text-embedding-3-small", "input": "denied"}).to_string();
    let answer = keys.client().call("POST", "/v1/embeddings", "Authorization: Bearer ann-key\r\n", body.as_bytes());
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("ARGO denies access to 'asmith' (user of ann in callers.yaml)"), "{message}");
}

#[test]
fn json_lines_are_objects_on_the_standard_output_and_nothing_else_is() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("access_log: json").start();
    let body = chat("x", json!({"stream": true, "n": 2}));
    assert_eq!(send(&server, CHAT, "streamed", &body), 200);
    // A stream's line comes after its last byte, which another request may overtake.
    until("the first line", || server.out().ends_with('\n'));
    assert_eq!(send(&server, CHAT, "re\\fu\"sed", &chat("x", json!({"model": "a\u{1}\n\"b"}))), 404);
    until("both lines", || server.out().lines().count() == 2);
    let out = server.out();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |line: &Value, keys: &[&str]| keys.iter().map(|key| line[*key].clone()).collect::<Vec<_>>();
    assert_eq!(
        of(
            &lines[0],
            &["request.id", "severity", "http.response.status_code", "gen_ai.response.model", "proxy.stream"]
        ),
        [json!("streamed"), json!("INFO"), json!(200), json!("gpt4o"), json!(true)]
    );
    assert_eq!(
        of(&lines[0], &["server.address", "server.port", "network.peer.port", "proxy.calls", "http.request.body.size"]),
        [json!("127.0.0.1"), json!(argo.address.port()), json!(argo.address.port()), json!(2), json!(body.len())]
    );
    assert!(lines[0]["proxy.duration_s"].as_f64() >= lines[0]["proxy.first_text_s"].as_f64(), "{out}");
    assert_eq!(
        of(&lines[1], &["request.id", "gen_ai.request.model", "error.type", "proxy.ended_by"]),
        [json!("re\\fu\"sed"), json!("a\u{1}\n\"b"), json!("model_not_found"), json!("us")]
    );
    assert!(!server.log().contains("INFO  POST"), "{}", server.log());
}

#[test]
fn bodies_are_shown_when_asked_for_cut_and_without_keys() {
    let argo = Argo::saying("the answer's text");
    let long = "word ".repeat(2000);
    let key = "sk-proj0123456789abcdef0123456789";
    let image = format!("data:image/png;base64,{}", "QUJD".repeat(500));
    let body = chat(&format!("{long}\nwith {key}"), json!({"metadata": {"k": key, "image": image}}));
    for (bodies, streamed) in [(true, false), (true, true), (false, false)] {
        let server = Setup::before(&argo).environment("VERBOSE", "1").config(&format!("log_bodies: {bodies}")).start();
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["stream"] = streamed.into();
        let body = body.to_string();
        assert_eq!(send(&server, CHAT, "seen", &body), 200);
        line(&server, "seen");
        let log = server.log();
        assert!(!log.contains("0123456789") && !log.contains("QUJDQUJD"), "{log}");
        let told =
            |what: &str| log.lines().find(|line| line.contains(&format!(" {what} of seen, "))).unwrap_or_default();
        if !bodies {
            assert!(!log.contains("of seen") && !log.contains("word") && !log.contains("answer's"), "{log}");
            continue;
        }
        assert!(told("request").contains(&format!("{} bytes: {{", body.len())), "{log}");
        assert!(told("request").contains("\"k\":\"***\"") && told("request").contains("word …(+"), "{log}");
        assert!(told("call").contains("\"user\":\"tester\""), "{log}");
        assert!(told(if streamed { "stream" } else { "reply" }).contains("the answer's text"), "{log}");
        assert!(log.len() < 20_000, "{log}");
    }
}

#[test]
fn only_failures_have_lines_where_verbose_is_false_or_it_is_quiet() {
    let argo = Argo::start(|request, connection| {
        let fails = String::from_utf8_lossy(&request.body).contains("fail");
        if fails { connection.json(500, "{}") } else { connection.says("Hi") }
    });
    for form in ["text", "json"] {
        let setup = |verbose: bool| Setup::before(&argo).config(&format!("access_log: {form}\nverbose: {verbose}"));
        let lines = |server: &Server| if form == "json" { server.out() } else { server.log() };
        for (setup, flag, wanted) in [
            (setup(false), None, &["failed"][..]),
            (setup(true), Some("--quiet"), &["failed"]),
            (setup(false), Some("--verbose"), &["well", "failed"]),
            (setup(false).environment("VERBOSE", "1"), None, &["well", "failed"]),
            (setup(true), None, &["well", "failed"]),
        ] {
            let (mut command, folder) = setup.command();
            command.args(flag);
            let server = Server::run(command, folder);
            // One connection, on which the line of a request comes before the next request is read.
            let mut client = server.client();
            let mut ask = |id: &str, text: &str| {
                let body = chat(text, json!({}));
                client.call("POST", CHAT, &format!("X-Request-Id: {id}\r\n"), body.as_bytes()).status
            };
            assert_eq!((ask("well", "x"), ask("failed", "fail")), (200, 500));
            until("the line", || lines(&server).contains("failed"));
            let lines = lines(&server);
            let told: Vec<&str> = ["well", "failed"].into_iter().filter(|id| lines.contains(id)).collect();
            assert_eq!(told, wanted, "{form} {flag:?}: {lines}");
        }
    }
}

#[test]
fn changed_keys_of_the_log_hold_from_the_next_request_on() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("verbose: true").start();
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let change = |number: usize, lines: &str| {
        replace(&file, &text.replace("verbose: true", lines));
        until("the reload", || server.log().matches("reloaded: ").count() == number);
    };
    let ask = |id: &str| assert_eq!(send(&server, CHAT, id, &chat("x", json!({}))), 200);
    ask("shown");
    line(&server, "shown");
    change(1, "verbose: false\nlog_bodies: true");
    ask("bodies");
    until("the bodies", || server.log().contains(" reply of bodies, "));
    change(2, "access_log: json");
    ask("object");
    until("the object", || server.out().contains("\"request.id\":\"object\""));
    assert!(!server.log().contains(" id=bodies") && !server.log().contains("id=object"), "{}", server.log());
    assert!(!server.log().contains(" of object, ") && server.out().lines().count() == 1, "{}", server.out());
}

#[test]
fn a_stream_that_the_client_leaves_says_so() {
    let (go, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let argo = Argo::start(move |_, connection| {
        connection.stream_head();
        connection.chunk(b"a");
        gate.lock().unwrap().recv().unwrap();
        while connection.is_open() {
            connection.chunk(b"b");
        }
    });
    let server = Server::before(&argo);
    let mut client = server.client();
    client.send("POST", CHAT, "X-Request-Id: left\r\n", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    client.chunk().unwrap();
    drop(client);
    go.send(()).unwrap();
    let (_, told) = line(&server, "left");
    assert!(told.contains("200 _ms") && told.contains(" stream ") && told.contains(" ended_by=client "), "{told}");
}

#[test]
fn replies_tell_where_the_time_went_when_asked_to() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("server_timing: true").start();
    let ask = |more: Value| {
        let body = chat("x", more);
        server.client().call("POST", CHAT, "Origin: http://localhost:3000\r\n", body.as_bytes())
    };
    for more in [json!({}), json!({"stream": true}), json!({"model": "none"})] {
        let answer = ask(more);
        let told = answer.header("server-timing").unwrap();
        let times: Vec<f64> =
            told.split(", ").map(|part| part.split_once(";dur=").unwrap().1.parse().unwrap()).collect();
        assert!(told.starts_with("upstream;dur=") && told.contains(", own;dur=") && times[1] > 0.0, "{told}");
        assert_eq!(times[0] > 0.0, answer.status == 200, "{told}");
        assert!(answer.header("access-control-expose-headers").unwrap().contains("server-timing"));
    }
    let answer = Server::before(&argo).chat(&chat("x", json!({})));
    assert_eq!(answer.header("server-timing"), None);
}
