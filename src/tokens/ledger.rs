//! What outlives the attempts at a request: its tokens, for limits and logs after the reply has gone, and the number of its events.

use crate::wire::ids;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The model that a request named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The number of the model in its group; `None` if the group has no name for it.
    pub number: Option<usize>,
    /// The name that the client wrote, if it differs from the name in the table.
    pub name: Option<Box<str>>,
}

/// Who needs the tokens of a request, beside a reply that shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountNeed {
    /// Nobody: what no reply shows is not counted.
    #[default]
    Nobody,
    /// Metrics: an estimate is enough.
    Metrics,
    /// Limits, which charge a caller: the prompt is counted as the row says, and the answer is estimated.
    Limits,
}

/// The tokens of one request, as far as they are counted, the model of the request, and how far its stream has come.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Who needs the tokens that the reply does not show.
    pub need: CountNeed,
    /// One more than the tokens; 0 while nothing is counted.
    prompt: AtomicU64,
    completion: AtomicU64,
    asked: OnceLock<Asked>,
    id: OnceLock<String>,
    /// How many events the client has of a stream whose events are numbered, whichever attempt wrote them.
    pub events: AtomicU64,
}

impl Ledger {
    /// Returns a ledger of tokens that are needed beside the reply.
    pub fn needed_by(need: CountNeed) -> Self {
        Ledger { need, ..Ledger::default() }
    }

    /// Returns the random id of the reply, the same for every attempt.
    pub fn reply_id(&self) -> &str {
        self.id.get_or_init(|| ids::random_id(""))
    }

    /// Records the count of the prompt. The prompt is counted once, however many calls there are.
    pub fn set_prompt(&self, tokens: u64) {
        self.prompt.store(tokens.saturating_add(1), Ordering::Relaxed);
    }

    /// Adds the count of one answer.
    pub fn add_completion(&self, tokens: u64) {
        let before = self.completion.load(Ordering::Relaxed);
        let added = before.max(1).saturating_add(tokens);
        self.completion.store(added, Ordering::Relaxed);
    }

    /// Records the model that the client named. Only the first call has an effect.
    pub fn set_asked(&self, asked: Asked) {
        // The error means that a model is recorded already.
        let _ = self.asked.set(asked);
    }

    /// Returns the model that the client named; `None` if the request ended before it was read.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.get()
    }

    /// Returns the tokens of the prompt, if they are counted.
    pub fn prompt(&self) -> Option<u64> {
        self.prompt.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Returns the tokens of all answers, if they are counted.
    pub fn completion(&self) -> Option<u64> {
        self.completion.load(Ordering::Relaxed).checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_counted_is_not_zero() {
        let ledger = Ledger::default();
        assert_eq!((ledger.prompt(), ledger.completion()), (None, None));
        ledger.set_prompt(0);
        ledger.add_completion(0);
        assert_eq!((ledger.prompt(), ledger.completion()), (Some(0), Some(0)));
        ledger.add_completion(3);
        ledger.add_completion(4);
        assert_eq!(ledger.completion(), Some(7));
    }
}
