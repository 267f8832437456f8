//! What the head of a request decides, and what its body adds: row, caller, body, images. No socket is touched, so serving and
//! explaining share it.

use crate::access::admit::has_key;
use crate::access::{Caller, Sender};
use crate::dialects::client::{ClientSigns, speaking};
use crate::json;
use crate::plan::{Client, ClientVendor};
use crate::proxy::images::{self, Wanted};
use crate::proxy::live::Live;
use crate::proxy::settings::Settings;
use crate::table::{Matched, Route, Table};
use crate::transform::local::Audience;
use crate::wire::{Answer, Failure, OwnedQuery, Query};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::net::IpAddr;
use std::sync::Arc;

/// What a preflight allows when the browser does not ask for certain headers. `*` would not cover `Authorization`.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, X-Request-Id, X-Api-Key, Api-Key, Anthropic-Version, Anthropic-Beta, X-Goog-Api-Key, X-Goog-Api-Client";

/// The methods in the answer to a preflight that names none, where the row's own are not told.
const ANY_METHODS: &str = "GET, POST, OPTIONS";

/// What browsers ask for to show beside the name of a page.
const ICON: &str = "/favicon.ico";
/// With this, a browser asks whether a page of the public network may reach this one; and the answer.
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The head of a request, as far as it decides anything.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path, without a query.
    pub path: &'a str,
    /// Its query, if it has one. It may hold a key.
    pub query: Query<'a>,
    /// The authority of its target, if it names one.
    pub authority: Option<&'a str>,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The address of this machine at which it arrived, if it is one.
    pub local_ip: Option<IpAddr>,
    /// Whose connection it came on.
    pub sender: Sender,
    /// Who sends it, where that is known already.
    pub known: Option<&'a Arc<Caller>>,
}

/// A request that may go on to its body.
#[derive(Clone)]
pub struct AdmittedRequest {
    /// The row that takes it.
    pub route: Arc<Route>,
    /// The values of the path's parameters.
    pub params: Vec<String>,
    /// Who sent it.
    pub caller: Arc<Caller>,
    /// Its query.
    pub query: OwnedQuery,
    /// The vendor of its client.
    pub vendor: ClientVendor,
    /// True if its client is a browser that shows pages.
    pub takes_pages: bool,
}

/// What the head decides.
pub enum ByHead {
    /// The request is answered whatever its body is.
    Answer(Answer),
    /// The request may go on.
    Admitted(AdmittedRequest),
}

/// What the head decides, and the row whose headers all replies to the request have.
pub struct HeadDecision {
    /// The row that matches method and path, if the request came so far.
    pub route: Option<Arc<Route>>,
    /// The decision; a failure is what the client gets.
    pub result: Result<ByHead, Failure>,
}

/// Decides by the head: the host that was called, the row, then who calls. Who may not call learns nothing of what is served.
pub fn by_head(live: &Live, head: &RequestHead<'_>) -> HeadDecision {
    let (table, settings) = (&live.table, &live.settings);
    if let Err(failure) = settings.guard.host(head.headers, head.authority, head.local_ip, &*settings.allows_origin) {
        return HeadDecision { route: None, result: Err(failure) };
    }
    // Asked once, whatever the path: the time of a refusal must not tell what is served.
    let admission = match head.known {
        Some(caller) => Ok(caller.clone()),
        None => settings.access.admit(head.headers, head.query, head.sender),
    };
    if head.method == Method::OPTIONS {
        let refusal = admission.err();
        let route = if refusal.is_none() { route_of(table, head) } else { None };
        return HeadDecision { route, result: preflight(table, settings, head, refusal).map(ByHead::Answer) };
    }
    match table.find(head.method, head.path) {
        Matched::Route(route, _) if route.calls() && asks_websocket(head.headers) => refused(admission, no_websocket),
        Matched::OtherMethods(_) if asks_websocket(head.headers) => refused(admission, no_websocket),
        Matched::Route(route, params) => {
            // A row adds headers to its replies. Who may not call would know it by them.
            let is_refused = admission.is_err();
            let result = admit(settings, head, route.clone(), params, admission);
            let is_hidden = is_refused && result.is_err();
            HeadDecision { route: (!is_hidden).then_some(route), result }
        }
        Matched::OtherMethods(allowed) => refused(admission, || wrong_method(head.method, head.path, &allowed)),
        // Browsers ask for it on their own. The page has no icon, and nobody needs to read of it.
        Matched::Nothing if head.path == ICON && head.method.is_safe() => {
            HeadDecision { route: None, result: Ok(ByHead::Answer(no_icon())) }
        }
        Matched::Nothing => refused(admission, || unknown_path(table, head.method, head.path)),
    }
}

