//! Replies whose head waits for their body: made and written in pingora's `logging`, when the body is complete.

use super::context::Ctx;
use super::work::Work;
use super::{ending, fallback, stream_rest, subrequests, writer};
use crate::exchange::{AfterFailure, Exchange};
use crate::proxy::aside;
use crate::proxy::connection::clock;
use crate::proxy::service::Proxy;
use crate::telemetry::Spent;
use crate::wire::Answer;
use log::debug;
use pingora_proxy::Session;

/// Bodies from this size on are made into answers on another thread, since decoding and counting take time.
pub const ANSWER_ASIDE: usize = 256 * 1024;

/// Writes a reply that was held, unless a reply is out already.
pub async fn write(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) {
    if writer::is_head_out(session) {
        return;
    }
    ctx.facts.timing.lap(Spent::Upstream);
    if fallback::is_due(ctx) && fall_back(proxy, session, ctx).await {
        return;
    }
    ctx.finish_counting().await;
    if clock::is_head_early() {
        return write_late(session, ctx).await;
    }
    let Some(answer) = answer(ctx).await else { return };
    ctx.memory.answered(answer.body.len());
    record_answer(ctx, &answer);
    ctx.facts.timing.lap(Spent::Own);
    ctx.facts.timing.said();
    writer::write(session, &ctx.facts, &ctx.bodies, answer).await;
}

/// Writes a reply that was held as the rest of a stream whose head is out.
async fn write_late(session: &mut Session, ctx: &mut Ctx) {
    clock::let_be();
    let Some(proxied) = ctx.work.proxied_mut() else { return };
    let Some(late) = proxied.exchange.late() else { return };
    let failed = proxied.exchange.reason().map(|reason| ending::unusable(Some(reason)));
    ctx.settle(failed.is_some());
    ctx.failure = ctx.failure.take().or(failed);
    match late {
        AfterFailure::Event(rest) => stream_rest::write(session, ctx, rest).await,
        AfterFailure::Answer(_) | AfterFailure::Nothing | AfterFailure::Break => session.set_keepalive(None),
    }
}

/// Asks the next upstream. Returns false if there is none.
async fn fall_back(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> bool {
    let Some(call) = ctx.work.call() else { return false };
    let (upstream, endpoint) = (call.upstream.clone(), call.endpoint.clone());
    fallback::record_missing(ctx, &endpoint);
    let Some(prepared) = fallback::next(proxy, session, ctx, &upstream) else { return false };
    if let Err(e) = subrequests::run(proxy, session, ctx, prepared).await {
        debug!("the reply could not be written: {e}");
        session.set_keepalive(None);
    }
    true
}

/// Charges for an answer and records an upstream's error.
pub fn record_answer(ctx: &mut Ctx, answer: &Answer) {
    let failed = answer.status.is_client_error() || answer.status.is_server_error();
    ctx.settle(failed);
    if failed {
        ctx.failure.get_or_insert_with(|| ending::answered_badly(answer));
    }
}

/// Returns the answer of a held exchange.
async fn answer(ctx: &mut Ctx) -> Option<Answer> {
    let proxied = ctx.work.proxied_mut()?;
    if proxied.exchange.held() < ANSWER_ASIDE {
        return proxied.exchange.answer();
    }
    let Work::Proxied(mut proxied) = std::mem::take(&mut ctx.work) else { return None };
    let made = aside::run(move || {
        let answer = Exchange::answer(&mut proxied.exchange);
        (proxied, answer)
    });
    let (proxied, answer) = made.await.ok()?;
    ctx.work = Work::Proxied(proxied);
    answer
}
