//! Reads a request's body whole before the peer is chosen, such that pingora still calls `request_body_filter` for it.
//!
//! pingora does so for a body that is already read only when its retry buffer holds something, and that buffer gives up
//! above 64 KiB. So it is switched on when at most 64 KiB remain of a body of known length; a chunked body is read up to
//! the end of its JSON document and no further, so that pingora itself reads the terminal chunk.

use crate::wire::Gathered;
use crate::wire::body_end::BodyEnd;
use bytes::Bytes;
use http::{HeaderMap, header};
use pingora::{ErrorType, Result};
use pingora_proxy::Session;
use std::time::Duration;

/// What pingora's retry buffer holds, and the most that one read returns.
const RETRY_BUFFER: usize = 64 * 1024;
/// How long, and how many times the limit, a refused body is read on, so that the client sees the refusal.
const LINGER: Duration = Duration::from_secs(3);
/// How long the rest of a short body may take.
const SETTLE: Duration = Duration::from_millis(500);
const LINGER_FACTOR: usize = 4;

/// What came of reading.
pub enum Read {
    /// The body, complete.
    Whole(Bytes),
    /// It is larger than the limit.
    TooLarge,
}

/// Reads the whole body, at most `limit` bytes.
///
/// # Errors
/// pingora's, when the client goes away or its framing is broken.
pub async fn read(session: &mut Session, limit: usize) -> Result<Read> {
    if session.is_body_empty() {
        return Ok(Read::Whole(Bytes::new()));
    }
    match length(&session.req_header().headers) {
        Some(length) if length > limit => Ok(Read::TooLarge),
        Some(length) => {
            go_on(session).await?;
            known(session, length).await
        }
        None => {
            go_on(session).await?;
            chunked(session, limit).await
        }
    }
}

/// Answers `Expect: 100-continue`: the client sends its body only then. pingora gives the connection up with that answer,
/// since the body is not read yet; it is kept all the same.
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

async fn known(session: &mut Session, length: usize) -> Result<Read> {
    let mut whole = Gathered::new(length);
    loop {
        if length - whole.len().min(length) <= RETRY_BUFFER {
            session.enable_retry_buffering();
        }
        match session.read_request_body().await.map_err(|e| e.into_down())? {
            Some(piece) => whole.push(piece),
            None => return Ok(Read::Whole(whole.take())),
        }
        if whole.len() >= length {
            return Ok(Read::Whole(whole.take()));
        }
    }
}

async fn chunked(session: &mut Session, limit: usize) -> Result<Read> {
    session.enable_retry_buffering();
    let mut whole = Gathered::new(0);
    let mut end = BodyEnd::default();
    while let Some(piece) = session.read_request_body().await.map_err(|e| e.into_down())? {
        if whole.len() + piece.len() > limit {
            return Ok(Read::TooLarge);
        }
        let ended = end.push(&piece);
        whole.push(piece);
        if ended {
            break;
        }
    }
    Ok(Read::Whole(whole.take()))
}

/// Reads up to the end of a body whose document is complete, so that the connection can be watched.
///
/// # Errors
/// 400 when more than white space follows the document; pingora's, when the client goes away.
pub async fn finish(session: &mut Session) -> Result<()> {
    while !session.is_body_done() {
        match session.read_request_body().await.map_err(|e| e.into_down())? {
            Some(piece) => trailing(&piece).map_or(Ok(()), Err)?,
            None => break,
        }
    }
    Ok(())
}

/// Reads what little is left of a body that nobody wants, so that the connection can be kept; whether more is left.
pub async fn settle(session: &mut Session) -> bool {
    if session.is_body_done() {
        return false;
    }
    let asks_first = session.get_header(header::EXPECT).is_some() && session.response_written().is_none();
    if asks_first {
        // The client waits for a word before it sends anything, and gets the refusal instead.
        session.set_keepalive(None);
        return false;
    }
    drain(session, RETRY_BUFFER, SETTLE).await;
    !session.is_body_done()
}

/// Reads on for a while after a refusal was written: closing at once would reset the connection, and the client would see
/// that instead of the refusal.
pub async fn linger(session: &mut Session, limit: usize) {
    session.set_keepalive(None);
    drain(session, limit.saturating_mul(LINGER_FACTOR), LINGER).await;
}

/// Reads and forgets, until the body ends, `most` bytes are read, or the time is up.
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
    // Time up and all read are the same here: the caller looks at what is left.
    let _ = tokio::time::timeout(time, read).await;
}

/// The failure of a body that went on after its JSON document ended; `None` when only white space follows.
pub fn trailing(piece: &[u8]) -> Option<Box<pingora::Error>> {
    piece.iter().any(|byte| !byte.is_ascii_whitespace()).then(|| {
        pingora::Error::explain(ErrorType::HTTPStatus(400), "the request body goes on after its JSON document")
            .into_down()
    })
}
