//! The next upstream of a row takes a request whose upstream has no such endpoint, or cannot be connected to: nothing was run there,
//! and the client has nothing of an answer. An upstream that answers nothing where a model cannot think as it is asked to is asked
//! once more, in the other way. The request is planned anew, and the proxy makes the calls itself.

use super::address;
use super::context::Ctx;
use super::kept_request::KeptRequest;
use super::prepare::{self, PreparedSubrequests, Ready, Surroundings, Terms};
use crate::plan::Plan;
use crate::proxy::service::Proxy;
use crate::table::{Endpoint, Upstream};
use crate::wire::Failure;
use bytes::Bytes;
use log::debug;
use pingora_proxy::Session;
use std::sync::Arc;
use std::time::Instant;

/// Why a request is planned anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The upstream has no such endpoint, or cannot be connected to.
    NoEndpoint,
    /// The upstream answered nothing.
    NoWord,
}

/// Returns why the request of a call that pingora made may be planned anew.
pub fn is_due(ctx: &Ctx) -> Option<Cause> {
    let kept = ctx.fallback.as_ref()?;
    let exchange = &ctx.work.proxied()?.exchange;
    if exchange.has_no_endpoint() {
        return Some(Cause::NoEndpoint);
    }
    (!kept.attempt.other_thinking && exchange.is_empty_answer()).then_some(Cause::NoWord)
}

/// Returns true if the call that pingora was to make was never sent, and another upstream may take the request.
pub fn is_unsent(ctx: &Ctx) -> bool {
    let unsent =
        |ctx: &Ctx| ctx.work.call().is_some_and(|call| call.sent_at.is_none() && !call.lacks_time(Instant::now()));
    ctx.fallback.is_some() && unsent(ctx)
}

/// Records that a URL has no such endpoint.
pub fn record_missing(ctx: &Ctx, endpoint: &Endpoint) {
    if let Some(breaker) = ctx.live.upstreams.breakers.of(endpoint) {
        breaker.is_missing(Instant::now(), None);
    }
}

/// Returns the calls of another attempt; `None` if there is none. `from` is the upstream that was asked, and `sent` what it got.
pub fn next(
    proxy: &Proxy,
    session: &Session,
    ctx: &mut Ctx,
    (from, sent): (&Arc<Upstream>, &Bytes),
    cause: Cause,
) -> Option<PreparedSubrequests> {
    let mut kept = ctx.fallback.take()?;
    let route = kept.admitted.route.clone();
    match cause {
        Cause::NoEndpoint => {
            kept.attempt.asked.add(route.upstreams.iter().position(|upstream| Arc::ptr_eq(upstream, from))?);
        }
        Cause::NoWord if kept.attempt.other_thinking => return None,
        Cause::NoWord => kept.attempt.other_thinking = true,
    }
    let planned = plan(proxy, session, ctx, &kept);
    let caller = kept.admitted.caller.clone();
    ctx.fallback = Some(kept);
    // A refusal concerns an upstream that nobody asked for. The client gets the failure of the one before.
    let terms = Terms { headers: &session.req_header().headers, settings: &ctx.live.settings, begun: ctx.begun };
    let Ok(Ready::Subrequests(mut prepared)) = planned.and_then(|plan| terms.prepare(&route, &caller, plan, true))
    else {
        return None;
    };
    let first = prepared.calls.first()?;
    if cause == Cause::NoWord && first.exchange.call().body == *sent {
        // Nothing was to be thought, so that there is no other way to ask.
        return None;
    }
    debug!("request {:?}: {} is asked after {} ({cause:?})", ctx.facts.request_id, first.upstream.name, from.name);
    if let Some(ticket) = &mut ctx.ticket {
        prepared.at_once = ticket.places(prepared.at_once.min(prepared.calls.len()));
    }
    if let Some(metrics) = &ctx.live.upstreams.metrics {
        metrics.went_on(&from.name);
    }
    ctx.failure = None;
    Some(prepared)
}

fn plan(proxy: &Proxy, session: &Session, ctx: &Ctx, kept: &KeptRequest) -> Result<Plan, Failure> {
    let around = Surroundings {
        ledger: ctx.ledger.clone(),
        is_behind: proxy.current.is_behind(),
        is_stopping: proxy.in_flight.is_stopping(),
        attempt: kept.attempt,
        steps: None,
    };
    let address = address::of(&session.req_header().headers, address::arrival(session), &ctx.live.settings.guard);
    prepare::plan(&ctx.live, address, kept.admitted.clone(), kept.body.clone(), &around)
}
