//! The page for people: who gets it, who sees what of it, and what its live events tell. `tests/clients/page` opens it in a browser.

use crate::reload::{replace, until};
use crate::support::{Argo, Client, Server, Setup, caller, chat, events};
use serde_json::{Value, json};

const CHAT: &str = "/v1/chat/completions";
const BROWSER: &str = "Accept: text/html,*/*;q=0.8\r\n";

fn bearer(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

/// The data of the page for the holder of a key.
fn data(server: &Server, part: &str, headers: &str) -> (u16, Value) {
    let answer = server.client().call("GET", &format!("/page/{part}"), headers, b"");
    (answer.status, answer.json())
}

/// A stream of live events.
struct Feed(Client);

impl Feed {
    fn open(mut client: Client, headers: &str) -> Self {
        client.send("GET", "/page/now", headers, b"");
        let head = client.head();
        assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
        Feed(client)
    }

    fn next(&mut self) -> Value {
        let piece = self.0.chunk().expect("an event");
        let mut told = events(&piece);
        assert_eq!(told.len(), 1);
        serde_json::from_str(&told.remove(0)).unwrap()
    }

    /// The first event that is as wanted.
    fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        (0..30).map(|_| self.next()).find(is_it).unwrap_or_else(|| panic!("never: {what}"))
    }
}

fn ann_and_bob(argo: &Argo) -> Server {
    let rows = [
        caller("ann", "key-of-ann", "watch: true"),
        caller("bob", "key-of-bob", "models: [\"argo:gpt-4o\"]"),
        caller("eve", "key-of-eve", "routes: [\"/v1/*\"]"),
    ];
    Setup::before(argo).callers(&rows).config("admin: 127.0.0.1:0").start()
}

#[test]
fn a_browser_gets_the_page_and_a_program_does_not() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    let page = client.call("GET", "/", BROWSER, b"");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(client.call("HEAD", "/", BROWSER, b"").status, 200);
    assert_eq!(client.get("/").json()["name"], "argo-openai-proxy");

    let docs = client.call("GET", "/v1/docs", BROWSER, b"");
    assert_eq!((docs.status, docs.header("location")), (303, Some("/")));
    assert!(client.get("/v1/docs").text().contains("OPENAI_BASE_URL"));
    assert_eq!(client.get("/page/nothing").status, 404);
    let answer = client.call("POST", "/page/about.json", "", b"{}");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
    assert_eq!(client.get("/page/explain").header("allow"), Some("POST"));
}

#[test]
fn every_file_of_the_page_is_there_and_names_nothing_of_elsewhere() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let mut client = server.client();
    let mut waiting = vec!["".to_owned()];
    let mut seen: Vec<String> = Vec::new();
    while let Some(name) = waiting.pop() {
        if seen.contains(&name) {
            continue;
        }
        let path = if name.is_empty() { "/".to_owned() } else { format!("/page/{name}") };
        let answer = client.call("GET", &path, BROWSER, b"");
        assert_eq!(answer.status, 200, "{name}");
        let text = answer.text().to_owned();
        let kind = answer.header("content-type").unwrap();
        assert!(kind.starts_with(match name.rsplit_once('.').map(|(_, end)| end) {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            _ => "text/html",
        }));
        // What a file names of others: in attributes of the page, and in imports of scripts.
        for part in text.split(['"', '\'']).skip(1) {
            let part = part.trim();
            let other = part.strip_prefix("/page/").or_else(|| part.strip_prefix("./"));
            if let Some(other) = other.filter(|other| other.ends_with(".js") || other.ends_with(".css")) {
                waiting.push(other.to_owned());
            }
        }
        for word in ["//cdn", "src=\"http", "href=\"http", "from \"http", "@import", "innerHTML", "eval("] {
            assert!(!text.contains(word), "{name} has {word}");
        }
        seen.push(name);
    }
    assert!(seen.iter().any(|name| name == "page.js") && seen.iter().any(|name| name == "page.css"), "{seen:?}");
}

