//! Makes the calls that pingora's one call for one request cannot serve, and writes what the client gets of them.
//!
//! Here every deadline is exact, a client that goes away cancels its calls at once, and comments keep a silent stream alive.

use super::call_summary::CallSummary;
use super::context::Ctx;
use super::fallback::{self, Cause};
use super::prepare::PreparedSubrequests;
use super::work::Work;
use super::{answered, body, early_head, ending, reply_heads, writer};
use crate::exchange::joined::{JoinedExchanges, JoinedStep};
use crate::plan::{Call, Client, refuse};
use crate::proxy::aside;
use crate::proxy::connection::{clock, keep_alive};
use crate::proxy::live::Live;
use crate::proxy::service::Proxy;
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::client::{CallEvent, UpstreamClient};
use crate::proxy::upstream::errors;
use crate::table::Upstream;
use crate::telemetry::{By, Spent};
use crate::wire::Failure;
use bytes::Bytes;
use pingora::{Error, Result};
use pingora_proxy::Session;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

/// How many pieces a call may be ahead of the client.
const AHEAD: usize = 8;

/// The calls that are running and those that wait for their turn.
struct CallQueue {
    client: Arc<UpstreamClient>,
    live: Arc<Live>,
    running: JoinSet<()>,
    waiting: VecDeque<(usize, Call, CallState)>,
    events: Sender<(usize, CallEvent)>,
}

impl CallQueue {
    fn start_next(&mut self) {
        let Some((index, call, mut state)) = self.waiting.pop_front() else { return };
        let (client, live, events) = (self.client.clone(), self.live.clone(), self.events.clone());
        self.running.spawn(async move {
            let report = |event| {
                let events = events.clone();
                // Once the reply is over nobody receives any more, and this task is about to be ended.
                async move { events.send((index, event)).await.unwrap_or_default() }
            };
            client.call(&live.upstreams, &mut state, &call, report).await;
        });
    }
}

/// Makes the calls and writes the reply. Another upstream of the row is asked where one cannot serve.
pub async fn run(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx, prepared: PreparedSubrequests) -> Result<()> {
    // What follows looks for silence itself.
    clock::let_be();
    body::finish(session, ctx.rest_due()).await?;
    let mut next = Some(prepared);
    while let Some(prepared) = next {
        // In a box, since it is large and most requests need none.
        next = Box::pin(once(proxy, session, ctx, prepared)).await?;
    }
    Ok(())
}

/// Makes the calls and writes the reply, or returns the calls to the next upstream.
async fn once(
    proxy: &Proxy,
    session: &mut Session,
    ctx: &mut Ctx,
    prepared: PreparedSubrequests,
) -> Result<Option<PreparedSubrequests>> {
    let Some(first) = prepared.calls.first() else { return Ok(None) };
    let (deadline, host) = (first.deadline, first.endpoints.first().host.clone());
    let (called, sent) = (first.upstream.clone(), first.exchange.call().body.clone());
    let upstream = called.facts().name();
    if let Some(mut summary) = CallSummary::new(&prepared) {
        // What an upstream before this one was asked counts too.
        summary.retries = ctx.work.retries().map_or(0, |retries| retries + 1);
        ctx.work = Work::Subrequests(summary);
    }
    let (events, inbox) = mpsc::channel(AHEAD);
    let (client, live) = (proxy.upstream_client.clone(), ctx.live.clone());
    let mut calls = CallQueue { client, live, running: JoinSet::new(), waiting: VecDeque::new(), events };
    let mut exchanges = Vec::with_capacity(prepared.calls.len());
    for (index, one) in prepared.calls.into_iter().enumerate() {
        let call = one.exchange.call();
        let limit = if call.stream { one.deadline } else { one.deadline.of_whole() };
        let state = CallState::new(&ctx.live.upstreams, one.upstream, one.endpoints, limit);
        ctx.bodies.show("call", &call.body);
        calls.waiting.push_back((index, call.clone(), state));
        exchanges.push(one.exchange);
    }
    for _ in 0..prepared.at_once {
        calls.start_next();
    }
    ctx.facts.timing.lap(Spent::Own);
    let joined = JoinedExchanges::new(exchanges, prepared.join);
    let end = deadline.end();
    let timeout = (end, Failure::timeout(deadline.of_whole().message(upstream, &host, end)));
    let keep_alive = keep_alive::interval(&deadline);
    let first = ctx.live.settings.first_head.map(|first| first.min(keep_alive));
    let client = writer::client(session, &ctx.facts);
    let (has_answer, lost) = (false, None);
    let run =
        SubrequestRun { called, sent, joined, calls, inbox, timeout, client, keep_alive, first, has_answer, lost };
    run.run(proxy, session, ctx).await
}

