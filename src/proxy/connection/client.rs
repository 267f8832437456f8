//! Clients' connections under a clock.
//!
//! pingora limits the time of a single read of a head, which one byte now and then renews, and the time of a single write,
//! whatever its size. Here a head as a whole has a time limit, and a reader has a slowest rate.

use super::clock::{CLOCK, ClientVerdict, ConnectionClock};
use super::half_close::{EndOfReading, is_reset};
use super::pace::{ClientTimeouts, acknowledged};
use super::waiting::{WaitingConnections, own_task};
use super::withheld::Kept;
use async_trait::async_trait;
use bytes::Bytes;
use log::warn;
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

/// pingora's own limit for the next request, in seconds: none, since the clock has one.
pub const UNLIMITED: u64 = 0;

/// The first byte of a TLS connection. No method of HTTP begins with it.
const TLS_HANDSHAKE: u8 = 22;

/// Returns the timeouts that hold for a connection that is accepted now.
pub type CurrentTimeouts = Box<dyn Fn() -> ClientTimeouts + Send + Sync>;

/// Serves connections with `inner`, each under a clock.
pub struct TimedApp<A> {
    inner: Arc<A>,
    timeouts: CurrentTimeouts,
    waiting: Arc<WaitingConnections>,
}

impl<A> TimedApp<A> {
    /// An app that serves connections with `inner`. Those that wait for a request are entered into `waiting`.
    pub fn new(inner: A, timeouts: CurrentTimeouts, waiting: Arc<WaitingConnections>) -> Self {
        TimedApp { inner: Arc::new(inner), timeouts, waiting }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> ServerApp for TimedApp<A> {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let (inner, waiting) = (self.inner.clone(), self.waiting.clone());
        let serving = serve_timed(inner, stream, shutdown.clone(), (self.timeouts)(), waiting);
        match Handle::current().runtime_flavor() {
            // pingora's task keeps the memory that accepting over TLS needs for as long as the task lives, so take one of our own.
            RuntimeFlavor::CurrentThread => drop(tokio::spawn(serving)),
            // With several threads a new task often runs elsewhere just when pingora takes a connection out of its pool. The
            // watcher of that connection then runs at the same time, and pingora drops the connection.
            _ => serving.await,
        }
        None
    }

    async fn cleanup(&self) {
        self.inner.http_cleanup().await;
    }
}

/// Serves a connection of HTTP/1 until it ends or its client is given up.
async fn serve_timed<A: HttpServerApp>(
    app: Arc<A>,
    stream: Stream,
    shutdown: ShutdownWatch,
    timeouts: ClientTimeouts,
    waiting: Arc<WaitingConnections>,
) {
    let socket = stream.id();
    // Before `serving`, so that it is dropped after the socket.
    let place = waiting.enter(socket, own_task().await);
    let clock = Arc::new(ConnectionClock::new(Instant::now(), timeouts, place.mark()));
    let stream = Box::new(TimedStream { stream, clock: clock.clone(), has_begun: false });
    let mut serving = pin!(CLOCK.scope(clock.clone(), serve(&app, stream, &shutdown)));
    let mut timer = pin!(tokio::time::sleep_until(clock.due().into()));
    let mut is_set = false;
    poll_fn(|cx| {
        if timer.is_elapsed() {
            is_set = false;
            match clock.check(Instant::now(), || acknowledged(socket), || is_reset(socket)) {
                ClientVerdict::End => return Poll::Ready(()),
                // After a cut the write that waits is polled below, and fails.
                ClientVerdict::Fine | ClientVerdict::Cut => {}
            }
        }
        let served = serving.as_mut().poll(cx);
        clock.corked.release();
        // After the poll: a request that has come meanwhile is served.
        if served.is_pending() && clock.waits.is_closing() {
            return Poll::Ready(());
        }
        // A check that is due later than the timer waits for it, so one timer serves many requests.
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

/// Serves one request after the other as pingora does, without pingora's time limit between them.
async fn serve<A: HttpServerApp>(app: &Arc<A>, stream: Stream, shutdown: &ShutdownWatch) {
    let mut next = Some(first(app, stream, shutdown));
    while let Some(serving) = next.take() {
        next = serving.await.map(|reused| again(app, reused, shutdown));
    }
}

type ServedOnce<'a> = Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'a>>;

/// A function of its own, so that the future that waits for it does not hold the session.
fn first<'a, A: HttpServerApp>(app: &'a Arc<A>, stream: Stream, shutdown: &'a ShutdownWatch) -> ServedOnce<'a> {
    let mut session = ServerSession::new_http1(stream);
    let is_stopping = *shutdown.borrow();
    session.set_keepalive((!is_stopping).then_some(UNLIMITED));
    app.process_new_http(session, shutdown)
}

fn again<'a, A: HttpServerApp>(
    app: &'a Arc<A>,
    reused: ReusedHttpStream,
    shutdown: &'a ShutdownWatch,
) -> ServedOnce<'a> {
    let (stream, settings) = reused.consume();
    let mut session = ServerSession::new_http1(stream);
    if let Some(settings) = settings {
        settings.apply_to_session(&mut session);
    }
    app.process_new_http(session, shutdown)
}

/// A connection that reports its reads and writes to its clock, and may keep a head back.
#[derive(Debug)]
struct TimedStream {
    stream: Stream,
    clock: Arc<ConnectionClock>,
    /// True once a byte has arrived.
    has_begun: bool,
}

impl TimedStream {
    /// Logs a client that speaks TLS to a port without it. It gets a 400 of HTTP, which it cannot read.
    fn note_first(&mut self, first: Option<&u8>) {
        self.has_begun = true;
        if first == Some(&TLS_HANDSHAKE) && self.stream.get_ssl_digest().is_none() {
            let digest = self.stream.get_socket_digest();
            let peer = digest.as_ref().and_then(|digest| digest.peer_addr());
            let peer = peer.map_or_else(|| "a client".to_owned(), ToString::to_string);
            warn!("{peer} spoke TLS to the plain port; it must use http://, or `tls` of config.yaml turns TLS on");
        }
    }

    /// Decides whether a write is kept back, and writes a head that was.
    fn poll_head(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<Kept>> {
        let TimedStream { stream, clock, .. } = self;
        clock.refuse_head(bufs);
        clock.head.poll_write(bufs, |bytes| Pin::new(&mut *stream).poll_write(cx, bytes))
    }

    fn report_write(&self, written: Poll<io::Result<usize>>, length: usize) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.clock.write_accepted(*bytes, *bytes >= length),
            Poll::Ready(Err(_)) => {}
            Poll::Pending if self.clock.write_waits() => return Poll::Ready(Err(too_slow())),
            Poll::Pending => {}
        }
        written
    }

    /// Takes the end of reading. It is held back from a client that may still read its reply.
    fn end_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let EndOfReading::Waits(probe) = self.clock.end_read() else { return Poll::Ready(Ok(())) };
        if self.write_between(cx, probe.as_ref()).is_err() {
            self.clock.left();
            return Poll::Ready(Ok(()));
        }
        self.keep_alive(cx)?;
        // The clock's timer polls again.
        Poll::Pending
    }

