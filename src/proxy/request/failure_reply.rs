//! pingora's `fail_to_proxy`: reports a failure to the client in whatever way is still open.

use super::context::Ctx;
use super::fallback::{self, Cause};
use super::stream_rest::StreamEnd;
use super::work::Work;
use super::{another_attempt, early_head, ending, stream_rest, writer};
use crate::exchange::AfterFailure;
use crate::plan::refuse;
use crate::proxy::connection::clock;
use crate::proxy::service::Proxy;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::errors;
use crate::telemetry::Spent;
use crate::wire::Failure;
use bytes::Bytes;
use pingora::{Error, ErrorSource};
use pingora_proxy::{FailToProxy, Session};

/// Reports a failure: as a whole reply, as the last event of a stream, or by breaking the connection.
pub async fn fail(proxy: &Proxy, session: &mut Session, e: &Error, ctx: &mut Ctx) -> FailToProxy {
    clock::let_be();
    // A failed call may have left a part of the client's request unread.
    session.set_keepalive(None);
    if let Some(cause) = cause_of_another_attempt(e, ctx)
        && another_attempt::make(proxy, session, ctx, cause).await
    {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    }
    let call = ctx.work.call();
    ctx.facts.timing.lap(if call.is_some() { Spent::Upstream } else { Spent::Client });
    let Some(failure) = errors::failure(e, call) else {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    };
    record(ctx, e, &failure);
    let after = match &mut ctx.work {
        Work::Proxied(proxied) => {
            early_head::note(&mut proxied.exchange);
            proxied.exchange.fail(&failure)
        }
        Work::None | Work::Subrequests(_) if writer::is_head_out(session) => AfterFailure::Break,
        Work::None | Work::Subrequests(_) => {
            AfterFailure::Answer(refuse(writer::client(session, &ctx.facts), &failure))
        }
    };
    let end = StreamEnd::of(ctx.work.proxied_mut().map(|proxied| &proxied.exchange));
    match after {
        AfterFailure::Answer(answer) => {
            ctx.memory.answered(answer.body.len());
            ctx.settle(true);
            if writer::is_head_out(session) {
                ctx.instead = writer::write_instead(session, &ctx.facts, &ctx.bodies, answer).await;
            } else {
                writer::write(session, &ctx.facts, &ctx.bodies, answer).await;
            }
        }
        AfterFailure::Event(event) => {
            // A stream that said nothing costs nothing.
            if clock::is_head_early() && session.body_bytes_sent() == 0 {
                ctx.settle(true);
            }
            stream_rest::write(session, ctx, event, end).await;
        }
        AfterFailure::Nothing => stream_rest::write(session, ctx, Bytes::new(), end).await,
        AfterFailure::Break => {}
    }
    FailToProxy { error_code: failure.status.as_u16(), can_reuse_downstream: false }
}

/// Returns why another attempt follows, if one may.
fn cause_of_another_attempt(e: &Error, ctx: &Ctx) -> Option<Cause> {
    match fallback::is_due(ctx) {
        None if *e.esource() == ErrorSource::Upstream && fallback::is_unsent(ctx) => Some(Cause::NoEndpoint),
        due => due.filter(|_| *e.etype() == errors::OVER),
    }
}

fn record(ctx: &mut Ctx, e: &Error, failure: &Failure) {
    // After our own end of a call its failure is recorded already.
    if *e.etype() == errors::OVER {
        return;
    }
    let call = ctx.work.call();
    let why = match call.and_then(CallState::expired) {
        Some(_) => failure.to_string(),
        None => format!("{failure} [{}]", errors::cause(e)),
    };
    ctx.failure = Some(ending::failed(failure, ending::cause(e, call), why));
}
