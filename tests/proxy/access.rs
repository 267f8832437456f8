//! Who may call, as whom, and what they may use.

use crate::reload::{replace, until};
use crate::support::{Answer, Argo, Server, Setup, caller, callers, chat, said};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SHIPPED: &str = include_str!("../../routes.yaml");
const CHAT: &str = "/v1/chat/completions";

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

fn ask(server: &Server, headers: &str) -> Answer {
    server.client().call("POST", CHAT, headers, chat("x", json!({})).as_bytes())
}

fn assert_unauthorized(answer: &Answer, code: &Value, begins: &str) {
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")), "{answer:?}");
    let error = answer.error();
    assert_eq!(
        (&error["type"], &error["param"], &error["code"]),
        (&json!("invalid_request_error"), &Value::Null, code)
    );
    assert!(error["message"].as_str().unwrap().starts_with(begins), "{error}");
}

#[test]
fn a_key_tells_who_calls_and_as_whom() {
    let argo = Argo::saying("Hi");
    let rows =
        [caller("ann", "key-a", "user: aaa"), caller("bob", "key-b", ""), caller("old", "key-o", "enabled: false")];
    let server = Setup::before(&argo).callers(&rows).start();
    let user = |headers: &str| {
        assert_eq!(ask(&server, headers).status, 200, "{headers}");
        argo.requests().pop().unwrap().json()["user"].clone()
    };
    for headers in [
        "Authorization: Bearer key-a\r\n",
        "authorization: bearer  key-a\r\n",
        "X-Api-Key: key-a\r\n",
        "api-key: key-a\r\n",
    ] {
        assert_eq!(user(headers), "aaa", "{headers}");
    }
    assert_eq!(user(&bearer("key-b")), "tester");
    let calls = argo.requests().len();
    for key in ["key-o", "key-", "key-aa", "sk-argo-x"] {
        let answer = ask(&server, &bearer(key));
        assert_unauthorized(&answer, &json!("invalid_api_key"), "Incorrect API key provided: ");
        assert!(!answer.text().contains(key), "{}", answer.text());
    }
    for headers in ["", "Authorization: Basic key-a\r\n", "Authorization: Bearer \r\n"] {
        assert_unauthorized(&ask(&server, headers), &Value::Null, "You didn't provide an API key. You need to");
    }
    assert_eq!(argo.requests().len(), calls, "nothing of that reaches ARGO");

    let mut client = server.client();
    for path in ["/health", "/livez", "/readyz"] {
        assert_eq!(client.call("GET", path, "", b"").status, 200, "probes have no key: {path}");
    }
    for path in ["/v1/models", "/v1/models/argo:gpt-4o", "/v1/docs", "/v1/status"] {
        assert_eq!(client.call("GET", path, "", b"").status, 401, "{path}");
    }
    assert_eq!(client.call("GET", "/health", &bearer("wrong"), b"").status, 200);
    assert_eq!(client.call("OPTIONS", CHAT, "Origin: http://localhost:1\r\n", b"").status, 204, "nor have preflights");
    for path in ["/v1/models", "/v1/models/argo:gpt-4o", "/v1/docs", "/"] {
        assert_eq!(client.call("GET", path, "", b"").status, 401, "{path}");
        assert_eq!(client.call("HEAD", path, "", b"").status, 401, "{path}");
        assert_eq!(client.call("GET", path, &bearer("key-a"), b"").status, 200, "{path}");
    }
    let body = chat("x", json!({}));
    let cors = client.call("POST", CHAT, "Origin: http://localhost:1\r\n", body.as_bytes());
    assert_eq!((cors.status, cors.header("access-control-allow-origin")), (401, Some("http://localhost:1")));
}

