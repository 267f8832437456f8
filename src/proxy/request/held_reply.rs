//! Replies whose head waits for their body: made and written in pingora's `logging`, when the body is complete.

use super::context::Ctx;
use super::fallback::{self, Cause};
use super::stream_rest::StreamEnd;
use super::work::Work;
use super::{another_attempt, answered, ending, stream_rest, writer};
use crate::exchange::{AfterFailure, Exchange};
use crate::proxy::aside;
use crate::proxy::connection::clock;
use crate::proxy::service::Proxy;
use crate::telemetry::Spent;
use crate::wire::Answer;
use pingora_proxy::Session;

/// Writes a reply that was held, unless a reply is out already.
pub async fn write(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) {
    if writer::is_head_out(session) {
        return;
    }
    ctx.facts.timing.lap(Spent::Upstream);
    if let Some(cause) = fallback::is_due(ctx) {
        if let (Cause::NoEndpoint, Some(call)) = (cause, ctx.work.call()) {
            fallback::record_missing(ctx, &call.endpoint);
        }
        if another_attempt::make(proxy, session, ctx, cause).await {
            return;
        }
    }
    ctx.finish_counting().await;
    if clock::is_head_early() {
        return write_late(session, ctx).await;
    }
    let Some(answer) = answer(ctx).await else { return };
    ctx.memory.answered(answer.body.len());
    answered::record(ctx, &answer);
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
    let end = StreamEnd::of(ctx.work.proxied_mut().map(|proxied| &proxied.exchange));
    match late {
        AfterFailure::Event(rest) => stream_rest::write(session, ctx, rest, end).await,
        AfterFailure::Answer(_) | AfterFailure::Nothing | AfterFailure::Break => session.set_keepalive(None),
    }
}

/// Returns the answer of a held exchange.
async fn answer(ctx: &mut Ctx) -> Option<Answer> {
    let proxied = ctx.work.proxied_mut()?;
    if proxied.exchange.held() < answered::ASIDE {
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
