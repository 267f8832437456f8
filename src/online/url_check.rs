//! One URL, and what came back when it was asked.

use crate::proxy::live::Live;
use crate::proxy::upstream::client::UpstreamClient;
use crate::proxy::upstream::probe::{ProbeFailure, ProbeReply};
use crate::table::{Endpoint, Upstream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The answer of a URL, or why there is none. `Err(None)` when the question itself panicked.
type UrlAnswer = Result<ProbeReply, Option<Box<ProbeFailure>>>;

/// A URL of an upstream that was asked once.
pub struct UrlCheck {
    /// The upstream.
    pub upstream: Arc<Upstream>,
    /// The URL, and where the table names it.
    pub endpoint: Arc<Endpoint>,
    /// Whether the URL lists models.
    pub is_list: bool,
    /// What came.
    pub came: UrlAnswer,
    /// How long that took.
    pub took: Duration,
}

/// A URL that is being asked.
pub struct PendingCheck {
    /// The upstream.
    pub upstream: Arc<Upstream>,
    /// The URL.
    pub endpoint: Arc<Endpoint>,
    /// Whether the URL lists models.
    pub is_list: bool,
    task: JoinHandle<(UrlAnswer, Duration)>,
}

impl PendingCheck {
    /// Begins to ask, on a task of its own.
    pub fn begin(
        client: &Arc<UpstreamClient>,
        live: &Arc<Live>,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
    ) -> Self {
        let is_list = upstream.listing.as_ref().is_some_and(|listing| Arc::ptr_eq(listing, endpoint));
        let (client, live) = (client.clone(), live.clone());
        let (upstream, endpoint) = (upstream.clone(), endpoint.clone());
        let (to, at) = (upstream.clone(), endpoint.clone());
        let begun = Instant::now();
        let task = tokio::spawn(async move {
            let came = client.probe(&live.upstreams, live.settings.timeout, &to, &at, is_list).await;
            (came.map_err(Some), begun.elapsed())
        });
        PendingCheck { upstream, endpoint, is_list, task }
    }

    /// Waits for what comes.
    pub async fn end(self) -> UrlCheck {
        let PendingCheck { upstream, endpoint, is_list, task } = self;
        let (came, took) = task.await.unwrap_or((Err(None), Duration::ZERO));
        UrlCheck { upstream, endpoint, is_list, came, took }
    }
}
