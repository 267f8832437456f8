//! What callers may use: refusals, headers, the queue, and what outlives a reload. Limits are a minute's or longer, so that
//! nothing depends on how fast the machine is.

use crate::reload::{replace, table, until};
use crate::support::{Answer, Argo, Client, Server, Setup, caller, chat};
use serde_json::json;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

const SHIPPED: &str = include_str!("../../routes.yaml");
const CHAT: &str = "/v1/chat/completions";

fn limited(argo: &Argo, limits: &str) -> Server {
    Setup::before(argo).config(&format!("limits: {{ {limits} }}")).start()
}

/// The headers of limits, with the times cut off after their unit is known.
fn told(answer: &Answer, of: &str) -> (String, String, String) {
    let header = |what: &str| answer.header(&format!("x-ratelimit-{what}-{of}")).unwrap_or("none").to_owned();
    (header("limit"), header("remaining"), header("reset"))
}

fn seconds(answer: &Answer) -> (u64, u64) {
    let number = |name: &str| answer.header(name).unwrap().parse::<u64>().unwrap();
    (number("retry-after"), number("retry-after-ms"))
}

/// An ARGO that tells of each call and answers it when it is told to.
pub fn gated() -> (Argo, Receiver<()>, Sender<()>) {
    let (arrived, arrivals) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let (arrived, gate) = (Mutex::new(arrived), Mutex::new(gate));
    let argo = Argo::start(move |_, connection| {
        arrived.lock().unwrap().send(()).unwrap();
        gate.lock().unwrap().recv_timeout(Duration::from_secs(20)).unwrap();
        connection.says("Hi");
    });
    (argo, arrivals, go)
}

#[test]
fn without_limits_nothing_is_said_of_them() {
    let argo = Argo::saying("Hi");
    for server in [Server::before(&argo), limited(&argo, "wait: 3")] {
        let answer = server.chat(&chat("x", json!({})));
        assert!(answer.headers.iter().all(|(name, _)| !name.to_lowercase().starts_with("x-ratelimit")), "{answer:?}");
    }
}

#[test]
fn requests_beyond_a_minutes_worth_are_refused_in_openais_form() {
    let argo = Argo::saying("Hi");
    let server = limited(&argo, "requests_per_minute: 2");
    let mut client = server.client();
    let first = client.call("POST", CHAT, "Origin: http://localhost:1\r\n", chat("x", json!({})).as_bytes());
    assert_eq!((first.status, told(&first, "requests").0.as_str()), (200, "2"));
    assert_eq!((told(&first, "requests").1.as_str(), told(&first, "tokens").0.as_str()), ("1", "none"));
    assert!(first.header("access-control-expose-headers").unwrap().contains("x-ratelimit-remaining-requests"));
    let stream = client.post(CHAT, &chat("x", json!({"stream": true})));
    assert_eq!((stream.status, told(&stream, "requests").1.as_str()), (200, "0"));

    // Whatever the body is, it is not read; the connection is kept.
    for body in ["{", &chat(&"x".repeat(100_000), json!({}))] {
        let refused = client.post(CHAT, body);
        let error = refused.error();
        assert_eq!(
            (refused.status, &error["type"], &error["code"]),
            (429, &json!("requests"), &json!("rate_limit_exceeded"))
        );
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("Rate limit reached for requests per minute: limit 2, used 2. Please try again in ")
        );
        assert!(message.ends_with("The limit is limits.requests_per_minute of config.yaml."), "{message}");
        let (seconds, millis) = seconds(&refused);
        assert!((1..=30).contains(&seconds) && millis.div_ceil(1000) == seconds, "{refused:?}");
        let (limit, remaining, reset) = told(&refused, "requests");
        assert_eq!((limit.as_str(), remaining.as_str()), ("2", "0"));
        assert!(reset.ends_with('s') && !reset.contains("ms"), "{reset}");
        if refused.header("connection") == Some("close") {
            // A busy machine, on which what was left of the body came late.
            client = server.client();
        }
    }
    // What costs nothing is not counted, nor refused.
    assert_eq!(client.get("/v1/models").status, 200);
    assert_eq!(argo.requests().len(), 2);
}

