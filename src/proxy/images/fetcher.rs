//! What all requests share that fetch images.

use super::names::NameThreads;
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
}

impl ImageFetcher {
    /// A fetcher that connects by way of `client`.
    pub fn new(client: Arc<UpstreamClient>) -> Self {
        ImageFetcher { client, names: NameThreads::default(), places: Semaphore::new(AT_ONCE) }
    }
}
