//! The listener for whoever watches: what it serves, and what its metrics count.

use crate::reload::{replace, until};
use crate::support::{Argo, Client, Connection, Recorded, Server, Setup, caller, chat, said};
use crate::upstream_options::{refusing, table};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CHAT: &str = "/v1/chat/completions";

/// Every sample by its name and labels; the text must be as the format wants it.
fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let answer = server.watcher().get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut samples = BTreeMap::new();
    let (mut helped, mut typed) = (String::new(), String::new());
    assert!(answer.text().ends_with('\n'));
    for line in answer.text().lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped = rest.split(' ').next().unwrap().to_owned();
            assert!(rest.len() > helped.len() + 5, "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(name, helped);
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            typed = name.to_owned();
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(&typed), "{line}");
            assert!(samples.insert(name.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
        }
    }
    samples
}

fn start(argo: &Argo) -> Server {
    Setup::before(argo).config("admin: 127.0.0.1:0").start()
}

/// The sum of all samples of a name whose labels have these parts.
fn sum(samples: &BTreeMap<String, f64>, name: &str, parts: &[&str]) -> f64 {
    let is_it =
        |sample: &&String| sample.split('{').next() == Some(name) && parts.iter().all(|part| sample.contains(part));
    samples.iter().filter(|(sample, _)| is_it(sample)).map(|(_, value)| value).sum()
}

/// Waits until so many requests are over: a reply is there before it is counted.
fn over(server: &Server, requests: f64) -> BTreeMap<String, f64> {
    until("the count", || sum(&scrape(server), "argo_proxy_requests_total", &[]) >= requests);
    scrape(server)
}

#[test]
fn known_traffic_gives_known_values() {
    let argo = Argo::start(|request, connection| match request.path.contains("stream") {
        true => connection.streams(&[b"Hel", b"lo, ", b"you"]),
        false => connection.says("Hello"),
    });
    let server = start(&argo);
    let mut client = server.client();
    let body = chat("x", json!({}));
    let mut sent = 0;
    let mut tokens = (0, 0);
    for _ in 0..3 {
        let answer = client.post(CHAT, &body);
        let usage = &answer.json()["usage"];
        tokens.0 += usage["prompt_tokens"].as_u64().unwrap();
        tokens.1 += usage["completion_tokens"].as_u64().unwrap();
        sent += answer.body.len();
    }
    let usage = json!({"stream": true, "stream_options": {"include_usage": true}});
    let streamed = said(&client.post(CHAT, &chat("x", usage)).body);
    tokens.0 += streamed.usage.as_ref().unwrap()["prompt_tokens"].as_u64().unwrap();
    tokens.1 += streamed.usage.as_ref().unwrap()["completion_tokens"].as_u64().unwrap();
    for number in 0..100 {
        assert_eq!(client.post(CHAT, &chat("x", json!({"model": format!("no-such-{number}")}))).status, 404);
    }
    for number in 0..20 {
        assert_eq!(client.get(&format!("/nothing/{number}")).status, 404);
    }
    let samples = over(&server, 124.0);
    let model = "model=\"argo:gpt-4o\",route=\"/v1/chat/completions\"";
    let at = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name}: {samples:#?}"));
    let labelled = |name: &str, labels: &str| at(&format!("{name}{{{labels}}}"));
    assert_eq!(labelled("argo_proxy_requests_total", &format!("class=\"2xx\",code=\"200\",{model}")), 4.0);
    let other = "class=\"4xx\",code=\"404\",model=\"other\",route=\"/v1/chat/completions\"";
    assert_eq!(labelled("argo_proxy_requests_total", other), 100.0);
    assert_eq!(labelled("argo_proxy_requests_total", "class=\"4xx\",code=\"404\",model=\"\",route=\"other\""), 20.0);
    assert_eq!(
        labelled("argo_proxy_refusals_total", "limit=\"\",route=\"/v1/chat/completions\",type=\"model_not_found\""),
        100.0
    );
    assert_eq!(labelled("argo_proxy_refusals_total", "limit=\"\",route=\"other\",type=\"unknown_path\""), 20.0);
    assert_eq!(labelled("argo_proxy_tokens_total", &format!("{model},type=\"input\"")), tokens.0 as f64);
    assert_eq!(labelled("argo_proxy_tokens_total", &format!("{model},type=\"output\"")), tokens.1 as f64);
    for (name, count) in [
        ("argo_proxy_request_duration_seconds", 4.0),
        ("argo_proxy_upstream_duration_seconds", 4.0),
        ("gen_ai_server_time_to_first_token_seconds", 1.0),
        ("gen_ai_server_time_per_output_token_seconds", 1.0),
    ] {
        assert_eq!(labelled(&format!("{name}_count"), model), count, "{name}");
        assert_eq!(labelled(&format!("{name}_bucket"), &format!("{model},le=\"+Inf\"")), count, "{name}");
    }
    let route = "route=\"/v1/chat/completions\"";
    assert_eq!(labelled("argo_proxy_overhead_seconds_count", route), 104.0);
    let whole = sum(&samples, "argo_proxy_request_duration_seconds_sum", &[route]);
    let parts = labelled("argo_proxy_overhead_seconds_sum", route)
        + sum(&samples, "argo_proxy_upstream_duration_seconds_sum", &[route]);
    assert!(parts > 0.0 && parts <= whole, "{parts} {whole}");
    assert!(sum(&samples, "argo_proxy_body_bytes_total", &["direction=\"out\"", route]) > sent as f64);
    assert_eq!(at("argo_proxy_requests_in_flight"), 0.0);
    assert_eq!(at("argo_proxy_table_behind"), 0.0);
    assert!(samples.keys().any(|name| name.starts_with("argo_proxy_table_info{version=\"")));
    assert!(at("argo_proxy_table_loaded_timestamp_seconds") > 1.7e9);
    assert!(samples.keys().all(|name| !name.contains("no-such") && !name.contains("/nothing")), "{samples:#?}");
}

