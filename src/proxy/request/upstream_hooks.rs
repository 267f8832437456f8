//! pingora's hooks on the way to the upstream: peer, connection, head, body, and what breaks there.

use super::body;
use super::context::Ctx;
use super::work::ProxiedCall;
use crate::proxy::connection::clock;
use crate::proxy::connection::socket::UpstreamSocket;
use crate::proxy::connection::watchdog::Watchdog;
use crate::proxy::upstream::resolver::Resolver;
use crate::proxy::upstream::{connect, errors, retry};
use crate::telemetry::Spent;
use bytes::Bytes;
use pingora::http::RequestHeader;
use pingora::protocols::Digest;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use pingora_proxy::Session;
use std::time::Instant;

/// `upstream_peer`: returns the peer of the next attempt.
pub async fn peer(resolver: &Resolver, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
    let ProxiedCall { call, .. } = ctx.work.proxied_mut().ok_or_else(errors::no_call)?;
    ctx.facts.timing.lap(if call.retries > 0 { Spent::Upstream } else { Spent::Own });
    connect::next_peer(resolver, &ctx.live.upstreams, call).await
}

/// `connected_to_upstream`: the connection is made, or was taken from the pool.
pub fn connected(digest: Option<&Digest>, ctx: &mut Ctx) {
    let Some(ProxiedCall { call, .. }) = ctx.work.proxied_mut() else { return };
    let Some(socket) = UpstreamSocket::of(digest) else { return };
    clock::descriptor_opened(socket.descriptor());
    call.watchdog = Some(Watchdog::begin(socket.clone(), call.upstream.timeouts, &call.deadline));
    call.corked = socket.cork().then_some(socket);
}

/// `upstream_request_filter`: replaces the client's head by the call's own.
pub fn head(head: &mut RequestHeader, ctx: &mut Ctx) -> Result<()> {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied_mut() else { return Ok(()) };
    ctx.facts.timing.lap(Spent::Upstream);
    *head = connect::call_head(&ctx.live.upstreams, exchange.call(), call)?;
    let now = Instant::now();
    call.sent_at = Some(now);
    ctx.facts.timing.lap_at(Spent::Own, now);
    Ok(())
}

/// `request_body_filter`: drops what pingora replays or still reads of the client's body, and sends the call's own at its end.
pub fn body(session: &mut Session, piece: &mut Option<Bytes>, end: bool, ctx: &mut Ctx) -> Result<()> {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied_mut() else { return Ok(()) };
    if !end {
        // The first piece may be the replay of what was read already. After it only white space may follow.
        let was_replayed = std::mem::replace(&mut ctx.is_replayed, true);
        let more = if was_replayed { piece.as_deref().and_then(body::trailing) } else { None };
        *piece = Some(Bytes::new());
        return more.map_or_else(|| body::go_on_in_time(session, ctx.body_due), Err);
    }
    call.awaits_client = false;
    clock::request_complete();
    *piece = Some(exchange.call().body.clone());
    if let Some(socket) = call.corked.take() {
        clock::release_soon(socket);
    }
    Ok(())
}

/// `fail_to_connect`: the next address is tried, if there is one, then the next URL.
pub fn not_connected(mut e: Box<Error>, ctx: &mut Ctx) -> Box<Error> {
    let retry = ctx.work.proxied_mut().is_some_and(|proxied| connect::has_another(&mut proxied.call, &e));
    e.set_retry(retry);
    e
}

/// `error_while_proxy`: a call broke off. It is sent once more where [`retry::may_repeat`] allows that.
pub fn broken(session: &mut Session, mut e: Box<Error>, ctx: &mut Ctx, reused: bool) -> Box<Error> {
    // pingora sends the call's body only after a body of the client that it can replay.
    let can_replay = session.get_retry_buffer().is_some() || session.is_body_empty();
    let mut retry = false;
    if let Some(ProxiedCall { call, .. }) = ctx.work.proxied_mut() {
        retry = can_replay && retry::may_repeat(call, &e, reused);
        if retry {
            ctx.is_replayed = false;
        } else {
            call.broke_off(&e);
        }
    }
    e.set_retry(retry);
    e
}
