//! What comes of a call's attempts: remembered for the calls after it, and counted.

use super::failover::Choice;
use crate::proxy::Live;
use crate::proxy::connection::socket::Line;
use crate::proxy::connection::watchdog::Cut;
use crate::proxy::connection::watchdog::Watch;
use crate::proxy::deadline::ConnectBy;
use crate::proxy::deadline::{Connecting, Deadline};
use crate::table::Endpoints;
use crate::table::{Endpoint, Upstream};
use crate::telemetry;
use crate::telemetry::Metrics;
use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// The network's side of a call.
pub struct CallState {
    /// Whom it calls.
    pub upstream: Arc<Upstream>,
    /// Where it goes.
    pub endpoint: Arc<Endpoint>,
    /// The address that was connected to last, where it is one.
    pub at: Option<SocketAddr>,
    /// How often it went elsewhere, or was made anew.
    pub retries: u32,
    /// Where that is counted.
    pub metrics: Option<Arc<Metrics>>,
    /// Where it may go when that cannot be connected to.
    pub choice: Choice,
    /// How long it may take.
    pub deadline: Deadline,
    /// How long connecting may take in this attempt.
    pub connecting: Connecting,
    /// The addresses of the endpoint's name; empty until they are resolved.
    pub addresses: Arc<[SocketAddr]>,
    /// How many addresses of the endpoint did not answer.
    pub tried: usize,
    /// Whether a pooled connection turned out dead, so that this attempt must open a new one.
    pub fresh: bool,
    /// When the request was sent last.
    pub sent: Option<Instant>,
    /// Whether any head came from the upstream, even an informational one.
    pub answered: bool,
    /// Whether the end of the connection is the end of the answer.
    pub unframed: bool,
    /// The upstream's status.
    pub status: Option<u16>,
    /// The connection, while it holds back the call's head for its body.
    pub held: Option<Arc<Line>>,
    /// Looks for silence, where the upstream has limits for it.
    pub watch: Option<Watch>,
    /// What it was seen to take too long for, where the proxy itself makes the call.
    pub slow: Option<Cut>,
}

impl CallState {
    /// Of a call that has not been made yet.
    pub fn new(live: &Live, upstream: Arc<Upstream>, endpoints: Endpoints, deadline: Deadline) -> Self {
        let (choice, endpoint) = Choice::new(endpoints, live.breakers(), Instant::now());
        CallState {
            upstream,
            endpoint,
            at: None,
            retries: 0,
            metrics: live.meters().map(|meters| meters.metrics().clone()),
            choice,
            deadline,
            connecting: Connecting::default(),
            addresses: Arc::default(),
            tried: 0,
            fresh: false,
            sent: None,
            answered: false,
            unframed: false,
            status: None,
            held: None,
            watch: None,
            slow: None,
        }
    }

    /// What the upstream took too long for, if the call was ended for it.
    pub fn cut(&self) -> Option<Cut> {
        self.slow.or(self.watch.as_ref().and_then(Watch::cut))
    }
}

impl CallState {
    /// Goes on to the next URL, if there is one, since nothing was sent to this one.
    pub fn go_on(&mut self, now: Instant) -> bool {
        let Some(next) = self.choice.next(now) else { return false };
        self.retries += 1;
        if let Some(metrics) = &self.metrics {
            metrics.went_on(&self.upstream.name);
        }
        self.endpoint = next;
        self.addresses = Arc::new([]);
        self.tried = 0;
        true
    }

    /// An address did not answer; `again` when another one is tried.
    pub fn passed_over(&mut self, again: bool) {
        self.retries += u32::from(again);
        if let Some(metrics) = &self.metrics {
            metrics.unconnected(&self.upstream.name);
        }
    }

    /// The call is sent once more.
    pub fn repeats(&mut self) {
        self.fresh = true;
        self.retries += 1;
        if let Some(metrics) = &self.metrics {
            metrics.retried(&self.upstream.name);
        }
    }

    /// Remembers that the endpoint could not be connected to, unless only this call was in a hurry.
    pub fn unconnected(&mut self, e: &ErrorType, now: Instant) {
        if *e != ErrorType::ConnectTimedout || self.connecting.by != ConnectBy::Deadline {
            self.choice.failed(&self.endpoint, now);
        }
    }

    /// Remembers that the endpoint answered with this status.
    pub fn answered_with(&mut self, status: StatusCode) {
        self.answered = true;
        self.status = Some(status.as_u16());
        match status.is_server_error() {
            true => self.choice.failed(&self.endpoint, Instant::now()),
            false => self.choice.succeeded(&self.endpoint),
        }
    }

    /// Remembers that the call broke off, if that is the endpoint's fault: it had not answered, and there was time.
    pub fn broke_off(&mut self, e: &Error) {
        use ErrorType::{ConnectionClosed, H1Error, InvalidHTTPHeader, ReadError, WriteError};
        let cut = self.cut();
        let silent = matches!(cut, Some(Cut::FirstByte(_)));
        let broke = *e.esource() == ErrorSource::Upstream
            && matches!(e.etype(), ConnectionClosed | H1Error | InvalidHTTPHeader | ReadError | WriteError);
        if !self.answered && (silent || broke && cut.is_none()) {
            self.choice.failed(&self.endpoint, Instant::now());
        }
    }

    /// Where it went.
    pub fn told(&self) -> telemetry::Upstream<'_> {
        told(&self.upstream, &self.endpoint, self.at, self.status)
    }
}

/// Where a call went, and what it was answered.
pub fn told<'a>(
    upstream: &'a Upstream,
    endpoint: &'a Endpoint,
    at: Option<SocketAddr>,
    status: Option<u16>,
) -> telemetry::Upstream<'a> {
    telemetry::Upstream { name: &upstream.name, host: &endpoint.host, port: endpoint.port, address: at, status }
}