#[test]
fn what_is_in_flight_is_counted_and_streams_too() {
    let (argo, go) = Argo::halting();
    let server = start(&argo);
    let mut client = server.client();
    client.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(client.head().status, 200);
    assert_eq!(scrape(&server)["argo_proxy_requests_in_flight"], 1.0);
    go.send(()).unwrap();
    while client.chunk().is_some_and(|piece| !piece.is_empty()) {}
    until("the end", || scrape(&server)["argo_proxy_requests_in_flight"] == 0.0);
}

#[test]
fn a_reload_goes_on_counting_and_a_broken_file_is_counted() {
    let shipped = include_str!("../../routes.yaml");
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0").routes(shipped).start();
    let ok =
        |samples: &BTreeMap<String, f64>| sum(samples, "argo_proxy_requests_total", &["code=\"200\"", "argo:gpt-4o\""]);
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    let before = over(&server, 1.0);
    assert_eq!((ok(&before), before["argo_proxy_reloads_total"]), (1.0, 0.0));
    replace(&server.file("routes.yaml"), &format!("{shipped}\n# changed\n"));
    until("the reload", || scrape(&server)["argo_proxy_reloads_total"] == 1.0);
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    assert_eq!(ok(&over(&server, 2.0)), 2.0);
    replace(&server.file("routes.yaml"), "nonsense: [");
    until("the failure", || scrape(&server)["argo_proxy_reload_failures_total"] == 1.0);
    assert_eq!(scrape(&server)["argo_proxy_table_behind"], 1.0);
}

#[test]
fn ways_around_a_bad_upstream_are_counted() {
    // Dies on its first connection after one answer, which leaves a dead connection behind.
    let asked = AtomicUsize::new(0);
    let script = move |_: &Recorded, connection: &mut Connection| {
        if asked.fetch_add(1, Ordering::SeqCst) == 1 {
            return connection.close();
        }
        connection.says("Hi");
    };
    let argo = Argo::start(script);
    let server = start(&argo);
    for _ in 0..2 {
        assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    }
    let samples = over(&server, 2.0);
    assert_eq!(sum(&samples, "argo_proxy_upstream_retries_total", &["upstream=\"argo_chat\""]), 1.0);

    let argo = Argo::saying("Hi");
    let down = refusing();
    let row = format!("url: [\"http://{down}/\", \"http://{}/\"], breaker: {{ failures: 2 }}", argo.address);
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0").routes(&table(&[("x", row)])).start();
    let url = format!("url=\"http://{down}/\"");
    for (number, state) in [(1, 0.0), (2, 2.0), (3, 2.0)] {
        assert_eq!(server.post("/x", &chat("x", json!({"model": "a:b"}))).status, 200);
        let samples = over(&server, f64::from(number));
        assert_eq!(sum(&samples, "argo_proxy_breaker_state", &[&url]), state);
    }
    let samples = scrape(&server);
    assert_eq!(sum(&samples, "argo_proxy_breaker_opened_total", &[&url]), 1.0);
    assert_eq!(sum(&samples, "argo_proxy_upstream_connect_failures_total", &["upstream=\"x\""]), 2.0);
    assert_eq!(sum(&samples, "argo_proxy_upstream_next_url_total", &["upstream=\"x\""]), 2.0);
    assert_eq!(server.watcher().get("/readyz").status, 200, "the other one answers");
}

