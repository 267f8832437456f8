//! The reply to one chat call whose upstream answers in the client's own dialect: its bytes are rewritten and not decoded.
//!
//! The client's name of the model, one id and one time stand in place of the upstream's. Usage, finish reasons and unknown fields stay as
//! they came. What no client expects is left out: results of filters, nulls, padding, the usage that was not asked for.

mod answer;
mod choice;
mod chunk;
mod stream;
mod template;
#[cfg(test)]
mod tests;
mod whole;

use super::endpoint::OpenaiChat;
use crate::chat::Delivery;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::{ChatDialect, front_door};
use crate::plan::{Held, Reply, Start, UpstreamHead};
use crate::wire::{Answer, Failure, sse};
use http::StatusCode;
use stream::RelayedStream;

/// Returns the reply that relays one answer of an upstream, whole or streamed.
pub fn relay(
    client: OpenaiChat,
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
    delivery: Delivery,
) -> Box<dyn Reply> {
    match delivery {
        Delivery::Whole => Box::new(WholeRelay { client, frame, dialect }),
        Delivery::Stream | Delivery::Recut => Box::new(StreamRelay(RelayedStream::new(client, frame, dialect))),
    }
}

/// Relays a whole answer.
struct WholeRelay {
    client: OpenaiChat,
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
}

impl Reply for WholeRelay {
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.dialect, held)?;
        let body = whole::rewritten(self.client, &mut self.frame, self.dialect, &held.body)?;
        Ok(Answer::json(StatusCode::OK, body))
    }
}

/// Relays a stream.
struct StreamRelay(RelayedStream);

impl Reply for StreamRelay {
    fn stream_type(&self) -> Option<&'static str> {
        Some(sse::CONTENT_TYPE)
    }

    fn head(&mut self, head: &UpstreamHead<'_>) -> Start {
        if head.status == StatusCode::OK && !head.bodiless { Start::Stream(sse::CONTENT_TYPE) } else { Start::Hold }
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.0.piece(piece, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.0.end(out)
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.0.dialect(), held)?;
        // The head of the stream announced that no body follows.
        let mut out = Vec::new();
        self.piece(&held.body, &mut out)?;
        self.end(&mut out)?;
        let mut answer = Answer::new(StatusCode::OK, sse::CONTENT_TYPE, out);
        answer.headers.extend(sse::HEADERS);
        Ok(answer)
    }

    fn broken(&mut self, out: &mut Vec<u8>) -> Option<Failure> {
        self.0.broken(out)
    }
}
