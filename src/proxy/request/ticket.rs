//! Limits of callers where requests come by: refused before their body is read, kept waiting, charged when they are over.

use super::context::Ctx;
use super::{body, routing};
use crate::access::{Caller, Limits};
use crate::limits::{Admitted, Bound, Kind, Limiter, RateLimitHeaders, Refusal, Row, Turn};
use crate::table::Route;
use crate::tokens::Ledger;
use crate::wire::Failure;
use http::{HeaderMap, HeaderValue, Method, header};
use pingora::Result;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When a request beyond `concurrent` is worth another try: nobody knows when the others end.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Where nothing was counted, so many bytes are taken for a token.
const BYTES_PER_TOKEN: u64 = 4;
/// What pages may read of a reply to which limits apply.
const EXPOSED: &str = "x-request-id, server-timing, retry-after, retry-after-ms, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens";

/// A request that has limits, until its reply is over.
pub struct Held {
    limiter: Arc<Limiter>,
    admitted: Admitted,
    turn: Turn,
    arrived: Instant,
    ledger: Arc<Ledger>,
    /// Bytes of the request.
    asked: u64,
    /// Bytes of the upstream's answers.
    answered: u64,
    is_called: bool,
    is_settled: bool,
}

/// Lets a request in, as far as its head decides that.
///
/// # Errors
/// 429: the caller has used up a limit, or there is no place to wait in.
pub fn begin(
    limiter: &Arc<Limiter>,
    ctx: &mut Ctx,
    caller: &Caller,
    method: &Method,
    route: &Route,
) -> Result<(), Failure> {
    let (general, on_row) = (&ctx.live.settings.limits, &route.options.limits);
    let none = Limits::default();
    if (*general == none && *on_row == none && caller.limits == none) || !routing::reads_body(route) {
        return Ok(());
    }
    let now = Instant::now();
    let id = format!("{method} {}", route.path);
    let row = Row { id: &id, place: &route.place, limits: on_row };
    let admitted = match limiter.admit(caller, general, Some(row), now) {
        Ok(None) => return Ok(()),
        Ok(Some(admitted)) => admitted,
        Err(refusal) => {
            ctx.told = Some(refusal.rate_limit);
            return Err(refusal.to_failure());
        }
    };
    ctx.told = Some(admitted.rate_limit(now));
    if admitted.counts_tokens() {
        ctx.ledger = Arc::new(Ledger::wanted());
    }
    let may_wait = !ctx.live.settings.limits_wait.is_zero();
    let (turn, ledger) = (admitted.turn(), ctx.ledger.clone());
    let (asked, answered, is_called, is_settled) = (0, 0, false, false);
    let limiter = limiter.clone();
    let mut held = Held { limiter, admitted, turn, arrived: now, ledger, asked, answered, is_called, is_settled };
    match held.turn.go_on(may_wait) {
        Ok(_) => {
            ctx.held = Some(Box::new(held));
            Ok(())
        }
        Err(bound) => Err(held.refuse(bound, None, ctx)),
    }
}

/// Waits for a place, if there was none; the request's body is read. Should the client go away, so does its place.
///
/// # Errors
/// pingora's, when the client goes away; 429 when the time is up.
pub async fn wait(session: &mut Session, ctx: &mut Ctx, asked: usize) -> Result<Result<(), Failure>> {
    let Some(mut held) = ctx.held.take() else { return Ok(Ok(())) };
    held.asked = asked as u64;
    let limit = ctx.live.settings.limits_wait;
    let until = held.arrived + limit;
    let refused = match held.turn.go_on(true) {
        Ok(true) => None,
        Err(bound) => Some((bound, None)),
        Ok(false) => {
            // pingora sends a body that was read to its end from this buffer, and no other.
            if session.as_downstream().get_retry_buffer().is_some() {
                body::finish(session).await?;
            }
            let can_watch = session.is_body_done();
            tokio::select! {
                waited = held.turn.wait() => waited.err().map(|bound| (bound, None)),
                () = tokio::time::sleep_until(until.into()) => None,
                gone = session.read_body_or_idle(true), if can_watch => return Err(gone_away(gone)),
            }
            .or_else(|| held.turn.waits_for().map(|bound| (bound.clone(), Some(limit))))
        }
    };
    match refused {
        Some((bound, waited)) => Ok(Err(held.refuse(bound, waited, ctx))),
        None => {
            ctx.held = Some(held);
            Ok(Ok(()))
        }
    }
}

fn gone_away(gone: Result<Option<bytes::Bytes>>) -> Box<pingora::Error> {
    match gone {
        Err(e) => e.into_down(),
        Ok(_) => {
            pingora::Error::explain(pingora::ErrorType::ConnectionClosed, "while it waited for a place").into_down()
        }
    }
}

impl Held {
    /// The request goes to the upstream, so that it costs something.
    pub fn is_called(&mut self) {
        self.is_called = true;
    }

    /// The upstream answered so much more.
    pub fn answered(&mut self, bytes: usize) {
        self.answered += bytes as u64;
    }

    /// Charges the request, once; with the standing afterwards. What is not counted is estimated.
    pub fn settle(&mut self) -> Option<RateLimitHeaders> {
        if self.is_settled {
            return None;
        }
        self.is_settled = true;
        if !self.is_called || !self.admitted.counts_tokens() {
            return None;
        }
        let estimate = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
        let prompt = self.ledger.prompt().unwrap_or_else(|| estimate(self.asked));
        let completion = self.ledger.completion().unwrap_or_else(|| estimate(self.answered));
        let now = Instant::now();
        self.admitted.charge(prompt.saturating_add(completion), now);
        Some(self.admitted.rate_limit(now))
    }

    /// Charges nothing: the call failed.
    pub fn forgive(&mut self) {
        self.is_settled = true;
    }

    fn refuse(&mut self, bound: Bound, waited: Option<Duration>, ctx: &mut Ctx) -> Failure {
        self.forgive();
        self.admitted.take_back();
        self.limiter.note(Kind::Concurrent);
        let told = self.admitted.rate_limit(Instant::now());
        ctx.told = Some(told);
        let used = u64::from(bound.limit.get());
        Refusal { kind: Kind::Concurrent, bound, used, waited, again: TRY_AGAIN, rate_limit: told }.to_failure()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.settle();
    }
}

/// Charges a request whose answer is known, before the client has it: its next one finds it charged.
pub fn settle(ctx: &mut Ctx, failed: bool) {
    let Some(held) = ctx.held.as_mut() else { return };
    if failed {
        held.forgive();
    } else if let Some(told) = held.settle() {
        ctx.told = Some(told);
    }
}

/// Adds what a reply says of limits.
pub fn push(headers: &mut HeaderMap, ctx: &Ctx) {
    let Some(told) = &ctx.told else { return };
    headers.extend(told.headers());
    if ctx.origin.is_some() {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
