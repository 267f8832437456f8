//! What a request was counted to cost, for whoever keeps accounts beside the reply.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The model that a request named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its number in its group; `None` for one that has no name of its own there.
    pub number: Option<usize>,
    /// As the client wrote it, where that differs from its name.
    pub name: Option<Box<str>>,
}

/// The tokens of one request, as far as they were counted, and the model that they were for.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Whether they are counted even where the client will not see it.
    pub wanted: bool,
    /// One more than the tokens, 0 while nothing was counted.
    prompt: AtomicU64,
    completion: AtomicU64,
    asked: OnceLock<Asked>,
}

impl Ledger {
    /// A ledger whose tokens are counted in any case.
    pub fn wanted() -> Self {
        Ledger { wanted: true, ..Ledger::default() }
    }

    /// Notes what the prompt was counted to be. It has one size, however many calls there are.
    pub fn set_prompt(&self, tokens: u64) {
        self.prompt.store(tokens.saturating_add(1), Ordering::Relaxed);
    }

    /// Adds what an answer was counted to be: one of several, where there are.
    pub fn add_completion(&self, tokens: u64) {
        let before = self.completion.load(Ordering::Relaxed);
        let added = before.max(1).saturating_add(tokens);
        self.completion.store(added, Ordering::Relaxed);
    }

    /// Notes the model that was asked for; the first one counts.
    pub fn set_asked(&self, asked: Asked) {
        // It is full when there was one before.
        let _ = self.asked.set(asked);
    }

    /// The model that was asked for; `None` when it did not come so far.
    pub fn asked(&self) -> Option<&Asked> {
        self.asked.get()
    }

    /// The prompt's tokens, if they were counted.
    pub fn prompt(&self) -> Option<u64> {
        self.prompt.load(Ordering::Relaxed).checked_sub(1)
    }

    /// The tokens of all answers, if they were counted.
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
