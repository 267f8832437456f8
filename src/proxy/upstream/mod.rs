//! Making a call: peers and heads, names, breakers, fail-over, connecting, retries, and what comes of it. Nothing here knows a request's
//! context or a client's session.

pub mod authorities;
pub mod breaker;
pub mod call_state;
pub mod client;
pub mod connect;
pub mod errors;
pub mod failover;
pub mod generation;
pub mod heads;
pub mod peers;
pub mod probe;
pub mod resolver;
pub mod retry;
pub mod tls_failure;

use crate::plan::UpstreamSet;
use crate::table::{Endpoints, Route, Table};
use crate::telemetry::Metrics;
use breaker::Breakers;
use peers::Peers;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What calls need to know of a loaded table's upstreams.
pub struct Upstreams {
    /// For each URL its peer and the head of its calls.
    pub peers: Peers,
    /// Which URLs do not answer.
    pub breakers: Arc<Breakers>,
    /// Where retries are counted, if they are.
    pub metrics: Option<Arc<Metrics>>,
    /// How long connecting may take, unless an upstream says otherwise.
    pub connect_timeout: Duration,
    /// The largest answer that is held whole, in bytes.
    pub max_answer: usize,
}

impl Upstreams {
    /// The upstreams of a table of which nothing is known yet.
    pub fn new(table: &Table, connect_timeout: Duration, max_answer: usize) -> Self {
        let (peers, breakers) = (Peers::new(table), Arc::new(Breakers::new(table, None)));
        Upstreams { peers, breakers, metrics: None, connect_timeout, max_answer }
    }

    /// Returns the upstreams of a route that do not answer.
    pub fn failing(&self, route: &Route) -> UpstreamSet {
        let mut failing = UpstreamSet::default();
        if route.upstreams.len() < 2 {
            return failing;
        }
        let now = Instant::now();
        for (number, upstream) in route.upstreams.iter().enumerate() {
            // A missing endpoint is found at whatever kind of call asks first.
            if self.is_failing(&upstream.whole, now)
                || upstream.stream.as_ref().is_some_and(|urls| self.is_failing(urls, now))
            {
                failing.add(number);
            }
        }
        failing
    }

    fn is_failing(&self, endpoints: &Endpoints, now: Instant) -> bool {
        endpoints.iter().all(|endpoint| self.breakers.of(endpoint).is_some_and(|breaker| breaker.is_failing(now)))
    }
}
