//! What serves the page for people. A room above the hooks does, since it explains requests as well.

use super::live::Live;
use crate::access::Caller;
use crate::plan::PageCall;
use crate::telemetry::RecentRequests;
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::sync::Arc;

/// Serves the page for people.
pub trait PageServer: Send + Sync {
    /// Returns where requests that are over are kept for it.
    fn recent(&self) -> Arc<RecentRequests>;

    /// Answers a request of the page.
    ///
    /// # Errors
    /// What the client gets instead: it may not see this, or there is no such thing.
    fn serve(&self, request: &PageRequest) -> Result<PageReply, Failure>;
}

/// A request of the page, and who sends it.
pub struct PageRequest {
    /// What was current when it came.
    pub live: Arc<Live>,
    /// What is asked for.
    pub call: PageCall,
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
    /// The address of the proxy for clients, such as `http://127.0.0.1:44497`; empty if the admin listener knows none.
    pub address: String,
    /// Who looks at it.
    pub viewer: Viewer,
}

/// Who looks at the page.
#[derive(Debug, Clone)]
pub enum Viewer {
    /// A caller of the proxy, or somebody without a key.
    Caller(Arc<Caller>),
    /// Whoever reaches the admin listener, where no models are called.
    Operator,
}

/// What a request of the page gets.
pub enum PageReply {
    /// All of it.
    Whole(Answer),
    /// A stream of events.
    Feed(Box<dyn PageFeed>),
}

/// A stream of events, which is asked for more several times a second until the client leaves.
pub trait PageFeed: Send {
    /// Returns what there is to tell; empty where that is nothing.
    fn next(&mut self) -> Bytes;
}
