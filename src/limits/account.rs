//! What is known of one caller, or of one caller on one row.

use super::bucket::Bucket;
use super::concurrency::Concurrency;
use super::{Bounds, LimitKind, Standing};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// One account.
#[derive(Debug, Default)]
pub struct Account {
    books: Mutex<Books>,
    pub(super) concurrency: Arc<Concurrency>,
}

/// What was used in the last minutes.
#[derive(Debug, Default)]
pub struct Books {
    pub requests: Bucket,
    pub tokens: Bucket,
}

impl Account {
    /// Returns true while a request of the account runs or waits; `owner` is the list's own handle.
    pub fn is_in_use(owner: &Arc<Self>) -> bool {
        Arc::strong_count(owner) > 1 || Arc::strong_count(&owner.concurrency) > 1
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// How the limits are used.
    pub fn standing(&self, bounds: &Bounds, kind: LimitKind, now: Instant) -> Option<Standing> {
        match kind {
            LimitKind::Requests => bounds.requests.as_ref().map(|bound| self.requests.standing(bound.limit, now)),
            LimitKind::Tokens => bounds.tokens.as_ref().map(|bound| self.tokens.standing(bound.limit, now)),
            LimitKind::Concurrent => None,
        }
    }

    /// How much would be forgotten with it; nothing when all that was used has emptied.
    pub fn weight(&self, now: Instant) -> f64 {
        self.requests.used(now) + self.tokens.used(now)
    }
}
