//! Where the next attempt of a call connects: its URL, address and peer.

use super::Upstreams;
use super::call_state::CallState;
use super::errors;
use super::generation;
use super::resolver::{NAME_TIMEOUT, Resolver};
use crate::plan::Call;
use crate::proxy::deadline::Connecting;
use crate::table::{Connect, MOST_URLS};
use pingora::http::RequestHeader;
use pingora::protocols::l4::socket::SocketAddr as Address;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Marks the group keys of connections that no other call shares.
const UNSHARED: u64 = 1 << 63;
static NEXT_UNSHARED: AtomicU64 = AtomicU64::new(0);

/// The most addresses of a name that are tried for one request.
pub const MOST_ADDRESSES: usize = 4;
/// The most connections that are begun for one request: to every address of every URL, and after a dead one.
pub const MOST_ATTEMPTS: usize = MOST_URLS * MOST_ADDRESSES + 1;

/// Returns the peer of a call's next attempt. A URL whose name cannot be resolved is passed over.
///
/// # Errors
/// No time is left, or no name of the remaining URLs can be resolved.
pub async fn next_peer(resolver: &Resolver, upstreams: &Upstreams, call: &mut CallState) -> Result<Box<HttpPeer>> {
    loop {
        let now = Instant::now();
        let Some(left) = call.deadline.left(now) else {
            return Err(Error::explain(errors::TIME_UP, "no time is left for the call").into_up());
        };
        call.connecting = Connecting::new(upstreams.connect_timeout, &call.upstream, left);
        match resolve(resolver, call).await {
            Ok(address) => {
                call.address = address.or(match call.endpoint.connect {
                    Connect::Address(address) => Some(address),
                    Connect::Name(..) | Connect::Unix(_) => None,
                });
                return peer(upstreams, call, address);
            }
            Err(e) => {
                call.address_failed(false);
                call.url_failed(e.etype(), now);
                if !call.next_url(now) {
                    return Err(e);
                }
            }
        }
    }
}

/// Returns the address to connect to; `None` where the table gives it.
async fn resolve(resolver: &Resolver, call: &mut CallState) -> Result<Option<SocketAddr>> {
    let Connect::Name(host, port) = &call.endpoint.connect else { return Ok(None) };
    if call.addresses.is_empty() {
        let found = resolver.addresses(host, *port, call.connecting.limit).await;
        call.addresses = found.map_err(|e| match e.kind() {
            std::io::ErrorKind::TimedOut => Error::because(NAME_TIMEOUT, "resolving", e).into_up(),
            _ => Error::because(errors::NO_ADDRESS, "resolving", e).into_up(),
        })?;
    }
    let index = call.tried % call.addresses.len().max(1);
    let address = call.addresses.get(index).copied();
    address.map(Some).ok_or_else(|| Error::new(errors::NO_ADDRESS).into_up())
}

/// Completes the peer of the endpoint with what only this attempt knows.
fn peer(upstreams: &Upstreams, call: &CallState, address: Option<SocketAddr>) -> Result<Box<HttpPeer>> {
    let mut peer = upstreams.peers.of(&call.endpoint).ok_or_else(errors::no_call)?;
    if let Some(address) = address {
        peer._address = Address::Inet(address);
    }
    peer.group_key = of_generation(peer.group_key, generation::current());
    let options = &mut peer.options;
    options.connection_timeout = Some(call.connecting.limit);
    options.total_connection_timeout = Some(call.connecting.limit);
    if call.needs_new_connection {
        // A group key of its own and no time in the pool: the connection is new, and no other call gets it.
        options.idle_timeout = Some(Duration::from_millis(1));
        peer.group_key = UNSHARED | NEXT_UNSHARED.fetch_add(1, Ordering::Relaxed);
    }
    Ok(Box::new(peer))
}

/// Returns the key of a group's connections that were made in this generation. Those of others wait in the pool for their end.
fn of_generation(group: u64, generation: u64) -> u64 {
    (group ^ generation.rotate_right(16)) & !UNSHARED
}

/// Returns the head of a call to its endpoint.
///
/// # Errors
/// The endpoint belongs to another table.
pub fn call_head(upstreams: &Upstreams, call: &Call, state: &CallState) -> Result<RequestHeader> {
    upstreams.peers.head(&state.endpoint).map(|head| head.of(call)).ok_or_else(errors::no_call)
}

/// Gives up the address that could not be connected to. Returns true if there is another address or another URL to try.
pub fn has_another(call: &mut CallState, e: &Error) -> bool {
    call.tried += 1;
    let again = call.tried < call.addresses.len().min(MOST_ADDRESSES);
    call.address_failed(again);
    if again {
        return true;
    }
    let now = Instant::now();
    call.url_failed(e.etype(), now);
    call.next_url(now)
}
