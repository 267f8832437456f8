//! The encoder of a client dialect: events in, the bytes of a reply out.

use super::event::Sink;
use crate::wire::{Answer, Failure, Pulse};
use std::sync::Arc;

/// How a reply arrives from the upstream and goes to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The client gets it whole.
    Whole,
    /// Streamed on both sides, piece by piece.
    Stream,
    /// The complete answer is cut into a stream for the client.
    Recut,
}

/// Writes one reply, whole or streamed, according to its [`Delivery`]. Between `begin` and `close`, `finish` or
/// `whole`, it owns the buffer and takes events.
pub trait Encoder: Sink + Send + Sync {
    /// Takes the buffer to write to. Events from about `size` bytes of the upstream follow.
    fn begin(&mut self, out: &mut Vec<u8>, size: usize);

    /// Completes what the events of one piece opened, and gives the buffer back.
    fn close(&mut self, out: &mut Vec<u8>);

    /// Appends the end of a stream that is complete.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// Appends the events that end the stream with a failure. Returns false where the dialect's usual event does.
    fn fail(&mut self, _failure: &Failure, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Returns what keeps the stream alive; `None` where the dialect's usual comment does.
    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        None
    }

    /// Returns the whole reply from the events since `begin`. If the reply is one of several, it returns only its part.
    ///
    /// # Errors
    /// 502 for events that the dialect cannot express.
    fn whole(&mut self) -> Result<Answer, Failure>;
}
