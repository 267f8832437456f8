//! A request's share of its caller's limits: refused before its body is read, kept waiting for a place, charged at its end.

use crate::access::{Caller, Limits};
use crate::limits::{Admitted, Bound, LimitKind, LimitedRow, Limiter, RateLimitHeaders, Refusal, Turn};
use crate::proxy::settings::Settings;
use crate::table::Route;
use crate::tokens::{CountNeed, Ledger};
use crate::wire::Failure;
use http::Method;
use pingora::{Error, ErrorType, Result};
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When a request beyond `concurrent` is worth another try: nobody knows when the others end.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// A prompt is reckoned to have at most this many tokens: a large body is mostly images.
const MOST_RESERVED: u64 = 8192;
/// Where nothing was counted, this many bytes are taken for a token.
const BYTES_PER_TOKEN: u64 = 4;

/// A request's share of its caller's limits, until its reply is over. Dropping it settles it.
pub struct Ticket {
    admitted: Admitted,
    turn: Turn,
    arrived: Instant,
    /// What the request was counted to cost.
    pub ledger: Arc<Ledger>,
    /// Bytes of the request.
    request_bytes: u64,
    /// Bytes of the upstream's answers.
    answer_bytes: u64,
    /// Tokens that are reserved until the request is settled.
    reserved: u64,
    is_called: bool,
    is_settled: bool,
}

/// A request that is over a limit.
#[derive(Debug)]
pub struct OverLimit {
    /// Which limit.
    pub kind: LimitKind,
    /// What the client gets.
    pub failure: Failure,
    /// How the limits stand.
    pub rate_limit: RateLimitHeaders,
}

impl OverLimit {
    fn of(refusal: &Refusal) -> Box<Self> {
        let (kind, rate_limit) = (refusal.kind, refusal.rate_limit);
        Box::new(OverLimit { kind, failure: refusal.to_failure(), rate_limit })
    }
}

impl Ticket {
    /// Lets a request in, as far as its head decides that. Returns `None` where no limits apply. The ticket has `ledger`, or
    /// one of its own where limits need more.
    ///
    /// # Errors
    /// 429: the caller has used up a limit, or there is no place to wait in.
    pub fn take(
        limiter: &Arc<Limiter>,
        settings: &Settings,
        caller: &Caller,
        method: &Method,
        route: &Route,
        ledger: &Arc<Ledger>,
    ) -> std::result::Result<Option<Box<Ticket>>, Box<OverLimit>> {
        let (general, on_row) = (&settings.limits, &route.options.limits);
        let none = Limits::default();
        if (*general == none && *on_row == none && caller.limits == none) || !route.calls() {
            return Ok(None);
        }
        let now = Instant::now();
        // Most rows have none, and their name is not needed then.
        let id = (*on_row != none).then(|| format!("{method} {}", route.path));
        let row = id.as_deref().map(|id| LimitedRow { id, place: &route.place, limits: on_row });
        let admitted = match limiter.admit(caller, general, row, now) {
            Ok(None) => return Ok(None),
            Ok(Some(admitted)) => admitted,
            Err(refusal) => return Err(OverLimit::of(&refusal)),
        };
        let charged = admitted.counts_tokens().then(|| Arc::new(Ledger::needed_by(CountNeed::Limits)));
        let ledger = charged.unwrap_or_else(|| ledger.clone());
        let mut ticket = Box::new(Ticket {
            turn: admitted.turn(),
            admitted,
            arrived: now,
            ledger,
            request_bytes: 0,
            answer_bytes: 0,
            reserved: 0,
            is_called: false,
            is_settled: false,
        });
        match ticket.turn.go_on(!settings.limits_wait.is_zero()) {
            Ok(_) => Ok(Some(ticket)),
            Err(bound) => Err(ticket.refuse(bound, None)),
        }
    }

    /// Returns how the caller's limits stand.
    pub fn rate_limit(&self) -> RateLimitHeaders {
        self.admitted.rate_limit(self.arrived)
    }

