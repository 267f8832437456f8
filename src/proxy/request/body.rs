//! Reads a request's body whole before the peer is chosen, in such a way that pingora still calls `request_body_filter`.
//!
//! pingora calls that filter for a body that is read already only if its retry buffer holds something, and the buffer gives up
//! above 64 KiB. So the buffer is switched on when at most 64 KiB of a body of known length remain. A chunked body above that is
//! read to the end of its JSON document and no further, so that pingora itself reads the terminal chunk: see [`go_on_in_time`].

use crate::json::document_end::BodyEnd;
use crate::proxy::connection::clock;
use crate::proxy::connection::pace::ClientTimeouts;
use crate::proxy::memory::MemoryShare;
use crate::proxy::upstream::heads;
use crate::wire::{Failure, Gathered};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use pingora::{ErrorType, Result};
use pingora_proxy::Session;
use std::time::{Duration, Instant};

/// What pingora's retry buffer holds, and the most that one read returns.
const RETRY_BUFFER: usize = 64 * 1024;
/// How long a refused body is read on, so that the client sees the refusal.
const LINGER: Duration = Duration::from_secs(3);
/// How long the rest of a short body may take.
const SETTLE: Duration = Duration::from_millis(500);
/// How many times the limit is read on of a refused body.
const LINGER_FACTOR: usize = 4;
/// What is read after a refusal in any case, in bytes.
const LINGER_LEAST: usize = 16 * 1024 * 1024;

/// Checks the size of a head. pingora has read it by then, up to 1 MiB.
///
/// # Errors
/// 431.
pub fn check_head(session: &Session, most: usize) -> std::result::Result<(), Failure> {
    let head = session.req_header();
    let fields = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let size = fields.sum::<usize>() + head.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if size <= most {
        return Ok(());
    }
    let message = format!("The request's head is larger than max_head ({most} bytes): {size} bytes.");
    Err(Failure::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message).with_code("head_too_large"))
}

/// Refuses a body with a transfer coding that nobody here undoes. The connection ends, since what follows cannot be told from it.
///
/// # Errors
/// 501.
pub fn check_framing(session: &mut Session) -> std::result::Result<(), Failure> {
    if heads::is_chunked_or_plain(&session.req_header().headers) {
        return Ok(());
    }
    session.set_keepalive(None);
    let message = "Of transfer codings only chunked is read here; send the body without another Transfer-Encoding.";
    Err(Failure::new(StatusCode::NOT_IMPLEMENTED, message).with_code("transfer_encoding_not_read"))
}

/// What came of reading.
pub enum ReadBody {
    /// The complete body.
    Whole(Bytes),
    /// The body is larger than the limit.
    TooLarge,
    /// There is no memory for it.
    NoRoom(Failure),
}

/// Reads the whole body, at most `limit` bytes. Each piece is taken from `memory`.
///
/// # Errors
/// pingora's, when the client goes away or its framing is broken.
pub async fn read(
    session: &mut Session,
    limit: usize,
    timeouts: &ClientTimeouts,
    memory: &mut MemoryShare,
) -> Result<ReadBody> {
    if session.is_body_empty() {
        return Ok(ReadBody::Whole(Bytes::new()));
    }
    session.set_read_timeout(Some(timeouts.body));
    session.as_downstream_mut().set_total_drain_timeout(Some(timeouts.body));
    match length(&session.req_header().headers) {
        Some(length) if length > limit => Ok(ReadBody::TooLarge),
        Some(length) => {
            go_on(session).await?;
            known(session, length, timeouts, memory).await
        }
        None => {
            go_on(session).await?;
            chunked(session, limit, timeouts, memory).await
        }
    }
}

