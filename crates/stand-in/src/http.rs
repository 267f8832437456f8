//! The HTTP side: reads a request, waits, writes the reply in pieces. This is the only file with I/O.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use log::debug;
use pingora::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora::http::Version;
use pingora::protocols::http::ServerSession;
use pingora::server::ShutdownWatch;
use pingora::{Error, ErrorType, OrErr, Result};

use crate::caller::Caller;
use crate::paths::{Detour, Route};
use crate::reply::{Delivery, Reply, Streamed, Whole};
use crate::server::StandIn;
use crate::{fault, head};

/// The largest body in bytes. A larger one is refused with 413.
const LARGEST_BODY: usize = 64 << 20;
/// How long an idle connection stays open, in seconds.
const KEEP_ALIVE: u64 = 60;

#[async_trait]
impl HttpServerApp for StandIn {
    async fn process_new_http(
        self: &Arc<Self>,
        mut http: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        match http.read_request().await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => {
                debug!("stand-in: unreadable request: {error}");
                return None;
            }
        }
        let keeps = http.req_header().version == Version::HTTP_11 && !*shutdown.borrow();
        if let Err(error) = self.serve(&mut http, keeps).await {
            debug!("stand-in: {}: {error}", http.request_summary());
            http.shutdown().await;
            return None;
        }
        let settings = HttpPersistentSettings::for_session(&http);
        let reusable = http.finish().await.ok().flatten()?;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }
}

impl StandIn {
    /// Reads the rest of the request and writes the reply. After an error the connection cannot be used again.
    async fn serve(&self, http: &mut ServerSession, keeps: bool) -> Result<()> {
        let Some(body) = read_body(http).await? else {
            return self.write(http, fault::too_large()).await;
        };
        // Only after the body: a 100 Continue resets keep-alive.
        http.set_keepalive(keeps.then_some(KEEP_ALIVE));
        let head = http.req_header();
        let reply = match Route::find(&head.method, head.uri.path()) {
            Ok(route) => {
                let reply = self.reply(route, Caller::of(head), &body);
                if route.is_call() {
                    pause(http, self.options.latency).await?;
                }
                reply
            }
            Err(Detour::NotFound) => fault::detail(404, "Not Found"),
            Err(Detour::MethodNotAllowed(allowed)) => {
                fault::detail(405, "Method Not Allowed").with("Allow", allowed.to_owned())
            }
            Err(Detour::Redirect(path)) => Reply::redirect(location(http, path)),
        };
        self.write(http, reply).await
    }

    async fn write(&self, http: &mut ServerSession, reply: Reply) -> Result<()> {
        match reply {
            Reply::Whole(whole) => write_whole(http, whole).await,
            Reply::Stream(stream) => self.write_stream(http, stream).await,
            Reply::Hang => until_client_leaves(http).await,
        }
    }

    /// Writes a stream in pieces, with a pause between two of them.
    async fn write_stream(&self, http: &mut ServerSession, stream: Streamed) -> Result<()> {
        let Streamed { mut body, delivery } = stream;
        let mut head = head::stream(http.req_header().version, &body)?;
        let delay = match delivery {
            Delivery::Slow(delay) => delay,
            _ => self.options.piece_delay,
        };
        let mut gzip = None;
        if delivery == Delivery::Gzip {
            head.insert_header("Content-Encoding", "gzip")?;
            gzip = Some(GzEncoder::new(Vec::new(), Compression::fast()));
        }
        http.write_response_header(Box::new(head)).await?;
        // A stream is cut between two pieces, without the last chunk.
        let mut sent = 0;
        while !body.is_empty() && delivery != Delivery::Cut(sent) {
            if sent > 0 {
                pause(http, delay).await?;
            }
            let Some(piece) = body.next(self.options.piece_size) else { break };
            let piece = match &mut gzip {
                Some(gzip) => compress(gzip, &piece)?,
                None => piece,
            };
            http.write_response_body(piece, false).await?;
            sent += 1;
        }
        if let Delivery::Cut(_) = delivery {
            return cut();
        }
        let end = match gzip {
            Some(gzip) => Bytes::from(gzip.finish().or_err(ErrorType::InternalError, "gzip")?),
            None => Bytes::new(),
        };
        http.write_response_body(end, true).await
    }
}