#[test]
fn what_the_proxy_refuses_itself_costs_no_request() {
    let argo = Argo::saying("Hi");
    let rows = [caller("ann", "key-a", "models: [argo:gpt-4o], limits: { requests_per_minute: 1 }")];
    let server = Setup::before(&argo).callers(&rows).start();
    let ask = |body: &str| server.client().call("POST", CHAT, "Authorization: Bearer key-a\r\n", body.as_bytes());
    let good = chat("x", json!({"model": "argo:gpt-4o"}));
    for (body, status) in [
        (chat("x", json!({"model": "argo:gpt-4.1"})), 404),
        (chat("x", json!({"model": "no-such-model"})), 404),
        (chat("x", json!({"model": "argo:gpt-4o", "logprobs": true})), 400),
        ("{".to_owned(), 400),
    ] {
        for _ in 0..3 {
            let refused = ask(&body);
            assert_eq!(
                (refused.status, refused.header("x-ratelimit-remaining-requests")),
                (status, Some("1")),
                "{body}"
            );
        }
    }
    assert_eq!((ask(&good).status, ask(&good).status), (200, 429));
    assert_eq!(argo.requests().len(), 1);
}

#[test]
fn who_tries_again_when_told_is_served() {
    let argo = Argo::saying("Hi");
    // One in a hundred milliseconds, once those at once are used up.
    let server = limited(&argo, "requests_per_minute: 600");
    let mut client = server.client();
    let mut served = 0;
    let refused = loop {
        let answer = client.post(CHAT, &chat("x", json!({})));
        if answer.status == 429 {
            break answer;
        }
        served += 1;
        assert!(served < 20_000);
    };
    let (seconds, millis) = seconds(&refused);
    assert!(seconds == 1 && millis <= 100, "{refused:?}");
    until("another try", || client.post(CHAT, &chat("x", json!({}))).status == 200);
}

#[test]
fn tokens_are_charged_when_the_reply_is_known_whatever_its_form() {
    let argo = Argo::saying("one two three four five six seven eight");
    for (more, path) in [
        (json!({}), CHAT),
        (json!({"stream": true}), CHAT),
        (json!({"stream": true, "stream_options": {"include_usage": true}}), CHAT),
        (json!({"n": 2}), CHAT),
        (json!({"prompt": "x"}), "/v1/completions"),
        (json!({"prompt": ["x"]}), "/v1/chat"),
    ] {
        let server = limited(&argo, "tokens_per_minute: 5");
        let mut client = server.client();
        let body = match path {
            CHAT => chat("one two three four", more),
            _ => crate::support::with_model(more),
        };
        let first = client.post(path, &body);
        assert_eq!(first.status, 200, "{first:?}");
        assert_eq!(told(&first, "tokens").0, "5");
        let second = client.post(path, &body);
        assert_eq!((second.status, &second.error()["type"]), (429, &json!("tokens")), "{body}");
        assert!(second.error()["message"].as_str().unwrap().contains("limits.tokens_per_minute of config.yaml"));
        assert_eq!(told(&second, "tokens").1, "0");
    }
}

#[test]
fn a_reply_says_what_it_has_cost_itself_and_a_failed_call_costs_no_tokens() {
    let argo = Argo::start(|request, connection| match request.json().to_string().contains("fail") {
        true => connection.json(500, "{}"),
        false => connection.says("one two three"),
    });
    let server = limited(&argo, "tokens_per_minute: 100000");
    let failed = server.chat(&chat("fail", json!({})));
    assert_eq!((failed.status >= 500, told(&failed, "tokens").1.as_str()), (true, "100000"));
    let answer = server.chat(&chat("x", json!({})));
    let total = answer.json()["usage"]["total_tokens"].as_u64().unwrap();
    assert!(total > 0);
    let remaining: u64 = told(&answer, "tokens").1.parse().unwrap();
    assert!((100_000 - total..=100_000 - total + 1).contains(&remaining), "{total}: {answer:?}");
}

#[test]
fn a_row_has_limits_of_its_own_which_stop_no_other_row() {
    let argo = Argo::saying("Hi");
    let row = "{ path: /v1/completions,";
    let table = SHIPPED.replacen(row, &format!("{row} limits: {{ requests_per_minute: 1 }},"), 1);
    let server = Setup::before(&argo).routes(&table).config("limits: { requests_per_minute: 1000 }").start();
    let complete = || server.post("/v1/completions", &crate::support::with_model(json!({"prompt": "x"})));
    let first = complete();
    assert_eq!((first.status, told(&first, "requests").0.as_str()), (200, "1"));
    let refused = complete();
    assert_eq!(refused.status, 429);
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("limits.requests_per_minute of routes["), "{message}");
    let other = server.chat(&chat("x", json!({})));
    assert_eq!((other.status, told(&other, "requests").0.as_str()), (200, "1000"));
}

