//! Plain HTTP that is spoken to a port with TLS. Without an answer, people see an empty reply and look for the fault elsewhere.

use crate::dialects::client::unknown;
use crate::plan::refuse;
use crate::proxy::connection::waiting::WaitingConnections;
use crate::wire::Failure;
use async_trait::async_trait;
use pingora::listeners::PreTlsProcess;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::{Peek, UniqueID};
use pingora::{Error, ErrorType, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// pingora's line for it begins with the client's address.
const MISTAKEN: ErrorType = ErrorType::Custom("it spoke plain HTTP to the TLS port; it must use https://");
/// How long, and up to how many bytes, the rest of the request is read. A close before that could destroy the answer.
const LINGER: Duration = Duration::from_secs(1);
const MOST: u64 = 1 << 20;

/// Why a connection was closed that had not begun its handshake.
const CLOSED: ErrorType = ErrorType::Custom("it was closed before its handshake, since descriptors ran out");

/// Answers plain HTTP before the TLS handshake. Until its first byte, a connection is one that waits.
pub struct PlainHttpAnswer {
    pub waiting: Arc<WaitingConnections>,
}

#[async_trait]
impl PreTlsProcess for PlainHttpAnswer {
    async fn process(&self, stream: &mut Stream) -> Result<()> {
        let mut first = [0];
        // A client that goes without a word is reported by the handshake.
        let peeked = self.waiting.unless_closed(stream.id(), stream.try_peek(&mut first)).await;
        let has_spoken = peeked.ok_or_else(|| Error::new(CLOSED))?.is_ok();
        // Methods are upper-case letters; a handshake begins with 22.
        if !has_spoken || !first.iter().all(u8::is_ascii_uppercase) {
            return Ok(());
        }
        let failure = Failure::bad_request("This port speaks TLS: use https:// in place of http://.");
        let body = refuse(unknown(), &failure.with_code("https_required")).body;
        let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close";
        let head = format!("{head}\r\nContent-Length: {}\r\n\r\n", body.len());
        let answered = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.flush().await?;
            stream.shutdown().await?;
            tokio::io::copy(&mut stream.take(MOST), &mut tokio::io::sink()).await
        };
        // A client that is gone needs no answer.
        let _ = tokio::time::timeout(LINGER, answered).await;
        Err(Error::new(MISTAKEN))
    }
}
