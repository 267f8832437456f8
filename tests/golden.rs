//! Golden cases: for each transformer a folder, for each case a folder in it with
//!
//! - `request.json`: the client's body (`path` in its place: what follows the transformer's path),
//! - `upstream.json`: the body that goes upstream; `stream` in its name where it goes to the streaming endpoint,
//! - `answer`: a line with the upstream's status and content type, then its body; `answer.1` is for the second call,
//! - `reply`: a line with the client's status and content type, then its body.
//!
//! `GOLDEN=write cargo test --test golden` writes `upstream…` and `reply` anew; read the difference before you keep it.
//! Streamed answers are also cut at every byte, and into pieces of every size.

use argo_openai_proxy::access::Caller;
use argo_openai_proxy::dialects::client::openai::Openai;
use argo_openai_proxy::exchange::joined::{JoinedExchanges, JoinedStep};
use argo_openai_proxy::exchange::{Exchange, ExchangeLimits, HeadPlan};
use argo_openai_proxy::plan::{Address, Call, Context, Plan, Reply, Request, ServiceState, Subrequests, refuse};
use argo_openai_proxy::table::{Matched, Table, Variables, no_files};
use argo_openai_proxy::transform::{REPLIES, TRANSFORMERS};
use argo_openai_proxy::wire::Answer;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn table() -> Table {
    let text = fs::read_to_string(folder().join("table.yaml")).unwrap();
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    let (table, warnings) =
        Table::load("table.yaml", &text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(warnings, []);
    table
}

/// What goes upstream and what comes back, for an answer cut into pieces.
struct Run {
    upstream: Vec<(bool, Bytes)>,
    status: StatusCode,
    content_type: String,
    body: Vec<u8>,
}

fn answered(upstream: Vec<(bool, Bytes)>, answer: Answer) -> Run {
    let content_type = answer.headers.iter().find(|(name, _)| name == header::CONTENT_TYPE);
    let content_type = content_type.map_or(String::new(), |(_, value)| value.to_str().unwrap().to_owned());
    Run { upstream, status: answer.status, content_type, body: answer.body.to_vec() }
}

fn exchange(call: Call, reply: Box<dyn Reply>) -> Exchange {
    let limits = ExchangeLimits {
        client: &Openai,
        max_answer: 1 << 20,
        caller: Arc::new(Caller::anybody("tester")),
        upstream: "ARGO",
        url: "http://argo/chat/".into(),
        setting: "argo_url".into(),
    };
    Exchange::new(call, reply, limits)
}

/// An upstream's answer: status, headers, body.
fn read_answer(answer: &[u8]) -> (StatusCode, HeaderMap, &[u8]) {
    let line = answer.iter().position(|byte| *byte == b'\n').unwrap();
    let (head, body) = (std::str::from_utf8(&answer[..line]).unwrap(), &answer[line + 1..]);
    let (status, content_type) = head.split_once(' ').unwrap();
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())]);
    (status.parse().unwrap(), headers, body)
}

fn run(table: &Table, path: &str, request: &Bytes, answers: &[Vec<u8>], cut: impl Fn(&[u8]) -> Vec<Bytes>) -> Run {
    let Matched::Route(route, params) = table.find(&Method::POST, path) else { panic!("nothing is served on {path}") };
    let state = ServiceState { version: "abcd", loaded_at: 1_749_000_000, is_behind: false, is_stopping: false };
    let ledger = Default::default();
    let caller = Caller::anybody("tester");
    let cx = Context {
        caller: &caller,
        id: "0123",
        now: 1_750_000_000,
        address: Address { scheme: "http", host: "proxy.test" },
        state,
        passed_over: argo_openai_proxy::plan::PassedOver::default(),
        ledger: &ledger,
        steps: None,
    };
    match route.transformer.open(&Request { body: request.clone(), params }, &cx) {
        Ok(Plan::Answer(answer)) => answered(Vec::new(), answer),
        Err(failure) => answered(Vec::new(), refuse(&Openai, &failure)),
        Ok(Plan::Call(call, reply)) => one(exchange(call, reply), &answers[0], cut),
        Ok(Plan::Subrequests(driven)) => several(driven, answers, cut),
    }
}

