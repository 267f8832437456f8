//! The call upstream: peer, head, body, and when it may be made again.

use super::ctx::{CallState, Ctx};
use super::resolver::Resolver;
use super::{Proxy, Settings, body, errors};
use crate::table::Endpoint;
use crate::transform::Call;
use bytes::Bytes;
use http::{HeaderValue, header};
use pingora::http::RequestHeader;
use pingora::protocols::TcpKeepalive;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Marks the group keys of connections that are never shared.
const OWN: u64 = 1 << 63;
static NEXT_OWN: AtomicU64 = AtomicU64::new(0);

/// At most this many addresses of an upstream are tried for one request.
pub const MOST_ADDRESSES: usize = 4;
/// How long an unused connection to ARGO is kept.
const IDLE: Duration = Duration::from_secs(60);
/// A pooled connection that breaks later than this after the request was sent may have delivered it: it is not sent again.
const SURELY_UNSENT: Duration = Duration::from_secs(1);

fn state(ctx: &mut Ctx) -> Result<&mut CallState> {
    ctx.call.as_mut().ok_or_else(no_call)
}

fn no_call() -> Box<Error> {
    Error::explain(ErrorType::InternalError, "no call was opened")
}

/// The peer of the next attempt of the one call that pingora makes.
pub async fn peer(proxy: &Proxy, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
    let live = ctx.live.clone();
    next_peer(&proxy.outbound.resolver, &live.settings, state(ctx)?).await.map(Box::new)
}

/// The peer of the next attempt.
pub(super) async fn next_peer(resolver: &Resolver, settings: &Settings, call: &mut CallState) -> Result<HttpPeer> {
    let now = Instant::now();
    let Some(left) = call.deadline.left(now) else {
        return Err(Error::explain(errors::TIME_UP, "no time is left for the call").into_up());
    };
    let connecting = connecting(settings, left);
    if call.addresses.is_empty() {
        let endpoint = &call.endpoint;
        let found = resolver.addresses(&endpoint.host, endpoint.port, connecting).await;
        call.addresses = found.map_err(|e| match e.kind() {
            std::io::ErrorKind::TimedOut => Error::because(ErrorType::ConnectTimedout, "resolving", e).into_up(),
            _ => Error::because(errors::NO_ADDRESS, "resolving", e).into_up(),
        })?;
    }
    let index = call.tried % call.addresses.len().max(1);
    let address = call.addresses.get(index).ok_or_else(|| Error::new(errors::NO_ADDRESS).into_up())?;
    let mut peer = HttpPeer::new(address, call.endpoint.tls, call.endpoint.host.clone());
    // Connections are shared only within an upstream; after a dead one, with nobody.
    peer.group_key = if call.fresh { OWN | NEXT_OWN.fetch_add(1, Ordering::Relaxed) } else { call.group };
    let options = &mut peer.options;
    options.connection_timeout = Some(connecting);
    options.total_connection_timeout = Some(connecting);
    options.read_timeout = Some(call.deadline.patience(now));
    options.write_timeout = Some(left);
    options.idle_timeout = Some(if call.fresh { Duration::from_millis(1) } else { IDLE });
    options.tcp_keepalive = Some(TcpKeepalive {
        idle: Duration::from_secs(60),
        interval: Duration::from_secs(15),
        count: 4,
        #[cfg(target_os = "linux")]
        user_timeout: Duration::ZERO,
    });
    Ok(peer)
}

/// How long connecting may take when this much time is left.
pub fn connecting(settings: &Settings, left: Duration) -> Duration {
    settings.connect_timeout.min(left)
}

/// Replaces the client's head by the call's own.
pub fn head(head: &mut RequestHeader, ctx: &mut Ctx) -> Result<()> {
    let Some(exchange) = ctx.exchange.as_ref() else { return Ok(()) };
    let Some(call) = ctx.call.as_mut() else { return Err(no_call()) };
    *head = own_head(exchange.call(), &call.endpoint)?;
    call.sent = Some(Instant::now());
    Ok(())
}

/// The head of a call: nothing of the client's headers goes upstream.
pub fn own_head(call: &Call, endpoint: &Endpoint) -> Result<RequestHeader> {
    let mut own = RequestHeader::build("POST", endpoint.path.as_bytes(), Some(8))?;
    own.insert_header(header::HOST, endpoint.authority.clone())?;
    own.insert_header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))?;
    own.insert_header(header::CONTENT_LENGTH, call.body.len())?;
    let accept = if call.stream { "text/plain" } else { "application/json" };
    own.insert_header(header::ACCEPT, HeaderValue::from_static(accept))?;
    own.insert_header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))?;
    let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
    own.insert_header(header::USER_AGENT, HeaderValue::from_static(agent))?;
    Ok(own)
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
    Ok(())
}

/// A connection could not be made: the next address is tried, if there is one.
pub fn not_connected(mut e: Box<Error>, ctx: &mut Ctx) -> Box<Error> {
    let retry = ctx.call.as_mut().is_some_and(has_another_address);
    e.set_retry(retry);
    e
}

/// Gives up the address that could not be connected to; whether there is another one to try.
pub(super) fn has_another_address(call: &mut CallState) -> bool {
    call.tried += 1;
    call.tried < call.addresses.len().min(MOST_ADDRESSES)
}

/// A call broke off, see [`may_repeat`].
pub fn broken(session: &mut Session, e: Box<Error>, ctx: &mut Ctx, reused: bool) -> Box<Error> {
    let mut e = e;
    let replayable = session.get_retry_buffer().is_some() || session.is_body_empty();
    let retry = replayable && ctx.call.as_mut().is_some_and(|call| may_repeat(call, &e, reused));
    if retry {
        ctx.replayed = false;
    }
    e.set_retry(retry);
    e
}

/// Whether a call that broke off is made again, once: only when a pooled connection turned out dead before anything can have
/// come of it. Nothing else is ever sent twice.
pub(super) fn may_repeat(call: &mut CallState, e: &Error, reused: bool) -> bool {
    use ErrorType::{ConnectionClosed, ReadError, WriteError};
    let broke = matches!(e.etype(), ConnectionClosed | ReadError | WriteError)
        && *e.esource() == pingora::ErrorSource::Upstream;
    // pingora says how much of a head had come when it broke off.
    let said = e.to_string();
    let silent = !said.contains("bytes already read") || said.contains("bytes already read: 0");
    let unsent = call.sent.is_some_and(|sent| sent.elapsed() < SURELY_UNSENT);
    let again = broke && reused && unsent && !call.fresh && !call.answered && silent;
    call.fresh |= again;
    again
}
