//! Writes every reply of ours: one place for length, request id and CORS, failures included.

use super::{Ctx, limits, record};
use crate::wire::Answer;
use http::{HeaderName, HeaderValue, Method, Version, header};
use log::debug;
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora_proxy::Session;

/// The header that carries a request's id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The header that tells where the time went.
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Adds what every reply to a parsed request carries.
pub fn push_common(head: &mut ResponseHeader, ctx: &Ctx) -> Result<()> {
    head.insert_header(REQUEST_ID, ctx.request_id.clone())?;
    let timed = ctx.live.settings.server_timing;
    if timed {
        head.insert_header(SERVER_TIMING, ctx.clock.header())?;
    }
    if let Some(origin) = &ctx.origin {
        head.insert_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone())?;
        let exposed = match timed {
            true => "x-request-id, retry-after, server-timing",
            false => "x-request-id, retry-after",
        };
        head.insert_header(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed))?;
        head.insert_header(header::VARY, HeaderValue::from_static("Origin"))?;
    }
    limits::push(head, ctx)?;
    for (name, value) in ctx.route.iter().flat_map(|route| &route.options.headers) {
        head.insert_header(name, value.clone())?;
    }
    Ok(())
}

/// Writes a whole reply. A client that went away is not worth more than a debug line.
pub async fn write(session: &mut Session, ctx: &Ctx, answer: Answer) {
    if let Err(e) = try_write(session, ctx, answer).await {
        debug!("the reply could not be written: {e}");
        session.set_keepalive(None);
    }
}

/// The head of a whole reply.
pub fn whole_head(answer: &Answer, ctx: &Ctx) -> Result<ResponseHeader> {
    let mut head = ResponseHeader::build(answer.status, Some(answer.headers.len() + 6))?;
    for (name, value) in &answer.headers {
        head.append_header(name, value)?;
    }
    if answer.status != http::StatusCode::NO_CONTENT {
        head.insert_header(header::CONTENT_LENGTH, answer.body.len())?;
    }
    push_common(&mut head, ctx)?;
    Ok(head)
}

/// Whether a reply to this method goes without its body.
pub fn is_without_body(method: &Method, answer: &Answer) -> bool {
    method == Method::HEAD || answer.body.is_empty()
}

async fn try_write(session: &mut Session, ctx: &Ctx, answer: Answer) -> Result<()> {
    let head = whole_head(&answer, ctx)?;
    let no_body = is_without_body(&session.req_header().method, &answer);
    record::show(ctx, "reply", &answer.body);
    session.write_response_header(Box::new(head), no_body).await?;
    if !no_body {
        session.write_response_body(Some(answer.body), true).await?;
    }
    Ok(())
}

/// The head of a body whose length is not known: chunked, or ended by the connection's end for HTTP/1.0.
pub fn unframed(version: Version, head: &mut ResponseHeader) -> Result<()> {
    head.remove_header(&header::CONTENT_LENGTH);
    if version == Version::HTTP_10 {
        head.remove_header(&header::TRANSFER_ENCODING);
        return Ok(());
    }
    head.insert_header(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))
}