/// Answers `Expect: 100-continue`, since the client sends its body only then. With that answer pingora would give the
/// connection up, because the body is not read yet; so its keep-alive is set again.
async fn go_on(session: &mut Session) -> Result<()> {
    let expects =
        session.get_header(header::EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if expects {
        let kept = session.get_keepalive();
        session.write_continue_response().await?;
        session.set_keepalive(kept);
    }
    Ok(())
}

fn length(headers: &HeaderMap) -> Option<usize> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

async fn known(
    session: &mut Session,
    length: usize,
    timeouts: &ClientTimeouts,
    memory: &mut MemoryShare,
) -> Result<ReadBody> {
    let begun = Instant::now();
    let mut whole = Gathered::new(length);
    loop {
        if length - whole.len().min(length) <= RETRY_BUFFER {
            session.enable_retry_buffering();
        }
        let Some(piece) = piece(session, timeouts.body_due(begun, whole.len())).await? else {
            return Ok(ReadBody::Whole(whole.take()));
        };
        if let Err(failure) = memory.take_body(whole.len(), &piece) {
            return Ok(ReadBody::NoRoom(failure));
        }
        whole.push(piece);
        if whole.len() >= length {
            return Ok(ReadBody::Whole(whole.take()));
        }
    }
}

/// Returns the next piece of a body, if it comes in time.
async fn piece(session: &mut Session, until: Instant) -> Result<Option<Bytes>> {
    match tokio::time::timeout_at(until.into(), session.read_request_body()).await {
        Ok(read) => read.map_err(|e| e.into_down()),
        Err(_) => Err(too_slow()),
    }
}

fn too_slow() -> Box<pingora::Error> {
    pingora::Error::explain(ErrorType::ReadTimedout, "the request's body is too slow").into_down()
}

async fn chunked(
    session: &mut Session,
    limit: usize,
    timeouts: &ClientTimeouts,
    memory: &mut MemoryShare,
) -> Result<ReadBody> {
    let begun = Instant::now();
    session.enable_retry_buffering();
    let mut whole = Gathered::new(0);
    let mut end = BodyEnd::default();
    while let Some(piece) = piece(session, timeouts.body_due(begun, whole.len())).await? {
        if whole.len() + piece.len() > limit {
            return Ok(ReadBody::TooLarge);
        }
        if let Err(failure) = memory.take_body(whole.len(), &piece) {
            return Ok(ReadBody::NoRoom(failure));
        }
        let ended = end.push(&piece);
        whole.push(piece);
        if ended {
            break;
        }
    }
    // pingora replays a body that its buffer holds, so no call is made before the client has sent all of it.
    let due = timeouts.body_due(begun, whole.len());
    while !session.retry_buffer_truncated() && !session.is_body_done() && rest(session, due).await? {}
    Ok(ReadBody::Whole(whole.take()))
}

/// Has pingora wait until `due` for the next bytes of a body whose document is complete. pingora's own limit begins again with
/// each byte.
///
/// # Errors
/// 408 when the time is up.
pub fn go_on_in_time(session: &mut Session, due: Instant) -> Result<()> {
    let left = due.saturating_duration_since(Instant::now());
    session.set_read_timeout(Some(left));
    if left.is_zero() { Err(too_slow()) } else { Ok(()) }
}

/// Reads up to the end of a body whose document is complete, so that the connection can be watched.
///
/// # Errors
/// 400 when more than white space follows the document; 408 when that takes longer than until `due`; pingora's, when the
/// client goes away.
pub async fn finish(session: &mut Session, due: Instant) -> Result<()> {
    while !session.is_body_done() && rest(session, due).await? {}
    clock::request_complete();
    Ok(())
}

/// Reads a piece that follows the document. Returns false if there is none.
async fn rest(session: &mut Session, due: Instant) -> Result<bool> {
    let piece = piece(session, due).await?;
    piece.as_deref().and_then(trailing).map_or(Ok(piece.is_some()), Err)
}

/// Reads the rest of a short body that nobody wants, so that the connection can be kept. Returns true if more is left.
pub async fn settle(session: &mut Session) -> bool {
    if session.is_body_done() {
        return false;
    }
    let asks_first = session.get_header(header::EXPECT).is_some() && session.response_written().is_none();
    if asks_first {
        // The client waits for `100 Continue` before it sends anything, and gets the refusal instead.
        session.set_keepalive(None);
        return false;
    }
    drain(session, RETRY_BUFFER, SETTLE).await;
    !session.is_body_done()
}

/// Reads on for a while after a refusal was written. Closing at once would reset the connection, and the client would see that
/// instead of the refusal.
pub async fn linger(session: &mut Session, limit: usize) {
    session.set_keepalive(None);
    drain(session, limit.saturating_mul(LINGER_FACTOR).max(LINGER_LEAST), LINGER).await;
}

/// Reads and drops bytes until the body ends, `most` bytes are read, or the time is up.
async fn drain(session: &mut Session, most: usize, time: Duration) {
    let mut left = most;
    let read = async {
        while let Ok(Some(piece)) = session.read_request_body().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    };
    // The caller looks at what is left, so it need not know why reading ended.
    let _ = tokio::time::timeout(time, read).await;
}

/// Returns the failure of a body that goes on after its JSON document; `None` if only white space follows.
pub fn trailing(piece: &[u8]) -> Option<Box<pingora::Error>> {
    piece.iter().any(|byte| !byte.is_ascii_whitespace()).then(|| {
        pingora::Error::explain(ErrorType::HTTPStatus(400), "the request body goes on after its JSON document")
            .into_down()
    })
}
