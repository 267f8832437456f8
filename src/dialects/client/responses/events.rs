//! The events of one stream. Each has the next number, and the first two say that the response has begun.

use super::echo::{ResponseFacts, ResponsePhase};
use super::errors::{self, StreamError};
use crate::json;
use crate::tokens::Ledger;
use crate::wire::{Failure, sse};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Writes the events of one stream.
#[derive(Debug, Clone)]
pub struct EventWriter {
    facts: Arc<ResponseFacts>,
    /// It counts the events, and outlives the attempts at a request.
    ledger: Arc<Ledger>,
}

impl EventWriter {
    /// Creates the writer of the stream of this response.
    pub fn new(facts: Arc<ResponseFacts>, ledger: Arc<Ledger>) -> Self {
        EventWriter { facts, ledger }
    }

    /// Returns how many events there were.
    pub fn count(&self) -> u64 {
        self.ledger.events.load(Ordering::Relaxed)
    }

    /// Appends an event whose fields behind its type and number `write` appends, each with a comma before it.
    pub fn push(&self, out: &mut Vec<u8>, kind: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.open(out, kind);
        write(out);
        close(out);
    }

    /// Opens an event up to its number.
    pub fn open(&self, out: &mut Vec<u8>, kind: &str) {
        let number = self.ledger.events.fetch_add(1, Ordering::Relaxed);
        for piece in [b"event: ", kind.as_bytes(), b"\n", sse::DATA, b"{\"type\":\"", kind.as_bytes()] {
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(b"\",\"sequence_number\":");
        json::push_number(out, number);
    }

    /// Appends the events with which a stream begins, once.
    pub fn begin(&self, out: &mut Vec<u8>) {
        if self.count() > 0 {
            return;
        }
        for kind in ["response.created", "response.in_progress"] {
            self.response(out, kind, |facts, out| facts.push(out, ResponsePhase::InProgress, b"", None));
        }
    }

    /// Appends an event that has the whole object.
    pub fn response(&self, out: &mut Vec<u8>, kind: &str, write: impl FnOnce(&ResponseFacts, &mut Vec<u8>)) {
        self.push(out, kind, |out| {
            json::push_key(out, "response");
            write(&self.facts, out);
        });
    }

    /// Appends the events that end a stream with a failure. Clients read one or the other: SDKs the object in the first, Codex the
    /// second. `output` are the items that are complete.
    pub fn fail(&self, out: &mut Vec<u8>, failure: &Failure, output: &[u8]) {
        self.begin(out);
        let failure = errors::in_own_words(failure);
        let error = StreamError::of(&failure);
        self.push(out, "error", |out| errors::push_error(out, &error));
        let state = ResponsePhase::Failed(error.code, &error.message);
        self.response(out, "response.failed", |facts, out| facts.push(out, state, output, None));
    }
}

/// Closes an event.
pub fn close(out: &mut Vec<u8>) {
    out.push(b'}');
    out.extend_from_slice(sse::END);
}