    /// Waits for a place, at most `limit` after the request arrived. The request's body is read, so that its connection can be
    /// watched: a client that goes away gives its place up.
    ///
    /// # Errors
    /// pingora's, when the client goes away.
    pub async fn wait(
        &mut self,
        session: &mut Session,
        limit: Duration,
        request_bytes: usize,
    ) -> Result<Option<Box<OverLimit>>> {
        self.request_bytes = request_bytes as u64;
        let until = self.arrived + limit;
        let refused = match self.turn.go_on(true) {
            Ok(true) => None,
            Err(bound) => Some((bound, None)),
            Ok(false) => {
                let can_watch = session.is_body_done();
                tokio::select! {
                    waited = self.turn.wait() => waited.err().map(|bound| (bound, None)),
                    () = tokio::time::sleep_until(until.into()) => None,
                    gone = session.read_body_or_idle(true), if can_watch => return Err(gone_away(gone)),
                }
                .or_else(|| self.turn.waits_for().map(|bound| (bound.clone(), Some(limit))))
            }
        };
        Ok(refused.map(|(bound, waited)| self.refuse(bound, waited)))
    }

    /// Counts the calls of a request that is about to make them, and reserves tokens: as many as its body and its answers may have.
    /// Returns how the limits stand then, but for what is reserved.
    ///
    /// # Errors
    /// 429: others use up the tokens meanwhile.
    pub fn reserve(&mut self, calls: usize, answers: u64) -> std::result::Result<RateLimitHeaders, Box<OverLimit>> {
        let now = Instant::now();
        let tokens = self.admitted.rate_limit(now).tokens;
        let reserved = (self.request_bytes / BYTES_PER_TOKEN).min(MOST_RESERVED).saturating_add(answers);
        let others = calls.saturating_sub(1) as u64;
        self.admitted.reserve(others, reserved, now).map_err(|refusal| OverLimit::of(&refusal))?;
        self.reserved = reserved;
        Ok(RateLimitHeaders { tokens, ..self.admitted.rate_limit(now) })
    }

    /// Takes places for up to `wanted` calls at the same time, as far as there are free ones. Returns for how many there are.
    pub fn places(&mut self, wanted: usize) -> usize {
        self.turn.widen(wanted)
    }

    /// Records that the request goes to the upstream, so that it costs something.
    pub fn called(&mut self) {
        self.is_called = true;
    }

    /// Records bytes of the upstream's answer.
    pub fn answered(&mut self, bytes: usize) {
        self.answer_bytes += bytes as u64;
    }

    /// Charges the request, once. Returns how the limits stand then. What is not counted is estimated.
    pub fn settle(&mut self) -> Option<RateLimitHeaders> {
        if self.is_settled {
            return None;
        }
        self.is_settled = true;
        self.release();
        if !self.is_called || !self.admitted.counts_tokens() {
            return None;
        }
        let estimate = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
        let prompt = self.ledger.prompt().unwrap_or_else(|| estimate(self.request_bytes));
        let completion = self.ledger.completion().unwrap_or_else(|| estimate(self.answer_bytes));
        let now = Instant::now();
        self.admitted.charge(prompt.saturating_add(completion), now);
        Some(self.admitted.rate_limit(now))
    }

    /// Takes the request back that was refused before any call: it cost the upstream nothing, so it costs the caller nothing.
    /// Returns how the limits stand then.
    pub fn give_back(&mut self) -> RateLimitHeaders {
        self.forgive();
        self.admitted.take_back();
        self.admitted.rate_limit(Instant::now())
    }

    /// Charges nothing: the call failed.
    pub fn forgive(&mut self) {
        self.is_settled = true;
        self.release();
    }

    fn release(&mut self) {
        self.admitted.release(std::mem::take(&mut self.reserved));
    }

    fn refuse(&mut self, bound: Bound, waited: Option<Duration>) -> Box<OverLimit> {
        let rate_limit = self.give_back();
        let used = u64::from(bound.limit.get());
        OverLimit::of(&Refusal { kind: LimitKind::Concurrent, bound, used, waited, again: TRY_AGAIN, rate_limit })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.settle();
    }
}

fn gone_away(gone: Result<Option<bytes::Bytes>>) -> Box<Error> {
    match gone {
        Err(e) => e.into_down(),
        Ok(_) => Error::explain(ErrorType::ConnectionClosed, "while it waited for a place").into_down(),
    }
}