#[test]
fn the_two_listeners_share_nothing_but_the_page() {
    let argo = Argo::saying("Hi");
    let server = start(&argo);
    assert_eq!(server.get("/metrics").status, 404);
    let mut watcher = server.watcher();
    for path in ["/livez", "/readyz"] {
        let answer = watcher.get(path);
        assert_eq!((answer.status, answer.text()), (200, "ok\n"), "{path}");
    }
    assert_eq!(watcher.call("HEAD", "/metrics", "", b"").status, 200);
    for path in ["/v1/models", "/health", "/v1/docs", "/metrics/"] {
        assert_eq!(watcher.get(path).status, 404, "{path}");
    }
    let answer = server.watcher().post("/metrics", "x");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    assert_eq!(server.watcher().post(CHAT, &chat("x", json!({}))).status, 404);
    assert!(argo.requests().is_empty());
}

#[test]
fn a_unix_socket_shows_metrics_to_its_user_alone() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: unix:run/admin.sock").start();
    let path = server.file("run/admin.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert!(server.log().contains("admin.sock http://localhost/metrics\n"), "{}", server.log());
    assert_eq!(server.chat(&chat("x", json!({}))).status, 200);
    let mut watcher = Client::at(&path);
    until("the count", || watcher.get("/metrics").text().contains("argo_proxy_requests_total{"));
    assert_eq!(watcher.get("/readyz").status, 200);
    drop(watcher);
    server.signal("TERM");
    let (_files, (status, log)) = (server.files(), server.ended());
    assert!(status.success() && !path.exists(), "{log}");
}

#[test]
fn a_place_that_cannot_be_listened_on_is_told() {
    let argo = Argo::saying("Hi");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (admin, words) in [
        (
            port.to_string(),
            format!("port {port} on 127.0.0.1 is in use by another program; choose another with `admin`"),
        ),
        ("here".to_owned(), "expected a port, host:port, unix:path or none, found \"here\"".to_owned()),
    ] {
        let (mut command, _) = Setup::before(&argo).config(&format!("admin: {admin}")).command();
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && text.contains(&words), "{text}");
    }
    let server = Setup::before(&argo).config("admin: 0.0.0.0:0").start();
    assert!(
        server.log().contains("warning: admin: everybody who can reach 0.0.0.0 can read the metrics"),
        "{}",
        server.log()
    );
    let value: Value = server.get("/health").json();
    assert!(value.is_object());
}

#[test]
fn each_kind_of_limit_has_a_label_and_a_word_in_the_log() {
    for (limit, kind) in [
        ("requests_per_minute: 1", "requests"),
        ("tokens_per_minute: 1", "tokens"),
        ("concurrent: 1, wait: 0", "concurrent"),
    ] {
        let (argo, go) = Argo::halting();
        let server = Setup::before(&argo).config(&format!("admin: 127.0.0.1:0\nlimits: {{ {limit} }}")).start();
        let mut first = server.client();
        first.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
        assert_eq!(first.head().status, 200);
        let refused = || {
            let answer =
                server.client().call("POST", CHAT, "X-Request-Id: refused\r\n", chat("x", json!({})).as_bytes());
            assert_eq!(answer.status, 429, "{}", answer.text());
        };
        if kind == "concurrent" {
            refused();
        }
        go.send(()).unwrap();
        while first.chunk().is_some_and(|piece| !piece.is_empty()) {}
        if kind != "concurrent" {
            refused();
        }
        let labels = format!("limit=\"{kind}\",route=\"{CHAT}\",type=\"rate_limit_exceeded\"");
        let samples = over(&server, 2.0);
        assert_eq!(samples.get(&format!("argo_proxy_refusals_total{{{labels}}}")), Some(&1.0), "{samples:#?}");
        until("the line", || server.log().contains("id=refused"));
        let key = limit.split(':').next().unwrap();
        let told = format!("error=rate_limit_exceeded limit={kind} why=\"limits.{key} of config.yaml: limit 1, used ");
        assert!(server.log().contains(&told), "{}", server.log());
    }
}

#[test]
fn a_stream_whose_client_does_not_ask_for_usage_is_counted_by_estimate() {
    const ANSWER: &str = "The quick brown fox jumps over the lazy dog, and then it goes home to sleep for a while.";
    let argo = Argo::saying(ANSWER);
    let setup = || Setup::before(&argo).callers(&[caller("ann", "ann-key", "")]);
    let prompt = format!("{ANSWER} {ANSWER}");
    let ask = |server: &Server, stream: bool, id: &str| {
        let headers = format!("Authorization: Bearer ann-key\r\nX-Request-Id: {id}\r\n");
        let body = chat(&prompt, json!({"stream": stream}));
        assert!(server.client().call("POST", CHAT, &headers, body.as_bytes()).complete);
        until("the line", || server.log().contains(&format!(" id={id}\n")));
        server.log().lines().find(|line| line.ends_with(id)).unwrap().to_owned()
    };
    let counted = |line: &str, name: &str| -> Option<f64> {
        Some(line.split(&format!(" {name}=")).nth(1)?.split(' ').next()?.parse().unwrap())
    };
    let server = setup().config("admin: 127.0.0.1:0\nmetrics_by_caller: true").start();
    let (whole, streamed) = (ask(&server, false, "whole"), ask(&server, true, "streamed"));
    for (name, kind) in [("tokens_in", "input"), ("tokens_out", "output")] {
        let (exact, estimate) = (counted(&whole, name).unwrap(), counted(&streamed, name).unwrap());
        assert!((0.75..1.3).contains(&(estimate / exact)), "{name}: {estimate} for {exact}");
        let labels = format!("type=\"{kind}\"");
        for metric in ["argo_proxy_tokens_total", "argo_proxy_caller_tokens_total"] {
            assert_eq!(sum(&over(&server, 2.0), metric, &[&labels]), exact + estimate, "{metric}");
        }
    }
    // Where nobody reads a count, none is made.
    let line = ask(&setup().start(), true, "alone");
    assert_eq!((counted(&line, "tokens_in"), counted(&line, "tokens_out")), (None, None), "{line}");
}

