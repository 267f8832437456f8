//! What is known of one request while it is served.

use super::choice::Choice;
use super::deadline::{Connecting, Deadline};
use super::driving::Driving;
use super::limits::Held;
use super::line::Line;
use super::live::Live;
use super::record;
use super::slow::{self, Serving};
use super::watch::{Cut, Watch};
use crate::access::Caller;
use crate::chat::tokens::Ledger;
use crate::exchange::Exchange;
use crate::limits::Told;
use crate::table::{Endpoint, Endpoints, Route, Upstream};
use crate::telemetry::{Ended, Metrics, Stopwatch};
use bytes::Bytes;
use http::HeaderValue;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;
use tokio::task::JoinHandle;

/// Counts requests that are being served, and knows whether the process is about to end.
#[derive(Debug, Clone, Default)]
pub struct InFlight {
    count: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
}

/// One request that is being served; dropped when it is not any more.
#[derive(Debug)]
pub struct Entered(Arc<AtomicUsize>);

impl InFlight {
    /// Counts one more.
    pub fn enter(&self) -> Entered {
        self.count.fetch_add(1, Ordering::AcqRel);
        Entered(self.count.clone())
    }

    /// Notes that the process only waits for what is in flight.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether it does.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// pingora's context of a request.
pub struct Ctx {
    /// What was current when the request came; it stays that for this request.
    pub(super) live: Arc<Live>,
    /// When the request's head was read.
    pub(super) begun: Instant,
    /// The client's or one made here.
    pub(super) request_id: HeaderValue,
    /// The origin to allow, for browsers.
    pub(super) origin: Option<HeaderValue>,
    /// Who sent it.
    pub(super) caller: Option<Arc<Caller>>,
    /// What it was counted to cost.
    pub(super) ledger: Arc<Ledger>,
    /// What its caller's limits are told to be.
    pub(super) told: Option<Told>,
    /// What it holds of its caller's limits.
    pub(super) held: Option<Box<Held>>,
    /// The row that took the request.
    pub(super) route: Option<Arc<Route>>,
    /// The call and its reply, where there is one.
    pub(super) exchange: Option<Exchange>,
    /// What the network knows of the call.
    pub(super) call: Option<CallState>,
    /// Calls that the proxy makes itself.
    pub(super) driving: Option<Driving>,
    /// Counts a long prompt while the upstream works.
    pub(super) counting: Option<JoinHandle<()>>,
    /// The content type of a stream whose head goes out.
    pub(super) stream_type: Option<&'static str>,
    /// What was rewritten and may not have been written: pingora drops a batch in which a filter fails.
    pub(super) unsure: Unsure,
    /// Whether pingora has replayed what was read of the client's body.
    pub(super) replayed: bool,
    /// Why the request was refused here, for the log.
    pub(super) refusal: Option<Box<str>>,
    /// Why the client got an error, for the log.
    pub(super) failure: Option<Ended>,
    /// Where the time goes.
    pub(super) clock: Stopwatch,
    /// What of a stream is shown when it is over.
    pub(super) spoken: Vec<u8>,
    /// How many bytes of bodies may still be shown.
    pub(super) room: AtomicUsize,
    _entered: Entered,
    _serving: Option<Serving>,
}

/// Pieces that go out with the next write, and how much had been written before.
#[derive(Debug, Default)]
pub(super) struct Unsure {
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

/// The network's side of a call.
pub(super) struct CallState {
    /// Whom it calls.
    pub upstream: Arc<Upstream>,
    /// Where it goes.
    pub endpoint: Arc<Endpoint>,
    /// The address that was connected to last, where it is one.
    pub at: Option<SocketAddr>,
    /// How often it went elsewhere, or was made anew.
    pub retries: u32,
    /// Where that is counted.
    pub metrics: Option<Arc<Metrics>>,
    /// Where it may go when that cannot be connected to.
    pub choice: Choice,
    /// How long it may take.
    pub deadline: Deadline,
    /// How long connecting may take in this attempt.
    pub connecting: Connecting,
    /// The addresses of the endpoint's name; empty until they are resolved.
    pub addresses: Arc<[SocketAddr]>,
    /// How many addresses of the endpoint did not answer.
    pub tried: usize,
    /// Whether a pooled connection turned out dead, so that this attempt must open a new one.
    pub fresh: bool,
    /// When the request was sent last.
    pub sent: Option<Instant>,
    /// Whether any head came from the upstream, even an informational one.
    pub answered: bool,
    /// Whether the end of the connection is the end of the answer.
    pub unframed: bool,
    /// The upstream's status.
    pub status: Option<u16>,
    /// The connection, while it holds back the call's head for its body.
    pub held: Option<Arc<Line>>,
    /// Looks for silence, where the upstream has limits for it.
    pub watch: Option<Watch>,
    /// What it was seen to take too long for, where the proxy itself makes the call.
    pub slow: Option<Cut>,
}

impl CallState {
    /// Of a call that has not been made yet.
    pub fn new(live: &Live, upstream: Arc<Upstream>, endpoints: Endpoints, deadline: Deadline) -> Self {
        let (choice, endpoint) = Choice::new(endpoints, live.breakers(), Instant::now());
        CallState {
            upstream,
            endpoint,
            at: None,
            retries: 0,
            metrics: live.meters().map(|meters| meters.metrics().clone()),
            choice,
            deadline,
            connecting: Connecting::default(),
            addresses: Arc::default(),
            tried: 0,
            fresh: false,
            sent: None,
            answered: false,
            unframed: false,
            status: None,
            held: None,
            watch: None,
            slow: None,
        }
    }

    /// What the upstream took too long for, if the call was ended for it.
    pub fn cut(&self) -> Option<Cut> {
        self.slow.or(self.watch.as_ref().and_then(Watch::cut))
    }
}

impl Ctx {
    /// The context of a request whose head was just read.
    pub fn new(live: Arc<Live>, entered: Entered) -> Self {
        let begun = Instant::now();
        let serving = slow::serving(live.settings.patience);
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
