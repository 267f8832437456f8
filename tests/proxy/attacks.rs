//! What one caller may do to a proxy, with the short chats of another one beside it. All of these are answered, and soon. Each test
//! prints how long they took, alone and beside the attack; docs/limits.md has the figures.
#![cfg(target_os = "linux")]

use crate::embeddings::any_length_table;
use crate::images::{table, with_images};
use crate::memory_budget::crowded;
use crate::reload::until;
use crate::support::{Argo, Client, Server, Setup, caller, chat};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CHAT: &str = "/v1/chat/completions";
/// The longest that a short chat may take on a busy machine. Without bounds it was 20 s to minutes.
const LONGEST: Duration = Duration::from_secs(15);
/// Chats without an attack, to compare with.
const ALONE: usize = 50;
/// How many requests the attacks make at the same time.
const AT_ONCE: usize = 8;

pub fn attacked(setup: Setup) -> Setup {
    setup.callers(&[caller("ann", "key-ann", ""), caller("bob", "key-bob", "")])
}

/// Who attacks.
pub const ANN: &str = "Authorization: Bearer key-ann\r\n";
/// Who wants something short.
pub const BOB: &str = "Authorization: Bearer key-bob\r\n";

/// Median, 99th percentile and longest, in milliseconds.
fn figures(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    format!("{:.1} / {:.1} / {:.1}", at(50), at(99), at(100))
}

/// Has the other caller chat for as long as the attack lasts, each time over a connection of its own.
pub fn beside(name: &str, server: &Server, path: &str, body: &str, attack: impl FnOnce()) {
    let short = || {
        let begun = Instant::now();
        let answer = server.client().call("POST", path, BOB, body.as_bytes());
        let took = begun.elapsed();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(took < LONGEST, "{took:?} beside {name}");
        took
    };
    // What is loaded once is loaded.
    let _ = (0..5).map(|_| short()).max();
    let alone: Vec<Duration> = (0..ALONE).map(|_| short()).collect();
    let is_over = AtomicBool::new(false);
    let (during, lasted) = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut times = vec![short()];
            while !is_over.load(Ordering::Acquire) {
                times.push(short());
            }
            times
        });
        let begun = Instant::now();
        attack();
        let lasted = begun.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Release);
        (other.join().unwrap(), lasted)
    });
    let (chats, alone, during) = (during.len(), figures(alone), figures(during));
    println!(
        "FIGURES {name}: {lasted:.1} s, {chats} chats; median / p99 / longest {alone} ms alone, {during} ms beside it"
    );
}

/// Sends these bodies at the same time, and reads of each reply only that it has come.
fn send_all(server: &Server, path: &str, bodies: &[String]) -> Vec<Client> {
    let send = |body: &String| {
        let mut client = server.client();
        client.set_patience(Duration::from_secs(120));
        client.send("POST", path, ANN, body.as_bytes());
        client.wait_for_bytes();
        client
    };
    std::thread::scope(|scope| {
        let sending: Vec<_> = bodies.iter().map(|body| scope.spawn(move || send(body))).collect();
        sending.into_iter().map(|sending| sending.join().unwrap()).collect()
    })
}

