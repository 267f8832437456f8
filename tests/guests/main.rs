//! Dialects and a transformer that exist only here: a client with another request and error shape, an upstream that speaks
//! OpenAI's server-sent events, and the two examples of CONTRIBUTING.md. Nothing outside this folder knows them.
//!
//! Each case is a folder in `cases/ROUTE/` with `request.json`, `answer` (as in `tests/golden.rs`; with `cut` beside it the
//! upstream breaks off at its end), and what is expected: `upstream.json`, `reply`. Answers are cut at every byte.
//! `failures` beside the cases has the replies of a route to failures of every status, whole, streamed and as subrequests.
//! `GOLDEN=write cargo test --test guests` writes what is expected anew; read the difference before you keep it.

mod client;
mod prefaced;
mod upstream;

use argo_openai_proxy::access::Caller;
use argo_openai_proxy::diagnostics::report;
use argo_openai_proxy::dialects::client::openai::Openai;
use argo_openai_proxy::dialects::client::{ClientSigns, speaking_of};
use argo_openai_proxy::dialects::upstream::{DIALECTS, Dialect, DialectRow};
use argo_openai_proxy::exchange::joined::{JoinedExchanges, JoinedStep};
use argo_openai_proxy::exchange::{AfterFailure, Exchange, ExchangeLimits, HeadPlan};
use argo_openai_proxy::plan::{Address, Call, Client, Context, Plan, Reply, Request, ServiceState, refuse};
use argo_openai_proxy::table::{Matched, Route, Table, Variables, no_files};
use argo_openai_proxy::transform::{Entry, REPLIES, Registry, TRANSFORMERS};
use argo_openai_proxy::wire::{Answer, Failure, Query};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests")
}

/// The program's rows and the guests'.
fn registry() -> Registry {
    let transformers: Vec<Entry> = TRANSFORMERS.iter().map(copy).chain([client::ENTRY, prefaced::ENTRY]).collect();
    let of = |_| Dialect::Chat(&upstream::SseChat);
    let sse_chat = DialectRow { name: "sse_chat", about: "OpenAI's server-sent events", of };
    let dialects: Vec<DialectRow> = DIALECTS.iter().copied().chain([sse_chat]).collect();
    Registry { transformers: transformers.leak(), replies: REPLIES, dialects: dialects.leak() }
}

fn copy(entry: &Entry) -> Entry {
    Entry { ..*entry }
}

fn load(text: &str) -> Result<Table, String> {
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    match Table::load_with(&registry(), "table.yaml", text, &variables) {
        Ok((table, _)) => Ok(table),
        Err(problems) => Err(report::text(&problems, false)),
    }
}

fn table() -> Table {
    load(&fs::read_to_string(folder().join("table.yaml")).unwrap()).unwrap_or_else(|e| panic!("{e}"))
}

fn exchange(route: &Route, call: Call, reply: Box<dyn Reply>) -> Exchange {
    let (client, upstream) = (route.client.unwrap(), route.upstreams[0].facts().name());
    Exchange::new(
        call,
        reply,
        ExchangeLimits {
            client,
            upstream,
            max_answer: 1 << 20,
            caller: Arc::new(Caller::anybody("tester")),
            url: "".into(),
            setting: "".into(),
        },
    )
}

fn open(route: &Route, body: Bytes) -> Result<Plan, Failure> {
    let state = ServiceState { version: "", loaded_at: 0, is_behind: false, is_stopping: false, has_page: false };
    let (ledger, caller) = (Default::default(), Caller::anybody("tester"));
    let cx = Context {
        caller: &caller,
        id: "0123",
        now: 1,
        address: Address { scheme: "http", host: "" },
        state,
        attempt: argo_openai_proxy::plan::Attempt::default(),
        seal: &argo_openai_proxy::wire::Seal::of_instance(),
        ledger: &ledger,
        steps: None,
    };
    route.transformer.open(&Request { body, ..Request::default() }, &cx)
}

/// What goes upstream, and what the client gets.
#[derive(Debug, PartialEq)]
struct Run {
    upstream: Vec<String>,
    reply: String,
}

