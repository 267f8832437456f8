//! One question to a URL of the table, over the connection that a call to it would get: for whoever wants to know whether
//! calls would arrive. It is a GET, which a route for calls refuses without spending anything.

use super::client::Outbound;
use super::connect;
use super::errors;
use super::heads::CallHead;
use crate::proxy::Live;
use crate::proxy::deadline::Deadline;
use crate::proxy::upstream::call_state::CallState;
use crate::table::{Endpoint, Endpoints, Upstream};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use pingora::protocols::http::client::HttpSession;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::upstreams::peer::{Tracer, Tracing};
use pingora::{Error, ErrorType, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a URL answers.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Where it sends the caller, if it does.
    pub location: Option<String>,
    /// Its body, where that was wanted.
    pub body: Vec<u8>,
}

/// How far a question came that got no answer.
#[derive(Clone, Debug)]
pub enum Stage {
    /// The name has no address.
    Resolving,
    /// No connection to this place; whether it stood already, so that only TLS was missing.
    Connecting(SocketAddr, bool),
    /// It was asked.
    Asked,
    /// It was asked, and said nothing in time.
    Silent,
}

/// Why there is no answer.
pub struct Unanswered {
    /// How far it came.
    pub stage: Stage,
    /// What happened.
    pub error: Box<Error>,
    /// How long each stage might have taken: the time that calls have for connecting.
    pub limit: Duration,
}

impl Outbound {
    /// Asks a URL of an upstream once. Connecting, waiting for the answer's head and reading its body may each take as long as
    /// connecting may for a call.
    ///
    /// # Errors
    /// How far it came, and why no further.
    pub async fn ask(
        &self,
        live: &Live,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        wants_body: bool,
    ) -> std::result::Result<Answer, Box<Unanswered>> {
        let only = Endpoints::new(endpoint.clone(), Vec::new());
        let deadline = Deadline::new(Instant::now(), live.settings.timeout, None, &HeaderMap::new(), false);
        let mut state = CallState::new(live, upstream.clone(), only, deadline);
        let mut stage = Stage::Resolving;
        let answer = self.try_to_ask(live, &mut state, &mut stage, wants_body).await;
        answer.map_err(|error| Box::new(Unanswered { stage, error, limit: state.connecting.limit }))
    }

    async fn try_to_ask(
        &self,
        live: &Live,
        state: &mut CallState,
        stage: &mut Stage,
        wants_body: bool,
    ) -> Result<Answer> {
        let mut session = self.connected(live, state, stage).await?;
        let limit = state.connecting.limit;
        *stage = Stage::Silent;
        let answer = tokio::time::timeout(limit, heads(&mut session, live, state)).await;
        let slow = |_| Error::new(ErrorType::ReadTimedout);
        let mut answer = answer.map_err(slow)?.inspect_err(|_| *stage = Stage::Asked)?;
        if wants_body {
            let body = read(&mut session, live.settings.max_answer);
            answer.body =
                tokio::time::timeout(limit, body).await.map_err(slow)?.inspect_err(|_| *stage = Stage::Asked)?;
        }
        session.shutdown().await;
        Ok(answer)
    }

    /// A connection to the first address that takes one.
    async fn connected(&self, live: &Live, state: &mut CallState, stage: &mut Stage) -> Result<HttpSession> {
        loop {
            *stage = Stage::Resolving;
            let mut peer = connect::next_peer(&self.resolver, live, state).await?;
            let stands = Stands::default();
            peer.options.tracer = Some(Tracer(Box::new(stands.clone())));
            match self.connector().get_http_session(&*peer).await {
                Ok((session, _)) => return Ok(session),
                Err(e) => {
                    *stage = Stage::Connecting(peer._address.clone(), stands.0.load(Ordering::Relaxed));
                    if !connect::has_another(state, &e) {
                        return Err(e);
                    }
                }
            }
        }
    }
}

/// Asks, with what goes along with calls.
async fn heads(session: &mut HttpSession, live: &Live, state: &CallState) -> Result<Answer> {
    let head = live.peers.head(&state.endpoint).map(CallHead::of_question);
    session.write_request_header(Box::new(head.ok_or_else(|| Error::new(ErrorType::InternalError))?)).await?;
    session.finish_request_body().await?;
    loop {
        session.read_response_header().await?;
        let head = session.response_header().ok_or_else(|| Error::new(ErrorType::InvalidHTTPHeader))?;
        if !head.status.is_informational() {
            let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            return Ok(Answer { status: head.status, location: location.map(str::to_owned), body: Vec::new() });
        }
    }
}

async fn read(session: &mut HttpSession, most: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(piece) = session.read_response_body().await? {
        let piece: Bytes = piece;
        if body.len() + piece.len() > most {
            return Err(Error::explain(errors::OVER, format!("its answer is longer than max_answer ({most} bytes)")));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Remembers that the connection stands.
#[derive(Clone, Debug, Default)]
struct Stands(Arc<AtomicBool>);

impl Tracing for Stands {
    fn on_connected(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn on_disconnected(&self) {}

    fn boxed_clone(&self) -> Box<dyn Tracing> {
        Box::new(self.clone())
    }
}
