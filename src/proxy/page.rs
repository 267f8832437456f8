//! What serves the page for people, and the pace of its streams. A room above the hooks does, since it explains requests as well.

use super::in_flight::InFlight;
use super::live::Live;
use crate::access::Caller;
use crate::plan::PageCall;
use crate::telemetry::RecentRequests;
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, Method};
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// What a stream of events is made of. It is asked for more several times a second, until the client leaves.
pub trait PageFeed: Send {
    /// Returns what there is to tell; empty where that is nothing.
    fn next(&mut self) -> Bytes;
}

/// How often there may be something to tell. A process that stops waits this long.
const LOOK: Duration = Duration::from_millis(250);
/// How long one stream goes on. The page then asks anew, by which a key is checked again that may have been taken back.
const LONGEST: Duration = Duration::from_secs(600);

/// The pieces of a stream of events, each in its time.
pub struct FeedPieces {
    feed: Box<dyn PageFeed>,
    in_flight: InFlight,
    begun: Instant,
    /// When to look for the next piece.
    due: Instant,
}

impl FeedPieces {
    /// The pieces of a stream that begins now. They end when the process stops, which `in_flight` knows.
    pub fn new(feed: Box<dyn PageFeed>, in_flight: InFlight) -> Self {
        let now = Instant::now();
        FeedPieces { feed, in_flight, begun: now, due: now }
    }

    /// Waits for the next piece; `None` at the end. Nothing is lost if the wait is given up.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            tokio::time::sleep_until(self.due.into()).await;
            if self.in_flight.is_stopping() || self.begun.elapsed() >= LONGEST {
                return None;
            }
            self.due = Instant::now() + LOOK;
            let piece = self.feed.next();
            if !piece.is_empty() {
                return Some(piece);
            }
        }
    }
}