fn shown(answer: &Answer) -> String {
    let headers: Vec<String> = answer.headers.iter().map(|(_, value)| value.to_str().unwrap().to_owned()).collect();
    format!("{} {}\n{}", answer.status.as_u16(), headers.join("; "), String::from_utf8_lossy(&answer.body))
}

/// How the upstream ends.
enum End<'a> {
    Well,
    Broken(&'a Failure),
}

fn run(route: &Route, request: &[u8], answer: &[u8], pieces: impl Fn(&[u8]) -> Vec<Bytes>, end: &End<'_>) -> Run {
    let line = answer.iter().position(|byte| *byte == b'\n').unwrap();
    let (head, body) = (std::str::from_utf8(&answer[..line]).unwrap(), &answer[line + 1..]);
    let (status, content_type) = head.split_once(' ').unwrap();
    let status: StatusCode = status.parse().unwrap();
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())]);
    let parts = match open(route, Bytes::copy_from_slice(request)) {
        Ok(Plan::Page(_)) => panic!("no guest has a page"),
        Ok(Plan::Answer(answer)) => return Run { upstream: Vec::new(), reply: shown(&answer) },
        Err(failure) => return Run { upstream: Vec::new(), reply: shown(&refuse(route.client.unwrap(), &failure)) },
        Ok(Plan::Call(call, reply)) => return one(exchange(route, call, reply), status, &headers, pieces(body), end),
        Ok(Plan::Subrequests(parts)) => parts,
    };
    let exchanges: Vec<Exchange> = parts.parts.into_iter().map(|(call, reply)| exchange(route, call, reply)).collect();
    let upstream: Vec<String> = exchanges.iter().map(|one| sent(one.call())).collect();
    let mut joined = JoinedExchanges::new(exchanges, parts.join);
    let mut out = format!("200 {}\n", joined.stream().unwrap_or_default());
    for index in 0..upstream.len() {
        let mut steps = vec![joined.head(index, status, &headers, false)];
        steps.extend(pieces(body).into_iter().map(|piece| joined.piece(index, piece)));
        steps.push(match end {
            End::Well => joined.end(index),
            End::Broken(failure) => joined.fail(index, failure),
        });
        for step in steps {
            match step {
                JoinedStep::Wait => {}
                JoinedStep::Break => out.push_str("(broken)"),
                JoinedStep::Stream(bytes) | JoinedStep::Last(bytes) => {
                    out.push_str(std::str::from_utf8(&bytes).unwrap())
                }
                JoinedStep::Answer(answer) => return Run { upstream, reply: shown(&answer) },
            }
        }
    }
    assert!(joined.is_over());
    Run { upstream, reply: out }
}

fn sent(call: &Call) -> String {
    format!("{} {}", if call.stream { "stream" } else { "whole" }, String::from_utf8_lossy(&call.body))
}

fn one(mut exchange: Exchange, status: StatusCode, headers: &HeaderMap, pieces: Vec<Bytes>, end: &End<'_>) -> Run {
    let upstream = vec![sent(exchange.call())];
    let plan = exchange.head(status, headers, false);
    let mut out: Vec<u8> = pieces.into_iter().flat_map(|piece| exchange.piece(piece)).collect();
    if let End::Broken(failure) = end {
        match exchange.fail(failure) {
            AfterFailure::Answer(answer) => return Run { upstream, reply: shown(&answer) },
            AfterFailure::Event(event) => out.extend_from_slice(&event),
            AfterFailure::Break => out.extend_from_slice(b"(broken)"),
            AfterFailure::Nothing => {}
        }
    } else if !exchange.is_over() {
        out.extend_from_slice(&exchange.end());
    }
    let reply = match plan {
        HeadPlan::Stream(content_type) if !exchange.is_refused() => {
            format!("200 {content_type}\n{}", String::from_utf8(out).unwrap())
        }
        HeadPlan::Pass | HeadPlan::Hold | HeadPlan::Stream(_) => shown(&exchange.answer().unwrap()),
    };
    Run { upstream, reply }
}

fn whole(body: &[u8]) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(body)]
}

