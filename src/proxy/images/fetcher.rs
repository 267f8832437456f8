//! What all requests share that fetch images.

use super::names::NameThreads;
use super::shares::{CallerShare, CallerShares};
use crate::access::Caller;
use crate::proxy::upstream::client::UpstreamClient;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The most images that are fetched at the same time.
const AT_ONCE: usize = 64;

/// What all requests share that fetch images.
pub struct ImageFetcher {
    /// Connects.
    pub client: Arc<UpstreamClient>,
    /// Resolves the names of the images' hosts.
    pub names: NameThreads,
    /// A permit for each image that may be fetched now.
    pub places: Semaphore,
    /// What each caller may have of both.
    pub shares: CallerShares,
}

/// What fetches for one caller.
pub struct CallerFetcher {
    /// What all share.
    pub all: Arc<ImageFetcher>,
    /// What the caller may have of it.
    pub share: CallerShare,
}

impl ImageFetcher {
    /// Returns what fetches for this caller.
    pub fn of(self: &Arc<Self>, caller: &Caller) -> CallerFetcher {
        CallerFetcher { all: self.clone(), share: self.shares.of(caller) }
    }

    /// A fetcher that connects by way of `client`.
    pub fn new(client: Arc<UpstreamClient>) -> Self {
        let (names, shares) = (NameThreads::default(), CallerShares::default());
        ImageFetcher { client, names, places: Semaphore::new(AT_ONCE), shares }
    }
}