/// Writes a reply with a length.
async fn write_whole(http: &mut ServerSession, whole: Whole) -> Result<()> {
    let Whole { status, media, extra, mut body, delivery } = whole;
    if let Delivery::Slow(wait) = delivery {
        pause(http, wait).await?;
    }
    if delivery == Delivery::Gzip {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&body).or_err(ErrorType::InternalError, "gzip")?;
        body = gzip.finish().or_err(ErrorType::InternalError, "gzip")?.into();
    }
    let mut head = head::whole(status, media, body.len())?;
    if delivery == Delivery::Gzip {
        head.insert_header("Content-Encoding", "gzip")?;
    }
    if let Some((name, value)) = extra {
        head.insert_header(name, value)?;
    }
    http.write_response_header(Box::new(head)).await?;
    if let Delivery::Cut(_) = delivery {
        body.truncate(body.len() / 2);
        http.write_response_body(body, false).await?;
        return cut();
    }
    http.write_response_body(body, true).await
}

/// Returns a piece compressed. The flush lets a reader decode all of the piece at once.
fn compress(gzip: &mut GzEncoder<Vec<u8>>, piece: &[u8]) -> Result<Bytes> {
    gzip.write_all(piece).or_err(ErrorType::InternalError, "gzip")?;
    gzip.flush().or_err(ErrorType::InternalError, "gzip")?;
    Ok(std::mem::take(gzip.get_mut()).into())
}

/// Reads the whole body. Returns `None` if it is too large.
async fn read_body(http: &mut ServerSession) -> Result<Option<Bytes>> {
    let announced = std::str::from_utf8(http.get_header_bytes("content-length")).ok();
    let announced: Option<usize> = announced.and_then(|length| length.parse().ok());
    if announced.is_some_and(|length| length > LARGEST_BODY) {
        return Ok(None);
    }
    if http.get_header_bytes("expect").eq_ignore_ascii_case(b"100-continue") {
        http.write_continue_response().await?;
    }
    let Some(first) = http.read_request_body().await? else {
        return Ok(Some(Bytes::new()));
    };
    if http.is_body_done() {
        return Ok(Some(first));
    }
    let mut all = BytesMut::with_capacity(announced.unwrap_or(first.len() * 2));
    all.extend_from_slice(&first);
    while let Some(more) = http.read_request_body().await? {
        if all.len() + more.len() > LARGEST_BODY {
            return Ok(None);
        }
        all.extend_from_slice(&more);
    }
    Ok(Some(all.freeze()))
}

/// Waits, and returns early with an error if the client leaves.
async fn pause(http: &mut ServerSession, wait: Duration) -> Result<()> {
    if wait.is_zero() {
        return Ok(());
    }
    tokio::select! {
        () = tokio::time::sleep(wait) => Ok(()),
        gone = until_client_leaves(http) => gone,
    }
}

async fn until_client_leaves(http: &mut ServerSession) -> Result<()> {
    http.read_body_or_idle(true).await?;
    Error::e_explain(ErrorType::ConnectionClosed, "the client left")
}

/// Returns the error that makes the caller close the connection, in the middle of a reply.
fn cut() -> Result<()> {
    Error::e_explain(ErrorType::ConnectionClosed, "cut, as the prompt asked")
}

/// Returns the target of a redirect. The gateway's framework redirects to absolute URLs.
fn location(http: &ServerSession, path: String) -> String {
    let head = http.req_header();
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    match head.headers.get("host").and_then(|host| host.to_str().ok()) {
        Some(host) => format!("http://{host}{path}{query}"),
        None => format!("{path}{query}"),
    }
}
