//! The reply: heads that go out at once, heads that are held, pieces, and what the client is told when something breaks.
//!
//! pingora writes a head before the body exists. A reply whose status depends on its body is held: `response_filter` turns
//! its head into an informational one, which pingora drops (`set_ignore_info_resp`), the body is collected, and head and
//! body are written in `logging`. Keep-alive survives on both sides.

use super::context::Ctx;
use super::{record, ticket, writer};
use crate::exchange::{AfterFailure, Exchange, HeadPlan};
use crate::plan::refuse;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::{errors, heads};
use crate::telemetry::{By, Ended, Spent};
use crate::wire::{Answer, Failure, sse};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use log::debug;
use pingora::http::ResponseHeader;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::{FailToProxy, Session};
use std::time::{Duration, Instant};

/// The status of a head that pingora shall drop.
const DROPPED: StatusCode = StatusCode::EARLY_HINTS;
/// Held bodies from this size on are made into answers on another thread.
pub const ASIDE: usize = 256 * 1024;

/// Notes whether the end of the connection is the end of the body. pingora adds a framing of its own before [`head`] sees it.
pub fn framing(head: &ResponseHeader, ctx: &mut Ctx) {
    if let Some(call) = ctx.call.as_mut() {
        let framed = |name| head.headers.contains_key(name);
        call.unframed = !framed(header::CONTENT_LENGTH) && !framed(header::TRANSFER_ENCODING);
    }
}

/// Decides what becomes of the upstream's head.
pub fn head(session: &mut Session, head: &mut ResponseHeader, ctx: &mut Ctx) -> Result<()> {
    if let Some(call) = ctx.call.as_mut() {
        call.answered = true;
    }
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::explain(ErrorType::InvalidHTTPHeader, "101 was not asked for").into_up());
    }
    if head.status.is_informational() {
        return Ok(());
    }
    ctx.clock.lap(Spent::Upstream);
    ctx.clock.answered();
    let Some(exchange) = ctx.exchange.as_mut() else { return Ok(()) };
    let bodiless = is_bodiless(head);
    if let Some(call) = ctx.call.as_mut() {
        call.answered_with(head.status);
        match call.watch.as_mut() {
            Some(watch) if bodiless => watch.end(),
            Some(watch) => watch.answered(Instant::now()),
            None => {}
        }
    }
    let plan = exchange.head(head.status, &head.headers, bodiless);
    if let HeadPlan::Stream(content_type) = plan {
        ctx.stream_type = Some(content_type);
    }
    let version = session.req_header().version;
    match own_head(plan, head, version, ctx) {
        None => head.set_status(DROPPED)?,
        Some(own) => {
            let framed = is_no_content(own.status) || own.headers.contains_key(header::CONTENT_LENGTH);
            if version == Version::HTTP_10 && !framed {
                session.set_keepalive(None);
            }
            *head = own;
        }
    }
    ctx.clock.lap(Spent::Own);
    Ok(())
}

/// The head that goes out at once, for a client that speaks `version`; `None` when it waits for the body.
pub fn own_head(plan: HeadPlan, head: &ResponseHeader, version: Version, ctx: &Ctx) -> Option<ResponseHeader> {
    match plan {
        HeadPlan::Hold => None,
        HeadPlan::Stream(content_type) => Some(stream_head(content_type, version, ctx)),
        HeadPlan::Pass => Some(pass_head(head, version, ctx)),
    }
}

pub fn stream_head(content_type: &'static str, version: Version, ctx: &Ctx) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(4 + writer::ROOM);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.extend(sse::HEADERS);
    writer::unframed(version, &mut headers);
    writer::push_common(&mut headers, ctx);
    heads::response(StatusCode::OK, headers)
}

