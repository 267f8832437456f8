//! One budget of memory for the process (`max_memory`): what is beyond it is refused, others are served meanwhile, and what was
//! taken is given back. The bounds on the process are generous: what the allocator and the sockets' buffers have besides differs.
#![cfg(target_os = "linux")]

use crate::embeddings::any_length_table;
use crate::images::{table, with_images};
use crate::memory::peak;
use crate::reload::until;
use crate::support::{Answer, Argo, Client, Server, Setup, chat};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const CHAT: &str = "/v1/chat/completions";
const EMBEDDINGS: &str = "/v1/embeddings";
const BUDGET: usize = 64 << 20;
/// How much more than the budget the process may grow.
const BESIDE: usize = 128 << 20;
/// What ARGO answers to a call that is not short, and to one of embeddings.
const LARGE: usize = 2 << 20;
const VECTORS: usize = 512 << 10;

fn limited(argo: &Argo) -> Setup {
    Setup::before(argo).routes(&any_length_table()).config(&format!("max_memory: {BUDGET}\nadmin: 127.0.0.1:0"))
}

/// A sample of the metrics.
fn metric(server: &Server, name: &str) -> usize {
    let page = server.watcher().get("/metrics");
    let line = page.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned);
    line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
}

fn held(server: &Server) -> usize {
    metric(server, "argo_proxy_memory_held_bytes")
}

fn is_overloaded(answer: &Answer) {
    let error = answer.error();
    let told = (answer.status, &error["code"], answer.header("retry-after"));
    assert_eq!(told, (503, &json!("server_overloaded"), Some("1")), "{error}");
}

/// Asserts that there is no room for a request: beside the others, or at all.
fn is_refused(answer: &Answer) {
    match answer.status {
        413 => assert_eq!(answer.error()["code"], "request_too_large"),
        _ => is_overloaded(answer),
    }
}

/// What the process grows while these requests are served to clients that read only at the end. All the while somebody else's
/// short requests are answered.
fn grown(server: &Server, path: &str, bodies: &[String]) -> (usize, Vec<Answer>) {
    let short = || server.chat(&chat("short", json!({})));
    assert_eq!(short().status, 200);
    let (before, is_over) = (peak(server), AtomicBool::new(false));
    let answers = std::thread::scope(|scope| {
        let ask = |body: &'_ String| {
            let mut client = server.client();
            client.set_patience(Duration::from_secs(120));
            client.send("POST", path, "", body.as_bytes());
            client.wait_for_bytes();
            client
        };
        let asking: Vec<_> = bodies.iter().map(|body| scope.spawn(move || ask(body))).collect();
        let others = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                assert_eq!(short().status, 200);
            }
        });
        let clients: Vec<Client> = asking.into_iter().map(|asking| asking.join().unwrap()).collect();
        is_over.store(true, Ordering::Release);
        others.join().unwrap();
        clients.into_iter().map(|mut client| client.answer()).collect()
    });
    (peak(server) - before, answers)
}

/// An object of so many fields, with more before them.
pub fn crowded(first: &str, fields: usize) -> String {
    // A few names, so that repeated ones are not known at once.
    let names: String = ('a'..='t').map(|name| format!("\"{name}\":1,")).collect();
    format!("{{{first}{}\"z\":0}}", names.repeat(fields / 20))
}

