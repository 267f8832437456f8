//! Callers who try to be somebody else, or to use what they may not, by spelling it differently.

use crate::reload::until;
use crate::support::{Answer, Argo, Server, Setup, caller};
use serde_json::json;

const CHAT: &str = "/v1/chat/completions";
const ROWS: [(&str, &str); 4] = [
    ("/v1/chat/completions", "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"),
    ("/v1/completions", "\"prompt\":\"x\""),
    ("/v1/chat", "\"prompt\":[\"x\"]"),
    ("/v1/embeddings", "\"input\":\"x\""),
];

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

/// An ARGO that answers chats and embeddings.
fn argo() -> Argo {
    Argo::start(|request, connection| {
        if request.path.ends_with("/embed/") {
            connection.json(200, &json!({"embedding": [vec![0.5; 1536]]}).to_string());
        } else {
            connection.says("Hi");
        }
    })
}

fn ask(server: &Server, headers: &str, path: &str, body: &str) -> Answer {
    server.client().call("POST", path, headers, body.as_bytes())
}

#[test]
fn of_several_keys_one_counts_and_what_is_no_key_never_does() {
    let argo = argo();
    let rows = [caller("ann", "key-a", "user: aaa"), caller("bob", "key-b", "user: bbb")];
    let server = Setup::before(&argo).callers(&rows).start();
    let body = format!("{{{},\"user\":\"eve\"}}", ROWS[0].1);
    for (headers, user) in [
        ("Authorization: Bearer key-a\r\nX-Api-Key: key-b\r\n", "aaa"),
        ("X-Api-Key: key-b\r\nAuthorization: Bearer key-a\r\n", "aaa"),
        ("api-key: key-b\r\nX-Api-Key: key-a\r\n", "aaa"),
        ("Authorization: Bearer key-b\r\nAuthorization: Bearer key-a\r\n", "bbb"),
        ("Authorization: Basic key-b\r\nX-Api-Key: key-a\r\n", "aaa"),
        ("Authorization: Bearer \r\nX-Api-Key: key-a\r\n", "aaa"),
        (
            "Authorization: Bearer key-a\r\nUser: bob\r\nX-User: bob\r\nX-Forwarded-User: bob\r\nRemote-User: bob\r\n",
            "aaa",
        ),
    ] {
        assert_eq!(ask(&server, headers, CHAT, &body).status, 200, "{headers}");
        assert_eq!(argo.requests().pop().unwrap().json()["user"], user, "{headers}");
    }
    // Google's clients may write it into the query.
    assert_eq!(ask(&server, "", &format!("{CHAT}?key=key-a"), &body).status, 200);
    assert_eq!(argo.requests().pop().unwrap().json()["user"], "aaa");
    let calls = argo.requests().len();
    for headers in [
        // A wrong key is wrong, whatever else is there.
        "Authorization: Bearer wrong\r\nX-Api-Key: key-a\r\n",
        "Authorization: Bearer wrong\r\nAuthorization: Bearer key-a\r\n",
        "X-Api-Key: wrong\r\napi-key: key-a\r\n",
        "Authorization: Bearer key-a, Bearer key-b\r\n",
        "Authorization: Bearer key-a key-b\r\n",
        "Authorization: Bearer \"key-a\"\r\n",
        "Authorization: Bearer KEY-A\r\n",
        "Authorization: Bearer key%2da\r\n",
        "Authorization: Bearer key-a%00\r\n",
        "Authorization: Bearer key-\u{e4}\r\n",
        "Authorization: key-a\r\n",
        "Authorization: Basic key-a\r\n",
        "Authorization: Basic YW5uOmtleS1h\r\n",
        "Authorization: Digest username=\"ann\"\r\n",
        "Proxy-Authorization: Bearer key-a\r\n",
        "Cookie: key=key-a; Authorization=Bearer key-a\r\n",
        "X-Authorization: Bearer key-a\r\nX_Api_Key: key-a\r\n",
        "X-Forwarded-User: ann\r\nX-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\nVia: ann\r\n",
    ] {
        assert_eq!(ask(&server, headers, CHAT, &body).status, 401, "{headers}");
    }
    for path in ["?key=wrong&key=key-a", "?KEY=key-a", "?api_key=key-a", "?api-key=key-a", "?access_token=key-a"] {
        assert_eq!(ask(&server, "", &format!("{CHAT}{path}"), &body).status, 401, "{path}");
    }
    assert_eq!(argo.requests().len(), calls);
}

