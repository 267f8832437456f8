//! What rows of the table say beside what they call.

use crate::reload::{replace, until};
use crate::support::{Argo, Setup, chat};
use serde_json::{Value, json};

/// A table with these rows, besides a chat whose upstream streams.
fn table(rows: &str) -> String {
    format!(
        r#"
version: 1
upstreams: {{ chat: {{ url: "${{argo_url}}", stream_url: "${{argo_stream_url}}", dialect: argo }} }}
models: {{ group: {{ default: lab:one, show: {{ owned_by: me, created: 1 }}, names: {{ lab:one: one1, lab:two: two2 }} }} }}
routes:
  - {{ path: /plain, upstream: chat, models: group, transformer: openai_chat_completions }}
{rows}"#
    )
}

/// A row that chats, with these options.
fn chats(path: &str, options: &str) -> String {
    format!("  - {{ path: {path}, upstream: chat, models: group, transformer: openai_chat_completions, {options} }}\n")
}

fn hello(more: Value) -> String {
    let mut body = json!({"messages": [{"role": "user", "content": "x"}]});
    crate::support::merge(&mut body, more);
    body.to_string()
}

#[test]
fn fields_that_a_route_decides_go_upstream() {
    let argo = Argo::saying("Hi");
    let rows = [
        chats("/set", "set: { model: lab:two, temperature: 0.5, extra: { a: [1] } }, default: { top_p: 1, seed: 7 }"),
        chats("/canned", "method: GET, request: { messages: [{ role: user, content: canned }] }, set: { seed: 1 }"),
        "  - { path: /raw, upstream: chat, models: group, transformer: argo_passthrough, default: { prompt: [said] } }\n".to_owned(),
    ];
    let server = Setup::before(&argo).routes(&table(&rows.concat())).start();
    let sent = || String::from_utf8(argo.requests().pop().unwrap().body).unwrap();
    let body = r#"{"temperature": 2, "messages": [{"role": "user", "content": "\u00e9"}], "seed": null, "top_k": 1e2}"#;
    assert_eq!(server.post("/set", body).json()["model"], "lab:two");
    let expected = r#"{"user":"tester","model":"two2","messages":[{"role": "user", "content": "\u00e9"}],"temperature":0.5,"seed":null,"top_k":1e2,"extra":{"a":[1]},"top_p":1}"#;
    assert_eq!(serde_json::from_str::<Value>(&sent()).unwrap(), serde_json::from_str::<Value>(expected).unwrap());
    assert!(sent().contains(r#""content":"\u00e9""#) && sent().contains("1e2"), "{}", sent());
    assert_eq!(server.get("/canned").status, 200);
    assert_eq!(argo.requests().pop().unwrap().json()["seed"], 1);
    assert_eq!(server.post("/raw", "{}").status, 200);
    assert_eq!(argo.requests().pop().unwrap().json()["prompt"], json!(["said"]));
    assert_eq!(server.post("/set", "[1]").status, 400);
    assert_eq!(server.post("/set", "{\"a\"").status, 400);
}

#[test]
fn a_routes_own_limits_go_before_the_configurations() {
    let argo = Argo::start(|_, connection| {
        connection.left();
    });
    let rows = [chats("/short", "timeout: 300ms, max_body: 1KiB"), chats("/large", "max_body: 1MiB, timeout: 1ms")];
    let server = Setup::before(&argo).config("max_body: 4KiB\ntimeout: 60").routes(&table(&rows.concat())).start();
    let answer = server.post("/short", &hello(json!({})));
    assert_eq!(answer.status, 504);
    let message = answer.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("within 0.3 s") && message.contains("in its route"), "{message}");
    let padded = |size: usize| hello(json!({"pad": "x".repeat(size)}));
    assert_eq!(server.post("/short", &padded(1500)).status, 413);
    assert_eq!(server.post("/plain", &padded(5000)).status, 413);
    assert_eq!(server.post("/large", &padded(5000)).status, 504, "it got as far as the call");
    let own = server.post("/short", &hello(json!({"timeout": 0.1})));
    assert!(own.error()["message"].as_str().unwrap().contains("within 0.1 s"), "the request's own limit goes first");
}

#[test]
fn headers_of_a_route_are_on_each_of_its_replies() {
    let argo = Argo::start(|request, connection| match request.path.contains("stream") {
        true => connection.streams(&[b"Hi"]),
        false => connection.json(500, "{}"),
    });
    let headers = "response_headers: { X-Lab: \"one, two\", Cache-Control: no-store }";
    let rows = [
        chats("/chat", &format!("method: [GET, POST], request: {{}}, {headers}")),
        format!("  - {{ path: /raw, upstream: chat, models: group, transformer: argo_passthrough, {headers} }}\n"),
        format!("  - {{ path: /here, reply: health, {headers} }}\n"),
    ];
    let server = Setup::before(&argo).routes(&table(&rows.concat())).start();
    let stream = server.post("/chat", &hello(json!({"stream": true})));
    let replies = [
        (200, stream),
        (500, server.post("/chat", &hello(json!({})))),
        (400, server.post("/chat", "{")),
        (404, server.post("/chat", &hello(json!({"model": "lab:three"})))),
        (200, server.client().call("HEAD", "/chat", "", b"")),
        (415, server.client().call("POST", "/chat", "Content-Encoding: gzip\r\n", b"x")),
        (500, server.post("/raw", &hello(json!({})))),
        (200, server.get("/here")),
    ];
    for (status, reply) in replies {
        let own = (reply.status, reply.header("x-lab"), reply.header("cache-control"));
        assert_eq!(own, (status, Some("one, two"), Some("no-store")), "{reply:?}");
    }
    for other in [server.post("/plain", "{"), server.get("/nowhere"), server.post("/here", "{}")] {
        assert_eq!(other.header("x-lab"), None, "{other:?}");
    }
}

#[test]
fn rows_that_are_off_are_not_served() {
    let argo = Argo::saying("Hi");
    let rows = "  - { path: /off, reply: health, enabled: false }
  - { path: /here, reply: health, enabled: \"${AT_HOME:-no}\" }
  - { path: /here, reply: about, enabled: \"${AT_WORK}\" }
  - { path: /page, method: [GET, PUT], reply: health }
";
    let local =
        "version: 1\nroutes:\n  - { path: /plain, enabled: false }\n  - { path: /page, method: PUT, enabled: false }\n";
    let setup = Setup::before(&argo).routes(&format!("{}\ninclude: [local.yaml]\n", table(rows)));
    let server = setup.environment("AT_WORK", "yes").file("local.yaml", local).start();
    assert_eq!(server.get("/off").status, 404);
    assert!(server.get("/here").json()["endpoints"].is_array());
    assert_eq!(server.post("/plain", &hello(json!({}))).status, 404, "an included file takes a row out");
    assert_eq!((server.get("/page").status, server.client().call("PUT", "/page", "", b"").status), (200, 405));
    replace(&server.file("local.yaml"), "version: 1\n");
    until("the row is back", || server.post("/plain", &hello(json!({}))).status == 200);
}

#[test]
fn replies_that_a_table_spells_out() {
    let argo = Argo::saying("Hi");
    let rows = r#"
  - { path: /json, method: [GET, POST], reply: { json: { b: [1, ~, "é"], a: 2 }, status: 410 }, about: Gone & away }
  - { path: /page, reply: { html: "<p>é" } }
  - { path: /robots.txt, reply: { text: "User-agent: *\nDisallow: /\n" } }
  - { path: /old, reply: { redirect: /page } }
  - { path: "/v0/{area}/{rest*}", method: [GET, POST], reply: { redirect: "/v9/{rest}?area={area}", status: 308 } }
  - { path: "/{rest*}", reply: { redirect: "/{rest}/" } }
  - { path: /docs, reply: docs }
"#;
    let server = Setup::before(&argo).routes(&table(rows)).start();
    let gone = server.get("/json");
    assert_eq!((gone.status, gone.text()), (410, r#"{"b":[1,null,"é"],"a":2}"#));
    assert_eq!(gone.header("content-type"), Some("application/json"));
    assert_eq!(server.post("/json", "{}").status, 410);
    let page = server.get("/page");
    assert_eq!(
        (page.status, page.text(), page.header("content-type")),
        (200, "<p>é", Some("text/html; charset=utf-8"))
    );
    assert_eq!(server.get("/robots.txt").text(), "User-agent: *\nDisallow: /\n");
    let at = |method: &str, path: &str| {
        let reply = server.client().call(method, path, "", b"");
        (reply.status, reply.header("location").map(str::to_owned), reply.body.len())
    };
    assert_eq!(at("GET", "/old"), (307, Some("/page".to_owned()), 0));
    assert_eq!(
        at("POST", "/v0/a%2Fb%26c/x/y%20z%0d%0aX:1"),
        (308, Some("/v9/x/y%20z%0D%0AX:1?area=a%2Fb%26c".to_owned()), 0)
    );
    assert_eq!(at("GET", "//evil.example/x"), (307, Some("/evil.example/x/".to_owned()), 0), "no other host");
    let docs = server.get("/docs");
    assert!(docs.text().contains("Gone &amp; away"), "{}", docs.text());
}

#[test]
fn what_a_row_is_for_is_told() {
    let argo = Argo::saying("Hi");
    let rows = chats("/lab", "about: For the lab, timeout: 2m, set: { seed: 1 }");
    let setup = Setup::before(&argo).routes(&table(&rows));
    let (_, folder) = setup.command();
    std::fs::write(folder.join("body"), chat("x", json!({"model": "lab:two"}))).unwrap();
    let run = |words: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        let output = command.current_dir(&folder).env_clear().args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run(&["routes"]).lines().any(|line| line.contains("/lab") && line.contains("For the lab")));
    let told = run(&["explain", "POST", "/lab", "--config", "config.yaml", "--body", "body"]);
    for part in [
        "openai_chat_completions: For the lab",
        "the whole call: 120 s, timeout of the route",
        "fields added: user, seed",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_tables_own_tests_are_read_when_serving_but_not_run() {
    let argo = Argo::saying("Hi");
    let failing = "tests: [{ name: a, request: { path: /plain }, expect: { reply: { status: 200 } } }]\n";
    let server =
        Setup::before(&argo).routes(&format!("{}\n{failing}", table("  - { path: /health, reply: health }\n"))).start();
    assert_eq!(server.get("/plain").status, 405);
    let broken = failing.replace("status: 200", "status: ok");
    replace(&server.file("routes.yaml"), &format!("{}\n{broken}", table("")));
    until("what is wrong with the test", || {
        server.log().contains("tests[0].expect.reply.status: expected a whole number")
    });
    assert_eq!(server.get("/health").status, 200, "the last good table stays in use");
}
