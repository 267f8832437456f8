//! pingora's hooks, each a few lines that call its file in `request`.
//!
//! A request's life: `request_filter` reads the body whole and prepares the call (the upstream's address depends on what the
//! body says) → `upstream_peer` → `upstream_request_filter` and `request_body_filter` send the call's own head and body →
//! `response_filter` decides whether the client's head goes out → `response_body_filter` rewrites pieces → `logging` writes a
//! reply that was held, and the log's line. `fail_to_proxy` reports to the client whatever went wrong on the way.
//!
//! # Rooms
//!
//! A module of this room uses only modules above it in this list.
//!
//! ```text
//! aside         work that takes long, on few other threads
//! machine_memory  how much memory requests may hold by default
//! memory        how much memory requests hold
//! in_flight     how many requests are being served
//! deadline      how long a call may take
//! connection    what pingora lacks on sockets: clocks, second handles, silence, corks, withheld heads, half-closed clients, their users
//! upstream      making a call: authorities, peers, heads, resolver, generation, breaker, failover, connect, retry, client, probe, errors
//! images        URLs in requests: checked, fetched, put in place
//! settings      what the hooks need of config.yaml
//! live          the table in use
//! page          what serves the page for people
//! service       what all requests share
//! request       the phases of one request, a file for each hook or step
//! ```

pub mod aside;
pub mod connection;
pub mod deadline;
pub mod images;
pub mod in_flight;
pub mod live;
pub mod machine_memory;
pub mod memory;
pub mod page;
pub mod request;
pub mod service;
pub mod settings;
pub mod upstream;

use async_trait::async_trait;
use bytes::Bytes;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::modules::http::HttpModules;
use pingora::protocols::Digest;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error, Result};
use pingora_proxy::{FailToProxy, ProxyHttp, ProxyWarnLogContext, Session};
use request::context::Ctx;
use request::{accept, failure_reply, held_reply, record, response, upstream_hooks};
use service::Proxy;
use std::os::fd::RawFd;
use std::time::Duration;

#[async_trait]
impl ProxyHttp for Proxy {
    /// In a box, since pingora moves it from future to future.
    type CTX = Box<Ctx>;

    fn new_ctx(&self) -> Box<Ctx> {
        Box::new(Ctx::new(self.current.live(), &self.in_flight))
    }

    /// Adds none: pingora's own would compress replies, which is switched off, and takes its time all the same.
    fn init_downstream_modules(&self, _: &mut HttpModules) {}

    async fn request_filter(&self, session: &mut Session, ctx: &mut Box<Ctx>) -> Result<bool> {
        accept::accept(self, session, ctx).await
    }

    async fn upstream_peer(&self, _: &mut Session, ctx: &mut Box<Ctx>) -> Result<Box<HttpPeer>> {
        upstream_hooks::peer(&self.upstream_client.resolver, ctx).await
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
        upstream_hooks::connected(digest, ctx);
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        _: &mut Session,
        head: &mut RequestHeader,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        upstream_hooks::head(head, ctx)
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        piece: &mut Option<Bytes>,
        end: bool,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        upstream_hooks::body(session, piece, end, ctx)
    }

    async fn upstream_response_filter(
        &self,
        _: &mut Session,
        head: &mut ResponseHeader,
        ctx: &mut Box<Ctx>,
    ) -> Result<()> {
        response::framing(head, ctx)
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
        upstream_hooks::not_connected(e, ctx)
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        e: Box<Error>,
        ctx: &mut Box<Ctx>,
        reused: bool,
    ) -> Box<Error> {
        upstream_hooks::broken(session, e, ctx, reused)
    }

    async fn fail_to_proxy(&self, session: &mut Session, e: &Error, ctx: &mut Box<Ctx>) -> FailToProxy {
        failure_reply::fail(self, session, e, ctx).await
    }

    async fn logging(&self, session: &mut Session, e: Option<&Error>, ctx: &mut Box<Ctx>) {
        held_reply::write(self, session, ctx).await;
        record::report(&self.recent, session, e, ctx);
    }

    /// `logging` writes one line for each request. pingora's own would repeat it as an error.
    fn suppress_error_log(&self, _: &Session, _: &Box<Ctx>, _: &Error) -> bool {
        true
    }

    fn suppress_proxy_warn_log(&self, _: &Session, _: &Box<Ctx>, _: &Error, _: ProxyWarnLogContext) -> bool {
        true
    }
}
