//! What the network knows of one call: where it goes, how far it came, and what its attempts teach about the URLs.

use super::Upstreams;
use super::failover::Failover;
use super::generation;
use super::resolver::NAME_TIMEOUT;
use crate::proxy::connection::silence::TimeLimit;
use crate::proxy::connection::socket::UpstreamSocket;
use crate::proxy::connection::watchdog::Watchdog;
use crate::proxy::deadline::{ConnectBy, Connecting, Deadline};
use crate::table::{Endpoint, Endpoints, Upstream};
use crate::telemetry::{self, Metrics};
use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The network's side of a call.
pub struct CallState {
    /// Whom it calls.
    pub upstream: Arc<Upstream>,
    /// The URL that the current attempt goes to.
    pub endpoint: Arc<Endpoint>,
    /// The address that was connected to last; `None` for a Unix socket.
    pub address: Option<SocketAddr>,
    /// How many attempts went elsewhere or were repeated.
    pub retries: u32,
    metrics: Option<Arc<Metrics>>,
    /// The URLs that are left.
    pub failover: Failover,
    /// How long the call may take.
    pub deadline: Deadline,
    /// How long connecting may take in this attempt.
    pub connecting: Connecting,
    /// The addresses of the endpoint's name; empty until they are resolved.
    pub addresses: Arc<[SocketAddr]>,
    /// How many of these addresses could not be connected to.
    pub tried: usize,
    /// True after a pooled connection turned out dead: this attempt must open a new one.
    pub needs_new_connection: bool,
    /// When the request was sent last.
    pub sent_at: Option<Instant>,
    /// True while the end of the client's body is missing: the call's body is not sent before it.
    pub awaits_client: bool,
    /// True once any head came from the upstream, even an informational one.
    pub has_answered: bool,
    /// True if the answer has no length, so that the end of the connection is its end.
    pub ends_with_connection: bool,
    /// The upstream's status.
    pub status: Option<u16>,
    /// The connection, while it holds back the call's head for its body.
    pub corked: Option<Arc<UpstreamSocket>>,
    /// Watches the connection, in calls that pingora makes.
    pub watchdog: Option<Watchdog>,
    /// The upstream's own limit that ended a read, in calls that the proxy makes itself.
    pub read_limit: Option<TimeLimit>,
}

impl CallState {
    /// The state of a call that has not been made yet.
    pub fn new(upstreams: &Upstreams, upstream: Arc<Upstream>, endpoints: Endpoints, deadline: Deadline) -> Self {
        let (failover, endpoint) = Failover::new(endpoints, &upstreams.breakers, Instant::now());
        CallState {
            upstream,
            endpoint,
            address: None,
            retries: 0,
            metrics: upstreams.metrics.clone(),
            failover,
            deadline,
            connecting: Connecting::default(),
            addresses: Arc::default(),
            tried: 0,
            needs_new_connection: false,
            sent_at: None,
            awaits_client: false,
            has_answered: false,
            ends_with_connection: false,
            status: None,
            corked: None,
            watchdog: None,
            read_limit: None,
        }
    }

    /// Returns the limit for which the call was ended, if it was.
    pub fn expired(&self) -> Option<TimeLimit> {
        self.read_limit.or(self.watchdog.as_ref().and_then(Watchdog::expired))
    }

    /// Goes on to the next URL. Returns false if there is none. Nothing was sent to the last one.
    pub fn next_url(&mut self, now: Instant) -> bool {
        let Some(next) = self.failover.next(now) else { return false };
        self.retries += 1;
        if let Some(metrics) = &self.metrics {
            metrics.went_on(&self.upstream.name);
        }
        self.endpoint = next;
        self.addresses = Arc::new([]);
        self.tried = 0;
        true
    }

    /// Records that an address could not be connected to; `again` if another one is tried.
    pub fn address_failed(&mut self, again: bool) {
        self.retries += u32::from(again);
        if let Some(metrics) = &self.metrics {
            metrics.unconnected(&self.upstream.name);
        }
    }