#[test]
fn a_row_that_a_caller_may_not_use_is_closed_in_every_spelling() {
    let argo = argo();
    let rows = [caller("ann", "key-a", "routes: [/v1/models*, /v1/docs]"), caller("bob", "key-b", "")];
    let server = Setup::before(&argo).callers(&rows).start();
    let body = format!("{{{}}}", ROWS[0].1);
    for path in [
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1//chat//completions//",
        "/v1/models/../chat/completions",
        "/v1/models/..//chat/completions",
        "/v1/./chat/completions",
        "/v1/models/%2e%2e/chat/completions",
        "/v1/models%2f..%2fchat/completions",
        "/v1/chat%2Fcompletions",
        "/v1/%63hat/completions",
        "/v1/%2563hat/completions",
        "/V1/Chat/Completions",
        "/v1/chat/completions;a=b",
        "/v1/chat/completions%00",
        "/v1/chat/completions%20",
        "/v1/chat/completions.json",
        "/v1/chat/completions?a=/v1/models",
        "/v1/models?/../chat/completions",
        "/v1/models#/../chat/completions",
        "/v1\\chat\\completions",
        "/v1/chat/completions/..",
        "http://localhost/v1/chat/completions",
        "http://localhost//v1/chat/completions",
    ] {
        let answer = ask(&server, &bearer("key-a"), path, &body);
        assert!(matches!(answer.status, 400 | 403 | 404 | 405), "{path}: {answer:?}");
    }
    assert!(argo.requests().is_empty());
    // Nor does another header name the row or the method.
    let headers =
        "X-Original-URL: /v1/chat/completions\r\nX-Rewrite-URL: /v1/chat/completions\r\nX-Forwarded-Prefix: /v1\r\n";
    let method = "X-HTTP-Method-Override: GET\r\nX-Method-Override: GET\r\n";
    let headers = format!("{}{headers}{method}", bearer("key-a"));
    assert_eq!(ask(&server, &headers, "/v1/models", &body).status, 405);
    assert!(argo.requests().is_empty());
    assert_eq!(ask(&server, &bearer("key-b"), "//v1/chat//completions", &body).status, 200);
}