#[test]
fn without_a_page_all_is_as_before() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("page: false\nadmin: 127.0.0.1:0").start();
    let mut client = server.client();
    assert_eq!(client.call("GET", "/", BROWSER, b"").json()["name"], "argo-openai-proxy");
    assert_eq!(client.call("GET", "/v1/docs", BROWSER, b"").status, 200);
    for part in ["about.json", "now", "page.js"] {
        let answer = client.get(&format!("/page/{part}"));
        assert!(answer.status == 404 && answer.text().contains("page: false"), "{part}: {}", answer.text());
        assert_eq!(server.watcher().get(&format!("/page/{part}")).status, 404);
    }
    // A table without the row has no page either.
    let table = include_str!("../../routes.yaml")
        .replace("  - { path: \"/page/{part*}\", method: [GET, POST], reply: page }\n", "");
    let server = Setup::before(&argo).routes(&table).start();
    assert_eq!(server.client().call("GET", "/", BROWSER, b"").json()["name"], "argo-openai-proxy");
}

#[test]
fn each_sees_what_that_caller_may_see() {
    let argo = Argo::saying("Hi");
    let server = ann_and_bob(&argo);
    let (ann, bob, eve) = (bearer("key-of-ann"), bearer("key-of-bob"), bearer("key-of-eve"));
    // Whoever has no key yet gets the page, which asks for one.
    let page = server.client().call("GET", "/", BROWSER, b"");
    assert!(page.status == 200 && !page.text().contains("gpt"), "{}", page.text());
    for part in ["about.json", "models.json", "clients.json", "table.json", "now"] {
        let (status, answer) = data(&server, part, "");
        assert_eq!(status, 401, "{part}");
        assert!(answer["error"]["message"].as_str().unwrap().contains("hands out keys"), "{answer}");
        assert_eq!(data(&server, part, &bearer("wrong")).0, 401, "{part}");
        // A caller for certain rows alone has no page, since its row is none of them.
        assert_eq!(data(&server, part, &eve).0, 403, "{part}");
    }
    assert_eq!(server.client().call("POST", "/page/explain", "", b"{}").status, 401);

    let facts = data(&server, "about.json", &ann).1;
    assert_eq!((&facts["caller"], &facts["watch"], &facts["access"]), (&json!("ann"), &json!(true), &json!("keys")));
    let facts = data(&server, "about.json", &bob).1;
    assert_eq!(
        (&facts["caller"], &facts["watch"], &facts["routes"][0]["place"]),
        (&json!("bob"), &json!(false), &json!(null))
    );

    let names = |key: &str| {
        let models = data(&server, "models.json", key).1;
        models["models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&bob), ["argo:gpt-4o"]);
    assert!(names(&ann).len() > 50);
    let settings = data(&server, "clients.json", &bob).1.to_string();
    assert!(settings.contains("YOUR_KEY") && settings.contains("argo:gpt-4o") && !settings.contains("claude-opus"));
    assert_eq!(data(&server, "table.json", &bob).0, 403);
    assert!(data(&server, "table.json", &ann).1["files"][0]["text"].as_str().unwrap().contains("routes:"));
}

#[test]
fn live_events_tell_of_requests_and_never_of_texts() {
    let (argo, go_on) = Argo::halting();
    let server = ann_and_bob(&argo);
    let (ann, bob) = (bearer("key-of-ann"), bearer("key-of-bob"));
    let mut all = Feed::open(server.client(), &ann);
    let mut own = Feed::open(server.client(), &bob);
    let mut watcher = Feed::open(server.watcher(), "");
    let first = all.next();
    assert_eq!((&first["everybody"], &first["in_flight"], &first["requests"]), (&json!(true), &json!(0), &json!([])));
    assert_eq!(first["minutes"]["requests"].as_array().unwrap().len(), 60);
    assert!(first["breakers"].is_array());
    let first = own.next();
    assert_eq!(
        (&first["everybody"], &first["minutes"], &first["breakers"]),
        (&json!(false), &json!(null), &json!(null))
    );

    let ask = |key: &str, text: &str| {
        let mut client = server.client();
        client.send(
            "POST",
            CHAT,
            &format!("{key}Content-Type: application/json\r\n"),
            chat(text, json!({"stream": true})).as_bytes(),
        );
        client
    };
    let mut asked = [ask(&ann, "a-text-of-ann"), ask(&bob, "a-text-of-bob")];
    all.until("both in flight", |event| event["in_flight"] == 2);
    go_on.send(()).unwrap();
    go_on.send(()).unwrap();
    asked.iter_mut().for_each(|client| assert_eq!(client.answer().status, 200));
    // A request without a key is everybody's business, too.
    assert_eq!(server.post(CHAT, "{}").status, 401);

    let mut told = Vec::new();
    while told.len() < 3 {
        told.extend(all.next()["requests"].as_array().unwrap().clone());
    }
    told.sort_by_key(|request| request["number"].as_u64());
    let mut callers: Vec<&str> = told.iter().filter_map(|request| request["caller"].as_str()).collect();
    callers.sort_unstable();
    assert_eq!(callers, ["ann", "bob"]);
    let of_ann = told.iter().find(|request| request["caller"] == "ann").unwrap();
    assert_eq!(
        [&of_ann["path"], &of_ann["model"], &of_ann["status"], &of_ann["method"], &of_ann["ended_by"]],
        [&json!(CHAT), &json!("argo:gpt-4o"), &json!(200), &json!("POST"), &json!(null)]
    );
    assert!(
        of_ann["total"].as_f64().unwrap() > 0.0 && of_ann["upstream"].is_string() && of_ann["input_tokens"].is_u64()
    );
    let refused = told.iter().find(|request| request["status"] == 401).unwrap();
    assert_eq!((&refused["ended_by"], &refused["upstream"]), (&json!("us"), &json!(null)));
    assert!(!format!("{told:?}").contains("a-text-of"));

    let own = own.until("bob's own", |event| event["requests"] != json!([]));
    assert!(own["requests"].as_array().unwrap().iter().all(|request| request["caller"] == "bob"), "{own}");
    watcher.until("everybody's", |event| event["requests"].to_string().contains("\"ann\""));
    // Who opens it later sees what was before.
    let late = Feed::open(server.client(), &ann).next();
    assert_eq!(late["requests"].as_array().unwrap().len(), 3);
    assert_eq!(late["minutes"]["requests"].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>(), 3);
    // The refusal is the only failure.
    assert_eq!(late["minutes"]["failures"].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>(), 1);
}

#[test]
fn a_broken_edit_is_told_with_its_place() {
    let argo = Argo::saying("Hi");
    let table = include_str!("../../routes.yaml");
    let rows = [caller("ann", "key-of-ann", "watch: true"), caller("bob", "key-of-bob", "")];
    let server = Setup::before(&argo).routes(table).callers(&rows).start();
    let mut all = Feed::open(server.client(), &bearer("key-of-ann"));
    let mut own = Feed::open(server.client(), &bearer("key-of-bob"));
    assert_eq!(all.next()["table"]["report"], json!(null));
    let file = server.file("routes.yaml");
    replace(&file, &table.replace("reply: livez", "reply: livze"));
    let told = all.until("a report", |event| event["table"]["behind"] == true);
    let report = told["table"]["report"].as_str().unwrap();
    assert!(report.contains("routes.yaml:") && report.contains("livze") && report.contains("livez"), "{report}");
    let told = own.until("behind", |event| event["table"]["behind"] == true);
    assert_eq!(told["table"]["report"], json!(null), "the table is not bob's business");
    replace(&file, table);
    let told = all.until("mended", |event| event["table"]["behind"] == false);
    assert_eq!(told["table"]["report"], json!(null));
}

#[test]
fn the_guards_hold_for_the_page() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0").start();
    let port = server.address.port();
    let question = json!({"method": "POST", "path": CHAT, "body": chat("x", json!({}))}).to_string();
    for (path, method, body) in [("/", "GET", ""), ("/page/now", "GET", ""), ("/page/explain", "POST", &*question)] {
        for mut client in [server.client(), server.watcher()] {
            let length = format!("Content-Length: {}\r\n", body.len());
            let rebound =
                format!("Host: attacker.example:{port}\r\nOrigin: http://attacker.example:{port}\r\n{length}");
            client.raw(format!("{method} {path} HTTP/1.1\r\n{BROWSER}{rebound}\r\n{body}"));
            assert_eq!(client.answer().status, 403, "{path}");
        }
    }
    let explain = |mut client: Client, origin: &str, host: &str| {
        let length = question.len();
        client.raw(format!(
            "POST /page/explain HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: {length}\r\n\r\n{question}"
        ));
        client.answer().status
    };
    let own = format!("127.0.0.1:{port}");
    assert_eq!(explain(server.client(), "https://attacker.example", &own), 403);
    assert_eq!(explain(server.client(), &format!("http://{own}"), &own), 200);
    assert_eq!(explain(server.watcher(), "https://attacker.example", "localhost"), 403);
    assert_eq!(argo.requests().len(), 0, "nothing of this calls an upstream");
}

#[test]
fn a_request_is_explained_as_its_sender_would_send_it() {
    let argo = Argo::saying("Hi");
    let server = ann_and_bob(&argo);
    let ask = |mut client: Client, key: &str, question: Value| {
        let answer = client.call("POST", "/page/explain", key, question.to_string().as_bytes());
        (answer.status, answer.json())
    };
    let with = |model: &str| json!({"method": "post", "path": CHAT, "body": chat("x", json!({"model": model}))});
    let (status, told) = ask(server.client(), &bearer("key-of-ann"), with("argo:gpt-4o"));
    assert_eq!((status, &told["explanation"]["verdict"]), (200, &json!("called")));
    assert!(told["text"].as_str().unwrap().starts_with("POST /v1/chat/completions: calls the upstream"));
    let sent = told["explanation"]["upstream"]["body"].as_str().unwrap().to_owned();
    server.client().call("POST", CHAT, &bearer("key-of-ann"), chat("x", json!({"model": "argo:gpt-4o"})).as_bytes());
    assert_eq!(argo.request().json(), serde_json::from_str::<Value>(&sent).unwrap());

    assert!(sent.contains("\"user\":\"tester\""), "{sent}");
    let (_, told) = ask(server.client(), &bearer("key-of-bob"), with("argo:gpt-4o"));
    assert!(told["explanation"]["verdict"] == "called" && !told.to_string().contains("tester"), "{told}");
    let (_, told) = ask(server.client(), &bearer("key-of-bob"), with("argo:gpt-5"));
    assert_eq!(
        (&told["explanation"]["verdict"], &told["explanation"]["client"]["status"]),
        (&json!("refused"), &json!(404))
    );
    let (_, told) = ask(server.watcher(), "", with("argo:gpt-5"));
    assert_eq!(told["explanation"]["verdict"], json!("called"));
    let mut answered = with("argo:gpt-4o");
    answered["answers"] = json!([json!({"response": "Hello"}).to_string()]);
    let (_, told) = ask(server.client(), &bearer("key-of-bob"), answered);
    assert!(told["explanation"]["client"]["body"].as_str().unwrap().contains("Hello"), "{told}");
    for (wrong, why) in [
        (json!({"method": "POST"}), "missing field `path`"),
        (json!({"method": "POST", "path": "x"}), "'path' must begin with a slash"),
        (json!({"method": "P ST", "path": "/"}), "'method' is no method"),
        (json!({"method": "GET", "path": "/", "headers": [["a b", "c"]]}), "'headers[0]' is no header"),
        (json!({"method": "GET", "path": "/", "key": "x"}), "unknown field `key`"),
    ] {
        let (status, told) = ask(server.client(), &bearer("key-of-bob"), wrong);
        let message = told["error"]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(why), "{message}");
    }
}

#[test]
fn a_stream_of_events_holds_up_no_stop() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0\ndrain_timeout: 20").start();
    let mut feeds = [Feed::open(server.client(), ""), Feed::open(server.watcher(), "")];
    feeds.iter_mut().for_each(|feed| drop(feed.next()));
    server.signal("TERM");
    for feed in &mut feeds {
        until("the end of the stream", || feed.0.chunk().is_none_or(|piece| piece.is_empty()));
    }
    let (status, log) = server.ended();
    assert!(status.success(), "{log}");
}