    /// Records that the call is sent once more.
    pub fn repeat(&mut self) {
        self.needs_new_connection = true;
        self.retries += 1;
        if let Some(metrics) = &self.metrics {
            metrics.retried(&self.upstream.name);
        }
    }

    /// Records that the URL could not be connected to, unless only this call was short of time.
    pub fn url_failed(&mut self, e: &ErrorType, now: Instant) {
        let is_slow = *e == ErrorType::ConnectTimedout || *e == NAME_TIMEOUT;
        if !is_slow || self.connecting.by != ConnectBy::Deadline {
            self.failover.record_failure(&self.endpoint, now);
        }
    }

    /// Records that the URL answered with this status.
    pub fn answered_with(&mut self, status: StatusCode) {
        self.has_answered = true;
        self.status = Some(status.as_u16());
        if status.is_server_error() {
            if !self.lacks_body() {
                self.failover.record_failure(&self.endpoint, Instant::now());
            }
        } else {
            self.failover.record_success(&self.endpoint);
        }
    }

    /// Returns true if the head of a call was sent whose body the client keeps back. What becomes of it is not the URL's fault.
    pub fn lacks_body(&self) -> bool {
        self.awaits_client && self.sent_at.is_some()
    }

    /// Records that the call broke off, if that is the URL's fault: it had the whole call, had not answered, and there was
    /// time.
    pub fn broke_off(&mut self, e: &Error) {
        use ErrorType::{ConnectionClosed, H1Error, InvalidHTTPHeader, ReadError, WriteError};
        if is_lost(e) {
            generation::renew();
        }
        let expired = self.expired();
        let is_silent = matches!(expired, Some(TimeLimit::FirstByte(_)));
        let is_broken = *e.esource() == ErrorSource::Upstream
            && matches!(e.etype(), ConnectionClosed | H1Error | InvalidHTTPHeader | ReadError | WriteError);
        if !self.has_answered && !self.lacks_body() && (is_silent || is_broken && expired.is_none()) {
            self.failover.record_failure(&self.endpoint, Instant::now());
        }
    }

    /// Returns true if there is no time left for another attempt.
    pub fn lacks_time(&self, now: Instant) -> bool {
        self.deadline.left(now).is_none()
    }

    /// Returns the way that the call took to its answer.
    pub fn reached(&self) -> Reached {
        Reached { endpoint: self.endpoint.clone(), address: self.address, retries: self.retries }
    }

    /// Returns where the call went, for the log.
    pub fn summary(&self) -> telemetry::CalledUpstream<'_> {
        summary(&self.upstream, &self.endpoint, self.address, self.status)
    }
}

/// Returns true if the network lost the connection, rather than the other side closing it: what was sent was never acknowledged, or
/// there is no way any more.
pub fn is_lost(e: &Error) -> bool {
    use std::io::ErrorKind::{HostUnreachable, NetworkUnreachable, TimedOut};
    let cause = e.root_cause().downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    *e.esource() == ErrorSource::Upstream && matches!(cause, Some(HostUnreachable | NetworkUnreachable | TimedOut))
}

/// The way that a call took to its answer.
pub struct Reached {
    /// The URL that answered.
    pub endpoint: Arc<Endpoint>,
    /// Its address; `None` for a Unix socket.
    pub address: Option<SocketAddr>,
    /// How many attempts went elsewhere or were repeated.
    pub retries: u32,
}

/// Returns where a call went and what status it got, for the log.
pub fn summary<'a>(
    upstream: &'a Upstream,
    endpoint: &'a Endpoint,
    address: Option<SocketAddr>,
    status: Option<u16>,
) -> telemetry::CalledUpstream<'a> {
    telemetry::CalledUpstream { name: &upstream.name, host: &endpoint.host, port: endpoint.port, address, status }
}
