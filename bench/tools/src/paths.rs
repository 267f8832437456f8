//! The paths of a request through the proxy, without sockets. They measure the cost of the proxy's own code.

mod bodies;
mod matrix;
mod native;

use argo_openai_proxy::access::Caller;
use argo_openai_proxy::dialects::client::openai::Openai;
use argo_openai_proxy::exchange::{Exchange, ExchangeLimits};
use argo_openai_proxy::json::SlimBody;
use argo_openai_proxy::plan::{Address, Attempt, Context, Plan, Request, ServiceState};
use argo_openai_proxy::table::{Matched, Route, Table, Variables, no_files};
use argo_openai_proxy::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;

const TABLE: &str = r#"
version: 1
upstreams:
  chat: { url: "http://argo/chat/", stream_url: "http://argo/streamchat/", dialect: argo }
  embed: { url: "http://argo/embed/", dialect: argo_embedding }
models:
  chat:
    default: argo:gpt-4o
    show: { owned_by: argo, created: 1740787200 }
    names: { "argo:gpt-4o": gpt4o, "argo:gpt-o1": gpto1 }
    rules: [{ match: "gpt*", tokenizer: o200k, tools: openai }]
  embedding:
    default: argo:text-embedding-3-small
    show: { owned_by: argo, created: 1740787200 }
    names: { "argo:text-embedding-3-small": v3small }
    rules: [{ match: v3small, tokenizer: cl100k }]
routes:
  - { path: /v1/chat/completions, upstream: chat, models: chat, transformer: openai_chat_completions }
  - { path: /estimate, upstream: chat, models: chat, transformer: openai_chat_completions, usage: estimate }
  - { path: /v1/completions, upstream: chat, models: chat, transformer: openai_completions }
  - { path: /v1/embeddings, upstream: embed, models: embedding, transformer: openai_embeddings }
  - { path: /v1/models, reply: model_list }
  - { path: "/v1/models/{model}", reply: model }
"#;

/// An operation that can be repeated.
pub struct Path {
    /// Its name in the list of instruction counts.
    pub name: &'static str,
    /// Does it once.
    pub run: Box<dyn FnMut()>,
}

/// Returns all paths.
///
/// # Panics
/// When a table no longer fits the proxy.
pub fn all() -> Vec<Path> {
    let table = Arc::new(table(TABLE));
    let short = chat(&prose(1000), "Say it again.");
    let (text, streamed) = (prose(1000), chat(&prose(1000), "").replace("\"model\"", "\"stream\":true,\"model\""));
    let whole = Bytes::from(json!({ "response": text }).to_string());
    let vectors: Vec<Vec<f64>> = (0..1).map(|_| (0..1536).map(|at| f64::from(at) * 1e-4 - 0.07).collect()).collect();
    let vectors = Bytes::from(json!({ "embedding": vectors }).to_string());
    let inputs = |form: &str| json!({"model": "argo:text-embedding-3-small", "input": text, "encoding_format": form});
    let inputs = |form: &str| inputs(form).to_string();
    let mut paths = vec![
        matching(&table),
        opening("decode_chat", &table, "/v1/chat/completions", short.clone()),
        opening("decode_chat_32k", &table, "/v1/chat/completions", chat(&prose(32_000), "Say it again.")),
        opening("decode_chat_1m", &table, "/v1/chat/completions", chat(&prose(1_000_000), "Say it again.")),
        carrying("decode_image_5m", &table, "/v1/chat/completions", with_image(5_000_000)),
        answering("chat_estimate", &table, "/estimate", short.clone(), whole.clone()),
        answering("chat_exact", &table, "/v1/chat/completions", short, whole),
        streaming(&table, streamed),
        answering("embedding_base64", &table, "/v1/embeddings", inputs("base64"), vectors.clone()),
        answering("embedding_float", &table, "/v1/embeddings", inputs("float"), vectors),
    ];
    paths.extend(native::all());
    paths.extend(matrix::all());
    paths
}

