//! URLs that do not answer: passed over for a while, found out about by one call, remembered over reloads.

use crate::reload::{replace, until};
use crate::support::{Argo, Server, Setup, Wire, chat};
use crate::upstream_options::{ask, table};
use serde_json::json;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

/// An ARGO that answers with the status that stands there.
fn moody(status: &Arc<AtomicU16>) -> Argo {
    let status = status.clone();
    Argo::start(move |_, connection| match status.load(Ordering::SeqCst) {
        200 => connection.says("first"),
        status => connection.json(status, r#"{"error": "overloaded"}"#),
    })
}

fn urls(first: &Argo, second: &Argo, more: &str) -> String {
    format!("url: [\"http://{}/\", \"http://{}/\"]{more}", first.address, second.address)
}

fn start(row: &str) -> Server {
    Setup::before_address(([127, 0, 0, 1], 9).into()).routes(&table(&[("x", row.to_owned())])).start()
}

#[test]
fn a_url_that_answers_5xx_is_passed_over_and_taken_back_by_a_probe() {
    let status = Arc::new(AtomicU16::new(503));
    let (first, second) = (moody(&status), Argo::saying("second"));
    let server = start(&urls(&first, &second, ", breaker: { failures: 2, open_for: 300ms }"));
    assert_eq!([(); 3].map(|()| ask(&server, json!({})).status), [503, 503, 200]);
    assert_eq!((first.requests().len(), second.requests().len()), (2, 1));
    until("the probe fails", || {
        ask(&server, json!({}));
        first.requests().len() == 3
    });
    status.store(200, Ordering::SeqCst);
    until("the probe is answered", || {
        ask(&server, json!({}));
        first.requests().len() == 4
    });
    let before = second.requests().len();
    assert_eq!(ask(&server, json!({})).status, 200);
    assert_eq!((first.requests().len(), second.requests().len()), (5, before));
    let log = server.log();
    let told = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    assert_eq!(told("does not answer and is tried last for 0.3 s"), 1, "{log}");
    assert_eq!((told("is tried last for 0.6 s"), told("answers again")), (1, 1), "{log}");
}

#[test]
fn one_call_probes_while_the_others_go_elsewhere() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (arrived, has_arrived) = mpsc::channel();
    let (go, gate) = mpsc::channel::<()>();
    let (counted, gate, arrived) = (asked.clone(), Mutex::new(gate), Mutex::new(arrived));
    let first = Argo::start(move |_, connection| match counted.fetch_add(1, Ordering::SeqCst) {
        0 => connection.json(500, "{}"),
        _ => {
            arrived.lock().unwrap().send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
            connection.says("first");
        }
    });
    let second = Argo::saying("second");
    let server = start(&urls(&first, &second, ", breaker: { failures: 1, open_for: 1ms }"));
    assert_eq!(ask(&server, json!({})).status, 500);
    std::thread::scope(|scope| {
        let probe = scope.spawn(|| {
            // The first of these that comes after the millisecond is the probe.
            let mut status = ask(&server, json!({})).json();
            while status["choices"][0]["message"]["content"] != "first" {
                status = ask(&server, json!({})).json();
            }
        });
        has_arrived.recv().unwrap();
        let before = second.requests().len();
        for _ in 0..5 {
            assert_eq!(ask(&server, json!({})).status, 200);
        }
        assert_eq!((asked.load(Ordering::SeqCst), second.requests().len()), (2, before + 5));
        go.send(()).unwrap();
        probe.join().unwrap();
    });
}

#[test]
fn silence_before_the_first_byte_counts_and_so_do_calls_that_the_proxy_makes_itself() {
    let (silent, second) = (
        Argo::start(|_, connection| {
            connection.left();
        }),
        Argo::saying("second"),
    );
    let row = urls(&silent, &second, ", first_byte_timeout: 200ms, breaker: { failures: 1, open_for: 10m }");
    for more in [json!({}), json!({"n": 2})] {
        let server = start(&row);
        assert_eq!(ask(&server, more.clone()).status, 504);
        let before = silent.requests().len();
        assert_eq!(ask(&server, more).status, 200);
        assert_eq!(silent.requests().len(), before);
    }
}

#[test]
fn a_call_whose_body_the_client_keeps_back_is_not_the_urls_fault() {
    // It gives up what does not come soon.
    let hasty = |stream: TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        Box::new(stream) as Box<dyn Wire>
    };
    let (first, second) = (Argo::behind(hasty, |_, connection| connection.says("first")), Argo::saying("second"));
    let server = start(&urls(&first, &second, ", breaker: { failures: 2, open_for: 10m }"));
    // More than pingora holds, so that the call begins before the body ends.
    let body = chat(&"x".repeat(100_000), json!({"model": "a:b"}));
    for _ in 0..3 {
        let mut client = server.client();
        let length = body.len();
        client.raw(format!(
            "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n"
        ));
        let answer = client.answer();
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(answer.error()["message"].as_str().unwrap().contains("gave the call up"), "{answer:?}");
    }
    until("their lines", || server.log().matches("ended_by=client").count() == 3);
    assert_eq!(ask(&server, json!({})).json()["choices"][0]["message"]["content"], "first");
    assert!(second.requests().is_empty());
}

#[test]
fn what_is_known_of_a_url_survives_a_reload() {
    let status = Arc::new(AtomicU16::new(503));
    let (first, second) = (moody(&status), Argo::saying("second"));
    let row = urls(&first, &second, ", breaker: { failures: 1, open_for: 10m }");
    let server = start(&row);
    assert_eq!([(); 2].map(|()| ask(&server, json!({})).status), [503, 200]);
    let text = table(&[("x", row)]).replace("a:b: b1", "a:b: b1, a:c: c1");
    replace(&server.file("routes.yaml"), &text);
    until("the new table", || ask(&server, json!({"model": "a:c"})).status == 200);
    assert_eq!((ask(&server, json!({})).status, first.requests().len()), (200, 1));
}
