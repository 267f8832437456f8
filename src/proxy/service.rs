//! The parts that all requests share: the current table, the upstream client, the limits, the count of requests.

use super::images::ImageFetcher;
use super::in_flight::InFlight;
use super::live::Current;
use super::page::PageServer;
use super::upstream::client::UpstreamClient;
use crate::access::Hash;
use crate::limits::Limiter;
use crate::telemetry::RecentRequests;
use std::sync::Arc;

/// The proxy. A reload may change its table and its settings while it runs.
pub struct Proxy {
    pub(super) current: Arc<Current>,
    pub(super) upstream_client: Arc<UpstreamClient>,
    pub(super) image_fetcher: Arc<ImageFetcher>,
    pub(super) limiter: Arc<Limiter>,
    pub(super) in_flight: InFlight,
    /// What the page for people shows of requests.
    pub(super) recent: Arc<RecentRequests>,
    pub(super) page: Arc<dyn PageServer>,
    /// What stands in for what the system does not say of connections, under `access: own`.
    pub(super) own_key: Option<Hash>,
}

impl Proxy {
    /// Makes a proxy that serves `current`. `in_flight` counts its requests, so that a shutdown can wait for them. `own_key` is the
    /// hash of the key of a proxy that cannot learn whose a connection is. `page` serves the page for people.
    pub fn new(current: Arc<Current>, in_flight: InFlight, own_key: Option<Hash>, page: Arc<dyn PageServer>) -> Self {
        let upstream_client = Arc::<UpstreamClient>::default();
        let image_fetcher = Arc::new(ImageFetcher::new(upstream_client.clone()));
        Proxy {
            current,
            upstream_client,
            image_fetcher,
            limiter: Arc::default(),
            in_flight,
            own_key,
            recent: page.recent(),
            page,
        }
    }

    /// Returns the accounts of all callers.
    pub fn limiter(&self) -> Arc<Limiter> {
        self.limiter.clone()
    }
}