fn pass_head(head: &ResponseHeader, version: Version, ctx: &Ctx) -> ResponseHeader {
    let mut headers = HeaderMap::with_capacity(3 + writer::ROOM);
    for name in [header::CONTENT_TYPE, header::RETRY_AFTER] {
        if let Some(value) = head.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let no_content = is_no_content(head.status);
    if is_bodiless(head) && !no_content {
        headers.insert(header::CONTENT_LENGTH, heads::length(0));
    } else if !no_content {
        writer::unframed(version, &mut headers);
    }
    writer::push_common(&mut headers, ctx);
    heads::response(head.status, headers)
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
///
/// A reply that cannot go on ends the call at once, by an error; [`fail`] then writes what pingora drops with it.
pub fn body(session: &mut Session, piece: &mut Option<Bytes>, end: bool, ctx: &mut Ctx) -> Result<Option<Duration>> {
    let Some(exchange) = ctx.exchange.as_mut() else { return Ok(None) };
    let now = Instant::now();
    ctx.clock.lap_at(Spent::Upstream, now);
    let piece_in = piece.take().unwrap_or_default();
    ctx.held.iter_mut().for_each(|held| held.answered(piece_in.len()));
    let mut out = exchange.piece(piece_in);
    let cut = ctx.call.as_mut().is_some_and(|call| notes_piece(call, end, now));
    let late = ctx.call.as_ref().filter(|call| exchange.is_streaming() && call.deadline.left(now).is_none());
    if let (Some(call), false) = (late, end) {
        let failure = Failure::timeout(call.deadline.message(&call.endpoint.host, now));
        ctx.failure = Some(record::failed(&failure, By::Us, failure.to_string()));
        if let AfterFailure::Event(event) = exchange.fail(&failure) {
            out = join(out, event);
        }
    }
    let is_streamed = exchange.is_streaming();
    if end && !cut && !exchange.is_over() {
        out = join(out, exchange.end());
    }
    let is_over = exchange.is_over();
    if end && is_streamed {
        let failed = ctx.call.as_ref().is_some_and(|call| call.status >= Some(400));
        ticket::settle(ctx, failed);
    }
    ctx.unsure.push(&out, session.body_bytes_sent());
    record::keep(ctx, &out);
    ctx.clock.lap(Spent::Own);
    if !out.is_empty() {
        ctx.clock.said();
    }
    if cut {
        return Err(Error::explain(ErrorType::ConnectionClosed, "the upstream fell silent").into_up());
    }
    if is_over {
        ctx.failure.get_or_insert_with(|| Ended {
            by: By::Upstream,
            kind: "bad_upstream_answer".into(),
            why: Some("the upstream's answer could not be used".to_owned()),
            failed: true,
        });
        return Err(Error::explain(errors::OVER, "the reply has failed").into_up());
    }
    *piece = Some(out);
    Ok(None)
}

/// Notes that a piece came, or the end; whether that is no end but our cut.
fn notes_piece(call: &mut CallState, end: bool, now: Instant) -> bool {
    match call.watch.as_mut() {
        Some(watch) if end => watch.end(),
        Some(watch) => watch.heard(now),
        None => {}
    }
    end && call.unframed && call.cut().is_some()
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
    ctx.clock.lap(if ctx.call.is_some() { Spent::Upstream } else { Spent::Client });
    let gone = FailToProxy { error_code: 0, can_reuse_downstream: false };
    let Some(failure) = errors::failure(e, ctx.call.as_ref()) else { return gone };
    if *e.etype() != errors::OVER {
        // What we ended ourselves broke for no other reason.
        let cause = match ctx.call.as_ref().and_then(CallState::cut) {
            Some(_) => failure.to_string(),
            None => format!("{failure} [{}]", errors::cause(e)),
        };
        ctx.failure = Some(record::failed(&failure, record::ender(e, ctx.call.as_ref()), cause));
    }
    let told = match ctx.exchange.as_mut() {
        Some(exchange) => exchange.fail(&failure),
        None if is_written(session) => AfterFailure::Break,
        None => AfterFailure::Answer(refuse(writer::client(session, ctx), &failure)),
    };
    session.set_keepalive(None);
    let error_code = failure.status.as_u16();
    match told {
        AfterFailure::Answer(answer) => {
            ticket::settle(ctx, true);
            writer::write(session, ctx, answer).await;
        }
        AfterFailure::Event(event) => end_stream(session, ctx, event).await,
        AfterFailure::Nothing => end_stream(session, ctx, Bytes::new()).await,
        AfterFailure::Break => {}
    }
    FailToProxy { error_code, can_reuse_downstream: false }
}

pub fn is_written(session: &Session) -> bool {
    session.response_written().is_some_and(|head| !head.status.is_informational())
}

/// Writes what is left of a stream: its head, if pingora dropped that too, the pieces of a dropped batch, the last words.
async fn end_stream(session: &mut Session, ctx: &mut Ctx, last: Bytes) {
    let written = async {
        if let (Some(content_type), false) = (ctx.stream_type, is_written(session)) {
            let head = stream_head(content_type, session.req_header().version, ctx);
            session.write_response_header(Box::new(head), false).await?;
        }
        for piece in ctx.unsure.take(session.body_bytes_sent()) {
            session.write_response_body(Some(piece), false).await?;
        }
        session.write_response_body(Some(last), true).await
    };
    if let Err(e) = written.await {
        debug!("the end of a stream could not be written: {e}");
    }
}

/// Writes a reply that was held, now that its body is known.
pub async fn finish(session: &mut Session, ctx: &mut Ctx) {
    if is_written(session) {
        return;
    }
    ctx.clock.lap(Spent::Upstream);
    if let Some(counting) = ctx.counting.take() {
        // Its failure only means that the count is made here.
        let _ = counting.await;
    }
    let Some(answer) = answer(ctx).await else { return };
    let failed = answer.status.is_client_error() || answer.status.is_server_error();
    ticket::settle(ctx, failed);
    if failed {
        ctx.failure.get_or_insert_with(|| record::answered_badly(answer.why.as_deref()));
    }
    ctx.clock.lap(Spent::Own);
    ctx.clock.said();
    writer::write(session, ctx, answer).await;
}

/// The answer of a held exchange; a large one is made on a thread of its own, since decoding and counting take time.
async fn answer(ctx: &mut Ctx) -> Option<Answer> {
    if ctx.exchange.as_ref().map_or(0, Exchange::held) < ASIDE {
        return ctx.exchange.as_mut().and_then(Exchange::answer);
    }
    let mut exchange = ctx.exchange.take()?;
    let made = tokio::task::spawn_blocking(move || {
        let answer = exchange.answer();
        (exchange, answer)
    });
    let (exchange, answer) = made.await.ok()?;
    ctx.exchange = Some(exchange);
    answer
}
