//! Requests and replies where the upstream speaks the client's own form. They are handed on as they came, since thinking is signed,
//! and since tomorrow's blocks and fields are the client's and the model's affair.
//!
//! What is changed: credential and model, what rules say of parameters and thinking, blank texts, addresses of images that were
//! fetched here. In a reply: the name of the model, and counts that are missing.

mod collect;
mod request;
mod stream;
mod terms;
mod whole;

pub use request::RelayedRequest;

use super::frames::MessagePulse;
use crate::chat::Delivery;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::upstream::{ChatDialect, front_door};
use crate::plan::{Held, Reply, Start, UpstreamHead};
use crate::wire::{Answer, Failure, Pulse, sse};
use http::StatusCode;
use std::sync::Arc;
use stream::RelayedEvents;
use terms::RelayTerms;

/// Returns the reply that relays one answer, whole or streamed.
pub fn relay(
    frame: ReplyFrame,
    known: Arc<KnownNames>,
    dialect: &'static dyn ChatDialect,
    delivery: Delivery,
) -> Box<dyn Reply> {
    let terms = RelayTerms { frame, known, dialect };
    match delivery {
        Delivery::Whole => Box::new(WholeReply { terms, is_streamed: false }),
        Delivery::Stream | Delivery::Recut => Box::new(StreamReply(RelayedEvents::new(terms))),
    }
}

/// Returns the reply that puts a streamed answer together.
pub fn collect(frame: ReplyFrame, known: Arc<KnownNames>, dialect: &'static dyn ChatDialect) -> Box<dyn Reply> {
    Box::new(WholeReply { terms: RelayTerms { frame, known, dialect }, is_streamed: true })
}

/// Relays a whole answer, or puts one together from a stream.
struct WholeReply {
    terms: RelayTerms,
    is_streamed: bool,
}

impl Reply for WholeReply {
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.terms.dialect, held)?;
        let body = if self.is_streamed {
            collect::collected(&mut self.terms, &held.body)?
        } else {
            whole::rewritten(&mut self.terms, &held.body)?
        };
        Ok(Answer::json(StatusCode::OK, body))
    }
}

/// Relays a stream.
struct StreamReply(RelayedEvents);

impl Reply for StreamReply {
    fn stream_type(&self) -> Option<&'static str> {
        Some(sse::CONTENT_TYPE)
    }

    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        Some(MessagePulse::of(self.0.frame()))
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