fn one(mut exchange: Exchange, answer: &[u8], cut: impl Fn(&[u8]) -> Vec<Bytes>) -> Run {
    let upstream = vec![(exchange.call().stream, exchange.call().body.clone())];
    let (status, headers, body) = read_answer(answer);
    let plan = exchange.head(status, &headers, false);
    let mut out = Vec::new();
    for piece in cut(body) {
        out.extend_from_slice(&exchange.piece(piece));
    }
    if !exchange.is_over() {
        out.extend_from_slice(&exchange.end());
    }
    match plan {
        HeadPlan::Stream(content_type) if !exchange.is_refused() => {
            Run { upstream, status: StatusCode::OK, content_type: content_type.into(), body: out }
        }
        HeadPlan::Pass => {
            let content_type = headers[header::CONTENT_TYPE].to_str().unwrap().to_owned();
            Run { upstream, status, content_type, body: out }
        }
        HeadPlan::Hold | HeadPlan::Stream(_) => answered(upstream, exchange.answer().unwrap()),
    }
}

/// Calls that the proxy makes itself; the last answer serves all further calls.
fn several(driven: Subrequests, answers: &[Vec<u8>], cut: impl Fn(&[u8]) -> Vec<Bytes>) -> Run {
    let exchanges: Vec<Exchange> = driven.parts.into_iter().map(|(call, reply)| exchange(call, reply)).collect();
    let upstream: Vec<_> = exchanges.iter().map(|one| (one.call().stream, one.call().body.clone())).collect();
    let mut drive = JoinedExchanges::new(exchanges, driven.join);
    let mut out = Vec::new();
    for index in 0..upstream.len() {
        let (status, headers, body) = read_answer(answers.get(index).or(answers.last()).unwrap());
        let mut steps = vec![drive.head(index, status, &headers, false)];
        steps.extend(cut(body).into_iter().map(|piece| drive.piece(index, piece)));
        steps.push(drive.end(index));
        for step in steps {
            match step {
                JoinedStep::Wait | JoinedStep::Break => {}
                JoinedStep::Stream(bytes) | JoinedStep::Last(bytes) => out.extend_from_slice(&bytes),
                JoinedStep::Answer(answer) => return answered(upstream, answer),
            }
        }
    }
    assert!(drive.is_over());
    Run { upstream, status: StatusCode::OK, content_type: drive.stream().unwrap().to_owned(), body: out }
}

fn whole(body: &[u8]) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(body)]
}

/// A reply in which it does not matter how text was spread over chunks.
fn joined(body: &[u8]) -> (String, Vec<Value>) {
    let (mut text, mut rest) = (String::new(), Vec::new());
    for event in std::str::from_utf8(body).unwrap().split("\n\n").filter(|event| !event.is_empty()) {
        let data = event.strip_prefix("data: ").unwrap();
        let Ok(chunk) = serde_json::from_str::<Value>(data) else {
            rest.push(Value::String(data.to_owned()));
            continue;
        };
        let choice = &chunk["choices"][0];
        match choice["delta"]["content"].as_str().or(choice["text"].as_str()).filter(|piece| !piece.is_empty()) {
            Some(piece) => text.push_str(piece),
            None => rest.push(chunk),
        }
    }
    (text, rest)
}

fn compare(path: &Path, made: &[u8]) {
    if std::env::var("GOLDEN").is_ok_and(|mode| mode == "write") {
        fs::write(path, made).unwrap();
        return;
    }
    let kept = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}; GOLDEN=write makes it", path.display()));
    assert_eq!(String::from_utf8_lossy(&kept), String::from_utf8_lossy(made), "{}", path.display());
}

