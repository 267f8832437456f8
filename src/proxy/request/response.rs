//! pingora's hooks on the way back: heads that go out at once, heads that wait for their body, and pieces.
//!
//! pingora writes a head before the body exists. A reply whose status depends on its body is held: `response_filter` turns its
//! head into an informational one, which pingora drops (`set_ignore_info_resp`). The body is collected, and head and body are
//! written in `logging`. Keep-alive survives on both sides.

use super::context::Ctx;
use super::work::ProxiedCall;
use super::{early_head, ending, reply_heads, writer};
use crate::exchange::{AfterFailure, Exchange, HeadPlan};
use crate::proxy::connection::clock;
use crate::proxy::memory::MemoryShare;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::{errors, heads};
use crate::telemetry::{By, Ended, Spent};
use crate::wire::Failure;
use bytes::Bytes;
use http::{StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;
use std::time::{Duration, Instant};

/// The status of a head that pingora shall drop.
const DROPPED: StatusCode = StatusCode::EARLY_HINTS;

/// `upstream_response_filter`: records how the answer ends. pingora adds a framing of its own before [`head`] sees it.
///
/// # Errors
/// The answer's framing can be read in two ways.
pub fn framing(head: &ResponseHeader, ctx: &mut Ctx) -> Result<()> {
    if let Some(ProxiedCall { call, .. }) = ctx.work.proxied_mut() {
        let has = |name| head.headers.contains_key(name);
        call.ends_with_connection = !has(header::CONTENT_LENGTH) && !has(header::TRANSFER_ENCODING);
    }
    heads::check_framing(head)
}

/// `response_filter`: decides what becomes of the upstream's head.
pub fn head(session: &mut Session, head: &mut ResponseHeader, ctx: &mut Ctx) -> Result<()> {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied_mut() else { return Ok(()) };
    call.has_answered = true;
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::explain(ErrorType::InvalidHTTPHeader, "101 was not asked for").into_up());
    }
    if head.status.is_informational() {
        return Ok(());
    }
    ctx.facts.timing.lap(Spent::Upstream);
    ctx.facts.timing.answered();
    let bodiless = heads::is_bodiless(head);
    head_arrived(call, head.status, bodiless);
    early_head::note(exchange);
    let plan = exchange.head(head.status, &head.headers, bodiless);
    let version = session.req_header().version;
    if let HeadPlan::Stream(content_type) = plan {
        ctx.stream_type = Some(content_type);
        if !early_head::drop_repeated(session) {
            clock::withhold_head();
        }
        clock::stream_begins();
        writer::may_keep_alive(version, content_type, writer::client(session, &ctx.facts));
    } else if !clock::is_head_early() {
        clock::let_be();
    }
    match reply_heads::immediate_head(plan, head, version, &ctx.facts) {
        None => head.set_status(DROPPED)?,
        Some(own) => {
            let has_end = heads::is_no_content(own.status) || own.headers.contains_key(header::CONTENT_LENGTH);
            if version == Version::HTTP_10 && !has_end {
                session.set_keepalive(None);
            }
            *head = own;
        }
    }
    ctx.facts.timing.lap(Spent::Own);
    Ok(())
}

fn head_arrived(call: &mut CallState, status: StatusCode, bodiless: bool) {
    call.answered_with(status);
    match call.watchdog.as_mut() {
        Some(watchdog) if bodiless => watchdog.complete(),
        Some(watchdog) => watchdog.head_arrived(Instant::now()),
        None => {}
    }
}

/// `response_body_filter`: rewrites a piece. `end` is the only sign of the end: an empty piece is none.
///
/// A reply that cannot go on ends the call at once, by an error. `failure_reply` then writes what pingora drops with it.
pub fn body(session: &mut Session, piece: &mut Option<Bytes>, end: bool, ctx: &mut Ctx) -> Result<Option<Duration>> {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied_mut() else { return Ok(None) };
    let now = Instant::now();
    ctx.facts.timing.lap_at(Spent::Upstream, now);
    let received = piece.take().unwrap_or_default();
    if let Some(ticket) = &mut ctx.ticket {
        ticket.answered(received.len());
    }
    early_head::note(exchange);
    let mut out = rewritten(exchange, received, &mut ctx.memory, &mut ctx.failure);
    let was_cut = piece_arrived(call, end, now);
    if !end && let Some(failure) = too_late(exchange, call, now) {
        ctx.failure = Some(ending::failed(&failure, By::Us, failure.to_string()));
        if let AfterFailure::Event(event) = exchange.fail(&failure) {
            out = concat(out, event);
        }
    }
    let is_streamed = exchange.is_streaming();
    if end && !was_cut && !exchange.is_over() {
        out = concat(out, exchange.end());
    }
    let is_over = exchange.is_over();
    if end {
        clock::reply_may_carry(b"");
        clock::let_be();
    }
    if end && is_streamed && !exchange.is_refused() {
        let refused =
            call.status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|status| status.as_u16() >= 400);
        ctx.settle(refused.is_some());
        ctx.failure = ctx.failure.take().or(refused.map(ending::passed_on));
    }
    ctx.unwritten.push(&out, session.body_bytes_sent());
    ctx.bodies.keep(&out);
    ctx.facts.timing.lap(Spent::Own);
    if !out.is_empty() {
        ctx.facts.timing.said();
    }
    if was_cut {
        return Err(Error::explain(ErrorType::ConnectionClosed, "the upstream fell silent").into_up());
    }
    if is_over {
        let reason = ctx.work.proxied().and_then(|proxied| proxied.exchange.reason());
        ctx.failure.get_or_insert_with(|| ending::unusable(reason));
        return Err(Error::explain(errors::OVER, "the reply has failed").into_up());
    }
    *piece = Some(out);
    Ok(None)
}

/// Hands a piece on. An answer for which there is no memory is given up.
fn rewritten(exchange: &mut Exchange, piece: Bytes, memory: &mut MemoryShare, ended: &mut Option<Ended>) -> Bytes {
    let out = exchange.piece(piece);
    match memory.take_answer(exchange.held()) {
        Ok(()) => out,
        Err(failure) => {
            *ended = Some(ending::failed(&failure, By::Us, failure.to_string()));
            exchange.give_up(failure)
        }
    }
}

/// Records a piece or the end of the body. Returns true if the "end" was our own shutdown of the connection.
fn piece_arrived(call: &mut CallState, end: bool, now: Instant) -> bool {
    match call.watchdog.as_mut() {
        Some(watchdog) if end => watchdog.complete(),
        Some(watchdog) => watchdog.piece_arrived(now),
        None => {}
    }
    end && call.ends_with_connection && call.expired().is_some()
}

/// Returns the failure of a stream whose time is up.
fn too_late(exchange: &Exchange, call: &CallState, now: Instant) -> Option<Failure> {
    let is_late = exchange.is_streaming() && call.deadline.left(now).is_none();
    is_late.then(|| Failure::timeout(errors::timed_out(call, now)))
}

fn concat(first: Bytes, second: Bytes) -> Bytes {
    match (first.is_empty(), second.is_empty()) {
        (_, true) => first,
        (true, false) => second,
        (false, false) => [first, second].concat().into(),
    }
}
