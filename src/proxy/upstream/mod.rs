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

use crate::table::Table;
use crate::telemetry::Metrics;
use breaker::Breakers;
use peers::Peers;
use std::sync::Arc;
use std::time::Duration;

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
}
