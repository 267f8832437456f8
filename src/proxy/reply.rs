//! The reply: heads that go out at once, heads that are held, pieces, and what the client is told when something breaks.
//!
//! pingora writes a head before the body exists. A reply whose status depends on its body is held: `response_filter` turns
//! its head into an informational one, which pingora drops (`set_ignore_info_resp`), the body is collected, and head and
//! body are written in `logging`. Keep-alive survives on both sides.

use super::ctx::Ctx;
use super::{errors, writer};
use crate::exchange::{Exchange, HeadPlan, Told};
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use log::debug;
use pingora::http::ResponseHeader;
use pingora::{Error, Result};
use pingora_proxy::{FailToProxy, Session};
use std::time::{Duration, Instant};

/// The status of a head that pingora shall drop.
const DROPPED: StatusCode = StatusCode::EARLY_HINTS;

/// Decides what becomes of the upstream's head.
pub fn head(session: &mut Session, head: &mut ResponseHeader, ctx: &mut Ctx) -> Result<()> {
    if head.status.is_informational() {
        return Ok(());
    }
    let Some(exchange) = ctx.exchange.as_mut() else { return Ok(()) };
    if let Some(call) = ctx.call.as_mut() {
        call.status = Some(head.status.as_u16());
    }
    let plan = exchange.head(head.status, &head.headers, is_bodiless(head));
    let version = session.req_header().version;
    match own_head(plan, head, version, ctx)? {
        None => head.set_status(DROPPED)?,
        Some(own) => {
            let framed = is_no_content(own.status) || own.headers.contains_key(header::CONTENT_LENGTH);
            if version == Version::HTTP_10 && !framed {
                session.set_keepalive(None);
            }
            *head = own;
        }
    }
    Ok(())
}

/// The head that goes out at once, for a client that speaks `version`; `None` when it waits for the body.
pub fn own_head(plan: HeadPlan, head: &ResponseHeader, version: Version, ctx: &Ctx) -> Result<Option<ResponseHeader>> {
    let mut own = match plan {
        HeadPlan::Hold => return Ok(None),
        HeadPlan::Stream(content_type) => {
            let mut own = ResponseHeader::build(StatusCode::OK, Some(8))?;
            own.insert_header(header::CONTENT_TYPE, HeaderValue::from_static(content_type))?;
            own.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))?;
            own.insert_header("X-Accel-Buffering", HeaderValue::from_static("no"))?;
            own
        }
        HeadPlan::Pass => {
            let mut own = ResponseHeader::build(head.status, Some(8))?;
            for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
                if let Some(value) = head.headers.get(&name) {
                    own.insert_header(name, value.clone())?;
                }
            }
            own
        }
    };
    let no_content = is_no_content(own.status);
    if is_bodiless(head) && !no_content {
        own.insert_header(header::CONTENT_LENGTH, 0)?;
    } else if !no_content {
        writer::unframed(version, &mut own)?;
    }
    writer::push_common(&mut own, ctx)?;
    Ok(Some(own))
}

/// Whether no body follows an upstream's head.
pub fn is_bodiless(head: &ResponseHeader) -> bool {
    let zero =
        |headers: &HeaderMap| headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() == b"0");
    is_no_content(head.status) || zero(&head.headers)
}

fn is_no_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Rewrites a piece. `end` is the only sign of the end: an empty piece is none.
pub fn body(session: &mut Session, piece: &mut Option<Bytes>, end: bool, ctx: &mut Ctx) -> Result<Option<Duration>> {
    let Some(exchange) = ctx.exchange.as_mut() else { return Ok(None) };
    let sent = session.body_bytes_sent();
    if exchange.is_over() {
        *piece = Some(Bytes::new());
        // Once the client has the error event, the upstream may go: an error here ends the call. Not before, since
        // pingora drops what was filtered in the same batch.
        let told = ctx.told_at.is_none_or(|told_at| sent > told_at);
        return if told && !end {
            Err(Error::explain(errors::OVER, "the reply has failed").into_up())
        } else {
            Ok(None)
        };
    }
    let mut out = exchange.piece(piece.take().unwrap_or_default());
    if exchange.is_streaming() && !exchange.is_over() {
        let late = ctx.call.as_ref().is_some_and(|call| call.deadline.left(Instant::now()).is_none());
        if late && !end {
            let failure = ctx.call.as_ref().map(|call| Failure::timeout(call.deadline.message(&call.endpoint.host)));
            out =
                join(out, failure.map_or_else(Bytes::new, |failure| last_words(exchange, &failure, &mut ctx.failure)));
        }
    }
    if end && !exchange.is_over() {
        out = join(out, exchange.end());
    }
    if exchange.is_over() {
        ctx.told_at = Some(sent);
        ctx.failure.get_or_insert_with(|| "the upstream's answer could not be used".to_owned());
        // A held reply has told the client nothing yet: `fail_to_proxy` does.
        if !exchange.is_told() && !end {
            return Err(Error::explain(errors::OVER, "the reply has failed").into_up());
        }
    }
    *piece = Some(out);
    Ok(None)
}

fn last_words(exchange: &mut Exchange, failure: &Failure, log: &mut Option<String>) -> Bytes {
    *log = Some(failure.to_string());
    match exchange.fail(failure) {
        Told::Event(event) => event,
        _ => Bytes::new(),
    }
}

fn join(first: Bytes, second: Bytes) -> Bytes {
    match (first.is_empty(), second.is_empty()) {
        (_, true) => first,
        (true, false) => second,
        (false, false) => [first, second].concat().into(),
    }
}

/// Tells the client of an error, in whatever way is still open.
pub async fn fail(session: &mut Session, e: &Error, ctx: &mut Ctx) -> FailToProxy {
    let gone = FailToProxy { error_code: 0, can_reuse_downstream: false };
    let Some(failure) = errors::failure(e, ctx.call.as_ref()) else { return gone };
    let over = *e.etype() == errors::OVER;
    if !over {
        ctx.failure = Some(format!("{failure} [{e}]"));
    }
    let written = session.response_written().is_some_and(|head| !head.status.is_informational());
    let told = match ctx.exchange.as_mut() {
        Some(exchange) => exchange.fail(&failure),
        None if written => Told::Nothing,
        None => Told::Answer(failure.to_answer()),
    };
    session.set_keepalive(None);
    let error_code = failure.status.as_u16();
    match told {
        Told::Answer(answer) if !written => {
            if over {
                ctx.failure = Some(format!("{}", answer.status));
            }
            writer::write(session, ctx, answer).await;
        }
        Told::Event(event) => end_stream(session, event).await,
        Told::Nothing if ctx.told_at.is_some() => end_stream(session, Bytes::new()).await,
        _ => {}
    }
    FailToProxy { error_code, can_reuse_downstream: false }
}

async fn end_stream(session: &mut Session, last: Bytes) {
    if let Err(e) = session.write_response_body(Some(last), true).await {
        debug!("the end of a stream could not be written: {e}");
    }
}

/// Writes a reply that was held, now that its body is known.
pub async fn finish(session: &mut Session, ctx: &mut Ctx) {
    if session.response_written().is_some_and(|head| !head.status.is_informational()) {
        return;
    }
    if let Some(counting) = ctx.counting.take() {
        // Its failure only means that the count is made here.
        let _ = counting.await;
    }
    let Some(answer) = ctx.exchange.as_mut().and_then(Exchange::answer) else { return };
    if answer.status.is_client_error() || answer.status.is_server_error() {
        ctx.failure.get_or_insert_with(|| format!("{}", answer.status));
    }
    writer::write(session, ctx, answer).await;
}
