//! Writes the rest of a stream that pingora does not finish.

use super::context::Ctx;
use super::reply_heads::stream_head;
use super::{early_head, writer};
use crate::exchange::Exchange;
use crate::proxy::connection::client::UNLIMITED;
use crate::proxy::connection::clock;
use bytes::Bytes;
use log::debug;
use pingora_proxy::Session;

/// How a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// It is complete.
    Complete,
    /// It ends with a failure. Some dialects' clients take that for a whole answer unless the connection breaks.
    Failed,
}

impl StreamEnd {
    /// Returns how the stream of an exchange ends.
    pub fn of(exchange: Option<&Exchange>) -> Self {
        let has_failed = exchange.is_some_and(|exchange| exchange.reason().is_some());
        if has_failed { StreamEnd::Failed } else { StreamEnd::Complete }
    }
}

/// Writes the rest of a stream: its head, if pingora dropped that too, the pieces of a dropped batch, the last event.
pub async fn write(session: &mut Session, ctx: &mut Ctx, last: Bytes, end: StreamEnd) {
    let breaks = end == StreamEnd::Failed && writer::client(session, &ctx.facts).breaks_after_error();
    let written = async {
        if let (Some(content_type), false) = (ctx.stream_type, writer::is_head_out(session)) {
            early_head::drop_repeated(session);
            if breaks {
                // A connection that breaks must not be announced: Node takes one that was for a whole reply.
                session.set_keepalive(Some(UNLIMITED));
            }
            let head = stream_head(content_type, session.req_header().version, &ctx.facts);
            session.write_response_header(Box::new(head), false).await?;
        }
        for piece in ctx.unwritten.take(session.body_bytes_sent()) {
            session.write_response_body(Some(piece), false).await?;
        }
        session.write_response_body(Some(last), !breaks).await
    };
    if let Err(e) = written.await {
        debug!("the end of a stream could not be written: {e}");
    }
    if breaks {
        clock::write_no_more();
        session.set_keepalive(None);
    }
}