/// Returns a chat whose question has an image of so many characters of base64.
fn with_image(size: usize) -> String {
    let url = format!("data:image/png;base64,{}", "iVBORw0KGgo/".repeat(size / 12));
    let parts = json!([{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]);
    json!({"model": "argo:gpt-4o", "messages": [{"role": "user", "content": parts}], "temperature": 0.5}).to_string()
}

pub(crate) fn table(text: &str) -> Table {
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    match Table::load("bench", text, &variables) {
        Ok((table, _)) => table,
        Err(problems) => panic!("{problems:?}"),
    }
}

/// Returns words of many lengths, with some characters that JSON escapes and some that are not ASCII.
fn prose(size: usize) -> String {
    const WORDS: &[&str] =
        &["the", "flux", "of", "a", "neutrino\nbeam", "grew", "\"linearly\"", "until", "Δt", "exceeded", "42.7", "s."];
    let words = WORDS.iter().cycle().enumerate().flat_map(|(at, word)| [*word, if at % 97 == 0 { "  " } else { " " }]);
    let mut text: String = words.take(size / 2).collect();
    let end = (0..=size).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}

fn chat(history: &str, question: &str) -> String {
    let messages = json!([{"role": "system", "content": history}, {"role": "user", "content": question}]);
    json!({"model": "argo:gpt-4o", "messages": messages, "temperature": 0.5}).to_string()
}

pub(crate) fn route(table: &Table, path: &str) -> Arc<Route> {
    route_of(table, &Method::POST, path)
}

pub(crate) fn route_of(table: &Table, method: &Method, path: &str) -> Arc<Route> {
    match table.find(method, path) {
        Matched::Route(route, _) => route,
        _ => panic!("nothing is served on {path}"),
    }
}

pub(crate) fn open(route: &Route, body: &Bytes) -> Exchange {
    let caller = Caller::anybody("bench");
    match planned(route, body, &caller) {
        Ok(Plan::Call(call, reply)) => {
            let limits = ExchangeLimits {
                max_answer: 1 << 26,
                client: &Openai,
                upstream: "ARGO",
                url: "".into(),
                setting: "".into(),
                caller: Arc::new(caller),
            };
            Exchange::new(call, reply, limits)
        }
        Ok(_) => panic!("{}: no call", route.path),
        Err(failure) => panic!("{failure}"),
    }
}

/// Returns the length of a reply that is made here.
pub(crate) fn answered(route: &Route) -> usize {
    answered_to(route, &Bytes::new())
}

/// Returns the length of a reply to this body that is made here.
fn answered_to(route: &Route, body: &Bytes) -> usize {
    match planned(route, body, &Caller::anybody("bench")) {
        Ok(Plan::Answer(reply)) => reply.body.len(),
        Ok(_) => panic!("{}: no answer", route.path),
        Err(failure) => panic!("{failure}"),
    }
}

fn planned(route: &Route, body: &Bytes, caller: &Caller) -> Result<Plan, Failure> {
    let state = ServiceState { version: "", loaded_at: 0, is_behind: false, is_stopping: false, has_page: false };
    let ledger = Arc::default();
    let cx = Context {
        caller,
        id: "0123",
        now: 1,
        address: Address { scheme: "http", host: "localhost" },
        state,
        attempt: Attempt::default(),
        seal: &argo_openai_proxy::wire::Seal::of_instance(),
        ledger: &ledger,
        steps: None,
    };
    route.transformer.open(&Request { body: body.clone(), ..Request::default() }, &cx)
}

fn matching(table: &Arc<Table>) -> Path {
    let table = table.clone();
    let run = move || {
        black_box(table.find(&Method::POST, black_box("/v1/chat/completions")));
        black_box(table.find(&Method::GET, black_box("/v1/models/argo:gpt-4o")));
    };
    Path { name: "match_two_routes", run: Box::new(run) }
}

fn opening(name: &'static str, table: &Table, path: &str, body: String) -> Path {
    let (route, body) = (route(table, path), Bytes::from(body));
    let run = move || drop(black_box(open(&route, &body)));
    Path { name, run: Box::new(run) }
}

/// Returns a path of a body with a large image, which stands beside the text until the call is written.
fn carrying(name: &'static str, table: &Table, path: &str, body: String) -> Path {
    let (route, body) = (route(table, path), Bytes::from(body));
    let run = move || {
        let slim = SlimBody::without_images(body.clone());
        let call = slim.restored(open(&route, &slim.text).call().body.clone());
        assert!(call.len() >= slim.size() - 64, "{name}");
    };
    Path { name, run: Box::new(run) }
}

fn answering(name: &'static str, table: &Table, path: &str, body: String, answer: Bytes) -> Path {
    let (route, body) = (route(table, path), Bytes::from(body));
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let run = move || {
        let mut exchange = open(&route, &body);
        exchange.head(StatusCode::OK, &headers, false);
        exchange.piece(answer.clone());
        exchange.end();
        let answer = exchange.answer();
        assert!(answer.is_some_and(|answer| answer.status == StatusCode::OK), "{name}");
    };
    Path { name, run: Box::new(run) }
}

/// Returns a path for one piece of a stream that has begun.
fn streaming(table: &Table, body: String) -> Path {
    let mut exchange = open(&route(table, "/v1/chat/completions"), &Bytes::from(body));
    exchange.head(StatusCode::OK, &HeaderMap::new(), false);
    exchange.piece(Bytes::from(prose(200)));
    let piece = Bytes::from_static(" a piece of \"text\"".as_bytes());
    let run = move || assert!(!black_box(exchange.piece(piece.clone())).is_empty(), "a piece");
    Path { name: "stream_piece", run: Box::new(run) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_path_can_be_repeated() {
        let mut names = Vec::new();
        for mut path in super::all() {
            (0..3).for_each(|_| (path.run)());
            assert!(!names.contains(&path.name), "{} stands twice", path.name);
            names.push(path.name);
        }
    }
}
