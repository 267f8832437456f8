//! What comes of a call's attempts: remembered for the calls after it, and counted.

use super::ctx::CallState;
use super::deadline::ConnectBy;
use super::watch::Cut;
use crate::table::{Endpoint, Upstream};
use crate::telemetry;
use http::StatusCode;
use pingora::{Error, ErrorSource, ErrorType};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

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
pub(super) fn told<'a>(
    upstream: &'a Upstream,
    endpoint: &'a Endpoint,
    at: Option<SocketAddr>,
    status: Option<u16>,
) -> telemetry::Upstream<'a> {
    telemetry::Upstream { name: &upstream.name, host: &endpoint.host, port: endpoint.port, address: at, status }
}