/// Calls under way, and the reply that is written of them.
struct SubrequestRun {
    /// The upstream of all calls, and the body of the first.
    called: Arc<Upstream>,
    sent: Bytes,
    joined: JoinedExchanges,
    calls: CallQueue,
    inbox: Receiver<(usize, CallEvent)>,
    /// When the time is up, and what the client gets then.
    timeout: (Instant, Failure),
    /// How failures read to the client.
    client: &'static dyn Client,
    /// The longest silence once the head is out.
    keep_alive: Duration,
    /// The longest silence before that; `None`: the head waits for the first text.
    first: Option<Duration>,
    /// True once a call was answered, so that something has run.
    has_answer: bool,
    /// Why the request may be planned anew, if it may.
    lost: Option<Cause>,
}

impl SubrequestRun {
    async fn run(mut self, proxy: &Proxy, session: &mut Session, ctx: &mut Ctx) -> Result<Option<PreparedSubrequests>> {
        let mut silent_since = Instant::now();
        if writer::is_head_out(session) || clock::is_head_early() {
            // The client has the head from the upstream before this one.
            let step = self.joined.keep_alive();
            self.write(session, ctx, step).await?;
        }
        while !self.joined.is_over() {
            let quiet = if writer::is_head_out(session) { Some(self.keep_alive) } else { self.first };
            // The events of the calls, the client's leaving, the deadline, a silence: whichever comes first.
            let step = tokio::select! {
                event = self.inbox.recv() => match event {
                    Some((index, event)) => self.timed_event(index, event, ctx).await,
                    None => self.joined.fail(0, &Failure::upstream("The call ended without a word.")),
                },
                gone = session.read_body_or_idle(true) => match gone {
                    Err(e) => return Err(e.into_down()),
                    Ok(_) => JoinedStep::Wait,
                },
                () = tokio::time::sleep_until(self.timeout.0.into()) => {
                    let failure = &self.timeout.1;
                    ctx.failure = Some(ending::failed(failure, By::Us, failure.to_string()));
                    self.joined.fail(0, failure)
                }
                () = tokio::time::sleep_until((silent_since + quiet.unwrap_or_default()).into()), if quiet.is_some() => {
                    silent_since = Instant::now();
                    self.joined.keep_alive()
                }
            };
            if !matches!(step, JoinedStep::Wait) {
                silent_since = Instant::now();
            }
            if self.joined.is_over() {
                self.calls.running.abort_all();
            }
            if let Some(cause) = self.lost
                && let Some(next) = fallback::next(proxy, session, ctx, (&self.called, &self.sent), cause)
            {
                return Ok(Some(next));
            }
            if let Some(reason) = self.joined.reason() {
                ctx.failure.get_or_insert_with(|| ending::unusable(Some(reason)));
            }
            self.write(session, ctx, step).await?;
            ctx.facts.timing.lap(Spent::Client);
        }
        Ok(None)
    }

    async fn timed_event(&mut self, index: usize, event: CallEvent, ctx: &mut Ctx) -> JoinedStep {
        ctx.facts.timing.lap(Spent::Upstream);
        let step = self.event(index, event, ctx).await;
        ctx.facts.timing.lap(Spent::Own);
        if step.has_text() {
            ctx.facts.timing.said();
        }
        step
    }