#[test]
fn a_model_that_a_caller_may_not_use_is_closed_in_every_spelling() {
    const MINE: [&str; 2] = ["gpt4o", "ada002"];
    let argo = argo();
    let rows = [caller("ann", "key-a", "models: [\"argo:gpt-4o\", \"argo:text-embedding-ada-002\"]")];
    let server = Setup::before(&argo).callers(&rows).start();
    let key = bearer("key-a");
    let (mine, other) = ("argo:gpt-4o", "argo:gpt-4o-mini");
    let mut refused = 0;
    for (path, field) in ROWS {
        let other = if path == "/v1/embeddings" { "argo:text-embedding-3-small" } else { other };
        let mine = if path == "/v1/embeddings" { "argo:text-embedding-ada-002" } else { mine };
        let id = other.strip_prefix("argo:").unwrap();
        let short: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        let spaced = format!(" {other} ");
        let upper = other.to_ascii_uppercase();
        let escaped = other.replace('o', "\\u006f");
        let wide = other.replace('4', "\u{ff14}").replace('3', "\u{ff13}");
        let dashed = other.replace('-', "\u{2011}");
        let mut bodies: Vec<String> = [
            other,
            id,
            &short,
            &spaced,
            &upper,
            &escaped,
            &wide,
            &dashed,
            &format!("{other}\\u0000"),
            &format!("{mine},{other}"),
        ]
        .map(|name| format!("{{\"model\":\"{name}\",{field}}}"))
        .into();
        bodies.extend([
            format!("{{\"model\":\"{mine}\",{field},\"model\":\"{other}\"}}"),
            format!("{{\"model\":\"{other}\",{field},\"model\":\"{mine}\"}}"),
            format!("{{\"model\":\"{mine}\",{field},\"mod\\u0065l\":\"{other}\"}}"),
            format!("{{\"mod\\u0065l\":\"{other}\",{field},\"model\":\"{mine}\"}}"),
            format!("{{\"MODEL\":\"{other}\",\"Model\":\"{other}\",{field},\"model\":\"{mine}\"}}"),
            format!("{{\"model\":[\"{mine}\",\"{other}\"],{field}}}"),
            format!("{{\"model\":{{\"id\":\"{mine}\"}},{field}}}"),
            format!("\u{feff}{{\"model\":\"{other}\",{field}}}"),
            format!("{{\"model\":\"{mine}\",{field}}}{{\"model\":\"{other}\",{field}}}"),
        ]);
        for body in bodies {
            let before = argo.requests().len();
            let answer = ask(&server, &key, path, &body);
            let calls = &argo.requests()[before..];
            if answer.status == 200 {
                assert_eq!(calls.len(), 1, "{path} {body}");
                let text = String::from_utf8(calls[0].body.clone()).unwrap();
                // Readers differ in which of two fields of a name they take. So there is one.
                assert_eq!(text.matches("\"model\"").count(), 1, "{path} {body}: {text}");
                assert!(!text.contains("mod\\u0065l"), "{path} {body}: {text}");
                let id = calls[0].json()["model"].as_str().unwrap().to_owned();
                assert!(MINE.contains(&id.as_str()), "{path} {body}: {text}");
            } else {
                assert!(matches!(answer.status, 400 | 404), "{path} {body}: {answer:?}");
                assert!(calls.is_empty(), "{path} {body}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 40, "{refused}");
    for path in [
        "argo:gpt-4o-mini",
        "argo%3Agpt-4o-mini",
        "ARGO:GPT-4O-MINI",
        "gpt4omini",
        "gpt-4o%2Dmini",
        "x/../argo:gpt-4o-mini",
    ] {
        let answer = server.client().call("GET", &format!("/v1/models/{path}"), &key, b"");
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[test]
fn of_fields_that_are_repeated_one_goes_upstream_and_it_is_the_one_that_was_judged() {
    let argo = argo();
    let server = Server::before(&argo);
    for (path, field) in ROWS {
        for users in [
            "\"user\":\"eve\",\"user\":\"mallory\"",
            "\"us\\u0065r\":\"eve\"",
            "\"user\":\"eve\",\"\\u0075ser\":{\"a\":1}",
        ] {
            for body in [format!("{{{users},{field}}}"), format!("{{{field},{users}}}")] {
                assert_eq!(ask(&server, "", path, &body).status, 200, "{path} {body}");
                let request = argo.requests().pop().unwrap();
                let text = String::from_utf8(request.body.clone()).unwrap();
                assert_eq!(request.json()["user"], "tester", "{path} {body}: {text}");
                assert_eq!(text.matches("\"user\":").count(), 1, "{path} {body}: {text}");
                for odd in ["eve", "mallory", "us\\u0065r", "\\u0075ser"] {
                    assert!(!text.contains(odd), "{path} {body}: {text}");
                }
            }
        }
    }
    // A rule caps what it caps, however often a field is there and however its name is written.
    let table = r#"
version: 1
upstreams: { a: { url: "${argo_url}", stream_url: "${argo_stream_url}", dialect: argo } }
models: { m: { default: x, show: { owned_by: x, created: 1 }, names: { x: y },
  rules: [{ match: "*", cap: { max_tokens: 100, max_completion_tokens: 100 }, fixed: { temperature: 1 } }] } }
routes: [{ path: /chat, upstream: a, models: m, transformer: openai_chat_completions }]
"#;
    let server = Setup::before(&argo).routes(table).start();
    for fields in [
        "\"max_tokens\":5,\"max_tokens\":999999,\"temperature\":0.5,\"temperature\":0.7",
        "\"max_tokens\":999999,\"max_tokens\":5,\"temperature\":0.5",
        "\"max_\\u0074okens\":999999,\"temper\\u0061ture\":0.5",
        "\"max_tokens\":5,\"max_\\u0074okens\":999999,\"temperature\":1,\"temper\\u0061ture\":0.5",
        "\"max_completion_tokens\":999999,\"max_tokens\":999999",
    ] {
        let answer = ask(&server, "", "/chat", &format!("{{{},{fields}}}", ROWS[0].1));
        assert_eq!(answer.status, 200, "{fields}: {answer:?}");
        let request = argo.requests().pop().unwrap();
        let (text, sent) = (String::from_utf8(request.body.clone()).unwrap(), request.json());
        assert!(sent["max_tokens"].as_u64().is_none_or(|most| most <= 100), "{fields}: {text}");
        assert!(!text.contains("999999") && !text.contains("0.5") && !text.contains("0.7"), "{fields}: {text}");
        assert!(text.matches("\"max_tokens\"").count() <= 1, "{fields}: {text}");
        assert_eq!((text.matches("temper").count(), &sent["temperature"]), (1, &json!(1)), "{fields}: {text}");
    }
}

/// A reply without what differs from one to the next.
fn shown(answer: Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers = answer.headers;
    headers.retain(|(name, _)| !["date", "request-id", "x-request-id"].contains(&name.to_ascii_lowercase().as_str()));
    (answer.status, headers, answer.body)
}

#[test]
fn without_a_key_what_is_served_looks_like_what_is_not() {
    let table = include_str!("../../routes.yaml");
    let row = "{ path: /v1/chat/completions, upstream";
    let own =
        table.replace(row, "{ path: /v1/chat/completions, response_headers: { X-Lab: here }, max_body: 10, upstream");
    assert_ne!(own, table);
    let argo = argo();
    let rows = [caller("ann", "key-a", "")];
    let server = Setup::before(&argo).routes(&own).callers(&rows).config("server_timing: false").start();
    let body = format!("{{{}}}", ROWS[0].1);
    let headers = [
        "",
        "Accept: text/html\r\nAuthorization: Bearer wrong\r\n",
        "Authorization: Bearer wrong\r\n",
        "X-Api-Key: wrong\r\nAnthropic-Version: 2023-06-01\r\n",
        "Content-Encoding: gzip\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Origin: http://localhost:1\r\n",
        "Origin: https://evil.example\r\n",
        "Origin: http://localhost:1\r\nAccess-Control-Request-Method: POST\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-origin\r\n",
        "X-Http-Method-Override: GET\r\n",
        "Range: bytes=0-1\r\nIf-None-Match: *\r\n",
    ];
    let ask = |method: &str, path: &str, headers: &str| {
        let body: &[u8] = if matches!(method, "POST" | "PUT" | "PATCH") { body.as_bytes() } else { b"" };
        shown(server.client().call(method, path, headers, body))
    };
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
        for headers in headers {
            let missing = ask(method, "/nothing", headers);
            assert!(missing.0 != 200 && missing.0 != 404 && missing.0 != 405, "{method} {headers}: {missing:?}");
            for path in [CHAT, "/v1/embeddings", "/v1/models", "/v1/models/argo:gpt-4o", "/v1/status", "/v1/chatt"] {
                assert_eq!(ask(method, path, headers), missing, "{method} {path} {headers}");
            }
        }
    }
    assert!(argo.requests().is_empty());
    assert_eq!(ask("POST", CHAT, &bearer("key-a")).0, 413, "the row is there, and takes 10 bytes");
}

#[test]
fn keys_of_other_services_are_no_usernames() {
    let argo = argo();
    let server = Setup::before(&argo).config("access: passthrough").start();
    let body = format!("{{{}}}", ROWS[0].1);
    for key in [
        "sk-abcdefghijkl",
        "sk-proj-AbCdEfGh",
        "sk-ant-api03-AbCdEfGh",
        "sk_live_AbCdEfGhIj",
        "rk_live_AbCdEfGhIj",
        "pk-lf-AbCdEfGhIj",
        "gsk_AbCdEfGhIjKl",
        "xai-AbCdEfGhIjKl",
        "nvapi-AbCd_EfGh-IjKl",
        "pplx-AbCdEfGhIjKl",
        "tvly-dev-AbCdEfGh",
        "hf_AbCdEfGhIjKl",
        "ghp_AbCdEfGhIjKl",
        "github_pat_11AbCd_EfGh",
        "glpat-AbCd_EfGh-Ij",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyAbCdEfGhIj",
        "eyJhbGciOiJIUzI1NiJ9.e30.AbCdEf",
        "0123456789abcdef0123456789abcdef",
        "8f14e45f-ceea-467e-9f3a-0a1b2c3d4e5f",
        "8f14e45f_ceea_467e_9f3a_0a1b2c3d4e5f",
        "01234567-89ab-cdef-0123-456789abcdef",
    ] {
        for header in [bearer(key), format!("X-Api-Key: {key}\r\n"), format!("api-key: {key}\r\n")] {
            let answer = ask(&server, &header, CHAT, &body);
            assert_eq!(answer.status, 401, "{key}");
            assert!(!answer.text().contains(key), "{key}: {}", answer.text());
        }
        assert!(!server.log().contains(key), "{key}: {}", server.log());
    }
    assert!(argo.requests().is_empty());
    for name in ["jdoe", "ac.jdoe", "svc-argo-proxy", "skdoe", "b123456", "argo_pilot-2025"] {
        assert_eq!(ask(&server, &bearer(name), CHAT, &body).status, 200, "{name}");
        assert_eq!(argo.requests().pop().unwrap().json()["user"], name);
    }
    until("their lines", || server.log().contains("argo_pilot-2025"));
}

#[test]
fn nothing_that_calls_an_upstream_can_be_asked_for_by_a_foreign_page() {
    let argo = argo();
    let server = Server::before(&argo);
    let spending = ROWS.map(|(path, _)| ("POST", path)).into_iter().chain([("GET", "/v1/status")]);
    for (method, path) in spending {
        let body =
            ROWS.iter().find(|(known, _)| *known == path).map_or(String::new(), |(_, field)| format!("{{{field}}}"));
        for foreign in [
            "Sec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-site\r\n",
            "Sec-Fetch-Site: Cross-Site\r\n",
            "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n",
            "Sec-Fetch-Site: same-origin, cross-site\r\n",
            "Sec-Fetch-Site: \u{e9}\r\n",
            "Sec-Fetch-Site: \r\n",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
            "Origin: null\r\n",
            "Origin: \r\n",
            "Origin: https://evil.example\r\n",
            "Origin: http://localhost:1\r\nOrigin: https://evil.example\r\n",
            "Origin: http://localhost.evil.example\r\n",
            "Origin: http://localhost:1@evil.example\r\n",
            "Origin: https://evil.example/http://localhost:1\r\n",
        ] {
            let answer = server.client().call(method, path, foreign, body.as_bytes());
            assert_eq!(
                (answer.status, &answer.error()["code"]),
                (403, &json!("origin_not_allowed")),
                "{path} {foreign}"
            );
        }
    }
    assert!(argo.requests().is_empty());
}
