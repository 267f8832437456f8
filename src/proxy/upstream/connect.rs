//! The call upstream: peer, head, body, and when it may be made again.

use super::call_state::CallState;
use super::errors;
use super::resolver::Resolver;
use crate::plan::Call;
use crate::proxy::Live;
use crate::proxy::connection::corked;
use crate::proxy::connection::socket::Line;
use crate::proxy::connection::watchdog::Watch;
use crate::proxy::deadline::Connecting;
use crate::proxy::request::body;
use crate::proxy::request::context::Ctx;
use crate::table::{Connect, MOST_URLS};
use crate::telemetry::Spent;
use bytes::Bytes;
use pingora::http::RequestHeader;
use pingora::protocols::Digest;
use pingora::protocols::l4::socket::SocketAddr as Address;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Marks the group keys of connections that are never shared.
const OWN: u64 = 1 << 63;
static NEXT_OWN: AtomicU64 = AtomicU64::new(0);

/// At most this many addresses of an upstream are tried for one request.
pub const MOST_ADDRESSES: usize = 4;
/// The most connections that are begun for one request: to every address of every URL, and after a dead one.
pub const MOST_ATTEMPTS: usize = MOST_URLS * MOST_ADDRESSES + 1;
/// A pooled connection that breaks later than this after the request was sent may have delivered it: it is not sent again.
const SURELY_UNSENT: Duration = Duration::from_secs(1);

fn state(ctx: &mut Ctx) -> Result<&mut CallState> {
    ctx.call.as_mut().ok_or_else(no_call)
}

fn no_call() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no call was opened")
}

/// The peer of the next attempt.
pub async fn peer(resolver: &Resolver, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
    let again = ctx.call.as_ref().is_some_and(|call| call.retries > 0);
    ctx.clock.lap(if again { Spent::Upstream } else { Spent::Own });
    let live = ctx.live.clone();
    next_peer(resolver, &live, state(ctx)?).await
}

/// The peer of a call's next attempt. A URL whose name cannot be resolved is passed over.
pub async fn next_peer(resolver: &Resolver, live: &Live, call: &mut CallState) -> Result<Box<HttpPeer>> {
    loop {
        let now = Instant::now();
        let Some(left) = call.deadline.left(now) else {
            return Err(Error::explain(errors::TIME_UP, "no time is left for the call").into_up());
        };
        call.connecting = Connecting::new(&live.settings, &call.upstream, left);
        match address(resolver, call).await {
            Ok(address) => {
                call.at = address.or(match call.endpoint.connect {
                    Connect::Address(address) => Some(address),
                    Connect::Name(..) | Connect::Unix(_) => None,
                });
                return complete(live, call, address);
            }
            Err(e) => {
                call.passed_over(false);
                call.unconnected(e.etype(), now);
                if !call.go_on(now) {
                    return Err(e);
                }
            }
        }
    }
}

/// The address to connect to; `None` where the peer has it already.
async fn address(resolver: &Resolver, call: &mut CallState) -> Result<Option<SocketAddr>> {
    let Connect::Name(host, port) = &call.endpoint.connect else { return Ok(None) };
    if call.addresses.is_empty() {
        let found = resolver.addresses(host, *port, call.connecting.limit).await;
        call.addresses = found.map_err(|e| match e.kind() {
            std::io::ErrorKind::TimedOut => Error::because(ErrorType::ConnectTimedout, "resolving", e).into_up(),
            _ => Error::because(errors::NO_ADDRESS, "resolving", e).into_up(),
        })?;
    }
    let index = call.tried % call.addresses.len().max(1);
    let address = call.addresses.get(index).copied();
    address.map(Some).ok_or_else(|| Error::new(errors::NO_ADDRESS).into_up())
}

/// The peer of the endpoint with what only this attempt knows.
fn complete(live: &Live, call: &CallState, address: Option<SocketAddr>) -> Result<Box<HttpPeer>> {
    let mut peer = live.peers.of(&call.endpoint).ok_or_else(no_call)?;
    if let Some(address) = address {
        peer._address = Address::Inet(address);
    }
    let options = &mut peer.options;
    options.connection_timeout = Some(call.connecting.limit);
    options.total_connection_timeout = Some(call.connecting.limit);
    if call.fresh {
        // After a dead connection one that nobody shares.
        options.idle_timeout = Some(Duration::from_millis(1));
        peer.group_key = OWN | NEXT_OWN.fetch_add(1, Ordering::Relaxed);
    }
    Ok(Box::new(peer))
}