#[test]
fn a_username_that_is_the_key_is_no_label() {
    let argo = Argo::saying("Hi");
    let passthrough =
        Setup::before(&argo).config("admin: 127.0.0.1:0\nmetrics_by_caller: true\naccess: passthrough").start();
    let call = |server: &Server, key: &str| {
        let headers = format!("Authorization: Bearer {key}\r\n");
        server.client().call("POST", CHAT, &headers, chat("x", json!({})).as_bytes()).status
    };
    let samples = |server: &Server, requests: f64| -> String { format!("{:#?}", over(server, requests)) };
    assert_eq!(call(&passthrough, "ac.jdoe"), 200);
    // A key of another service is no username: it reaches neither ARGO nor the log.
    let foreign = ["sk-proj-4bCdEfGhIjKl", "0123456789abcdef0123456789abcdef"];
    for key in foreign {
        assert_eq!(call(&passthrough, key), 401);
    }
    let scraped = samples(&passthrough, 3.0);
    assert!(!scraped.contains("jdoe") && !scraped.contains("_caller_"), "{scraped}");
    assert_eq!(argo.requests().len(), 1);
    until("the line", || passthrough.log().contains(" caller=ac.jdoe "));
    passthrough.signal("TERM");
    let (_, log) = passthrough.ended();
    assert!(foreign.iter().all(|key| !log.contains(key)), "{log}");
    let keys = Setup::before(&argo).callers(&[caller("ann", "ann-key", "")]);
    let keys = keys.config("admin: 127.0.0.1:0\nmetrics_by_caller: true").start();
    assert_eq!(call(&keys, "ann-key"), 200);
    assert!(samples(&keys, 1.0).contains("caller=\\\"ann\\\""), "{}", samples(&keys, 1.0));
}

#[test]
fn a_process_that_stops_is_alive_and_not_ready() {
    let (argo, go) = Argo::halting();
    let server = start(&argo);
    let mut stream = server.client();
    stream.send("POST", CHAT, "", chat("x", json!({"stream": true})).as_bytes());
    assert_eq!(stream.head().status, 200);
    let mut watchers = [server.watcher(), server.watcher()];
    for watcher in &mut watchers {
        assert_eq!(watcher.get("/readyz").status, 200);
    }
    server.signal("TERM");
    until("the signal is taken", || server.log().contains("stopping; requests in flight: 1"));
    let [mut first, mut second] = watchers;
    assert_eq!((first.get("/readyz").status, second.get("/livez").status), (503, 200));
    go.send(()).unwrap();
    while stream.chunk().is_some_and(|piece| !piece.is_empty()) {}
    assert!(server.ended().0.success());
}

#[test]
fn a_name_that_was_made_to_lead_here_does_not_lead_to_the_metrics() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0\nhosts: [argo.lab]").start();
    let mut watcher = server.watcher();
    for (host, status) in [
        ("127.0.0.1:9464", 200),
        ("localhost", 200),
        ("argo.lab:9464", 200),
        ("attacker.example:9464", 403),
        ("127.0.0.1:80.attacker.example", 403),
    ] {
        for path in ["/metrics", "/livez"] {
            watcher.raw(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            let answer = watcher.answer();
            assert_eq!(answer.status, status, "{host} {path}");
            assert!(status == 200 || answer.text().starts_with("This proxy is not called '"), "{answer:?}");
        }
    }
}

#[test]
fn a_watcher_that_sends_half_a_head_is_given_up() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).config("admin: 127.0.0.1:0\nhead_timeout: 0.2").start();
    let mut watcher = server.watcher();
    watcher.raw("GET /metrics HTT");
    let begun = Instant::now();
    assert!(watcher.is_closed());
    assert!(begun.elapsed() < Duration::from_secs(20), "it ended by the test's own patience");
    assert_eq!(server.watcher().get("/livez").status, 200);
}