#[test]
fn a_reload_keeps_what_was_used() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(SHIPPED).config("limits: { requests_per_minute: 1 }").start();
    let ask = || server.chat(&chat("x", json!({}))).status;
    assert_eq!((ask(), ask()), (200, 429));
    let before = table(&server)["version"].clone();
    replace(&server.file("routes.yaml"), &format!("{SHIPPED}\n# edited\n"));
    until("the edited table", || table(&server)["version"] != before);
    assert_eq!(ask(), 429);
    let config = std::fs::read_to_string(server.file("config.yaml")).unwrap();
    replace(&server.file("config.yaml"), &config.replace("requests_per_minute: 1", "requests_per_minute: 3"));
    until("the higher limit", || ask() == 200);
    assert_eq!((ask(), ask()), (200, 429));
}

/// Whether a request was refused, as far as one knows within a time.
fn is_refused(client: &mut Client, time: Duration) -> bool {
    client.set_patience(time);
    let refused = client.try_answer().map(|answer| assert_eq!(answer.status, 429)).is_some();
    client.set_patience(Duration::from_secs(30));
    refused
}

fn begin(server: &Server, text: &str) -> Client {
    let mut client = server.client();
    client.send("POST", CHAT, "", chat(text, json!({})).as_bytes());
    client
}

#[test]
fn requests_at_the_same_time_wait_in_order_and_who_leaves_waits_no_more() {
    let (argo, arrivals, go) = gated();
    let server = limited(&argo, "concurrent: 1, wait: 20");
    let arrived = || arrivals.recv_timeout(Duration::from_secs(20)).unwrap();
    let mut first = begin(&server, "first");
    arrived();
    // Four may wait for one place; that one of five is refused shows that the others do.
    let mut waiting: Vec<Client> = (0..5).map(|number| begin(&server, &format!("waits {number}"))).collect();
    let mut refused = None;
    until("a full queue", || {
        refused = waiting.iter_mut().position(|client| is_refused(client, Duration::from_millis(20)));
        refused.is_some()
    });
    drop(waiting.remove(refused.unwrap()));
    drop(waiting.remove(1));
    // Its place in the queue is free at once: somebody else gets it, though nothing has ended.
    until("a free place in the queue", || {
        let mut late = begin(&server, "late");
        let waits = !is_refused(&mut late, Duration::from_secs(2));
        if waits {
            waiting.push(late);
        }
        waits
    });
    go.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
    for _ in &waiting {
        arrived();
        go.send(()).unwrap();
    }
    assert!(waiting.iter_mut().all(|client| client.answer().status == 200));
    let asked: Vec<String> = argo
        .requests()
        .iter()
        .map(|request| request.json()["messages"][0]["content"].as_str().unwrap().to_owned())
        .collect();
    let mut sorted = asked.clone();
    sorted.sort();
    assert_eq!((asked.len(), asked.first(), asked.last().map(String::as_str)), (5, sorted.first(), Some("late")));
}