    /// Writes what keeps a silent stream alive, if that is due. pingora reads only while no write of its own is under way, so
    /// it comes between two chunks.
    fn keep_alive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(chunk) = self.clock.take_keep_alive() else { return Ok(()) };
        // A client that does not even take this much needs no comment. A head whose rest waits goes out before the next chunk.
        if self.poll_head(cx, &[IoSlice::new(&chunk)])? != Poll::Ready(Kept::Passes) {
            return Ok(());
        }
        self.write_between(cx, Some(&chunk))?;
        self.clock.write_accepted(chunk.len(), true);
        Ok(())
    }

    /// Writes something between two writes of pingora's, and what is buffered.
    fn write_between(&mut self, cx: &mut Context<'_>, bytes: Option<&Bytes>) -> io::Result<()> {
        if let Some(bytes) = bytes
            && let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes)
            && written? < bytes.len()
        {
            // Nothing is under way and the buffer is larger, so this does not happen; a part would spoil the reply.
            return Err(ErrorKind::WriteZero.into());
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => Ok(()),
        }
    }
}

fn too_slow() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "the client reads too slowly")
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf)?;
        if read.is_pending() {
            return self.keep_alive(cx).map_or_else(|e| Poll::Ready(Err(e)), |()| Poll::Pending);
        }
        if buf.filled().len() > before {
            self.clock.bytes_arrived(buf.filled().len() - before);
            if !self.has_begun {
                self.note_first(buf.filled().get(before));
            }
        } else if buf.remaining() > 0 {
            return self.end_read(cx);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if ready!(self.poll_head(cx, &[IoSlice::new(buf)]))? == Kept::Taken {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.report_write(written, buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = bufs.iter().map(|buf| buf.len()).sum();
        if ready!(self.poll_head(cx, bufs))? == Kept::Taken {
            return Poll::Ready(Ok(length));
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.report_write(written, length)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let TimedStream { stream, clock, .. } = &mut *self;
        if ready!(clock.head.poll_flush(|bytes| Pin::new(&mut *stream).poll_write(cx, bytes)))? == Kept::Taken {
            return Poll::Ready(Ok(()));
        }
        let flushed = Pin::new(&mut self.stream).poll_flush(cx).map_ok(|()| 0);
        self.report_write(flushed, 0).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[async_trait]
impl Shutdown for TimedStream {
    async fn shutdown(&mut self) {
        Shutdown::shutdown(self.stream.as_mut()).await;
    }
}

impl UniqueID for TimedStream {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl Ssl for TimedStream {
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.stream.get_ssl_digest()
    }

    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.stream.selected_alpn_proto()
    }
}

#[async_trait]
impl Peek for TimedStream {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        self.stream.try_peek(buf).await
    }
}

impl GetTimingDigest for TimedStream {
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

impl GetProxyDigest for TimedStream {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }

    fn set_proxy_digest(&mut self, digest: ProxyDigest) {
        self.stream.set_proxy_digest(digest);
    }
}

impl GetSocketDigest for TimedStream {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }

    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.stream.set_socket_digest(digest);
    }
}
