//! Drives the calls of a request that pingora's one call cannot serve, and writes what the client gets of them.
//!
//! Here every deadline is exact, a client that goes away cancels its calls at once, and comments keep a silent stream alive.

use super::body;
use super::call_summary::Driving;
use super::context::Ctx;
use super::routing::{self, PreparedDriven};
use super::{record, response, ticket, writer};
use crate::exchange::joined::{JoinedExchanges, Step};
use crate::plan::{Call, refuse};
use crate::proxy::upstream::call_state::CallState;
use crate::proxy::upstream::client::{Came, Outbound};
use crate::proxy::upstream::errors;
use crate::proxy::{Live, Proxy};
use crate::telemetry::{By, Spent};
use crate::wire::Failure;
use bytes::Bytes;
use http::HeaderMap;
use pingora::{Error, Result};
use pingora_proxy::Session;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

/// A client that waits for a stream hears something at least this often.
const ALIVE: Duration = Duration::from_secs(15);
/// What a call may be ahead of the client, in pieces.
const AHEAD: usize = 8;

/// The calls that are under way and those that wait for a place.
struct Calls {
    outbound: Arc<Outbound>,
    live: Arc<Live>,
    running: JoinSet<()>,
    waiting: VecDeque<(usize, Call, CallState)>,
    tell: Sender<(usize, Came)>,
}

impl Calls {
    fn start_next(&mut self) {
        let Some((index, call, mut state)) = self.waiting.pop_front() else { return };
        let (outbound, live, tell) = (self.outbound.clone(), self.live.clone(), self.tell.clone());
        self.running.spawn(async move {
            let tell = |came| {
                let tell = tell.clone();
                // Nobody listens any more once the reply is over; the task is about to be ended then.
                async move { tell.send((index, came)).await.unwrap_or_default() }
            };
            outbound.call(&live, &mut state, &call, tell).await;
        });
    }
}

/// Makes the calls and writes the reply.
pub async fn run(proxy: &Proxy, session: &mut Session, ctx: &mut Ctx, prepared: PreparedDriven) -> Result<()> {
    body::finish(session).await?;
    let (tell, inbox) = mpsc::channel(AHEAD);
    let mut calls = Calls {
        outbound: proxy.outbound.clone(),
        live: ctx.live.clone(),
        running: JoinSet::new(),
        waiting: VecDeque::new(),
        tell,
    };
    ctx.driving = Driving::of(&prepared);
    let mut exchanges = Vec::with_capacity(prepared.calls.len());
    let mut deadline = None;
    for (index, one) in prepared.calls.into_iter().enumerate() {
        deadline.get_or_insert((one.deadline, one.endpoints.first().host.clone()));
        let limit = if one.exchange.call().stream { one.deadline } else { one.deadline.of_whole() };
        let state = CallState::new(&ctx.live, one.upstream, one.endpoints, limit);
        calls.waiting.push_back((index, one.exchange.call().clone(), state));
        record::show(ctx, "call", &one.exchange.call().body);
        exchanges.push(one.exchange);
    }
    let Some((deadline, host)) = deadline else { return Ok(()) };
    for _ in 0..prepared.at_once {
        calls.start_next();
    }
    ctx.clock.lap(Spent::Own);
    let drive = JoinedExchanges::new(exchanges, prepared.join);
    let late = (deadline.end(), Failure::timeout(deadline.of_whole().message(&host, deadline.end())));
    let alive = deadline.silence().map_or(ALIVE, |(silence, _)| ALIVE.min(silence / 2));
    Driver { drive, calls, inbox, late, alive }.run(session, ctx).await
}

struct Driver {
    drive: JoinedExchanges,
    calls: Calls,
    inbox: Receiver<(usize, Came)>,
    /// When time is up, and what the client is told then.
    late: (Instant, Failure),
    alive: Duration,
}

