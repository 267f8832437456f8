//! Calls that the proxy makes itself, over a connection pool of its own, and the one loop that reads an HTTP answer.

use super::Upstreams;
use super::call_state::{CallState, Reached};
use super::resolver::Resolver;
use super::{authorities, connect, errors, heads, retry};
use crate::plan::Call;
use crate::proxy::connection::silence::TimeLimit;
use crate::proxy::connection::socket::UpstreamSocket;
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use once_cell::sync::OnceCell;
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::http::client::HttpSession;
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora::{Error, ErrorType, Result};
use std::future::Future;
use std::time::{Duration, Instant};

/// Makes calls.
// pingora itself calls with the connector. The subrequests that pingora has are young.
#[derive(Default)]
pub struct UpstreamClient {
    /// Addresses of upstreams.
    pub resolver: Resolver,
    /// Made at the first call, since it loads certificates.
    connector: OnceCell<Connector>,
}

/// What happened to a call.
pub enum CallEvent {
    /// The upstream's head arrived.
    Head {
        /// Its status.
        status: StatusCode,
        /// Its headers.
        headers: HeaderMap,
        /// True if no body follows.
        bodiless: bool,
        /// The way that the call took.
        reached: Reached,
    },
    /// A piece of the upstream's body arrived.
    Piece(Bytes),
    /// The body is complete.
    End,
    /// The call broke.
    Failed {
        /// Why.
        failure: Failure,
        /// True if it was sent, so that it may have run.
        was_sent: bool,
    },
}

impl UpstreamClient {
    /// Makes a call and hands each event to `report`, up to its end or its failure.
    pub async fn call<F: Future<Output = ()>>(
        &self,
        upstreams: &Upstreams,
        state: &mut CallState,
        call: &Call,
        report: impl Fn(CallEvent) -> F,
    ) {
        if let Err(e) = self.try_call(upstreams, state, call, &report).await {
            let e = e.into_up();
            let failure = errors::failure(&e, Some(state)).unwrap_or_else(|| Failure::upstream("The call failed."));
            let was_sent = state.sent_at.is_some() || state.lacks_time(Instant::now());
            report(CallEvent::Failed { failure, was_sent }).await;
        }
    }

    async fn try_call<F: Future<Output = ()>>(
        &self,
        upstreams: &Upstreams,
        state: &mut CallState,
        call: &Call,
        report: &impl Fn(CallEvent) -> F,
    ) -> Result<()> {
        let (mut session, peer) = self.answered(upstreams, state, call).await?;
        let head = session.response_header().ok_or_else(|| Error::new(ErrorType::InvalidHTTPHeader))?;
        state.answered_with(head.status);
        let (status, headers, bodiless) = (head.status, head.headers.clone(), heads::is_bodiless(head));
        report(CallEvent::Head { status, headers, bodiless, reached: state.reached() }).await;
        loop {
            let idle = state.upstream.timeouts.idle.map(TimeLimit::Idle);
            let (time, own) = read_time(state, call, idle)?;
            session.set_read_timeout(Some(time));
            match session.read_response_body().await.map_err(|e| note_limit(state, own, e))? {
                Some(piece) => report(CallEvent::Piece(piece)).await,
                None => break,
            }
        }
        // Before the end is reported: whoever waits for it ends this task.
        let idle = peer.idle_timeout();
        self.connector().release_http_session(session, &*peer, idle).await;
        report(CallEvent::End).await;
        Ok(())
    }

    /// Sends the request and reads up to the head of its answer. Other addresses are tried while none can be connected to; a
    /// dead pooled connection is replaced once.
    async fn answered(
        &self,
        upstreams: &Upstreams,
        state: &mut CallState,
        call: &Call,
    ) -> Result<(HttpSession, Box<HttpPeer>)> {
        loop {
            let peer = connect::next_peer(&self.resolver, upstreams, state).await?;
            let (mut session, reused) = match self.connector().get_http_session(&*peer).await {
                Ok(connected) => connected,
                Err(e) if connect::has_another(state, &e) => continue,
                Err(e) => return Err(e),
            };
            match exchange_heads(&mut session, upstreams, state, call).await.map_err(|e| e.into_up()) {
                Ok(()) => return Ok((session, peer)),
                Err(e) if retry::may_repeat(state, &e, reused) => {}
                Err(e) => {
                    state.broke_off(&e);
                    return Err(e);
                }
            }
        }
    }