    async fn event(&mut self, index: usize, event: CallEvent, ctx: &mut Ctx) -> JoinedStep {
        match event {
            CallEvent::Head { status, headers, bodiless, reached } => {
                ctx.facts.timing.answered();
                if let Some(summary) = ctx.work.subrequests_mut() {
                    summary.answered(status, reached);
                }
                self.joined.head(index, status, &headers, bodiless)
            }
            CallEvent::Piece(piece) => {
                if let Some(ticket) = &mut ctx.ticket {
                    ticket.answered(piece.len());
                }
                let step = self.joined.piece(index, piece);
                if self.joined.is_over() {
                    return step;
                }
                match ctx.memory.take_answer(self.joined.held()) {
                    Ok(()) => step,
                    Err(failure) => {
                        ctx.failure = Some(ending::failed(&failure, By::Us, failure.to_string()));
                        self.joined.fail(index, &failure)
                    }
                }
            }
            CallEvent::End => {
                self.note_end(index, ctx);
                let step = self.end(index, ctx).await;
                // Not before: what the answer says may end everything.
                if !self.joined.is_over() {
                    self.calls.start_next();
                }
                step
            }
            CallEvent::Failed { failure, was_sent } => {
                self.lost = (!was_sent && !self.has_answer).then_some(Cause::NoEndpoint);
                ctx.failure = Some(ending::failed(&failure, By::Upstream, failure.to_string()));
                self.joined.fail(index, &failure)
            }
        }
    }

    /// Notes what the end of a call shows of its upstream.
    fn note_end(&mut self, index: usize, ctx: &Ctx) {
        if !self.joined.has_no_endpoint(index) {
            self.lost = (!self.has_answer && self.joined.is_empty_answer(index)).then_some(Cause::NoWord);
            self.has_answer = true;
            return;
        }
        self.lost = (!self.has_answer).then_some(Cause::NoEndpoint);
        if let Some(summary) = ctx.work.subrequests() {
            fallback::record_missing(ctx, summary.endpoint());
        }
    }

    /// Ends a part. A large answer is decoded and counted on another thread.
    async fn end(&mut self, index: usize, ctx: &mut Ctx) -> JoinedStep {
        ctx.finish_counting().await;
        if self.joined.due(index) < answered::ASIDE {
            return self.joined.end(index);
        }
        let mut joined = std::mem::replace(&mut self.joined, JoinedExchanges::over());
        let ended = aside::run(move || {
            let step = joined.end(index);
            (joined, step)
        });
        match ended.await {
            Ok((joined, step)) => {
                self.joined = joined;
                step
            }
            Err(_) => {
                let failure = Failure::upstream("The answer could not be read.");
                JoinedStep::Answer(refuse(self.client, &failure))
            }
        }
    }

    async fn write(&mut self, session: &mut Session, ctx: &mut Ctx, step: JoinedStep) -> Result<()> {
        match step {
            JoinedStep::Wait => Ok(()),
            JoinedStep::Answer(answer) => {
                if self.joined.held() == 0 {
                    ctx.memory.answered(answer.body.len());
                }
                answered::record(ctx, &answer);
                writer::write(session, &ctx.facts, &ctx.bodies, answer).await;
                Ok(())
            }
            JoinedStep::Break => Err(over()),
            JoinedStep::Stream(bytes) => self.stream(session, ctx, bytes, false).await,
            JoinedStep::Last(bytes) => {
                ctx.settle(ctx.failure.is_some());
                let breaks = self.joined.reason().is_some() && self.client.breaks_after_error();
                self.stream(session, ctx, bytes, !breaks).await?;
                if breaks { Err(over()) } else { Ok(()) }
            }
        }
    }

    async fn stream(&self, session: &mut Session, ctx: &mut Ctx, bytes: Bytes, end: bool) -> Result<()> {
        ctx.bodies.keep(&bytes);
        if let (false, Some(content_type)) = (writer::is_head_out(session), self.joined.stream()) {
            early_head::drop_repeated(session);
            let version = session.req_header().version;
            if version == http::Version::HTTP_10 {
                session.set_keepalive(None);
            }
            let head = reply_heads::stream_head(content_type, version, &ctx.facts);
            session.write_response_header(Box::new(head), false).await.map_err(|e| e.into_down())?;
            writer::may_keep_alive(version, content_type, self.client);
        }
        if end {
            clock::reply_may_carry(b"");
        }
        if bytes.is_empty() && !end {
            return Ok(());
        }
        session.write_response_body(Some(bytes), end).await.map_err(|e| e.into_down())
    }
}

/// The end of a request whose connection breaks.
fn over() -> Box<Error> {
    Error::explain(errors::OVER, "the reply has failed").into_up()
}
