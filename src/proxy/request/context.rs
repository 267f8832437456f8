//! pingora's context of a request: what is known of it while it is served.

use super::kept_request::KeptRequest;
use super::reply_facts::ReplyFacts;
use super::ticket::Ticket;
use super::unwritten::Unwritten;
use super::work::Work;
use crate::access::Caller;
use crate::limits::LimitKind;
use crate::proxy::connection::clock::{self, ServedRequest};
use crate::proxy::in_flight::{Entered, InFlight};
use crate::proxy::live::Live;
use crate::proxy::memory::MemoryShare;
use crate::telemetry::{BodyLog, Ended, Stopwatch};
use crate::tokens::{CountNeed, Ledger};
use crate::wire::failure::FailureReason;
use http::StatusCode;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinHandle;

/// pingora's context of a request.
pub struct Ctx {
    /// What was current when the request came. It stays that for this request.
    pub live: Arc<Live>,
    /// When the request's head was read.
    pub begun: Instant,
    /// What the heads of replies depend on. Set by `accept`, read by all who write heads.
    pub facts: ReplyFacts,
    /// Who sent the request. Set by `accept`, read by the log.
    pub caller: Option<Arc<Caller>>,
    /// What the request was counted to cost. Filled by the transformer, read by `ticket` and the log.
    pub ledger: Arc<Ledger>,
    /// The request's share of its caller's limits. Set by `accept`, settled before the reply ends.
    pub ticket: Option<Box<Ticket>>,
    /// The memory that the request holds. Taken by those who read, fetch and hold; given back when this is dropped.
    pub memory: MemoryShare,
    /// What the request needs. Set by `accept`, used by every hook after it.
    pub work: Work,
    /// What the next upstream of the row is asked with. Set by `accept`, used where the first one cannot serve.
    pub fallback: Option<Box<KeptRequest>>,
    /// True once another upstream has answered a request whose first call failed. Set by `failure_reply`, read by the log.
    pub is_recovered: bool,
    /// Counts a long prompt while the upstream works. Set with `work`, awaited before the answer is made.
    pub counting: Option<JoinHandle<()>>,
    /// The content type of a stream whose head goes out. Set by `early_head` and `response`, read by `stream_rest`.
    pub stream_type: Option<&'static str>,
    /// The status of a failure that was sent in the place of a stream's head. Set by `failure_reply`, read by the log.
    pub instead: Option<StatusCode>,
    /// Pieces that may not have been written. Filled by `response`, read by `failure_reply`.
    pub unwritten: Unwritten,
    /// By when the end of a body must be there that pingora reads. Set with `work`, read by `upstream_hooks`.
    pub body_due: Instant,
    /// True once pingora has replayed what was read of the client's body. Kept by `upstream_hooks`.
    pub is_replayed: bool,
    /// Why the request was refused here, for the log.
    pub refusal: Option<Box<FailureReason>>,
    /// The limit that the request is over, for log and metrics.
    pub over_limit: Option<LimitKind>,
    /// Why the client got an error, for the log.
    pub failure: Option<Ended>,
    /// The bodies, for the log.
    pub bodies: BodyLog,
    _entered: Entered,
    _served: Option<ServedRequest>,
}

impl Ctx {
    /// The context of a request whose head was just read.
    pub fn new(live: Arc<Live>, in_flight: &InFlight) -> Self {
        let begun = Instant::now();
        let served = clock::begin_request(live.settings.client_timeouts);
        let timing = Stopwatch::start(begun, live.measures());
        let (log_bodies, shows_timing) = (live.settings.log_bodies, live.settings.server_timing);
        let ledger = match live.meters() {
            Some(_) => Arc::new(Ledger::needed_by(CountNeed::Metrics)),
            None => Arc::default(),
        };
        let memory = MemoryShare::new(in_flight.memory().clone(), live.settings.max_memory);
        Ctx {
            live,
            begun,
            facts: ReplyFacts::new(timing, shows_timing),
            caller: None,
            ledger,
            ticket: None,
            memory,
            work: Work::None,
            fallback: None,
            is_recovered: false,
            counting: None,
            stream_type: None,
            instead: None,
            unwritten: Unwritten::default(),
            body_due: begun,
            is_replayed: false,
            refusal: None,
            over_limit: None,
            failure: None,
            bodies: BodyLog::new(log_bodies),
            _entered: in_flight.enter(),
            _served: served,
        }
    }

    /// Charges the caller for a request whose answer is known, before the client has it: the client's next request finds it
    /// charged. A request that failed costs nothing.
    pub fn settle(&mut self, failed: bool) {
        let Some(ticket) = self.ticket.as_mut() else { return };
        if failed {
            ticket.forgive();
        } else if let Some(rate_limit) = ticket.settle() {
            self.facts.rate_limit = Some(rate_limit);
        }
    }

    /// Returns by when the rest of a body must be there that is read on now. What the proxy did meanwhile does not count.
    pub fn rest_due(&self) -> Instant {
        Instant::now() + self.live.settings.client_timeouts.body
    }

    /// Waits until a long prompt is counted.
    pub async fn finish_counting(&mut self) {
        if let Some(counting) = self.counting.take() {
            // A failure only means that the count is made where it is asked for.
            let _ = counting.await;
        }
    }
}