    /// Returns what connects.
    pub fn connector(&self) -> &Connector {
        self.connector.get_or_init(|| Connector::new(Some(authorities::connector_options())))
    }
}

/// Sends the call and reads up to the final head of its answer.
async fn exchange_heads(
    session: &mut HttpSession,
    upstreams: &Upstreams,
    state: &mut CallState,
    call: &Call,
) -> Result<()> {
    let left = state.deadline.left(Instant::now()).ok_or_else(|| Error::new(errors::TIME_UP))?;
    session.set_write_timeout(Some(left));
    let head = connect::call_head(upstreams, call, state)?;
    state.sent_at = Some(Instant::now());
    let corked = UpstreamSocket::of(session.digest()).filter(|socket| socket.cork());
    send(session, head, Some(call.body.clone())).await?;
    if let Some(socket) = corked {
        socket.release();
    }
    loop {
        let first_byte = state.upstream.timeouts.first_byte.map(TimeLimit::FirstByte);
        let (time, own) = read_time(state, call, first_byte)?;
        session.set_read_timeout(Some(time));
        let is_final = read_head(session).await.map_err(|e| note_limit(state, own, e))?;
        state.has_answered = true;
        if is_final {
            return Ok(());
        }
    }
}

/// Returns how long the next bytes may take: for a whole call all the time that is left. With the upstream's own limit where
/// that is the shorter one.
fn read_time(state: &CallState, call: &Call, own: Option<TimeLimit>) -> Result<(Duration, Option<TimeLimit>)> {
    let now = Instant::now();
    let left = state.deadline.left(now).ok_or_else(|| Error::new(errors::TIME_UP))?;
    let time = if call.stream { state.deadline.read_time(now) } else { left };
    Ok(match own {
        Some(TimeLimit::FirstByte(limit) | TimeLimit::Idle(limit)) if limit < time => (limit, own),
        _ => (time, None),
    })
}

/// Records the upstream's own limit if it ended a read.
fn note_limit(state: &mut CallState, own: Option<TimeLimit>, e: Box<Error>) -> Box<Error> {
    if matches!(e.etype(), ErrorType::ReadTimedout) {
        state.read_limit = own;
    }
    e
}

/// Sends a request.
///
/// # Errors
/// The connection broke.
pub async fn send(session: &mut HttpSession, head: RequestHeader, body: Option<Bytes>) -> Result<()> {
    session.write_request_header(Box::new(head)).await?;
    if let Some(body) = body {
        session.write_request_body(body, true).await?;
    }
    session.finish_request_body().await
}

/// Reads one head of the answer. Returns false for an informational one, after which another one follows.
///
/// # Errors
/// The connection broke, what arrived is not HTTP or can be read in two ways, or the upstream switches protocols unasked.
pub async fn read_head(session: &mut HttpSession) -> Result<bool> {
    session.read_response_header().await?;
    match session.response_header() {
        None => Err(Error::explain(ErrorType::InvalidHTTPHeader, "there is no head")),
        Some(head) if head.status == StatusCode::SWITCHING_PROTOCOLS => {
            Err(Error::explain(ErrorType::InvalidHTTPHeader, "101 was not asked for"))
        }
        Some(head) => heads::check_framing(head).map(|()| !head.status.is_informational()),
    }
}

/// Reads up to the final head of the answer and returns it.
///
/// # Errors
/// As for [`read_head`].
pub async fn final_head(session: &mut HttpSession) -> Result<&pingora::http::ResponseHeader> {
    while !read_head(session).await? {}
    session.response_header().ok_or_else(|| Error::new(ErrorType::InvalidHTTPHeader))
}

/// Reads the body of the answer and hands each piece to `take`.
///
/// # Errors
/// The connection broke, or what `take` returns.
pub async fn read_body<E: From<Box<Error>>>(
    session: &mut HttpSession,
    mut take: impl FnMut(&Bytes) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    while let Some(piece) = session.read_response_body().await? {
        take(&piece)?;
    }
    Ok(())
}
