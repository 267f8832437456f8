//! Streams whose head goes out before there is text, so that a client that waits for long knows that somebody works.
//!
//! After that the status is 200 whatever the upstream answers: a failure is an event, a whole answer is the rest of the stream.

use super::{AfterFailure, Exchange, ExchangeState, LifeSign};
use crate::plan::between_pieces;
use crate::wire::Failure;
use http::StatusCode;

impl Exchange {
    /// Returns the content type of a stream whose head may go out before the upstream's, and what keeps that stream alive.
    pub fn early_stream(&self) -> Option<(&'static str, LifeSign)> {
        let content_type = self.reply.stream_type()?;
        Some((content_type, self.life_sign(content_type)))
    }

    /// Returns what keeps a stream of this type alive.
    pub(super) fn life_sign(&self, content_type: &str) -> LifeSign {
        LifeSign::new(between_pieces(self.limits.client, content_type), self.reply.pulse())
    }

    /// Returns true if a head can go out for which there is no text.
    pub fn awaits_text(&self) -> bool {
        use ExchangeState::{Holding, Opening, Waiting};
        !self.has_head && matches!(self.state, Waiting | Opening | Holding { .. })
    }

    /// Records that the client has the head of a stream, though there is no text.
    pub fn head_went_out(&mut self) {
        self.has_head = true;
        if matches!(self.state, ExchangeState::Opening) {
            self.state = ExchangeState::Streaming;
        }
    }

    /// Returns what a held answer adds to a stream whose head is out; `None` if no answer is held.
    pub fn late(&mut self) -> Option<AfterFailure> {
        Some(match self.outcome()? {
            Ok(answer) if answer.status == StatusCode::OK => AfterFailure::Event(answer.body),
            Ok(answer) => {
                let message = format!("{} answered with {}.", self.limits.upstream, answer.status.as_u16());
                self.last_event(&Failure::new(answer.status, message))
            }
            Err(failure) => self.last_event(&failure),
        })
    }

    /// Appends the events that end a stream with a failure; nothing where the client's dialect has none.
    pub(super) fn push_failure(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        if !self.reply.fail(failure, out) {
            self.limits.client.error_event(failure, out);
        }
    }

    /// Returns a failure as the event that ends the stream, once.
    pub(super) fn last_event(&mut self, failure: &Failure) -> AfterFailure {
        self.state = ExchangeState::Dead;
        self.reason = Some(failure.reason());
        let mut event = Vec::new();
        self.push_failure(failure, &mut event);
        if event.is_empty() { AfterFailure::Break } else { AfterFailure::Event(event.into()) }
    }
}