/// A reply in which it does not matter how text was spread over events: each text with its choice, every other event whole.
fn joined(reply: &str) -> Vec<(String, String)> {
    let mut list: Vec<(String, String)> = Vec::new();
    for event in reply.split("\n\n") {
        let data = event.split_once("data: ").and_then(|(_, data)| serde_json::from_str::<Value>(data).ok());
        let data = data.unwrap_or_default();
        let choice = &data["choices"][0];
        let text = choice["delta"]["content"].as_str().or(choice["text"].as_str()).or(data["text"].as_str());
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            list.push((event.to_owned(), String::new()));
            continue;
        };
        let whose = format!("{}{}", choice["index"], data["choice"]);
        match list.last_mut().filter(|(last, _)| *last == whose) {
            Some((_, so_far)) => so_far.push_str(text),
            None => list.push((whose, text.to_owned())),
        }
    }
    list
}

fn compare(path: &Path, made: &str) {
    if std::env::var("GOLDEN").is_ok_and(|mode| mode == "write") {
        fs::write(path, made).unwrap();
        return;
    }
    let kept = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}; GOLDEN=write makes it", path.display()));
    assert_eq!(kept, made, "{}", path.display());
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    list.sort();
    list
}

fn route(table: &Table, path: &str) -> std::sync::Arc<Route> {
    let Matched::Route(route, _) = table.find(&Method::POST, path) else { panic!("nothing is served on {path}") };
    route
}

#[test]
fn every_case_holds_wherever_the_answer_is_cut() {
    let table = table();
    let mut count = 0;
    for of_route in folders(&folder().join("cases")) {
        let route = route(&table, &format!("/{}", of_route.file_name().unwrap().to_str().unwrap()));
        for case in folders(&of_route) {
            count += 1;
            let request = fs::read(case.join("request.json")).unwrap();
            let answer = fs::read(case.join("answer")).unwrap();
            let broken = Failure::upstream("The connection broke.");
            let end = if case.join("cut").exists() { End::Broken(&broken) } else { End::Well };
            let one = run(&route, &request, &answer, whole, &end);
            compare(&case.join("upstream.json"), &format!("{}\n", one.upstream.join("\n")));
            compare(&case.join("reply"), &one.reply);
            let body = answer.len() - answer.iter().position(|byte| *byte == b'\n').unwrap() - 1;
            for at in 0..=body {
                let cut = |body: &[u8]| [&body[..at], &body[at..]].map(Bytes::copy_from_slice).to_vec();
                let other = run(&route, &request, &answer, cut, &end);
                assert_eq!(joined(&other.reply), joined(&one.reply), "{}: cut at {at}", case.display());
            }
        }
    }
    assert!(count >= 20, "{count}");
}