#[test]
fn bodies_of_tiny_fields_take_no_more_than_the_budget() {
    let argo = Argo::saying("Hi");
    let server = limited(&argo).start();
    let bodies = vec![crowded(r#""model":"argo:gpt-4o","messages":[{"role":"user","content":"x"}],"#, 900_000); 8];
    let (grown, answers) = grown(&server, CHAT, &bodies);
    answers.iter().for_each(is_refused);
    assert!(grown < BUDGET + BESIDE, "{grown}");
    until("all of it is given back", || held(&server) == 0);
}

#[test]
fn too_many_entries_are_refused_by_their_place() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let tiny = |what: &str| format!("[{}{what}]", format!("{what},").repeat(100_000));
    let message = |field: &str, list: &str| {
        format!(
            r#"{{"model":"argo:gpt-4o","messages":[{{"role":"user","content":"x"}},{{"role":"user",{field}{list}}}]}}"#
        )
    };
    for (path, body, place) in [
        (CHAT, crowded("", 100_000), None),
        (CHAT, message("\"content\":", &tiny("{}")), Some("messages[1].content")),
        (CHAT, message("\"content\":\"x\",\"name\":", &tiny("1")), Some("messages[1].name")),
        (CHAT, format!("{{\"messages\":{}}}", tiny("{}")), Some("messages")),
        (CHAT, format!("{{\"messages\":[],\"metadata\":{}}}", crowded("", 100_000)), Some("metadata")),
        (EMBEDDINGS, format!("{{\"input\":{}}}", tiny("1")), Some("input")),
        ("/v1/completions", format!("{{\"prompt\":{}}}", tiny("[]")), Some("prompt")),
        ("/v1/chat", format!("{{\"prompt\":{}}}", tiny("\"\"")), Some("prompt")),
    ] {
        let answer = server.post(path, &body);
        let text = answer.text();
        assert!((answer.status, text.contains("more than 100000")) == (400, true), "{path} {place:?}: {answer:?}");
        assert!(place.is_none_or(|place| text.contains(&format!("'{place}'"))), "{place:?}: {text}");
    }
    assert!(argo.requests().is_empty());
    let list = format!("[{}]", vec!["\"a\""; 2048].join(","));
    assert_eq!(server.post("/v1/chat", &format!("{{\"prompt\":{list}}}")).status, 200);
}

/// An ARGO whose answers are large, unless a request is short.
fn generous() -> Argo {
    let (text, numbers) = ("word ".repeat(LARGE / 5), "0.25,".repeat(VECTORS / 5 / 16));
    Argo::start(move |request, connection| {
        let asked: Value = request.json();
        if request.path.contains("embed") {
            let vector = format!("[{numbers}0]");
            let vectors = vec![vector; asked["prompt"].as_array().unwrap().len()];
            connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
        } else if asked["messages"].to_string().contains("short") {
            connection.says("Hi");
        } else {
            connection.says(&text);
        }
    })
}

#[test]
fn answers_of_many_choices_take_no_more_than_the_budget() {
    let argo = generous();
    let server = limited(&argo).start();
    let bodies = vec![chat("large", json!({"n": 20})); 8];
    let (grown, answers) = grown(&server, CHAT, &bodies);
    answers.iter().for_each(is_refused);
    assert!(grown < BUDGET + BESIDE, "{grown}");
    until("all of it is given back", || held(&server) == 0);
}

#[test]
fn vectors_of_many_inputs_take_no_more_than_the_budget() {
    let argo = generous();
    let server = limited(&argo).start();
    let bodies = vec![json!({"model": "text-embedding-3-large", "input": vec!["a"; 2048]}).to_string(); 8];
    let (grown, answers) = grown(&server, EMBEDDINGS, &bodies);
    answers.iter().for_each(is_refused);
    assert!(grown < BUDGET + BESIDE, "{grown}");
    until("all of it is given back", || held(&server) == 0);
}

#[test]
fn a_reply_that_nobody_reads_is_held_from_the_budget_until_it_is_read_or_its_client_leaves() {
    const REPLY: usize = 16 << 20;
    let vector = format!("{{\"embedding\":[[{}0]]}}", "0.25,".repeat(REPLY / 5));
    let argo =
        Argo::start(
            move |request, connection| {
                if request.path.contains("embed") { connection.json(200, &vector) } else { connection.says("Hi") }
            },
        );
    // While it is held it takes three times its size: one beside a reply that is being written, but not beside two.
    // The last eighth is for short requests.
    let budget = (REPLY * 9 / 2) * 8 / 7;
    let setup = Setup::before(&argo).routes(&any_length_table());
    let server = setup.config(&format!("max_memory: {budget}\nadmin: 127.0.0.1:0")).start();
    let ask = || {
        let mut client = server.client();
        client.send("POST", EMBEDDINGS, "", br#"{"input":"a","model":"text-embedding-3-large"}"#);
        client.wait_for_bytes();
        client
    };
    let (mut one, two) = (ask(), ask());
    is_overloaded(&ask().answer());
    assert_eq!(server.chat(&chat("short", json!({}))).status, 200);
    drop(two);
    until("its share is given back", || held(&server) < 2 * REPLY);
    let third = ask().answer();
    assert!((third.status, third.body.len() > REPLY, third.complete) == (200, true, true), "{}", third.status);
    assert!(one.answer().body.len() > REPLY);
    until("all of it is given back", || held(&server) == 0);
}

#[test]
fn images_are_taken_from_the_budget_while_they_are_fetched() {
    let argo = Argo::saying("Hi");
    let figures = Argo::start(|_, connection| {
        connection.stream_head();
        connection.chunk(b"\x89PNG\r\n\x1a\n");
        while connection.is_open() {
            connection.chunk(&[0; 64 << 10]);
        }
    });
    let images = format!("allow_hosts: [\"{}\"], max_bytes: 20MiB", figures.address);
    let server = Setup::before(&argo).config("max_memory: 8MiB\nadmin: 127.0.0.1:0").routes(&table(&images)).start();
    let answer = server.post("/chat", &with_images(&[format!("http://{}/a.png", figures.address)], json!({})));
    assert_eq!((answer.status, &answer.error()["code"]), (413, &json!("request_too_large")));
    until("all of it is given back", || held(&server) == 0);
    assert!(argo.requests().is_empty());
}

#[test]
fn the_budget_is_a_part_of_the_machines_memory_unless_it_is_set() {
    let argo = Argo::saying("Hi");
    let limit = |server: &Server| metric(server, "argo_proxy_memory_limit_bytes");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0").start();
    assert!((256 << 20..=4 << 30).contains(&limit(&server)), "{}", limit(&server));
    assert_eq!(limit(&limited(&argo).start()), BUDGET);
}
