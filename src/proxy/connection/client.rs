//! Connections of clients under a clock. pingora has a time limit for a single read of a head, which a byte now and then
//! renews, and one for a write, whatever its size; here a head has a time, and a reader a rate.

use super::clock::{CLOCK, Clock, Verdict, acked};
use super::pace::Patience;
use crate::proxy::Current;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, ReusedHttpStream, ServerApp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::SslDigest;
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use pingora::server::ShutdownWatch;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Handle, RuntimeFlavor};

/// How long pingora waits for the next request, in seconds: for ever, since the clock knows better.
const UNLIMITED: u64 = 0;

/// Serves connections with `inner`, each under a clock.
pub struct Guarded<A> {
    inner: Arc<A>,
    current: Arc<Current>,
}

impl<A> Guarded<A> {
    /// The patience is that of what is current.
    pub fn new(inner: A, current: Arc<Current>) -> Self {
        Guarded { inner: Arc::new(inner), current }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> ServerApp for Guarded<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        if matches!(stream.selected_alpn_proto(), Some(ALPN::H2)) {
            // One connection, many requests at the same time: a clock for one of them says nothing.
            return self.inner.process_new(stream, shutdown).await;
        }
        let patience = self.current.live().settings.patience;
        let serving = watched(self.inner.clone(), stream, shutdown.clone(), patience);
        match Handle::current().runtime_flavor() {
            // In a task of its own: pingora's keeps the room that accepting over TLS needs, for as long as it lives.
            RuntimeFlavor::CurrentThread => drop(tokio::spawn(serving)),
            // Not where another thread may take tasks over: it would then often run what watches a pooled connection just
            // when that is taken out, and pingora gives such a connection up.
            _ => serving.await,
        }
        None
    }

    async fn cleanup(&self) {
        self.inner.http_cleanup().await;
    }
}

/// Serves a connection of HTTP/1 until it ends, or its client is given up.
async fn watched<A: HttpServerApp>(app: Arc<A>, stream: Stream, shutdown: ShutdownWatch, patience: Patience) {
    let clock = Arc::new(Clock::new(Instant::now(), patience));
    let socket = stream.id();
    let stream = Box::new(Watched { stream, clock: clock.clone() });
    let mut serving = pin!(CLOCK.scope(clock.clone(), serve(&app, stream, &shutdown)));
    let mut timer = pin!(tokio::time::sleep_until(clock.due().into()));
    let mut is_set = false;
    poll_fn(|cx| {
        if timer.is_elapsed() {
            is_set = false;
            match clock.look(Instant::now(), || acked(socket)) {
                Verdict::End => return Poll::Ready(()),
                // The write that waits is polled below, and fails.
                Verdict::Fine | Verdict::Cut => {}
            }
        }
        let served = serving.as_mut().poll(cx);
        clock.held.release();
        // What is due later than the timer waits for it: so one timer is set for many requests.
        let due = clock.due().into();
        if served.is_pending() && (!is_set || due < timer.deadline()) {
            timer.as_mut().reset(due);
            is_set = true;
            if timer.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        served
    })
    .await;
}

/// One request after the other, as pingora serves them, but without a time limit of its own between them.
async fn serve<A: HttpServerApp>(app: &Arc<A>, stream: Stream, shutdown: &ShutdownWatch) {
    let mut next = Some(first(app, stream, shutdown));
    while let Some(serving) = next.take() {
        next = serving.await.map(|reused| again(app, reused, shutdown));
    }
}

type Served<'a> = Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>>;

/// A function of its own, so that no session is a part of the future that waits for it.
fn first<'a, A: HttpServerApp>(app: &'a Arc<A>, stream: Stream, shutdown: &'a ShutdownWatch) -> Served<'a> {
    let mut session = ServerSession::new_http1(stream);
    let is_stopping = *shutdown.borrow();
    session.set_keepalive((!is_stopping).then_some(UNLIMITED));
    app.process_new_http(session, shutdown)
}

fn again<'a, A: HttpServerApp>(app: &'a Arc<A>, reused: ReusedHttpStream, shutdown: &'a ShutdownWatch) -> Served<'a> {
    let (stream, settings) = reused.consume();
    let mut session = ServerSession::new_http1(stream);
    if let Some(settings) = settings {
        settings.apply_to_session(&mut session);
    }
    app.process_new_http(session, shutdown)
}

/// A connection that tells its clock what happens on it.
#[derive(Debug)]
struct Watched {
    stream: Stream,
    clock: Arc<Clock>,
}

impl Watched {
    fn wrote(&self, written: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.clock.took(*bytes, *bytes >= length),
            Poll::Ready(Err(_)) => {}
            Poll::Pending if self.clock.waits() => return Poll::Ready(Err(too_slow())),
            Poll::Pending => {}
        }
        written
    }
}

fn too_slow() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the client reads too slowly")
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buf));
        if buf.filled().len() > before {
            self.clock.heard();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(written, buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(written, bufs.iter().map(|buf| buf.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx).map_ok(|()| 0);
        self.wrote(flushed, 0).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for Watched {
    async fn shutdown(&mut self) {
        Shutdown::shutdown(self.stream.as_mut()).await;
    }
}

impl UniqueID for Watched {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for Watched {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.selected_alpn_proto()
    }
}

#[async_trait]
impl Peek for Watched {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        self.stream.try_peek(buf).await
    }
}

impl GetTimingDigest for Watched {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }

    fn get_read_pending_time(&self) -> Duration {
        self.stream.get_read_pending_time()
    }

    fn get_write_pending_time(&self) -> Duration {
        self.stream.get_write_pending_time()
    }
}

impl GetProxyDigest for Watched {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.stream.set_proxy_digest(digest);
    }
}

impl GetSocketDigest for Watched {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.stream.set_socket_digest(digest);
    }
}
