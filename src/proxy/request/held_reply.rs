//! Replies whose head waits for their body: made and written in pingora's `logging`, when the body is complete.

use super::context::Ctx;
use super::work::Work;
use super::{ending, writer};
use crate::exchange::Exchange;
use crate::proxy::aside;
use crate::telemetry::Spent;
use crate::wire::Answer;
use pingora_proxy::Session;

/// Bodies from this size on are made into answers on another thread, since decoding and counting take time.
pub const ANSWER_ASIDE: usize = 256 * 1024;

/// Writes a reply that was held, unless a reply is out already.
pub async fn write(session: &mut Session, ctx: &mut Ctx) {
    if writer::is_head_out(session) {
        return;
    }
    ctx.facts.timing.lap(Spent::Upstream);
    ctx.finish_counting().await;
    let Some(answer) = answer(ctx).await else { return };
    ctx.memory.answered(answer.body.len());
    record_answer(ctx, &answer);
    ctx.facts.timing.lap(Spent::Own);
    ctx.facts.timing.said();
    writer::write(session, &ctx.facts, &ctx.bodies, answer).await;
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
