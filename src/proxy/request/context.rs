//! What is known of one request while it is served.

use super::call_summary::Driving;
use super::record;
use super::ticket::Held;
use crate::access::Caller;
use crate::exchange::Exchange;
use crate::limits::RateLimitHeaders;
use crate::proxy::connection::clock::{self, Serving};
use crate::proxy::live::Live;
use crate::table::Route;
use crate::telemetry::{Ended, Stopwatch};
use crate::tokens::Ledger;
use bytes::Bytes;
use http::HeaderValue;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;
use tokio::task::JoinHandle;

use crate::proxy::in_flight::Entered;
use crate::proxy::upstream::call_state::CallState;

/// pingora's context of a request.
pub struct Ctx {
    /// What was current when the request came; it stays that for this request.
    pub live: Arc<Live>,
    /// When the request's head was read.
    pub begun: Instant,
    /// The client's or one made here.
    pub request_id: HeaderValue,
    /// The origin to allow, for browsers.
    pub origin: Option<HeaderValue>,
    /// Who sent it.
    pub caller: Option<Arc<Caller>>,
    /// What it was counted to cost.
    pub ledger: Arc<Ledger>,
    /// What its caller's limits are told to be.
    pub told: Option<RateLimitHeaders>,
    /// What it holds of its caller's limits.
    pub held: Option<Box<Held>>,
    /// The row that took the request.
    pub route: Option<Arc<Route>>,
    /// The call and its reply, where there is one.
    pub exchange: Option<Exchange>,
    /// What the network knows of the call.
    pub call: Option<CallState>,
    /// Calls that the proxy makes itself.
    pub driving: Option<Driving>,
    /// Counts a long prompt while the upstream works.
    pub counting: Option<JoinHandle<()>>,
    /// The content type of a stream whose head goes out.
    pub stream_type: Option<&'static str>,
    /// What was rewritten and may not have been written: pingora drops a batch in which a filter fails.
    pub unsure: Unsure,
    /// Whether pingora has replayed what was read of the client's body.
    pub replayed: bool,
    /// Why the request was refused here, for the log.
    pub refusal: Option<Box<str>>,
    /// Why the client got an error, for the log.
    pub failure: Option<Ended>,
    /// Where the time goes.
    pub clock: Stopwatch,
    /// What of a stream is shown when it is over.
    pub spoken: Vec<u8>,
    /// How many bytes of bodies may still be shown.
    pub room: AtomicUsize,
    _entered: Entered,
    _serving: Option<Serving>,
}

/// Pieces that go out with the next write, and how much had been written before.
#[derive(Debug, Default)]
pub struct Unsure {
    pieces: Vec<Bytes>,
    written: usize,
}

impl Unsure {
    /// Adds a piece; `written` is what the client has by now, so that what it has is forgotten.
    pub fn push(&mut self, piece: &Bytes, written: usize) {
        self.settle(written);
        if !piece.is_empty() {
            self.pieces.push(piece.clone());
        }
    }

    /// What the client certainly has not got.
    pub fn take(&mut self, written: usize) -> Vec<Bytes> {
        self.settle(written);
        std::mem::take(&mut self.pieces)
    }

    /// A batch is written as a whole or not at all.
    fn settle(&mut self, written: usize) {
        if written != self.written {
            self.written = written;
            self.pieces.clear();
        }
    }
}

impl Ctx {
    /// The context of a request whose head was just read.
    pub fn new(live: Arc<Live>, entered: Entered) -> Self {
        let begun = Instant::now();
        let serving = clock::serving(live.settings.patience);
        Ctx {
            clock: Stopwatch::start(begun, live.measures()),
            live,
            begun,
            request_id: HeaderValue::from_static(""),
            origin: None,
            caller: None,
            ledger: Arc::default(),
            told: None,
            held: None,
            route: None,
            exchange: None,
            call: None,
            driving: None,
            counting: None,
            stream_type: None,
            unsure: Unsure::default(),
            replayed: false,
            refusal: None,
            failure: None,
            spoken: Vec::new(),
            room: AtomicUsize::new(record::ROOM),
            _entered: entered,
            _serving: serving,
        }
    }

    /// Notes the row that took the request.
    pub fn take(&mut self, route: Arc<Route>) {
        self.route = Some(route);
    }
}
