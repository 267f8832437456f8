//! Runs a request and its answer through a transformer and its exchange, without a socket: the way of golden cases.

use argo_openai_proxy::access::Caller;
use argo_openai_proxy::dialects::client::openai::Openai;
use argo_openai_proxy::exchange::joined::{JoinedExchanges, JoinedStep};
use argo_openai_proxy::exchange::{Exchange, ExchangeLimits, HeadPlan};
use argo_openai_proxy::plan::{
    Address, Attempt, Call, Client, Context, Plan, Reply, Request, ServiceState, Subrequests, refuse,
};
use argo_openai_proxy::table::{Matched, Table, Variables, no_files};
use argo_openai_proxy::wire::{Answer, Query};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of the golden cases. The crate that includes this file may lie deeper than they do.
pub fn folder() -> PathBuf {
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    places.map(|up| up.join("tests/golden")).find(|folder| folder.is_dir()).unwrap()
}

pub fn table() -> Table {
    let text = fs::read_to_string(folder().join("table.yaml")).unwrap();
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    let (table, warnings) =
        Table::load("table.yaml", &text, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(warnings, []);
    table
}

/// What goes upstream and what comes back, for an answer cut into pieces.
pub struct Run {
    pub upstream: Vec<(bool, Bytes)>,
    pub status: StatusCode,
    pub content_type: String,
    pub body: Vec<u8>,
}

fn answered(upstream: Vec<(bool, Bytes)>, answer: Answer) -> Run {
    let content_type = answer.headers.iter().find(|(name, _)| name == header::CONTENT_TYPE);
    let content_type = content_type.map_or(String::new(), |(_, value)| value.to_str().unwrap().to_owned());
    Run { upstream, status: answer.status, content_type, body: answer.body.to_vec() }
}

fn exchange(client: &'static dyn Client, call: Call, reply: Box<dyn Reply>) -> Exchange {
    let limits = ExchangeLimits {
        client,
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

pub fn run(table: &Table, path: &str, request: &Bytes, answers: &[Vec<u8>], cut: impl Fn(&[u8]) -> Vec<Bytes>) -> Run {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let Matched::Route(route, params) = table.find(&Method::POST, path) else { panic!("nothing is served on {path}") };
    let state = ServiceState {
        version: "abcd",
        loaded_at: 1_749_000_000,
        is_behind: false,
        is_stopping: false,
        has_page: false,
    };
    let ledger = Default::default();
    let caller = Caller::anybody("tester");
    let cx = Context {
        caller: &caller,
        id: "0123",
        now: 1_750_000_000,
        address: Address { scheme: "http", host: "proxy.test" },
        state,
        attempt: Attempt::default(),
        seal: &argo_openai_proxy::wire::Seal::of_instance(),
        ledger: &ledger,
        steps: None,
    };
    let client = route.client.unwrap_or(&Openai);
    match route
        .transformer
        .open(&Request { body: request.clone(), params, query: Query(query).into(), ..Request::default() }, &cx)
    {
        Ok(Plan::Answer(answer)) => answered(Vec::new(), answer),
        Ok(Plan::Page(_)) => panic!("the page is about a running process"),
        Err(failure) => answered(Vec::new(), refuse(client, &failure)),
        Ok(Plan::Call(call, reply)) => one(exchange(client, call, reply), &answers[0], cut),
        Ok(Plan::Subrequests(driven)) => several(client, driven, answers, cut),
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
fn several(
    client: &'static dyn Client,
    driven: Subrequests,
    answers: &[Vec<u8>],
    cut: impl Fn(&[u8]) -> Vec<Bytes>,
) -> Run {
    let exchanges: Vec<Exchange> =
        driven.parts.into_iter().map(|(call, reply)| exchange(client, call, reply)).collect();
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

pub fn whole(body: &[u8]) -> Vec<Bytes> {
    vec![Bytes::copy_from_slice(body)]
}

/// A reply in which it does not matter how texts were spread over chunks and events: the text of each place, and all else. Numbers of
/// events count how it was spread.
pub fn joined(body: &[u8]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let events = match serde_json::from_slice(body) {
        Ok(Value::Array(list)) => list,
        _ => events(body),
    };
    for mut event in events {
        if let Some(event) = event.as_object_mut() {
            event.remove("sequence_number");
        }
        match all.last_mut().filter(|last| is_continued(last, &event)) {
            Some(last) => *text(last).unwrap() = Value::String(said(last) + &said(&event)),
            None => all.push(event),
        }
    }
    all
}

/// The data of each event.
fn events(body: &[u8]) -> Vec<Value> {
    let events = std::str::from_utf8(body).unwrap().split("\n\n").filter(|event| !event.is_empty());
    let data = events.map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap());
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()))).collect()
}

/// Where the text of an event stands that comes in pieces.
const TEXTS: [&str; 6] = [
    "/choices/0/delta/content",
    "/choices/0/text",
    "/delta",
    "/delta/text",
    "/delta/thinking",
    "/candidates/0/content/parts/0/text",
];

fn text(event: &mut Value) -> Option<&mut Value> {
    let at = TEXTS.iter().find(|at| event.pointer(at).is_some_and(Value::is_string))?;
    event.pointer_mut(at)
}

/// Returns the text that an event brings.
pub fn said(event: &Value) -> String {
    text(&mut event.clone()).and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Returns true if two events differ in nothing but their text.
fn is_continued(last: &Value, event: &Value) -> bool {
    let without = |event: &Value| {
        let mut event = event.clone();
        let text = text(&mut event)?;
        // An empty text opens a message and says nothing.
        let says = text.as_str().is_some_and(|text| !text.is_empty());
        *text = Value::Null;
        says.then_some(event)
    };
    without(last).is_some_and(|last| Some(last) == without(event))
}