fn check(table: &Table, name: &str, case: &Path) {
    let request = fs::read(case.join("request.json")).map(Bytes::from).unwrap_or_default();
    let tail = fs::read_to_string(case.join("path")).unwrap_or_default();
    let path = format!("/{name}{}", tail.trim());
    let first = fs::read(case.join("answer")).unwrap_or_else(|_| b"500 none\n".to_vec());
    let further = (1..).map_while(|index| fs::read(case.join(format!("answer.{index}"))).ok());
    let answers: Vec<Vec<u8>> = std::iter::once(first).chain(further).collect();
    let one = run(table, &path, &request, &answers, whole);
    for (index, (stream, body)) in one.upstream.iter().enumerate() {
        let number = if index == 0 { String::new() } else { format!(".{index}") };
        let stream = if *stream { ".stream" } else { "" };
        compare(&case.join(format!("upstream{number}{stream}.json")), &[body.as_ref(), b"\n"].concat());
    }
    let mut reply = format!("{} {}\n", one.status.as_u16(), one.content_type).into_bytes();
    reply.extend_from_slice(&one.body);
    compare(&case.join("reply"), &reply);

    let answer = &answers[0];
    let body_at = answer.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let same = |other: Run, how: String| {
        assert_eq!((other.status, &other.content_type), (one.status, &one.content_type), "{}: {how}", case.display());
        if one.content_type.starts_with("text/event-stream") {
            assert_eq!(joined(&other.body), joined(&one.body), "{}: {how}", case.display());
        } else {
            assert_eq!(other.body, one.body, "{}: {how}", case.display());
        }
    };
    for at in 0..answer.len() - body_at {
        let cut = |body: &[u8]| {
            // Further answers may be shorter.
            let (before, after) = body.split_at(at.min(body.len()));
            vec![Bytes::copy_from_slice(before), Bytes::copy_from_slice(after)]
        };
        same(run(table, &path, &request, &answers, cut), format!("cut at {at}"));
    }
    for size in 1..=(answer.len() - body_at).min(40) {
        let cut = |body: &[u8]| body.chunks(size).map(Bytes::copy_from_slice).collect();
        same(run(table, &path, &request, &answers, cut), format!("pieces of {size}"));
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut list: Vec<PathBuf> =
        fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).filter(|p| p.is_dir()).collect();
    list.sort();
    list
}

#[test]
fn every_transformer_has_cases_and_they_hold() {
    let table = table();
    let names: BTreeSet<&str> =
        TRANSFORMERS.iter().map(|entry| entry.name).chain(REPLIES.iter().map(|entry| entry.name)).collect();
    let mut seen = BTreeSet::new();
    for transformer in folders(&folder()) {
        let name = transformer.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(name.as_str()), "{name} is no transformer");
        let cases = folders(&transformer);
        assert!(!cases.is_empty(), "{name} has no case");
        for case in cases {
            check(&table, &name, &case);
        }
        seen.insert(name);
    }
    assert!(
        names.iter().all(|name| seen.contains(*name)),
        "{:?} have no cases",
        names.iter().filter(|n| !seen.contains(**n)).collect::<Vec<_>>()
    );
}

#[test]
fn every_transformer_has_a_heading_in_the_documentation() {
    let text = include_str!("../docs/transformers.md");
    let headings: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let names: BTreeSet<&str> =
        TRANSFORMERS.iter().map(|entry| entry.name).chain(REPLIES.iter().map(|entry| entry.name)).collect();
    assert_eq!(headings, names);
}

#[test]
fn settings_are_documented_in_the_words_that_check_them() {
    let text = include_str!("../docs/transformers.md");
    for entry in TRANSFORMERS {
        let section = text.split("\n## ").find(|section| section.lines().next() == Some(entry.name)).unwrap();
        for key in entry.keys {
            assert!(section.contains(&format!("- `{}`: {}", key.name, key.about)), "{}.{}", entry.name, key.name);
        }
    }
    let has_settings = TRANSFORMERS.iter().any(|entry| !entry.keys.is_empty());
    assert_ne!(has_settings, text.contains("None of the transformers below has settings."));
}
