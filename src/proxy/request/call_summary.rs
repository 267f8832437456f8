//! What the log says of calls that the proxy makes itself.

use super::prepare::PreparedSubrequests;
use crate::proxy::upstream::call_state::{Reached, summary};
use crate::table::{Endpoint, Upstream};
use crate::telemetry;
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;

/// The calls of one request.
pub struct CallSummary {
    /// The upstream's id of the model.
    pub model: String,
    /// How many calls.
    pub calls: usize,
    /// True if the client waits for a stream.
    pub stream: bool,
    /// How many attempts went elsewhere or were repeated.
    pub retries: u32,
    upstream: Arc<Upstream>,
    /// The URL of the last call that was answered; until then, the URL that is tried first.
    endpoint: Arc<Endpoint>,
    address: Option<SocketAddr>,
    /// The highest status of an upstream.
    status: Option<u16>,
}

impl CallSummary {
    /// The summary of calls that are about to be made; `None` if there are none.
    pub fn new(prepared: &PreparedSubrequests) -> Option<Self> {
        let first = prepared.calls.first()?;
        Some(CallSummary {
            model: first.exchange.call().model.clone(),
            calls: prepared.calls.len(),
            stream: prepared.join.stream().is_some(),
            retries: 0,
            upstream: first.upstream.clone(),
            endpoint: first.endpoints.first().clone(),
            address: None,
            status: None,
        })
    }

    /// Returns the URL of the last call that was answered.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns where the calls went.
    pub fn upstream(&self) -> telemetry::CalledUpstream<'_> {
        summary(&self.upstream, &self.endpoint, self.address, self.status)
    }

    /// Records that a call was answered.
    pub fn answered(&mut self, status: StatusCode, reached: Reached) {
        self.status = self.status.max(Some(status.as_u16()));
        self.endpoint = reached.endpoint;
        self.address = reached.address;
        self.retries += reached.retries;
    }
}