/// A request of each kind: whole, streamed, and twice.
fn requests(path: &str) -> [(&'static str, &'static str); 4] {
    if path.starts_with("/guest") {
        return [
            ("whole", r#"{"ask":"Hi"}"#),
            ("streamed", r#"{"ask":"Hi","stream":true}"#),
            ("twice", r#"{"ask":"Hi","times":2}"#),
            ("twice, streamed", r#"{"ask":"Hi","times":2,"stream":true}"#),
        ];
    }
    [
        ("whole", r#"{"messages":[{"role":"user","content":"Hi"}]}"#),
        ("streamed", r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#),
        ("twice", r#"{"messages":[{"role":"user","content":"Hi"}],"n":2}"#),
        ("twice, streamed", r#"{"messages":[{"role":"user","content":"Hi"}],"n":2,"stream":true}"#),
    ]
}

/// How each upstream begins to answer, so that a head goes out to a client that streams.
fn begun(path: &str) -> &'static [u8] {
    if path.ends_with("over_argo") {
        b"200 text/plain\nHello"
    } else {
        b"200 text/event-stream\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n"
    }
}

#[test]
fn every_failure_reads_as_the_client_knows_it() {
    let table = table();
    for path in ["/guest_over_guest", "/guest_over_argo", "/openai_over_guest", "/openai_over_argo"] {
        let route = route(&table, path);
        let mut told = String::new();
        let mut tell = |what: String, run: Run| told.push_str(&format!("== {what}\n{}\n", run.reply.trim_end()));
        for (how, request) in requests(path) {
            for status in [400, 401, 404, 413, 429, 502, 504] {
                let body = format!("{status} application/json\n{{\"error\":{{\"message\":\"No {status}.\"}}}}");
                tell(format!("{status}, {how}"), run(&route, request.as_bytes(), body.as_bytes(), whole, &End::Well));
            }
            let failures = [Failure::timeout("Time is up."), Failure::upstream("It broke.").with_param("x")];
            for failure in failures {
                let status = failure.status.as_u16();
                let run = run(&route, request.as_bytes(), begun(path), whole, &End::Broken(&failure));
                tell(format!("{status} after the beginning, {how}"), run);
            }
        }
        for (what, request) in [
            ("no request", "[]"),
            ("unknown model", r#"{"ask":"a","messages":[{"role":"user","content":"a"}],"model":"x"}"#),
        ] {
            tell(what.to_owned(), run(&route, request.as_bytes(), begun(path), whole, &End::Well));
        }
        compare(&folder().join("failures").join(&path[1..]), &told);
    }
}

#[test]
fn before_a_route_is_known_the_head_tells_the_dialect() {
    let clients = [client::ROW];
    let failure = Failure::new(StatusCode::NOT_FOUND, "Nothing is here.").with_code("unknown_path");
    let guest = HeaderMap::from_iter([(header::HeaderName::from_static("x-guest"), HeaderValue::from_static("1"))]);
    let answer = |headers: &HeaderMap| {
        let signs = ClientSigns { headers, path: "/x", query: Query::default() };
        refuse(speaking_of(&clients, &signs).client, &failure)
    };
    assert_eq!(
        answer(&guest).body,
        "{\"oops\":{\"status\":404,\"word\":\"unknown_path\",\"text\":\"Nothing is here.\"}}"
    );
    assert_eq!(answer(&HeaderMap::new()), refuse(&Openai, &failure));
    assert_eq!(answer(&guest).why.as_ref().map(|reason| &*reason.word), Some("unknown_path"));
    assert_ne!(client::Guest.keep_alive(), Openai.keep_alive());
}

#[test]
fn a_silent_stream_of_subrequests_carries_what_the_dialect_has() {
    let table = table();
    let route = route(&table, "/guest_over_guest");
    let Ok(Plan::Subrequests(parts)) = open(&route, requests(&route.path)[3].1.into()) else {
        panic!("no subrequests")
    };
    let exchanges = parts.parts.into_iter().map(|(call, reply)| exchange(&route, call, reply)).collect();
    let mut joined = JoinedExchanges::new(exchanges, parts.join);
    assert_eq!(joined.keep_alive(), JoinedStep::Stream(Bytes::from_static(client::Guest.keep_alive())));
    let JoinedStep::Last(last) = joined.fail(0, &Failure::timeout("Late.")) else { panic!("no end") };
    assert!(last.starts_with(b"event: oops\ndata: {"), "{last:?}");
}

#[test]
fn settings_are_described_and_checked_by_the_transformer_that_the_row_names() {
    let text = fs::read_to_string(folder().join("table.yaml")).unwrap();
    let mut told = String::new();
    for with in [
        "",
        ", with: {}",
        ", with: { preface: ' ' }",
        ", with: { prefase: Hi }",
        ", with: { preface: 1 }",
        ", with: Hi",
    ] {
        let wrong = text.replace(", with: { preface: Be brief. }", with);
        assert_ne!(wrong, text);
        told.push_str(&load(&wrong).err().unwrap_or_else(|| panic!("{with} serves")));
        told.push('\n');
    }
    compare(&folder().join("settings.report"), &told);
}

#[test]
fn the_examples_of_the_guide_are_the_files_that_are_compiled_here() {
    let guide = include_str!("../../CONTRIBUTING.md");
    for (name, file) in [("prefaced.rs", include_str!("prefaced.rs")), ("upstream.rs", include_str!("upstream.rs"))] {
        assert!(guide.contains(&format!("```rust\n{file}```\n")), "CONTRIBUTING.md does not quote tests/guests/{name}");
    }
}