#[test]
fn a_caller_uses_no_more_than_they_may() {
    let argo = Argo::saying("Hi");
    let rows = [
        caller("ann", "key-a", "routes: [/v1/models*, /v1/chat/completions, /v1/docs], models: [\"*gpt-4o\", gpt35]"),
        caller("all", "key-b", ""),
    ];
    let server = Setup::before(&argo).callers(&rows).start();
    let ann = bearer("key-a");
    let with = |model: &str| {
        let body = chat("x", json!({ "model": model }));
        server.client().call("POST", CHAT, &ann, body.as_bytes())
    };
    for model in ["argo:gpt-4o", "ARGO:GPT-4O", "gpt4o", "gpt-4o", "gpt35"] {
        assert_eq!(with(model).status, 200, "{model}");
    }
    let refused: Vec<Value> = ["argo:gpt-4o-mini", "argo:gpt-4o-nonsense"]
        .into_iter()
        .map(|model| {
            let answer = with(model);
            assert_eq!((answer.status, &answer.error()["code"]), (404, &json!("model_not_found")));
            json!(answer.error()["message"].as_str().unwrap().replace(model, "X"))
        })
        .collect();
    assert_eq!(refused[0], refused[1], "what is there is not told from what is not");
    assert!(refused[0].as_str().unwrap().contains("'X' does not exist or you do not have access to it"));

    let list = |key: &str| -> Vec<String> {
        let answer = server.client().call("GET", "/v1/models", &bearer(key), b"").json();
        answer["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(list("key-a"), ["argo:gpt-3.5-turbo", "argo:gpt-4o"]);
    assert!(list("key-b").len() > 20);
    let get = |path: &str| server.client().call("GET", path, &ann, b"");
    assert_eq!((get("/v1/models/argo:gpt-4o").status, get("/v1/models/argo:gpt-4o-mini").status), (200, 404));
    let docs = get("/v1/docs");
    assert!(docs.text().contains("argo:gpt-4o<") && !docs.text().contains("argo:gpt-4o-mini"), "{}", docs.text());

    let calls = argo.requests().len();
    let refused = server.client().call("POST", "/v1/embeddings", &ann, b"{}");
    assert_eq!((refused.status, &refused.error()["type"]), (403, &json!("permission_error")));
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("POST /v1/embeddings is not for everybody: 'ann' may not"), "{message}");
    assert_eq!(argo.requests().len(), calls);
}

#[test]
fn a_row_may_name_its_callers() {
    let argo = Argo::saying("Hi");
    let table = SHIPPED.replace(
        "{ path: /v1/chat/completions, upstream",
        "{ path: /v1/chat/completions, callers: [ann, \"lab-*\", nobdy], upstream",
    );
    assert_ne!(table, SHIPPED);
    let rows = [caller("ann", "key-a", ""), caller("bob", "key-b", ""), caller("lab-7", "key-l", "")];
    let server = Setup::before(&argo).callers(&rows).routes(&table).start();
    let status = |key: &str| ask(&server, &bearer(key)).status;
    assert_eq!((status("key-a"), status("key-l"), status("key-b"), status("none")), (200, 200, 403, 401));
    let log = server.log();
    assert!(log.contains("no caller is named 'nobdy'") && log.contains("routes.yaml:"), "{log}");

    let open = Setup::before(&argo).routes(&table).start();
    assert_eq!(ask(&open, "").status, 403, "nobody is anybody in particular");
    assert!(open.log().contains("nobody may use it, since access is own"), "{}", open.log());
}

#[test]
fn the_key_may_be_the_username() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("access: passthrough").start();
    assert_eq!(ask(&server, &bearer("ac.jdoe")).status, 200);
    assert_eq!(argo.request().json()["user"], "ac.jdoe");
    for key in ["jdoe@anl.gov", "cels", "sk-argo-/x"] {
        let answer = ask(&server, &bearer(key));
        assert_unauthorized(&answer, &json!("invalid_api_key"), "Incorrect API key provided: it is no username.");
        assert!(answer.text().contains("such as jdoe") && !answer.text().contains(key));
    }
    assert_unauthorized(&ask(&server, ""), &Value::Null, "You didn't provide an API key.");
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn callers_change_while_they_call() {
    let (argo, go) = Argo::halting();
    let rows = [caller("ann", "key-a", ""), caller("bob", "key-b", "")];
    let server = Setup::before(&argo).callers(&rows).start();
    let file = server.file("callers.yaml");
    let status = |key: &str| server.client().call("GET", "/v1/models", &bearer(key), b"").status;
    let mut client = server.client();
    client.send("POST", CHAT, &bearer("key-a"), chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    let mut body = client.chunk().unwrap();

    replace(&file, &callers(&rows[1..]));
    let changed = Instant::now();
    until("the key is taken back", || status("key-a") == 401);
    assert!(changed.elapsed() < Duration::from_secs(2), "{:?}", changed.elapsed());
    assert_eq!(status("key-b"), 200);
    go.send(()).unwrap();
    while let Some(piece) = client.chunk().filter(|piece| !piece.is_empty()) {
        body.extend(piece);
    }
    let said = said(&body);
    assert_eq!((said.text.as_str(), said.done), ("ab", true), "what was in flight goes on");

    replace(&file, &callers(&[rows[0].replace("name", "nme")]));
    until("the mistake", || server.log().contains("did you mean 'name'?"));
    assert_eq!((status("key-a"), status("key-b")), (401, 200), "the last good callers stay");
    std::fs::remove_file(&file).unwrap();
    until("the missing file", || server.log().contains("argo-openai-proxy key new NAME"));
    assert_eq!(status("key-b"), 200);
    replace(&file, &callers(&rows[..1]));
    until("the file is back", || status("key-a") == 200);
    assert_eq!(status("key-b"), 401);
}

#[test]
fn access_changes_without_a_restart() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).file("callers.yaml", &callers(&[caller("ann", "key-a", "")])).start();
    let file = server.file("config.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(ask(&server, "").status, 200);
    replace(&file, &format!("{text}access: keys\n"));
    until("keys count", || ask(&server, "").status == 401);
    assert_eq!(ask(&server, &bearer("key-a")).status, 200);
    replace(&file, &format!("{text}access: passthrough\n"));
    until("usernames count", || ask(&server, &bearer("jdoe")).status == 200);
    replace(&file, &format!("{text}host: 0.0.0.0\n"));
    until("the refusal", || server.log().contains("host: everybody who can reach 0.0.0.0"));
    assert_eq!(ask(&server, "").status, 401);
    replace(&file, &text);
    until("it is open again", || ask(&server, "").status == 200);
}

#[test]
fn a_caller_at_its_limit_leaves_the_others_theirs() {
    let argo = Argo::saying("Hi");
    let rows = [caller("ann", "sk-of-ann", "limits: { requests_per_minute: 1 }"), caller("bob", "sk-of-bob", "")];
    let server = Setup::before(&argo).config("limits: { requests_per_minute: 50 }").callers(&rows).start();
    let ask = |key: &str| server.client().call("POST", CHAT, &bearer(key), chat("x", json!({})).as_bytes());
    assert_eq!(ask("sk-of-ann").status, 200);
    let refused = ask("sk-of-ann");
    assert_eq!((refused.status, refused.error()["code"].as_str()), (429, Some("rate_limit_exceeded")));
    for left in ["49", "48"] {
        let answer = ask("sk-of-bob");
        let header = |name: &str| answer.header(&format!("x-ratelimit-{name}-requests"));
        assert_eq!((answer.status, header("limit"), header("remaining")), (200, Some("50"), Some(left)));
    }
    assert_eq!(argo.requests().len(), 3);
}

/// What a browser sends that opens a page.
const BROWSER: &str = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

#[test]
fn a_person_without_a_key_gets_a_page_that_says_how_to_get_one() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).callers(&[caller("ann", "key-a", "")]).config("page: false").start();
    let mut client = server.client();
    for path in ["/v1/docs", "/"] {
        let page = client.call("GET", path, BROWSER, b"");
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        let text = page.text();
        assert!(
            text.contains("Whoever runs this proxy hands out keys.") && text.contains("OPENAI_API_KEY=your-key"),
            "{text}"
        );
        assert!(!text.contains("argo:") && !text.contains("gpt4o"), "no model is named: {text}");
        // Programs learn that they need a key, and so does who has a wrong one.
        assert_eq!(client.call("GET", path, "Accept: application/json\r\n", b"").status, 401, "{path}");
        assert_eq!(client.call("GET", path, &format!("{BROWSER}{}", bearer("wrong")), b"").status, 401, "{path}");
        let own = client.call("GET", path, &format!("{BROWSER}{}", bearer("key-a")), b"");
        let own = own.text();
        assert!(!own.contains("hands out keys"), "{own}");
    }
    for path in ["/v1/models", "/v1/models/argo:gpt-4o", "/v1/status"] {
        assert_eq!(client.call("GET", path, BROWSER, b"").status, 401, "{path}");
    }
    assert_eq!(argo.requests().len(), 0);

    let passthrough = Setup::before(&argo).config("access: passthrough\npage: false").start();
    let page = passthrough.client().call("GET", "/v1/docs", BROWSER, b"");
    let page = page.text();
    assert!(page.contains("Your key for this proxy is your bare Argonne username"), "{page}");

    let table = include_str!("../../routes.yaml").replace("reply: docs }", "reply: docs, callers: [ann] }");
    let closed = Setup::before(&argo).routes(&table).callers(&[caller("ann", "key-a", "")]).start();
    assert_eq!(closed.client().call("GET", "/v1/docs", BROWSER, b"").status, 401, "the row names who may see it");
}

