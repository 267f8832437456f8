//! What all requests share: the table in use, the upstreams' client, the limits, the count of requests in flight.

use super::in_flight::InFlight;
use super::live::Current;
use super::upstream::client::UpstreamClient;
use crate::limits::Limiter;
use std::sync::Arc;

/// The proxy: what is served and how this instance runs, both of which may change while it does.
pub struct Proxy {
    pub(super) current: Arc<Current>,
    pub(super) upstream_client: Arc<UpstreamClient>,
    pub(super) limiter: Arc<Limiter>,
    pub(super) in_flight: InFlight,
}

impl Proxy {
    /// A proxy that serves what is current; `in_flight` counts its requests, so that a shutdown can wait for them.
    pub fn new(current: Arc<Current>, in_flight: InFlight) -> Self {
        Proxy { current, upstream_client: Arc::default(), limiter: Arc::default(), in_flight }
    }

    /// What callers use, and how often they were refused.
    pub fn limiter(&self) -> Arc<Limiter> {
        self.limiter.clone()
    }
}