#[test]
fn a_wait_ends_in_time_and_nothing_waits_where_nothing_may() {
    let (argo, arrivals, go) = gated();
    for (wait, message) in [("0", "as many wait as may"), ("0.2", "none ended within 0.2 s (limits.wait)")] {
        let server = limited(&argo, &format!("concurrent: 1, requests_per_minute: 2, wait: {wait}"));
        let mut first = begin(&server, "first");
        arrivals.recv_timeout(Duration::from_secs(20)).unwrap();
        let mut client = server.client();
        let refused = client.post(CHAT, &chat("second", json!({})));
        let error = refused.error();
        assert_eq!(
            (refused.status, &error["code"], seconds(&refused)),
            (429, &json!("rate_limit_exceeded"), (1, 1000))
        );
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert!(error["message"].as_str().unwrap().ends_with("limits.concurrent of config.yaml."));
        go.send(()).unwrap();
        assert_eq!(first.answer().status, 200);
        // It was not counted among the requests of the minute.
        go.send(()).unwrap();
        until("the place", || client.post(CHAT, &chat("second", json!({}))).status == 200);
        arrivals.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}

#[test]
fn bodies_of_all_sizes_and_framings_survive_a_wait() {
    let argo = Argo::start(|request, connection| {
        let length = request.json()["messages"][0]["content"].as_str().unwrap().len();
        connection.says(&length.to_string());
    });
    let server = limited(&argo, "concurrent: 1, wait: 20");
    std::thread::scope(|scope| {
        // One runs and four wait: none is refused.
        for (size, is_chunked) in [(10, false), (70_000, false), (300_000, false), (3_000, true), (300_000, true)] {
            let server = &server;
            scope.spawn(move || {
                let mut client = server.client();
                let body = chat(&"x".repeat(size), json!({"model": "argo:gpt-4o-latest"}));
                for _ in 0..5 {
                    let answer = match is_chunked {
                        true => client.post_chunked(CHAT, body.as_bytes(), 5_000),
                        false => client.post(CHAT, &body),
                    };
                    let said = answer.json()["choices"][0]["message"]["content"].clone();
                    assert_eq!((answer.status, said), (200, json!(size.to_string())));
                }
            });
        }
    });
}

#[test]
fn a_stream_holds_its_place_until_it_is_over() {
    let (argo, go) = Argo::halting();
    let server = limited(&argo, "concurrent: 1, wait: 0");
    let mut client = server.client();
    client.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    client.chunk().unwrap();
    assert_eq!(server.chat(&chat("x", json!({}))).status, 429);
    // Who leaves gives its place back.
    drop(client);
    go.send(()).unwrap();
    go.send(()).unwrap();
    until("the place", || server.chat(&chat("x", json!({"stream": true}))).status == 200);
}

#[test]
fn a_username_in_other_letters_is_the_same_caller() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("access: passthrough\nlimits: { requests_per_minute: 2 }").start();
    let status = |user: &str| {
        let key = format!("Authorization: Bearer {user}\r\n");
        server.client().call("POST", CHAT, &key, chat("x", json!({})).as_bytes()).status
    };
    assert_eq!((status("jdoe"), status("JDoe"), status("jDoe"), status("asmith")), (200, 200, 429, 200));
}

#[test]
fn calls_are_counted_and_never_more_at_once_than_there_are_places() {
    let (argo, arrivals, go) = gated();
    let server = limited(&argo, "requests_per_minute: 60, concurrent: 2");
    let mut client = server.client();
    client.send("POST", CHAT, "", chat("x", json!({"n": 5})).as_bytes());
    let arrived = || arrivals.recv_timeout(Duration::from_secs(20)).unwrap();
    (0..2).for_each(|_| arrived());
    for _ in 0..3 {
        // A third call could only come if it needed no place; the next comes when one is over.
        assert!(arrivals.try_recv().is_err());
        go.send(()).unwrap();
        arrived();
    }
    (0..2).for_each(|_| go.send(()).unwrap());
    let answer = client.answer();
    assert_eq!((answer.status, answer.json()["choices"].as_array().unwrap().len()), (200, 5));
    assert_eq!(told(&answer, "requests").1, "55");
}

#[test]
fn tokens_are_reserved_while_calls_are_under_way() {
    let (argo, arrivals, go) = gated();
    let server = limited(&argo, "tokens_per_minute: 1000");
    let mut first = begin(&server, "first");
    arrivals.recv_timeout(Duration::from_secs(20)).unwrap();
    // The first may get a thousand tokens. Whether the second is refused by its head or by its reservation, it makes no call.
    let refused = server.chat(&chat("second", json!({})));
    assert_eq!((refused.status, &refused.error()["type"]), (429, &json!("tokens")));
    go.send(()).unwrap();
    assert_eq!(first.answer().status, 200);
    go.send(()).unwrap();
    // It cost less, and what was reserved beyond that is there again.
    assert_eq!(server.chat(&chat("third", json!({"max_tokens": 10}))).status, 200);
    assert_eq!(argo.requests().len(), 2);
}

#[test]
fn a_request_in_debt_waits_until_its_calls_are_paid() {
    let argo = Argo::saying("Hi");
    let server = limited(&argo, "requests_per_minute: 2");
    assert_eq!(server.chat(&chat("x", json!({"n": 7}))).status, 200);
    let refused = server.chat(&chat("x", json!({})));
    let message = refused.error()["message"].as_str().unwrap().to_owned();
    assert_eq!(refused.status, 429);
    assert!(message.starts_with("Rate limit reached for requests per minute: limit 2, used 7."), "{message}");
    // Six are owed at two a minute.
    assert!((170..=180).contains(&seconds(&refused).0), "{refused:?}");
}
