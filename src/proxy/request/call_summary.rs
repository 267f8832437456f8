//! What is told of calls that the proxy makes itself.

use super::routing::PreparedDriven;
use crate::proxy::upstream::call_state::told;
use crate::table::{Endpoint, Upstream};
use crate::telemetry;
use http::StatusCode;
use std::net::SocketAddr;
use std::sync::Arc;

/// The calls of one request.
pub struct Driving {
    /// ARGO's id of the model.
    pub model: String,
    /// How many calls.
    pub calls: usize,
    /// Whether the client waits for a stream.
    pub stream: bool,
    /// Whom they call.
    pub upstream: Arc<Upstream>,
    /// Where the last one that was answered went; until then, where the first one would.
    pub endpoint: Arc<Endpoint>,
    /// The address of that.
    pub at: Option<SocketAddr>,
    /// The highest status of an upstream.
    pub status: Option<u16>,
    /// How often calls went elsewhere, or were made anew.
    pub retries: u32,
}

impl Driving {
    /// Of calls that are about to be made.
    pub fn of(prepared: &PreparedDriven) -> Option<Self> {
        let first = prepared.calls.first()?;
        Some(Driving {
            model: first.exchange.call().model.clone(),
            calls: prepared.calls.len(),
            stream: prepared.join.stream().is_some(),
            upstream: first.upstream.clone(),
            endpoint: first.endpoints.first().clone(),
            at: None,
            status: None,
            retries: 0,
        })
    }

    /// Where they went.
    pub fn told(&self) -> telemetry::Upstream<'_> {
        told(&self.upstream, &self.endpoint, self.at, self.status)
    }

    /// A call was answered.
    pub fn answered(&mut self, status: StatusCode, reached: Reached) {
        self.status = self.status.max(Some(status.as_u16()));
        self.endpoint = reached.endpoint;
        self.at = reached.at;
        self.retries += reached.retries;
    }
}

/// Which way a call went until it was answered.
pub struct Reached {
    pub endpoint: Arc<Endpoint>,
    pub at: Option<SocketAddr>,
    pub retries: u32,
}