impl Driver {
    async fn run(mut self, session: &mut Session, ctx: &mut Ctx) -> Result<()> {
        let mut silent_since = Instant::now();
        while !self.drive.is_over() {
            let step = tokio::select! {
                came = self.inbox.recv() => match came {
                    Some((index, came)) => {
                        ctx.clock.lap(Spent::Upstream);
                        let step = self.came(index, came, ctx).await;
                        ctx.clock.lap(Spent::Own);
                        if step.has_text() {
                            ctx.clock.said();
                        }
                        step
                    }
                    None => self.drive.fail(0, &Failure::upstream("The call ended without a word.")),
                },
                gone = session.read_body_or_idle(true) => match gone {
                    Err(e) => return Err(e.into_down()),
                    Ok(_) => Step::Wait,
                },
                () = tokio::time::sleep_until(self.late.0.into()) => {
                    ctx.failure = Some(record::failed(&self.late.1, By::Us, self.late.1.to_string()));
                    self.drive.fail(0, &self.late.1)
                }
                () = tokio::time::sleep_until((silent_since + self.alive).into()) => {
                    silent_since = Instant::now();
                    self.drive.keep_alive()
                }
            };
            if !matches!(step, Step::Wait) {
                silent_since = Instant::now();
            }
            if self.drive.is_over() {
                self.calls.running.abort_all();
            }
            self.write(session, ctx, step).await?;
            ctx.clock.lap(Spent::Client);
        }
        Ok(())
    }

    async fn came(&mut self, index: usize, came: Came, ctx: &mut Ctx) -> Step {
        match came {
            Came::Head(status, headers, bodiless, reached) => {
                ctx.clock.answered();
                if let Some(driving) = &mut ctx.driving {
                    driving.answered(status, reached);
                }
                self.drive.head(index, status, &headers, bodiless)
            }
            Came::Piece(piece) => {
                ctx.held.iter_mut().for_each(|held| held.answered(piece.len()));
                self.drive.piece(index, piece)
            }
            Came::End => {
                let step = self.end(index, ctx).await;
                // Only now: what the answer says may end everything.
                if !self.drive.is_over() {
                    self.calls.start_next();
                }
                step
            }
            Came::Failed(failure) => {
                ctx.failure = Some(record::failed(&failure, By::Upstream, failure.to_string()));
                self.drive.fail(index, &failure)
            }
        }
    }

    /// A large held answer is decoded and counted on a thread of its own.
    async fn end(&mut self, index: usize, ctx: &mut Ctx) -> Step {
        if let Some(counting) = ctx.counting.take() {
            // Its failure only means that the count is made here.
            let _ = counting.await;
        }
        if self.drive.due(index) < response::ASIDE {
            return self.drive.end(index);
        }
        let mut drive = std::mem::replace(&mut self.drive, JoinedExchanges::over());
        let ended = tokio::task::spawn_blocking(move || {
            let step = drive.end(index);
            (drive, step)
        });
        match ended.await {
            Ok((drive, step)) => {
                self.drive = drive;
                step
            }
            Err(_) => {
                let failure = Failure::upstream("The answer could not be read.");
                Step::Answer(refuse(routing::client_of(ctx.route.as_deref(), &HeaderMap::new(), ""), &failure))
            }
        }
    }

    async fn write(&mut self, session: &mut Session, ctx: &mut Ctx, step: Step) -> Result<()> {
        match step {
            Step::Wait => Ok(()),
            Step::Answer(answer) => {
                let failed = answer.status.is_client_error() || answer.status.is_server_error();
                ticket::settle(ctx, failed);
                if failed {
                    ctx.failure.get_or_insert_with(|| record::answered_badly(answer.why.as_deref()));
                }
                writer::write(session, ctx, answer).await;
                Ok(())
            }
            Step::Break => Err(Error::explain(errors::OVER, "the reply has failed").into_up()),
            Step::Stream(bytes) => self.stream(session, ctx, bytes, false).await,
            Step::Last(bytes) => {
                ticket::settle(ctx, false);
                self.stream(session, ctx, bytes, true).await
            }
        }
    }

    async fn stream(&self, session: &mut Session, ctx: &mut Ctx, bytes: Bytes, end: bool) -> Result<()> {
        record::keep(ctx, &bytes);
        if let (false, Some(content_type)) = (response::is_written(session), self.drive.stream()) {
            let version = session.req_header().version;
            if version == http::Version::HTTP_10 {
                session.set_keepalive(None);
            }
            let head = response::stream_head(content_type, version, ctx);
            session.write_response_header(Box::new(head), false).await.map_err(|e| e.into_down())?;
        }
        if bytes.is_empty() && !end {
            return Ok(());
        }
        session.write_response_body(Some(bytes), end).await.map_err(|e| e.into_down())
    }
}
