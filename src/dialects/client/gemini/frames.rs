//! What stands around the parts of a reply, whole or in pieces, and how pieces follow each other.

use super::usage::push_usage;
use crate::chat::Usage;
use crate::dialects::client::frame::ReplyFrame;
use crate::json;
use crate::tokens::Ledger;
use crate::wire::{answer, sse};
use std::sync::atomic::Ordering;

/// A piece that says nothing, wherever it stands between two others.
pub const KEEP_ALIVE: &[u8] =
    b"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"index\":0}]}\n\n";

/// How the pieces of a stream follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamForm {
    /// As server-sent events, which clients ask for by `alt=sse`.
    Events,
    /// As the elements of one JSON list, which grows.
    List,
}

impl StreamForm {
    /// Returns the content type of a stream.
    pub fn content_type(self) -> &'static str {
        match self {
            StreamForm::Events => sse::CONTENT_TYPE,
            StreamForm::List => answer::JSON,
        }
    }

    /// Opens a piece. `ledger` knows whether it is the first.
    pub fn open(self, ledger: &Ledger, out: &mut Vec<u8>) {
        match self {
            StreamForm::Events => out.extend_from_slice(sse::DATA),
            StreamForm::List => out.extend_from_slice(if begins(ledger) { b"[" } else { b",\n" }),
        }
    }

    /// Closes a piece.
    pub fn close(self, out: &mut Vec<u8>) {
        if self == StreamForm::Events {
            out.extend_from_slice(sse::END);
        }
    }

    /// Appends the end of a stream.
    pub fn end(self, ledger: &Ledger, out: &mut Vec<u8>) {
        if self == StreamForm::List {
            out.extend_from_slice(if begins(ledger) { b"[]" } else { b"]" });
        }
    }
}

/// Returns true for the first piece of a list.
fn begins(ledger: &Ledger) -> bool {
    ledger.events.fetch_add(1, Ordering::Relaxed) == 0
}

/// What stands around the parts of a candidate. It is the same in each piece, so it is written once.
#[derive(Debug)]
pub struct CandidateFrame {
    /// From the list of parts to the end of an object that is not the last one.
    tail: Vec<u8>,
    /// The facts at the end of each object.
    facts: Vec<u8>,
    index: u64,
}

/// Opens an object, up to the parts of its candidate.
pub const OPEN: &[u8] = b"{\"candidates\":[{\"content\":{\"parts\":[";
/// A part without text. The vendor's SDKs take a candidate without parts for a failed one, and forget its turn.
pub const EMPTY_PART: &[u8] = b"{\"text\":\"\"}";

impl CandidateFrame {
    /// Returns what stands around the parts of this reply.
    pub fn of(frame: &ReplyFrame) -> Self {
        let mut facts = b",\"modelVersion\":".to_vec();
        json::push_string(&mut facts, &frame.model);
        json::push_key(&mut facts, "responseId");
        json::push_string(&mut facts, &frame.id);
        facts.push(b'}');
        let index = frame.choice as u64;
        let mut tail = b"],\"role\":\"model\"},\"index\":".to_vec();
        json::push_number(&mut tail, index);
        tail.extend_from_slice(b"}]");
        tail.extend_from_slice(&facts);
        CandidateFrame { tail, facts, index }
    }

    /// Closes a piece that is not the last.
    pub fn push_tail(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tail);
    }

    /// Closes a candidate that ends for this reason, after its parts.
    pub fn push_end(&self, out: &mut Vec<u8>, reason: &str) {
        if out.last() == Some(&b'[') {
            out.extend_from_slice(EMPTY_PART);
        }
        out.extend_from_slice(b"],\"role\":\"model\"},\"finishReason\":");
        json::push_string(out, reason);
        json::push_key(out, "index");
        json::push_number(out, self.index);
        out.push(b'}');
    }

    /// Closes an object whose candidates are complete.
    pub fn push_close(&self, out: &mut Vec<u8>, usage: Option<Usage>) {
        out.push(b']');
        if let Some(usage) = usage {
            out.push(b',');
            push_usage(out, usage);
        }
        out.extend_from_slice(&self.facts);
    }
}
