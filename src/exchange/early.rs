//! Streams whose head goes out before there is text, so that a client that waits for long knows that somebody works.
//!
//! After that the status is 200 whatever the upstream answers: a failure is an event, a whole answer is the rest of the stream.

use super::{AfterFailure, Exchange, ExchangeState};
use crate::wire::Failure;
use http::StatusCode;

impl Exchange {
    /// Returns the content type of a stream whose head may go out before the upstream's, and what keeps that stream alive.
    pub fn early_stream(&self) -> Option<(&'static str, &'static [u8])> {
        Some((self.reply.stream_type()?, self.limits.client.keep_alive()))
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

    /// Returns a failure as the event that ends the stream, once.
    pub(super) fn last_event(&mut self, failure: &Failure) -> AfterFailure {
        self.state = ExchangeState::Dead;
        self.reason = Some(failure.reason());
        let mut event = Vec::new();
        self.limits.client.error_event(failure, &mut event);
        if event.is_empty() { AfterFailure::Break } else { AfterFailure::Event(event.into()) }
    }
}
