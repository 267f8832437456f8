//! pingora's hooks, each a few lines that feed the exchange. Only here, in `server` and in the stand-in: pingora.
//!
//! A request's life: `request_filter` reads the body whole and opens the exchange (ARGO's address depends on what the body
//! says) → `upstream_peer` → `upstream_request_filter` and `request_body_filter` send the rewritten request →
//! `response_filter` decides whether the client's head goes out → `response_body_filter` rewrites pieces → `logging` writes
//! a reply that was held. `fail_to_proxy` tells the client of whatever went wrong on the way.
//!
//! # Rooms
//!
//! A room uses only rooms above it in this list; the hooks themselves, in this file, use them all.
//!
//! ```text
//! in_flight     how many requests are being served
//! deadline      when a request has to be over, and who said so
//! connection    what pingora lacks on sockets: clocks, silence, corks, a second handle
//! upstream      making a call: peers, heads, breakers, fail-over, connecting
//! images        URLs in requests: checked, fetched, put in place
//! settings      how this instance runs, as far as requests need to know
//! live          the table in use, with its settings and upstreams
//! service       what all requests share
//! request       the phases of one request
//! ```

pub mod connection;
pub mod deadline;
pub mod images;
mod in_flight;
mod live;
pub mod request;
mod service;
mod settings;
pub mod upstream;

pub use connection::client::Guarded;
pub use connection::pace::Patience;
pub use in_flight::InFlight;
pub use live::{Current, Live};
pub use service::Proxy;
pub use settings::{OriginCheck, Settings};

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use request::context::Ctx;
use request::{accept, record, response};
use std::os::fd::RawFd;
use std::time::Duration;
use upstream::connect;

#[async_trait]
impl ProxyHttp for Proxy {
    /// In a box: pingora moves it from future to future.
    type CTX = Box<Ctx>;

    fn new_ctx(&self) -> Box<Ctx> {
        Box::new(Ctx::new(self.current.live(), self.in_flight.enter()))
    }

    /// None: pingora's own would compress replies, which is switched off, and takes its time all the same.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut Box<Ctx>) -> Result<bool> {
        accept::open(self, session, ctx).await
    }

    async fn upstream_peer(&self, _: &mut Session, ctx: &mut Box<Ctx>) -> Result<Box<HttpPeer>> {
        connect::peer(&self.outbound.resolver, ctx).await
    }

    async fn connected_to_upstream(
        &self,
        _: &mut Session,
        _: bool,
        _: &HttpPeer,
        _: RawFd,
        digest: Option<&Digest>,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        connect::connected(digest, ctx);
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        head: &mut RequestHeader,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        connect::head(head, ctx)
    }

    async fn request_body_filter(
        &self,
        _: &mut Session,
        piece: &mut Option<Bytes>,
        end: bool,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        connect::body(piece, end, ctx)
    }

    async fn upstream_response_filter(
        &self,
        _: &mut Session,
        head: &mut ResponseHeader,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        response::framing(head, ctx);
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        head: &mut ResponseHeader,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        response::head(session, head, ctx)
    }

    fn response_body_filter(
        &self,
        session: &mut Session,
        piece: &mut Option<Bytes>,
        end: bool,
        ctx: &mut Box<Ctx>,
    ) -> Result<Option<Duration>> {
        response::body(session, piece, end, ctx)
    }

    fn fail_to_connect(&self, _: &mut Session, _: &HttpPeer, ctx: &mut Box<Ctx>, e: Box<Error>) -> Box<Error> {
        connect::not_connected(e, ctx)
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        e: Box<Error>,
        ctx: &mut Box<Ctx>,
        reused: bool,
    ) -> Box<Error> {
        connect::broken(session, e, ctx, reused)
    }

    async fn fail_to_proxy(&self, session: &mut Session, e: &Error, ctx: &mut Box<Ctx>) -> FailToProxy {
        response::fail(session, e, ctx).await
    }

    async fn logging(&self, session: &mut Session, e: Option<&Error>, ctx: &mut Box<Ctx>) {
        response::finish(session, ctx).await;
        record::tell(session, e, ctx);
    }

    /// One line a request is written in `logging`; pingora's own would repeat it as an error.
    fn suppress_error_log(&self, _: &Session, _: &Box<Ctx>, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(&self, _: &Session, _: &Box<Ctx>, _: &Error, _: ProxyWarnLogContext) -> bool {
        true
    }
}
