//! Opens a request: finds its route, reads its body, and either answers or prepares the call.

use super::body::{self, Read};
use super::ctx::{CallState, Ctx};
use super::deadline::Deadline;
use super::{Proxy, writer};
use crate::exchange::{Exchange, Limits};
use crate::table::{Matched, Route};
use crate::transform::{Call, Context, Plan, Reply, Request};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A client's request id is kept up to this length.
const LONGEST_ID: usize = 128;
/// Prompts above this many bytes are counted on another thread while the upstream works.
const COUNT_ASIDE: usize = 8 * 1024;
/// What a preflight allows when the browser does not ask for certain headers. `*` would not cover `Authorization`.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, X-Request-Id, X-Api-Key";

/// What a request becomes.
enum Opened {
    Answer(Answer),
    Call(Call, Box<dyn Reply>),
    /// The body is larger than the limit: answered, and read on for a while.
    TooLarge(Answer),
}

/// pingora's `request_filter`: whether the reply is written already.
pub async fn open(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
    // Held replies rely on it, see `reply`.
    session.set_ignore_info_resp(true);
    introduce(proxy, session, ctx);
    let opened = match dispatch(proxy, session, ctx).await? {
        Ok(opened) => opened,
        Err(failure) => Opened::Answer(failure.to_answer()),
    };
    match opened {
        Opened::Answer(answer) => writer::write(session, ctx, answer).await,
        Opened::TooLarge(answer) => {
            session.set_keepalive(None);
            writer::write(session, ctx, answer).await;
            body::linger(session, proxy.settings.max_body).await;
        }
        Opened::Call(call, reply) => match prepare(proxy, session, ctx, call, reply) {
            Ok(()) => return Ok(false),
            Err(failure) => writer::write(session, ctx, failure.to_answer()).await,
        },
    }
    Ok(true)
}

/// Request id and origin, which every reply carries.
fn introduce(proxy: &Proxy, session: &Session, ctx: &mut Ctx) {
    let headers = &session.req_header().headers;
    let sane = |id: &&HeaderValue| {
        !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(|byte| byte.is_ascii_graphic())
    };
    ctx.request_id = match headers.get(writer::REQUEST_ID).filter(sane) {
        Some(id) => id.clone(),
        None => HeaderValue::from_str(&format!("req_{}", random_id())).unwrap_or(HeaderValue::from_static("req")),
    };
    let origin = headers.get(header::ORIGIN);
    ctx.origin =
        origin.filter(|origin| origin.to_str().is_ok_and(|origin| (proxy.settings.allows_origin)(origin))).cloned();
}

/// 24 random letters and digits.
fn random_id() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(24).collect()
}

