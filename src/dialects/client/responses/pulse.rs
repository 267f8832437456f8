//! What a silent stream gets.

use super::errors::COMMENT;
use super::events::EventWriter;
use crate::wire::Pulse;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many silences follow each other until there is an event beside the comment: a minute of four. Comments keep the connection
/// alive, but Codex only counts events; older clients know no such event, so that it is rare.
const SILENCES: u64 = 4;

/// Keeps the stream of one response alive.
#[derive(Debug)]
pub struct ResponsePulse {
    events: EventWriter,
    /// The number of events at the last silence, and how many silences there were since.
    at: AtomicU64,
    silences: AtomicU64,
}

impl ResponsePulse {
    /// Keeps the stream of this writer alive.
    pub fn new(events: EventWriter) -> Self {
        ResponsePulse { events, at: AtomicU64::new(u64::MAX), silences: AtomicU64::new(0) }
    }
}

impl Pulse for ResponsePulse {
    /// Appends the comment. The events that say that the response has begun go before it, since nothing else may be the first.
    fn beat(&self, out: &mut Vec<u8>) {
        self.events.begin(out);
        out.extend_from_slice(COMMENT);
        let count = self.events.count();
        let same = self.at.swap(count, Ordering::Relaxed) == count;
        let silences = if same { self.silences.load(Ordering::Relaxed) + 1 } else { 1 };
        if silences < SILENCES {
            self.silences.store(silences, Ordering::Relaxed);
            return;
        }
        self.events.push(out, "keepalive", |_| {});
        self.at.store(self.events.count(), Ordering::Relaxed);
        self.silences.store(0, Ordering::Relaxed);
    }
}
