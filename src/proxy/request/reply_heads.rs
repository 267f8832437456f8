//! The heads of replies to clients: of whole replies, of streams, and of what passes through.

use super::reply_facts::{REQUEST_ID, ReplyFacts};
use crate::exchange::HeadPlan;
use crate::proxy::upstream::heads;
use crate::wire::{Answer, sse};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;

/// The header that says where the time went.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
/// Room for the headers that every reply has, and for those that pingora adds.
const ROOM: usize = 6;

/// What a browser's page may read of a reply.
const EXPOSED: &str = "x-request-id, request-id, retry-after";
/// The same, with the time.
const EXPOSED_TIMED: &str = "x-request-id, request-id, retry-after, server-timing";
/// The same, of a reply to a caller with limits.
const EXPOSED_LIMITED: &str = "x-request-id, request-id, server-timing, retry-after, retry-after-ms, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens";

/// Returns the head of a whole reply.
pub fn whole_head(answer: &Answer, facts: &ReplyFacts) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(answer.headers.len() + ROOM);
    for (name, value) in &answer.headers {
        headers.append(name, value.clone());
    }
    if answer.status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_LENGTH, heads::length(answer.body.len()));
    }
    push_common(&mut headers, facts);
    heads::response(answer.status, headers)
}

/// Returns true if the reply to a request with this method goes without its body.
pub fn is_without_body(method: &Method, answer: &Answer) -> bool {
    method == Method::HEAD || answer.body.is_empty()
}

/// Returns the head that goes out at once; `None` when it waits for the body.
pub fn immediate_head(
    plan: HeadPlan,
    head: &ResponseHeader,
    version: Version,
    facts: &ReplyFacts,
) -> Option<ResponseHeader> {
    match plan {
        HeadPlan::Hold => None,
        HeadPlan::Stream(content_type) => Some(stream_head(content_type, version, facts)),
        HeadPlan::Pass => Some(pass_head(head, version, facts)),
    }
}

/// Returns the head of a stream, for a client that speaks `version`.
pub fn stream_head(content_type: &'static str, version: Version, facts: &ReplyFacts) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(4 + ROOM);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.extend(sse::HEADERS);
    push_framing(version, &mut headers);
    push_common(&mut headers, facts);
    heads::response(StatusCode::OK, headers)
}

/// Returns the head of a body that passes through: the upstream's status and type.
fn pass_head(head: &ResponseHeader, version: Version, facts: &ReplyFacts) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(3 + ROOM);
    for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
        if let Some(value) = head.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let needs_framing = !heads::is_no_content(head.status);
    if needs_framing && heads::is_bodiless(head) {
        headers.insert(header::CONTENT_LENGTH, heads::length(0));
    } else if needs_framing {
        push_framing(version, &mut headers);
    }
    push_common(&mut headers, facts);
    heads::response(head.status, headers)
}

/// Adds the headers that every reply to a parsed request has.
fn push_common(headers: &mut HeaderMap, facts: &ReplyFacts) {
    headers.insert(REQUEST_ID, facts.request_id.clone());
    if let Some(name) = facts.id_header() {
        headers.insert(name, facts.request_id.clone());
    }
    if facts.shows_timing
        && let Ok(times) = HeaderValue::try_from(facts.timing.header())
    {
        headers.insert(SERVER_TIMING, times);
    }
    if let Some(rate_limit) = &facts.rate_limit {
        headers.extend(rate_limit.headers());
    }
    if let Some(origin) = &facts.origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = match (&facts.rate_limit, facts.shows_timing) {
            (Some(_), _) => EXPOSED_LIMITED,
            (None, true) => EXPOSED_TIMED,
            (None, false) => EXPOSED,
        };
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    for (name, value) in facts.route.iter().flat_map(|route| &route.options.headers) {
        headers.insert(name, value.clone());
    }
}

/// Adds the framing of a body without a known length: chunked, or ended by the connection's end for HTTP/1.0.
fn push_framing(version: Version, headers: &mut HeaderMap) {
    if version != Version::HTTP_10 {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}