/// Refuses a request that nothing takes. The refusal is made only for those who may read it.
fn refused(admission: Result<Arc<Caller>, Failure>, make: impl FnOnce() -> Failure) -> HeadDecision {
    HeadDecision { route: None, result: admission.and_then(|_| Err(make())) }
}

/// Returns true if the client wants to go on with WebSocket. Any other upgrade may be ignored: programs in Java offer HTTP/2
/// with each first request.
fn asks_websocket(headers: &HeaderMap) -> bool {
    let is_websocket = |value: &HeaderValue| {
        value.as_bytes().split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    };
    headers.get_all(header::UPGRADE).iter().any(is_websocket)
}

fn no_websocket() -> Failure {
    let message =
        "WebSocket is not served here. Send the request as a POST over HTTP/1.1, with \"stream\": true for a stream.";
    Failure::new(StatusCode::UPGRADE_REQUIRED, message)
        .with_code("websocket_not_served")
        .with_header(header::UPGRADE, "HTTP/1.1")
}

fn no_icon() -> Answer {
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    answer.headers.push((header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400")));
    answer
}

fn route_of(table: &Table, head: &RequestHead<'_>) -> Option<Arc<Route>> {
    match table.find(head.method, head.path) {
        Matched::Route(route, _) => Some(route),
        Matched::OtherMethods(_) | Matched::Nothing => None,
    }
}

fn admit(
    settings: &Settings,
    head: &RequestHead<'_>,
    route: Arc<Route>,
    params: Vec<String>,
    admission: Result<Arc<Caller>, Failure>,
) -> Result<ByHead, Failure> {
    let caller = caller(settings, head, &route, admission)?;
    if only_asks(head.method, &route) {
        return Ok(ByHead::Answer(Answer::json(StatusCode::OK, Bytes::new())));
    }
    let encoding = head.headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
    if route.reads_body() && !matches!(encoding.as_deref(), None | Some(b"identity" | b"")) {
        let message = "Compressed request bodies are not read; send it without Content-Encoding.";
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let signs = ClientSigns { headers: head.headers, path: head.path, query: head.query };
    let (query, vendor) = (head.query.into(), speaking(&signs).vendor);
    let takes_pages = takes_pages(head.headers);
    Ok(ByHead::Admitted(AdmittedRequest { route, params, query, caller, vendor, takes_pages }))
}

/// Returns true if a request asks whether a row that calls an upstream is there. That costs no tokens.
fn only_asks(method: &Method, route: &Route) -> bool {
    method == Method::HEAD && route.calls()
}

/// Returns who sends a request to a row, if they may. `admission` is who calls by the head alone.
fn caller(
    settings: &Settings,
    head: &RequestHead<'_>,
    route: &Route,
    admission: Result<Arc<Caller>, Failure>,
) -> Result<Arc<Caller>, Failure> {
    let caller = match route.audience {
        Audience::Everybody => settings.access.visitor(),
        Audience::Newcomers if is_newcomer(head, route) => settings.access.newcomer(head.sender),
        // A browser asks for the page's files without a key. A key that is wrong must be told.
        Audience::Page if head.method.is_safe() && admission.is_err() && !has_key(head.headers, head.query) => {
            settings.access.newcomer(head.sender)
        }
        Audience::Newcomers | Audience::Callers | Audience::Page => {
            let caller = admission?;
            caller.enter(head.method, &route.path, route.options.callers.as_ref().map(|callers| &callers.globs))?;
            caller
        }
    };
    // The answer depends on what the row does, so that only those who may call learn it.
    let spends = route.calls() && !only_asks(head.method, route);
    settings.guard.origin(head.method, head.headers, spends, &*settings.allows_origin)?;
    Ok(caller)
}

/// Returns true if a person with a browser and without a key asks. A program without a key must learn that it needs one.
fn is_newcomer(head: &RequestHead<'_>, route: &Route) -> bool {
    takes_pages(head.headers) && !has_key(head.headers, head.query) && route.options.callers.is_none()
}

/// Returns true if a browser asks that shows pages.
fn takes_pages(headers: &HeaderMap) -> bool {
    let has_pages = |value: &HeaderValue| value.to_str().is_ok_and(|types| types.contains("text/html"));
    headers.get(header::ACCEPT).is_some_and(has_pages)
}

/// Returns how failures read to the client: as its row says, else as the head of its request does.
pub fn client_of(route: Option<&Route>, signs: &ClientSigns<'_>) -> &'static dyn Client {
    route.and_then(|route| route.client).unwrap_or_else(|| speaking(signs).client)
}

/// Returns the largest body that a row takes, in bytes.
pub fn max_body(route: &Route, settings: &Settings) -> usize {
    route.options.max_body.unwrap_or(settings.max_body)
}

/// Returns the body that counts: the client's, mended, or the row's own.
///
/// # Errors
/// 413 for a body above the row's limit.
pub fn body(settings: &Settings, method: &Method, route: &Route, given: Bytes) -> Result<Bytes, Failure> {
    let most = max_body(route, settings);
    if given.len() > most {
        return Err(too_large(most));
    }
    // Before anything borrows from it, and in one place for all rows.
    let given = json::mended(given);
    Ok(if asks_own(method, route, !given.is_empty()) { route.request.clone() } else { given })
}

/// Returns true if the row's own body counts. A row that has one sends that, whatever comes with a GET.
pub fn asks_own(method: &Method, route: &Route, has_body: bool) -> bool {
    !has_body || (method == Method::GET && !route.request.is_empty())
}

/// Returns the images that are fetched before the transformer sees the request, with the fields that the row sets.
///
/// # Errors
/// 400 when the row fetches no images, or not these.
pub fn images(route: &Route, body: &Bytes) -> Result<Option<Wanted>, Failure> {
    match &route.options.overlay {
        // The overlay is laid once more when the transformer is asked. The second time changes nothing.
        Some(overlay) if overlay.mentions("image_url") || !matches!(images::wanted(route, body), Ok(None)) => {
            images::wanted(route, &overlay.lay(body.clone()))
        }
        _ => images::wanted(route, body),
    }
}

/// Answers OPTIONS. A browser that asks whether a foreign page may call is told no in the way that leaves a line in the log:
/// the page itself only sees that it failed. `refusal` is what the sender would get for another method.
fn preflight(
    table: &Table,
    settings: &Settings,
    head: &RequestHead<'_>,
    refusal: Option<Failure>,
) -> Result<Answer, Failure> {
    let headers = head.headers;
    if headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        settings.guard.origin(&Method::POST, headers, true, &*settings.allows_origin)?;
    }
    let allow = match refusal {
        None => {
            HeaderValue::from_str(&allow(&methods(table, head.path)?)).unwrap_or(HeaderValue::from_static(ANY_METHODS))
        }
        // Browsers send no key with this question. They learn that they may ask, and not what is served.
        Some(_) if headers.contains_key(header::ORIGIN) => {
            headers.get(header::ACCESS_CONTROL_REQUEST_METHOD).cloned().unwrap_or(HeaderValue::from_static(ANY_METHODS))
        }
        Some(refusal) => return Err(refusal),
    };
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    if headers.contains_key(header::ORIGIN) {
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_METHODS, allow.clone()));
        let wanted = wanted.unwrap_or(HeaderValue::from_static(ALLOWED_HEADERS));
        answer.headers.push((header::ACCESS_CONTROL_ALLOW_HEADERS, wanted));
        answer.headers.push((header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")));
        if headers.contains_key(ASKS_PRIVATE) {
            // A public page that is listed may reach this machine or its network.
            answer.headers.push((ALLOWS_PRIVATE, HeaderValue::from_static("true")));
        }
    }
    answer.headers.push((header::ALLOW, allow));
    Ok(answer)
}

/// Returns the methods of a path.
fn methods(table: &Table, path: &str) -> Result<Vec<Method>, Failure> {
    // A method that no route takes.
    match table.find(&Method::TRACE, path) {
        Matched::OtherMethods(methods) => Ok(methods),
        Matched::Nothing => Err(unknown_path(table, &Method::TRACE, path)),
        Matched::Route(route, _) => Ok(route.methods.clone()),
    }
}

/// Returns the value of `Allow`: the methods of a path, HEAD where GET is served, and OPTIONS.
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

fn unknown_path(table: &Table, method: &Method, path: &str) -> Failure {
    let message = format!("Nothing is served on {}. {}", short(path), table.hint(method, path));
    Failure::new(StatusCode::NOT_FOUND, message.trim_end()).with_code("unknown_path")
}

fn short(path: &str) -> String {
    path.chars().take(200).collect()
}

/// Returns the refusal of a body above `limit` bytes.
pub fn too_large(limit: usize) -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, format!("The request body is larger than max_body ({limit} bytes)."))
        .with_code("request_too_large")
}
