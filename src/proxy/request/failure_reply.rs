//! pingora's `fail_to_proxy`: reports a failure to the client in whatever way is still open.

use super::context::Ctx;
use super::fallback::{self, Cause};
use super::reply_heads::stream_head;
use super::work::{ProxiedCall, Work};
use super::{ending, subrequests, writer};
use crate::exchange::AfterFailure;
use crate::plan::refuse;
use crate::proxy::service::Proxy;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::errors;
use crate::telemetry::Spent;
use bytes::Bytes;
use log::debug;
use pingora::{Error, ErrorSource};
use pingora_proxy::{FailToProxy, Session};

/// Reports a failure: as a whole reply, as the last event of a stream, or by breaking the connection.
pub async fn fail(proxy: &Proxy, session: &mut Session, e: &Error, ctx: &mut Ctx) -> FailToProxy {
    let cause = match fallback::is_due(ctx) {
        None if *e.esource() == ErrorSource::Upstream && fallback::is_unsent(ctx) => Some(Cause::NoEndpoint),
        due => due.filter(|_| *e.etype() == errors::OVER),
    };
    if let Some(cause) = cause
        && fall_back(proxy, session, ctx, cause).await
    {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    }
    let call = ctx.work.call();
    ctx.facts.timing.lap(if call.is_some() { Spent::Upstream } else { Spent::Client });
    let Some(failure) = errors::failure(e, call) else {
        return FailToProxy { error_code: 0, can_reuse_downstream: false };
    };
    // After our own end of a call its failure is recorded already.
    if *e.etype() != errors::OVER {
        let why = match call.and_then(CallState::expired) {
            Some(_) => failure.to_string(),
            None => format!("{failure} [{}]", errors::cause(e)),
        };
        ctx.failure = Some(ending::failed(&failure, ending::cause(e, call), why));
    }
    let after = match &mut ctx.work {
        Work::Proxied(proxied) => proxied.exchange.fail(&failure),
        Work::None | Work::Subrequests(_) if writer::is_head_out(session) => AfterFailure::Break,
        Work::None | Work::Subrequests(_) => {
            AfterFailure::Answer(refuse(writer::client(session, &ctx.facts), &failure))
        }
    };
    session.set_keepalive(None);
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
        AfterFailure::Event(event) => end_stream(session, ctx, event).await,
        AfterFailure::Nothing => end_stream(session, ctx, Bytes::new()).await,
        AfterFailure::Break => {}
    }
    FailToProxy { error_code: failure.status.as_u16(), can_reuse_downstream: false }
}

/// Makes another attempt. Returns false if there is none.
async fn fall_back(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx, cause: Cause) -> bool {
    let Some(ProxiedCall { exchange, call }) = ctx.work.proxied() else { return false };
    let (upstream, sent) = (call.upstream.clone(), exchange.call().body.clone());
    let Some(prepared) = fallback::next(proxy, session, ctx, (&upstream, &sent), cause) else { return false };
    session.set_keepalive(None);
    match subrequests::run(proxy, session, ctx, prepared).await {
        Ok(()) => ctx.is_recovered = true,
        Err(e) => debug!("the reply could not be written: {e}"),
    }
    true
}

/// Writes the rest of a stream: its head, if pingora dropped that too, the pieces of a dropped batch, the last event.
async fn end_stream(session: &mut Session, ctx: &mut Ctx, last: Bytes) {
    let written = async {
        if let (Some(content_type), false) = (ctx.stream_type, writer::is_head_out(session)) {
            let head = stream_head(content_type, session.req_header().version, &ctx.facts);
            session.write_response_header(Box::new(head), false).await?;
        }
        for piece in ctx.unwritten.take(session.body_bytes_sent()) {
            session.write_response_body(Some(piece), false).await?;
        }
        session.write_response_body(Some(last), true).await
    };
    if let Err(e) = written.await {
        debug!("the end of a stream could not be written: {e}");
    }
}
