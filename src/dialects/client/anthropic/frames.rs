//! What whole replies and streams begin with, and the pings of a silent stream.

use super::errors::PING;
use super::usage::push_usage;
use crate::chat::Usage;
use crate::dialects::client::frame::ReplyFrame;
use crate::json;
use crate::tokens::Ledger;
use crate::wire::Pulse;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The facts of a message that are known before its answer.
pub struct MessageHead<'a>(&'a ReplyFrame);

impl<'a> MessageHead<'a> {
    /// Returns the head of a reply.
    pub fn of(frame: &'a ReplyFrame) -> Self {
        MessageHead(frame)
    }

    /// Opens the message: id, type, role, model.
    pub fn push(&self, out: &mut Vec<u8>) {
        let MessageHead(frame) = self;
        out.extend_from_slice(b"{\"id\":\"msg_");
        json::push_escaped(out, &frame.id);
        out.extend_from_slice(b"\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
        json::push_string(out, &frame.model);
    }

    /// Returns the event that begins a stream. Its counts are estimates; the last event has the true ones.
    pub fn start(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        out.extend_from_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        self.push(&mut out);
        out.extend_from_slice(b",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,");
        let MessageHead(frame) = self;
        push_usage(&mut out, Usage { input: frame.estimated_prompt(), output: 1, ..Usage::default() });
        out.extend_from_slice(b"}}\n\n");
        out
    }
}

/// Returns true for whoever writes the event that begins the stream: the answer, a ping before it, or an earlier attempt at the request.
pub fn begins(ledger: &Ledger) -> bool {
    ledger.events.fetch_add(1, Ordering::Relaxed) == 0
}

/// Returns true if the stream has begun.
pub fn has_begun(ledger: &Ledger) -> bool {
    ledger.events.load(Ordering::Relaxed) > 0
}

/// Pings a silent stream. Clients expect the beginning of the message before them.
pub struct MessagePulse(ReplyFrame);

impl MessagePulse {
    /// Returns the pings of a stream.
    pub fn of(frame: &ReplyFrame) -> Arc<dyn Pulse> {
        Arc::new(MessagePulse(frame.clone()))
    }
}

impl Pulse for MessagePulse {
    fn beat(&self, out: &mut Vec<u8>) {
        let MessagePulse(frame) = self;
        if begins(&frame.ledger()) {
            out.extend_from_slice(&MessageHead::of(frame).start());
        }
        out.extend_from_slice(PING);
    }
}