async fn dispatch(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<Result<Opened, Failure>> {
    let method = session.req_header().method.clone();
    let path = session.req_header().uri.path().to_owned();
    if method == Method::OPTIONS {
        return Ok(preflight(proxy, session, &path).map(Opened::Answer));
    }
    let (route, params) = match proxy.table.find(&method, &path) {
        Matched::Route(route, params) => (route, params),
        Matched::OtherMethods(allowed) => return Ok(Err(wrong_method(&method, &path, &allowed))),
        Matched::Nothing(near) => return Ok(Err(nothing_there(&path, &near))),
    };
    ctx.route = Some(route.clone());
    if method == Method::HEAD && route.upstream.is_some() {
        // HEAD asks whether something is there; that costs no tokens.
        return Ok(Ok(Opened::Answer(Answer::json(StatusCode::OK, Bytes::new()))));
    }
    let given = match request_body(proxy, session, &route).await? {
        Ok(Read::Whole(body)) => body,
        Ok(Read::TooLarge) => return Ok(Ok(Opened::TooLarge(too_large(proxy.settings.max_body).to_answer()))),
        Err(failure) => return Ok(Err(failure)),
    };
    let body = if given.is_empty() { route.request.clone() } else { given };
    let (id, now) = (random_id(), SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    let host = session.get_header(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let cx = Context { user: &proxy.settings.user, id: &id, now, host, steps: None };
    Ok(route.transformer.open(&Request { body, params }, &cx).map(|plan| match plan {
        Plan::Answer(answer) => Opened::Answer(answer),
        Plan::Call(call, reply) => Opened::Call(call, reply),
    }))
}

async fn request_body(proxy: &Proxy, session: &mut Session, route: &Route) -> Result<Result<Read, Failure>> {
    if route.upstream.is_none() {
        return Ok(Ok(Read::Whole(Bytes::new())));
    }
    let encoding = session.get_header(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    if !matches!(encoding.as_deref(), None | Some(b"identity" | b"")) {
        let message = "Compressed request bodies are not read; send it without Content-Encoding.";
        return Ok(Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)));
    }
    body::read(session, proxy.settings.max_body).await.map(Ok)
}

/// Makes the exchange and what the network needs to know of it.
fn prepare(proxy: &Proxy, session: &Session, ctx: &mut Ctx, call: Call, reply: Box<dyn Reply>) -> Result<(), Failure> {
    let upstream = ctx.route.as_ref().and_then(|route| route.upstream.clone());
    let upstream =
        upstream.ok_or_else(|| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The route has no upstream."))?;
    let endpoint = match (call.stream, &upstream.stream) {
        (true, Some(stream)) => stream.clone(),
        (true, None) => {
            return Err(Failure::unsupported("stream", &format!("upstream '{}' has no stream_url", upstream.name)));
        }
        (false, _) => upstream.whole.clone(),
    };
    let headers: &HeaderMap = &session.req_header().headers;
    let deadline = Deadline::new(ctx.begun, proxy.settings.timeout, call.timeout, headers, call.stream);
    let limits =
        Limits { max_answer: proxy.settings.max_answer, url: endpoint.url.clone(), setting: endpoint.setting.clone() };
    if let Some(prompt) = call.prompt.clone().filter(|prompt| prompt.size() > COUNT_ASIDE) {
        ctx.counting = Some(tokio::task::spawn_blocking(move || {
            prompt.tokens();
        }));
    }
    ctx.call = Some(CallState {
        endpoint,
        group: upstream.number,
        deadline,
        addresses: Arc::new([]),
        tried: 0,
        fresh: false,
        sent: None,
        status: None,
    });
    ctx.exchange = Some(Exchange::new(call, reply, limits));
    Ok(())
}

fn preflight(proxy: &Proxy, session: &Session, path: &str) -> Result<Answer, Failure> {
    // A method that no route takes: the answer is all methods of the path.
    let methods = match proxy.table.find(&Method::TRACE, path) {
        Matched::OtherMethods(methods) => methods,
        Matched::Nothing(near) => return Err(nothing_there(path, &near)),
        Matched::Route(route, _) => route.methods.clone(),
    };
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    let allow = HeaderValue::from_str(&allow(&methods)).unwrap_or(HeaderValue::from_static("OPTIONS"));
    let wanted = session.get_header(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    if session.get_header(header::ORIGIN).is_some() {
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone()));
        let headers = wanted.unwrap_or(HeaderValue::from_static(ALLOWED_HEADERS));
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, headers));
        answer.headers.push((header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")));
    }
    answer.headers.push((header::ALLOW, allow));
    Ok(answer)
}

/// `Allow`: the methods of a path, with HEAD where GET is, and OPTIONS.
fn allow(methods: &[Method]) -> String {
    let mut names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    if methods.contains(&Method::GET) {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

fn wrong_method(method: &Method, path: &str, allowed: &[Method]) -> Failure {
    let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let message = format!("{method} is not served on {}; use {}.", short(path), names.join(" or "));
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, message)
        .with_code("method_not_allowed")
        .with_header(header::ALLOW, &allow(allowed))
}

fn nothing_there(path: &str, near: &[String]) -> Failure {
    let hint = if near.is_empty() { String::new() } else { format!(" Did you mean {}?", near.join(" or ")) };
    Failure::new(StatusCode::NOT_FOUND, format!("Nothing is served on {}.{hint}", short(path)))
        .with_code("unknown_path")
}

fn short(path: &str) -> String {
    path.chars().take(200).collect()
}

fn too_large(limit: usize) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The request body is larger than max_body ({limit} bytes)."))
        .with_code("request_too_large")
}