#[test]
fn pages_tell_the_address_that_people_use() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    // The test's client calls the server localhost.
    let own = "http://localhost/v1";
    for (headers, url) in [
        ("", own),
        ("X-Forwarded-Proto: https\r\nX-Forwarded-Host: argo.example.org\r\n", "https://argo.example.org/v1"),
        ("X-Forwarded-Host: argo.example.org/x\"\r\n", own),
    ] {
        let page = client.call("GET", "/v1/docs", headers, b"");
        let page = page.text();
        assert!(page.contains(&format!("OPENAI_BASE_URL={url}\n")), "{headers}: {page}");
        assert_eq!(client.call("GET", "/", headers, b"").json()["base_url"], url, "{headers}");
    }
}

#[test]
fn a_browser_that_asks_for_an_icon_is_no_failure() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).callers(&[caller("ann", "key-a", "")]).start();
    let answer = server.get("/favicon.ico");
    assert_eq!((answer.status, answer.header("cache-control")), (204, Some("max-age=86400")));
    assert_eq!(server.post("/favicon.ico", "{}").status, 401);
}

#[test]
fn who_has_no_key_learns_nothing_of_what_is_served() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).callers(&[caller("ann", "key-a", "")]).start();
    let mut client = server.client();
    let mut ask = |method: &str, path: &str, headers: &str| client.call(method, path, headers, b"");
    let missing = ask("GET", "/v1/models", "").text().to_owned();
    for (method, path) in
        [("GET", "/v1/modls"), ("GET", "/nothing"), ("GET", CHAT), ("PUT", "/v1/models"), ("POST", "/health")]
    {
        let answer = ask(method, path, "");
        assert_eq!((answer.status, answer.text(), answer.header("allow")), (401, &*missing, None), "{method} {path}");
        assert_eq!(ask(method, path, &bearer("wrong")).status, 401, "{method} {path}");
    }
    for path in [CHAT, "/v1/models", "/nothing"] {
        assert_eq!(ask("HEAD", path, "").status, 401, "{path}");
        assert_eq!(ask("OPTIONS", path, "").status, 401, "{path}");
    }
    let asks = "Origin: http://localhost:1\r\nAccess-Control-Request-Method: POST\r\n";
    let told = |answer: Answer| {
        (
            answer.status,
            answer.header("access-control-allow-methods").map(str::to_owned),
            answer.header("allow").map(str::to_owned),
        )
    };
    let there = told(ask("OPTIONS", CHAT, asks));
    assert_eq!((there.0, there.1.as_deref()), (204, Some("POST")), "browsers send no key with this question");
    assert_eq!(told(ask("OPTIONS", "/nothing", asks)), there);

    let key = bearer("key-a");
    assert!(ask("GET", "/v1/modls", &key).text().contains("/v1/models"));
    let wrong = ask("GET", CHAT, &key);
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST, OPTIONS")));
    assert_eq!((ask("HEAD", "/v1/models", &key).status, ask("OPTIONS", CHAT, &key).status), (200, 204));
    assert_eq!(argo.requests().len(), 0);
}

#[test]
fn heads_of_a_row_are_for_those_who_may_use_it() {
    let argo = Argo::saying("Hi");
    let rows = [caller("ann", "key-a", ""), caller("bob", "key-b", "routes: [/v1/models]")];
    let server = Setup::before(&argo).callers(&rows).start();
    let head = |key: &str| server.client().call("HEAD", "/v1/status", &bearer(key), b"").status;
    assert_eq!((head("key-a"), head("key-b"), head("key-c")), (200, 403, 401));
    assert_eq!(argo.requests().len(), 0, "it asks whether the row is there, and spends nothing");
}

#[test]
fn people_are_sent_where_nobody_else_listens() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("host: 0.0.0.0").callers(&[caller("ann", "key-a", "")]).start();
    let port = server.address.port();
    until("the whole start", || server.log().contains("Ctrl-C stops it"));
    assert!(server.log().contains(&format!("OPENAI_BASE_URL=http://127.0.0.1:{port}/v1")), "{}", server.log());
    assert!(!server.log().contains("localhost"), "another user may listen on [::1]: {}", server.log());
}
