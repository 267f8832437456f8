//! One call that the proxy makes itself, over connections of its own pool; what comes of it is told piece by piece.

use super::connect;
use super::errors;
use super::resolver::Resolver;
use crate::plan::Call;
use crate::proxy::Live;
use crate::proxy::connection::socket::Line;
use crate::proxy::connection::watchdog::Cut;
use crate::proxy::request::call_summary::Reached;
use crate::proxy::upstream::call_state::CallState;
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use once_cell::sync::OnceCell;
use pingora::connectors::http::Connector;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora::{Error, ErrorType, Result};
use std::future::Future;
use std::time::{Duration, Instant};

/// What makes calls.
#[derive(Default)]
pub struct Outbound {
    /// Addresses of upstreams.
    pub resolver: Resolver,
    /// Made when it is first needed, since it loads certificates.
    connector: OnceCell<Connector>,
}

/// What came of a call so far.
pub enum Came {
    /// The upstream's head; whether no body follows; the way there.
    Head(StatusCode, HeaderMap, bool, Reached),
    /// A piece of its body.
    Piece(Bytes),
    /// The body is complete.
    End,
    /// It broke.
    Failed(Failure),
}

impl Outbound {
    /// Makes a call and hands `tell` what comes of it, up to its end or its failure.
    pub async fn call<F: Future<Output = ()>>(
        &self,
        live: &Live,
        state: &mut CallState,
        made: &Call,
        tell: impl Fn(Came) -> F,
    ) {
        if let Err(e) = self.try_call(live, state, made, &tell).await {
            let e = e.into_up();
            let failure = errors::failure(&e, Some(state)).unwrap_or_else(|| Failure::upstream("The call failed."));
            tell(Came::Failed(failure)).await;
        }
    }

    async fn try_call<F: Future<Output = ()>>(
        &self,
        live: &Live,
        state: &mut CallState,
        made: &Call,
        tell: &impl Fn(Came) -> F,
    ) -> Result<()> {
        let (mut session, peer) = self.answered(live, state, made).await?;
        let head = session.response_header().ok_or_else(|| Error::new(ErrorType::InvalidHTTPHeader))?;
        let bodiless = crate::proxy::request::response::is_bodiless(head);
        state.answered_with(head.status);
        let reached = Reached { endpoint: state.endpoint.clone(), at: state.at, retries: state.retries };
        tell(Came::Head(head.status, head.headers.clone(), bodiless, reached)).await;
        loop {
            let idle = state.upstream.timeouts.idle.map(Cut::Idle);
            let (limit, own) = patience(state, made, idle)?;
            session.set_read_timeout(Some(limit));
            match session.read_response_body().await.map_err(|e| slow(state, own, e))? {
                Some(piece) => tell(Came::Piece(piece)).await,
                None => break,
            }
        }
        // Before the end is told: whoever waits for it ends this task.
        let idle = peer.idle_timeout();
        self.connector().release_http_session(session, &*peer, idle).await;
        tell(Came::End).await;
        Ok(())
    }

    /// A session on which the request is sent and the head of the answer has come. Other addresses are tried while none
    /// can be connected to; a dead pooled connection is replaced once.
    async fn answered(&self, live: &Live, state: &mut CallState, made: &Call) -> Result<(HttpSession, Box<HttpPeer>)> {
        loop {
            let peer = connect::next_peer(&self.resolver, live, state).await?;
            let (mut session, reused) = match self.connector().get_http_session(&*peer).await {
                Ok(connected) => connected,
                Err(e) if connect::has_another(state, &e) => continue,
                Err(e) => return Err(e),
            };
            match exchange_heads(&mut session, live, state, made).await.map_err(|e| e.into_up()) {
                Ok(()) => return Ok((session, peer)),
                Err(e) if connect::may_repeat(state, &e, reused) => {}
                Err(e) => {
                    state.broke_off(&e);
                    return Err(e);
                }
            }
        }
    }

    /// What connects.
    pub fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| Connector::new(None))
    }
}

/// Sends the request and reads up to the head of its answer.
async fn exchange_heads(session: &mut HttpSession, live: &Live, state: &mut CallState, made: &Call) -> Result<()> {
    let left = state.deadline.left(Instant::now()).ok_or_else(|| Error::new(errors::TIME_UP))?;
    session.set_write_timeout(Some(left));
    let head = connect::call_head(live, made, state)?;
    state.sent = Some(Instant::now());
    let held = Line::of(session.digest()).filter(|line| line.hold());
    session.write_request_header(Box::new(head)).await?;
    session.write_request_body(made.body.clone(), true).await?;
    session.finish_request_body().await?;
    if let Some(line) = held {
        line.release();
    }
    loop {
        let first_byte = state.upstream.timeouts.first_byte.map(Cut::FirstByte);
        let (limit, own) = patience(state, made, first_byte)?;
        session.set_read_timeout(Some(limit));
        session.read_response_header().await.map_err(|e| slow(state, own, e))?;
        state.answered = true;
        match session.response_header().map(|head| head.status) {
            Some(StatusCode::SWITCHING_PROTOCOLS) | None => {
                return Err(Error::explain(ErrorType::InvalidHTTPHeader, "101 was not asked for"));
            }
            Some(status) if status.is_informational() => {}
            Some(_) => return Ok(()),
        }
    }
}

/// How long the next bytes may take: for a whole call all the time that is left. The upstream's own limit comes back where
/// it is the shorter one.
fn patience(state: &CallState, made: &Call, own: Option<Cut>) -> Result<(Duration, Option<Cut>)> {
    let now = Instant::now();
    let left = state.deadline.left(now).ok_or_else(|| Error::new(errors::TIME_UP))?;
    let patience = if made.stream { state.deadline.patience(now) } else { left };
    Ok(match own {
        Some(Cut::FirstByte(limit) | Cut::Idle(limit)) if limit < patience => (limit, own),
        _ => (patience, None),
    })
}

/// Remembers what the upstream took too long for, where its own limit ended the call.
fn slow(state: &mut CallState, own: Option<Cut>, e: Box<Error>) -> Box<Error> {
    if matches!(e.etype(), ErrorType::ReadTimedout) {
        state.slow = own;
    }
    e
}