#[test]
fn bodies_of_tiny_fields_hold_no_other_caller_up() {
    let argo = Argo::saying("Hi");
    let server = attacked(Setup::before(&argo)).start();
    let body = crowded(r#""model":"argo:gpt-4o","messages":[{"role":"user","content":"x"}],"#, 900_000);
    beside("bodies of tiny fields", &server, CHAT, &chat("short", json!({})), || {
        let refused = send_all(&server, CHAT, &vec![body; AT_ONCE]);
        assert!(refused.into_iter().all(|mut client| client.answer().status >= 400));
    });
}

/// An ARGO whose answers are large, unless a request is short.
fn generous() -> Argo {
    let (text, numbers) = ("word ".repeat(10_000), "0.25,".repeat(800));
    Argo::start(move |request, connection| {
        let asked: Value = request.json();
        if request.path.contains("embed") {
            let vectors = vec![format!("[{numbers}0]"); asked["prompt"].as_array().unwrap().len()];
            connection.json(200, &format!("{{\"embedding\":[{}]}}", vectors.join(",")));
        } else if asked["messages"].to_string().contains("short") {
            connection.says("Hi");
        } else {
            connection.says(&text);
        }
    })
}

#[test]
fn vectors_that_nobody_reads_hold_no_other_caller_up() {
    let argo = generous();
    let server = attacked(Setup::before(&argo).routes(&any_length_table())).start();
    let body = json!({"model": "text-embedding-3-large", "input": vec!["a"; 2048]}).to_string();
    beside("2,048 inputs, not read", &server, CHAT, &chat("short", json!({})), || {
        // They stay open, with what is left of their replies, to the end.
        drop(send_all(&server, "/v1/embeddings", &vec![body; AT_ONCE]));
    });
}

#[test]
fn very_many_choices_hold_no_other_caller_up() {
    // As many as a table may allow.
    const CHOICES: usize = 128;
    let row = "{ path: /v1/chat/completions,";
    let table = include_str!("../../routes.yaml").replacen(row, &format!("{row} most_choices: {CHOICES},"), 1);
    let argo = generous();
    let server = attacked(Setup::before(&argo).routes(&table)).start();
    let body = chat("large", json!({"n": CHOICES}));
    beside("n = 128", &server, CHAT, &chat("short", json!({})), || {
        let clients = send_all(&server, CHAT, &vec![body; AT_ONCE]);
        assert!(clients.into_iter().map(|mut client| client.head().status).any(|status| status == 200));
    });
}

#[test]
fn very_many_images_hold_no_other_caller_up() {
    const REQUESTS: usize = 30;
    let argo = Argo::saying("Hi");
    let image = [&b"\x89PNG\r\n\x1a\n"[..], &[7; 256 << 10]].concat();
    let pictures = Argo::start(move |_, connection| connection.whole(200, "", &image));
    let url = format!("http://{}/a.png", pictures.address);
    let allowed = table(&format!("allow_hosts: [\"{}\"]", pictures.address));
    let server = attacked(Setup::before(&argo).routes(&allowed)).start();
    let body = with_images(&vec![url; 4], json!({}));
    beside("30 requests of images", &server, "/chat", &chat("short", json!({"model": "x"})), || {
        let clients = send_all(&server, "/chat", &vec![body; REQUESTS]);
        assert!(clients.into_iter().map(|mut client| client.head().status).any(|status| status == 200));
    });
}

/// A conversation of this many messages with as many calls of tools as may be, whose results come in the reverse order.
fn tools(model: &str, messages: usize) -> String {
    let call = |id: String| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut conversation = vec![json!({"role": "user", "content": "x"})];
    for message in 0..messages {
        let ids: Vec<String> = (0..128).map(|number| format!("call_{message}_{number}")).collect();
        let calls: Vec<Value> = ids.iter().cloned().map(call).collect();
        conversation.push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
        let result = |id: &String| json!({"role": "tool", "tool_call_id": id, "content": "y"});
        conversation.extend(ids.iter().rev().map(result));
    }
    json!({"model": model, "messages": conversation}).to_string()
}

#[test]
fn calls_of_tools_and_their_results_hold_no_other_caller_up() {
    let argo = Argo::saying("Hi");
    let server = attacked(Setup::before(&argo)).start();
    // 3 MB each; what a message costs must not grow with those before it.
    let bodies = ["argo:gpt-4o", "argo:claude-opus-4.5", "argo:gemini-2.5-pro"].map(|model| tools(model, 120));
    beside("calls of tools × results", &server, CHAT, &chat("short", json!({})), || {
        let clients = send_all(&server, CHAT, &bodies);
        assert!(clients.into_iter().all(|mut client| client.answer().status == 200));
    });
    assert!(argo.requests().len() > bodies.len());
}

#[test]
fn bodies_that_do_not_come_hold_no_other_caller_up() {
    const SILENT: usize = 100;
    let argo = Argo::saying("Hi");
    let server = attacked(Setup::before(&argo).config("body_timeout: 1")).start();
    beside("100 bodies that drip", &server, CHAT, &chat("short", json!({})), || {
        let mut dripping: Vec<Client> = (0..SILENT).map(|_| server.client()).collect();
        for client in &mut dripping {
            client.raw(format!("POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n{ANN}Content-Length: 1000000\r\n\r\n"));
        }
        let mut given_up = 0;
        until("all are given up", || {
            dripping.retain_mut(|client| !client.has_bytes(Duration::from_millis(1)) && client.try_raw(" "));
            given_up = SILENT - dripping.len();
            given_up == SILENT
        });
    });
}
