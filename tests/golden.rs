//! Golden cases: for each transformer a folder, for each case a folder in it with
//!
//! - `request.json`: the client's body (`path` in its place: what follows the transformer's path),
//! - `upstream.json`: the body that goes upstream; `stream` in its name where it goes to the streaming endpoint,
//! - `answer`: a line with the upstream's status and content type, then its body,
//! - `reply`: a line with the client's status and content type, then its body.
//!
//! `GOLDEN=write cargo test --test golden` writes `upstream…` and `reply` anew; read the difference before you keep it.
//! Streamed answers are also cut at every byte, and into pieces of every size.

use argo_openai_proxy::exchange::{Exchange, HeadPlan, Limits};
use argo_openai_proxy::table::{Matched, Table, Variables, no_files};
use argo_openai_proxy::transform::{Context, Plan, REPLIES, Request, State, TRANSFORMERS};
use argo_openai_proxy::wire::Answer;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
    upstream: Option<(bool, Bytes)>,
    status: StatusCode,
    content_type: String,
    body: Vec<u8>,
}

fn answered(upstream: Option<(bool, Bytes)>, answer: Answer) -> Run {
    let content_type = answer.headers.iter().find(|(name, _)| name == header::CONTENT_TYPE);
    let content_type = content_type.map_or(String::new(), |(_, value)| value.to_str().unwrap().to_owned());
    Run { upstream, status: answer.status, content_type, body: answer.body.to_vec() }
}

fn run(table: &Table, path: &str, request: &Bytes, answer: &[u8], cut: impl Fn(&[u8]) -> Vec<Bytes>) -> Run {
    let Matched::Route(route, params) = table.find(&Method::POST, path) else { panic!("nothing is served on {path}") };
    let state = State { version: "abcd", loaded_at: 1_749_000_000, is_behind: false };
    let cx = Context { user: "tester", id: "0123", now: 1_750_000_000, host: "proxy.test", state, steps: None };
    let (call, reply) = match route.transformer.open(&Request { body: request.clone(), params }, &cx) {
        Ok(Plan::Answer(answer)) => return answered(None, answer),
        Err(failure) => return answered(None, failure.to_answer()),
        Ok(Plan::Call(call, reply)) => (call, reply),
    };
    let upstream = Some((call.stream, call.body.clone()));
    let limits = Limits { max_answer: 1 << 20, url: "http://argo/chat/".into(), setting: "argo_url".into() };
    let mut exchange = Exchange::new(call, reply, limits);
    let line = answer.iter().position(|byte| *byte == b'\n').unwrap();
    let (head, body) = (std::str::from_utf8(&answer[..line]).unwrap(), &answer[line + 1..]);
    let (status, content_type) = head.split_once(' ').unwrap();
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())]);
    let status: StatusCode = status.parse().unwrap();
    let plan = exchange.head(status, &headers, false);
    let mut out = Vec::new();
    for piece in cut(body) {
        out.extend_from_slice(&exchange.piece(piece));
    }
    if !exchange.is_over() {
        out.extend_from_slice(&exchange.end());
    }
    match plan {
        HeadPlan::Stream(content_type) => {
            Run { upstream, status: StatusCode::OK, content_type: content_type.into(), body: out }
        }
        HeadPlan::Pass => Run { upstream, status, content_type: content_type.to_owned(), body: out },
        HeadPlan::Hold => answered(upstream, exchange.answer().unwrap()),
    }
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
    let answer = fs::read(case.join("answer")).unwrap_or_else(|_| b"500 none\n".to_vec());
    let one = run(table, &path, &request, &answer, whole);
    if let Some((stream, body)) = &one.upstream {
        let file = if *stream { "upstream.stream.json" } else { "upstream.json" };
        compare(&case.join(file), &[body.as_ref(), b"\n"].concat());
    }
    let mut reply = format!("{} {}\n", one.status.as_u16(), one.content_type).into_bytes();
    reply.extend_from_slice(&one.body);
    compare(&case.join("reply"), &reply);

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
        let cut = |body: &[u8]| vec![Bytes::copy_from_slice(&body[..at]), Bytes::copy_from_slice(&body[at..])];
        same(run(table, &path, &request, &answer, cut), format!("cut at {at}"));
    }
    for size in 1..=(answer.len() - body_at).min(40) {
        let cut = |body: &[u8]| body.chunks(size).map(Bytes::copy_from_slice).collect();
        same(run(table, &path, &request, &answer, cut), format!("pieces of {size}"));
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
