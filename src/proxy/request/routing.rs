//! What becomes of a request, in the order in which it is decided. No socket is touched: serving and explaining share it.

use crate::access::Caller;
use crate::dialects::client::speaking;
use crate::exchange::{Exchange, Limits};
use crate::plan::{Call, Client, Context, Join, Plan, Reply, Request, Subrequests};
use crate::proxy::Settings;
use crate::proxy::deadline::Deadline;
use crate::proxy::images::{self, Wanted};
use crate::table::{Endpoints, Matched, Route, Table, Upstream};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a preflight allows when the browser does not ask for certain headers. `*` would not cover `Authorization`.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, X-Request-Id, X-Api-Key, Api-Key";

/// What a request's head decides.
pub enum ByHead {
    /// It is answered whatever its body is.
    Answer(Answer),
    /// This route takes it; with the values of the path's parameters.
    Route(Arc<Route>, Vec<String>),
}

/// Decides by the head alone.
///
/// # Errors
/// What the client is told: nothing is served there, not by this method, or not with this encoding.
pub fn by_head(table: &Table, method: &Method, path: &str, headers: &HeaderMap) -> Result<ByHead, Failure> {
    if method == Method::OPTIONS {
        return preflight(table, path, headers).map(ByHead::Answer);
    }
    let (route, params) = match table.find(method, path) {
        Matched::Route(route, params) => (route, params),
        Matched::OtherMethods(allowed) => return Err(wrong_method(method, path, &allowed)),
        Matched::Nothing(near) => return Err(nothing_there(path, &near)),
    };
    if method == Method::HEAD && route.upstream.is_some() {
        // HEAD asks whether something is there; that costs no tokens.
        return Ok(ByHead::Answer(Answer::json(StatusCode::OK, Bytes::new())));
    }
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    if reads_body(&route) && !matches!(encoding.as_deref(), None | Some(b"identity" | b"")) {
        let message = "Compressed request bodies are not read; send it without Content-Encoding.";
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    Ok(ByHead::Route(route, params))
}

/// Who sends a request to a row, if they may.
///
/// # Errors
/// 403 for a web page that may not, and for a caller who may not use the row; 401 for whom nobody knows.
pub fn admit(settings: &Settings, method: &Method, route: &Route, headers: &HeaderMap) -> Result<Arc<Caller>, Failure> {
    settings.guard.origin(method, headers, route.upstream.is_some(), &*settings.allows_origin)?;
    if route.is_public {
        return Ok(settings.access.visitor());
    }
    let caller = settings.access.admit(headers)?;
    caller.enter(method, &route.path, route.options.callers.as_ref().map(|callers| &callers.globs))?;
    Ok(caller)
}

/// Returns how failures read to the client: as its route says, else as the head of its request does.
pub fn client_of(route: Option<&Route>, headers: &HeaderMap, path: &str) -> &'static dyn Client {
    route.and_then(|route| route.client).unwrap_or_else(|| speaking(headers, path))
}

/// Whether a route wants the request's body; what is answered here does not.
pub fn reads_body(route: &Route) -> bool {
    route.upstream.is_some()
}

/// The `Host` that the client called.
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost")
}

/// The body that counts.
pub fn body(method: &Method, route: &Route, given: Bytes) -> Bytes {
    if asks_own(method, route, !given.is_empty()) { route.request.clone() } else { given }
}

/// Whether the route's own request counts. A row that has one asks that, whatever comes with a GET.
pub fn asks_own(method: &Method, route: &Route, has_body: bool) -> bool {
    !has_body || (method == Method::GET && !route.request.is_empty())
}

/// The route that a request would go to, for what its head decides: its headers are on every reply.
pub fn route_of(table: &Table, method: &Method, path: &str) -> Option<Arc<Route>> {
    match table.find(method, path) {
        Matched::Route(route, _) => Some(route),
        Matched::OtherMethods(_) | Matched::Nothing(_) => None,
    }
}

/// The largest body that a route takes, in bytes.
pub fn max_body(route: &Route, settings: &Settings) -> usize {
    route.options.max_body.unwrap_or(settings.max_body)
}

/// Asks the route's transformer, with the fields that the route decides.
///
/// # Errors
/// What the client did wrong.
pub fn open(route: &Route, params: Vec<String>, body: Bytes, cx: &Context<'_>) -> Result<Plan, Failure> {
    let body = match &route.options.overlay {
        Some(overlay) => overlay.lay(body),
        None => body,
    };
    route.transformer.open(&Request { body, params }, cx)
}

