//! Asks a URL of the table one question, over the connection that a call to it would get, to find out whether calls would
//! arrive. The question is a GET, which a route for calls refuses at no cost.

use super::Upstreams;
use super::call_state::CallState;
use super::client::{self, UpstreamClient};
use super::connect;
use super::errors;
use super::heads::CallHead;
use crate::proxy::deadline::Deadline;
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

/// What a URL answered.
pub struct ProbeReply {
    /// Its status.
    pub status: StatusCode,
    /// Its `Location`, if it redirects.
    pub location: Option<String>,
    /// Its body, where that was wanted.
    pub body: Vec<u8>,
}

/// How far a probe came that got no answer.
#[derive(Clone, Debug)]
pub enum ProbeStage {
    /// The name has no address.
    Resolving,
    /// There is no connection to this address. True if the socket was connected, so that only TLS failed.
    Connecting(SocketAddr, bool),
    /// The question was sent.
    Asked,
    /// The question was sent, and no answer came in time.
    Silent,
}

/// Why there is no answer.
pub struct ProbeFailure {
    /// How far the probe came.
    pub stage: ProbeStage,
    /// What happened.
    pub error: Box<Error>,
    /// How long each stage may take: as long as connecting may take for a call.
    pub limit: Duration,
}

impl UpstreamClient {
    /// Asks a URL of an upstream once. Connecting, waiting for the answer's head and reading its body may each take as long as
    /// connecting may take for a call. `timeout` is that of a call.
    ///
    /// # Errors
    /// How far the probe came, and why no further.
    pub async fn probe(
        &self,
        upstreams: &Upstreams,
        timeout: Duration,
        upstream: &Arc<Upstream>,
        endpoint: &Arc<Endpoint>,
        wants_body: bool,
    ) -> std::result::Result<ProbeReply, Box<ProbeFailure>> {
        let only = Endpoints::new(endpoint.clone(), Vec::new());
        let deadline = Deadline::new(Instant::now(), timeout, None, &HeaderMap::new(), false);
        let mut state = CallState::new(upstreams, upstream.clone(), only, deadline);
        let mut stage = ProbeStage::Resolving;
        let reply = self.try_probe(upstreams, &mut state, &mut stage, wants_body).await;
        reply.map_err(|error| Box::new(ProbeFailure { stage, error, limit: state.connecting.limit }))
    }

    async fn try_probe(
        &self,
        upstreams: &Upstreams,
        state: &mut CallState,
        stage: &mut ProbeStage,
        wants_body: bool,
    ) -> Result<ProbeReply> {
        let mut session = self.connected(upstreams, state, stage).await?;
        let limit = state.connecting.limit;
        *stage = ProbeStage::Silent;
        let too_slow = |_| Error::new(ErrorType::ReadTimedout);
        let reply = tokio::time::timeout(limit, ask(&mut session, upstreams, state)).await;
        let mut reply = reply.map_err(too_slow)?.inspect_err(|_| *stage = ProbeStage::Asked)?;
        if wants_body {
            let body = tokio::time::timeout(limit, read(&mut session, upstreams.max_answer)).await;
            reply.body = body.map_err(too_slow)?.inspect_err(|_| *stage = ProbeStage::Asked)?;
        }
        session.shutdown().await;
        Ok(reply)
    }

    /// Connects to the first address that accepts.
    async fn connected(
        &self,
        upstreams: &Upstreams,
        state: &mut CallState,
        stage: &mut ProbeStage,
    ) -> Result<HttpSession> {
        loop {
            *stage = ProbeStage::Resolving;
            let mut peer = connect::next_peer(&self.resolver, upstreams, state).await?;
            let tracer = ConnectTracer::default();
            peer.options.tracer = Some(Tracer(Box::new(tracer.clone())));
            match self.connector().get_http_session(&*peer).await {
                Ok((session, _)) => return Ok(session),
                Err(e) => {
                    *stage = ProbeStage::Connecting(peer._address.clone(), tracer.0.load(Ordering::Relaxed));
                    if !connect::has_another(state, &e) {
                        return Err(e);
                    }
                }
            }
        }
    }
}

/// Sends the question, with the headers that calls have, and reads the head of the answer.
async fn ask(session: &mut HttpSession, upstreams: &Upstreams, state: &CallState) -> Result<ProbeReply> {
    let head = upstreams.peers.head(&state.endpoint).map(CallHead::of_probe).ok_or_else(errors::no_call)?;
    client::send(session, head, None).await?;
    let head = client::final_head(session).await?;
    let location = head.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    Ok(ProbeReply { status: head.status, location: location.map(str::to_owned), body: Vec::new() })
}

async fn read(session: &mut HttpSession, most: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    client::read_body(session, |piece: &Bytes| {
        if body.len() + piece.len() > most {
            return Err(Error::explain(errors::OVER, format!("its answer is longer than max_answer ({most} bytes)")));
        }
        body.extend_from_slice(piece);
        Ok(())
    })
    .await?;
    Ok(body)
}

/// Records that the socket is connected.
#[derive(Clone, Debug, Default)]
struct ConnectTracer(Arc<AtomicBool>);

impl Tracing for ConnectTracer {
    fn on_connected(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn on_disconnected(&self) {}

    fn boxed_clone(&self) -> Box<dyn Tracing> {
        Box::new(self.clone())
    }
}