/// A connection stands, new or pooled.
pub fn connected(digest: Option<&Digest>, ctx: &mut Ctx) {
    let Some(call) = ctx.call.as_mut() else { return };
    let Some(line) = Line::of(digest) else { return };
    call.watch = Some(Watch::begin(line.clone(), call.upstream.timeouts, &call.deadline));
    call.held = line.hold().then_some(line);
}

/// Replaces the client's head by the call's own.
pub fn head(head: &mut RequestHeader, ctx: &mut Ctx) -> Result<()> {
    let Some(exchange) = ctx.exchange.as_ref() else { return Ok(()) };
    let Some(call) = ctx.call.as_mut() else { return Err(no_call()) };
    ctx.clock.lap(Spent::Upstream);
    *head = call_head(&ctx.live, exchange.call(), call)?;
    let now = Instant::now();
    call.sent = Some(now);
    ctx.clock.lap_at(Spent::Own, now);
    Ok(())
}

/// The head of a call to its endpoint.
pub fn call_head(live: &Live, made: &Call, call: &CallState) -> Result<RequestHeader> {
    live.peers.head(&call.endpoint).map(|head| head.of(made)).ok_or_else(no_call)
}

/// Swallows what pingora replays or still reads of the client's body, and sends the call's own at its end.
pub fn body(piece: &mut Option<Bytes>, end: bool, ctx: &mut Ctx) -> Result<()> {
    let Some(exchange) = ctx.exchange.as_ref() else { return Ok(()) };
    if !end {
        // The first piece may be the replay of what was read; what comes after it must not be more than white space.
        let replayed = std::mem::replace(&mut ctx.replayed, true);
        let more = if replayed { piece.as_deref().and_then(body::trailing) } else { None };
        *piece = Some(Bytes::new());
        return more.map_or(Ok(()), Err);
    }
    *piece = Some(exchange.call().body.clone());
    if let Some(line) = ctx.call.as_mut().and_then(|call| call.held.take()) {
        corked::release_soon(line);
    }
    Ok(())
}

/// A connection could not be made: the next address is tried, if there is one, then the next URL.
pub fn not_connected(mut e: Box<Error>, ctx: &mut Ctx) -> Box<Error> {
    let retry = ctx.call.as_mut().is_some_and(|call| has_another(call, &e));
    e.set_retry(retry);
    e
}

/// Gives up the address that could not be connected to; whether there is another one to try, or another URL.
pub fn has_another(call: &mut CallState, e: &Error) -> bool {
    call.tried += 1;
    let again = call.tried < call.addresses.len().min(MOST_ADDRESSES);
    call.passed_over(again);
    if again {
        return true;
    }
    let now = Instant::now();
    call.unconnected(e.etype(), now);
    call.go_on(now)
}

/// A call broke off, see [`may_repeat`].
pub fn broken(session: &mut Session, e: Box<Error>, ctx: &mut Ctx, reused: bool) -> Box<Error> {
    let mut e = e;
    let replayable = session.get_retry_buffer().is_some() || session.is_body_empty();
    let retry = replayable && ctx.call.as_mut().is_some_and(|call| may_repeat(call, &e, reused));
    match ctx.call.as_mut() {
        Some(_) if retry => ctx.replayed = false,
        Some(call) => call.broke_off(&e),
        None => {}
    }
    e.set_retry(retry);
    e
}

/// Whether a call that broke off is made again, once: only when a pooled connection turned out dead before anything can have
/// come of it. Nothing else is ever sent twice.
pub fn may_repeat(call: &mut CallState, e: &Error, reused: bool) -> bool {
    use ErrorType::{ConnectionClosed, ReadError, WriteError};
    let broke = matches!(e.etype(), ConnectionClosed | ReadError | WriteError)
        && *e.esource() == pingora::ErrorSource::Upstream;
    // pingora says how much of a head had come when it broke off.
    let said = e.to_string();
    let silent = !said.contains("bytes already read") || said.contains("bytes already read: 0");
    let unsent = call.sent.is_some_and(|sent| sent.elapsed() < SURELY_UNSENT);
    let again = broke && reused && unsent && !call.fresh && !call.answered && call.cut().is_none() && silent;
    if again {
        call.repeats();
    }
    again
}