/// The images that are fetched before the request is opened, with the fields that the route decides.
///
/// # Errors
/// 400 when the route fetches none, or not these.
pub fn images(route: &Route, body: &Bytes) -> Result<Option<Wanted>, Failure> {
    match &route.options.overlay {
        // Laid again when the request is opened, which changes nothing then.
        Some(overlay) if overlay.mentions("image_url") || !matches!(images::wanted(route, body), Ok(None)) => {
            images::wanted(route, &overlay.lay(body.clone()))
        }
        _ => images::wanted(route, body),
    }
}

/// A call that is ready to be made.
pub struct Prepared {
    /// Whom it calls.
    pub upstream: Arc<Upstream>,
    /// Where, in the order in which the URLs are tried.
    pub endpoints: Endpoints,
    /// How long it may take.
    pub deadline: Deadline,
    /// The call and what its reply becomes.
    pub exchange: Exchange,
}

/// Calls that are ready to be made, and what makes one reply of them.
pub struct PreparedDriven {
    /// The calls.
    pub calls: Vec<Prepared>,
    /// How many run at the same time.
    pub at_once: usize,
    /// Makes one reply of the parts.
    pub join: Box<dyn Join>,
}

/// The terms on which calls are made for a request, beside what its body says.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// What was current when it came.
    pub settings: &'a Settings,
    /// When its head was read.
    pub begun: Instant,
}

impl Terms<'_> {
    /// Prepares the one call that pingora makes.
    ///
    /// # Errors
    /// The upstream does not stream, but the call wants it to.
    pub fn prepare(&self, route: Option<&Route>, call: Call, reply: Box<dyn Reply>) -> Result<Prepared, Failure> {
        let stream = call.stream;
        self.prepare_for(route, call, reply, stream)
    }

    /// Prepares calls that the proxy makes itself.
    ///
    /// # Errors
    /// As for [`Terms::prepare`].
    pub fn prepare_driven(&self, route: Option<&Route>, driven: Subrequests) -> Result<PreparedDriven, Failure> {
        let to_stream = driven.join.stream().is_some();
        let mut calls = Vec::with_capacity(driven.parts.len());
        for (call, reply) in driven.parts {
            calls.push(self.prepare_for(route, call, reply, to_stream)?);
        }
        Ok(PreparedDriven { calls, at_once: driven.at_once.max(1), join: driven.join })
    }

    /// The time that may pass until the client, which waits for a stream or not, has all; `asked` is the limit that its
    /// body asks for.
    pub fn deadline(&self, route: &Route, asked: Option<Duration>, to_stream: bool) -> Deadline {
        let own = route.options.timeout;
        let deadline = Deadline::new(self.begun, own.unwrap_or(self.settings.timeout), asked, self.headers, to_stream);
        if own.is_some() { deadline.of_route() } else { deadline }
    }

    fn prepare_for(
        &self,
        route: Option<&Route>,
        call: Call,
        reply: Box<dyn Reply>,
        to_stream: bool,
    ) -> Result<Prepared, Failure> {
        let upstream = route.and_then(|route| Some((route, route.upstream.clone()?)));
        let (route, upstream) =
            upstream.ok_or_else(|| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The route has no upstream."))?;
        let endpoints = match (call.stream, &upstream.stream) {
            (true, Some(stream)) => stream.clone(),
            (true, None) => {
                return Err(Failure::unsupported("stream", &format!("upstream '{}' has no stream_url", upstream.name)));
            }
            (false, _) => upstream.whole.clone(),
        };
        let deadline = self.deadline(route, call.timeout, to_stream);
        let first = endpoints.first();
        let (url, setting) = (first.url.clone(), first.setting.clone());
        let client = client_of(Some(route), self.headers, &route.path);
        let limits =
            Limits { client, max_answer: self.settings.max_answer, upstream: upstream.facts().name(), url, setting };
        Ok(Prepared { upstream, endpoints, deadline, exchange: Exchange::new(call, reply, limits) })
    }
}

fn preflight(table: &Table, path: &str, headers: &HeaderMap) -> Result<Answer, Failure> {
    // A method that no route takes: the answer is all methods of the path.
    let methods = match table.find(&Method::TRACE, path) {
        Matched::OtherMethods(methods) => methods,
        Matched::Nothing(near) => return Err(nothing_there(path, &near)),
        Matched::Route(route, _) => route.methods.clone(),
    };
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    let allow = HeaderValue::from_str(&allow(&methods)).unwrap_or(HeaderValue::from_static("OPTIONS"));
    let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    if headers.contains_key(header::ORIGIN) {
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone()));
        let wanted = wanted.unwrap_or(HeaderValue::from_static(ALLOWED_HEADERS));
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, wanted));
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

/// The refusal of a body above `limit` bytes.
pub fn too_large(limit: usize) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The request body is larger than max_body ({limit} bytes)."))
        .with_code("request_too_large")
}
