//! Writes every reply of ours: one place for length, request id and CORS, failures included.

use super::context::Ctx;

use super::{record, routing, ticket};
use crate::plan::Client;
use crate::proxy::upstream::heads;
use crate::wire::Answer;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use log::debug;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;

/// The header that carries a request's id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that tells where the time went.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Room for what every reply carries, and for what pingora adds.
pub const ROOM: usize = 5;

/// Adds what every reply to a parsed request carries.
pub fn push_common(headers: &mut HeaderMap, ctx: &Ctx) {
    headers.insert(REQUEST_ID, ctx.request_id.clone());
    let timed = ctx.live.settings.server_timing;
    if timed && let Ok(times) = HeaderValue::try_from(ctx.clock.header()) {
        headers.insert(SERVER_TIMING, times);
    }
    if let Some(origin) = &ctx.origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed = match timed {
            true => "x-request-id, retry-after, server-timing",
            false => "x-request-id, retry-after",
        };
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    ticket::push(headers, ctx);
    for (name, value) in ctx.route.iter().flat_map(|route| &route.options.headers) {
        headers.insert(name, value.clone());
    }
}

/// Writes a whole reply. A client that went away is not worth more than a debug line.
pub async fn write(session: &mut Session, ctx: &Ctx, answer: Answer) {
    if let Err(e) = try_write(session, ctx, answer).await {
        debug!("the reply could not be written: {e}");
        session.set_keepalive(None);
    }
}

/// The head of a whole reply.
pub fn whole_head(answer: &Answer, ctx: &Ctx) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(answer.headers.len() + ROOM);
    for (name, value) in &answer.headers {
        headers.append(name, value.clone());
    }
    if answer.status != StatusCode::NO_CONTENT {
        headers.insert(header::CONTENT_LENGTH, heads::length(answer.body.len()));
    }
    push_common(&mut headers, ctx);
    heads::response(answer.status, headers)
}

/// Whether a reply to this method goes without its body.
pub fn is_without_body(method: &Method, answer: &Answer) -> bool {
    method == Method::HEAD || answer.body.is_empty()
}

async fn try_write(session: &mut Session, ctx: &Ctx, answer: Answer) -> Result<()> {
    let head = whole_head(&answer, ctx);
    let no_body = is_without_body(&session.req_header().method, &answer);
    record::show(ctx, "reply", &answer.body);
    session.write_response_header(Box::new(head), no_body).await?;
    if !no_body {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

/// The head of a body whose length is not known: chunked, or ended by the connection's end for HTTP/1.0.
pub fn unframed(version: Version, headers: &mut HeaderMap) {
    if version != Version::HTTP_10 {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Returns how failures read to the client of a request that is served.
pub fn client(session: &Session, ctx: &Ctx) -> &'static dyn Client {
    let head = session.req_header();
    routing::client_of(ctx.route.as_deref(), &head.headers, head.uri.path())
}
