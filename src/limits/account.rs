//! The recorded usage of one caller, or of one caller on one row.

use super::bucket::Bucket;
use super::concurrency::Concurrency;
use super::{Bounds, LimitKind, Standing};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The usage of one caller, or of one caller on one row.
#[derive(Debug, Default)]
pub struct Account {
    books: Mutex<Books>,
    pub(super) concurrency: Arc<Concurrency>,
}

/// The recent use of an account.
#[derive(Debug, Default)]
pub struct Books {
    pub requests: Bucket,
    pub tokens: Bucket,
}

impl Account {
    /// Returns true while a request of the account runs or waits. `owner` is the list's own handle.
    pub fn is_in_use(owner: &Arc<Self>) -> bool {
        Arc::strong_count(owner) > 1 || Arc::strong_count(&owner.concurrency) > 1
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Returns the usage of a limit per minute, if this limit is set.
    pub fn standing(&self, bounds: &Bounds, kind: LimitKind, now: Instant) -> Option<Standing> {
        match kind {
            LimitKind::Requests => bounds.requests.as_ref().map(|bound| self.requests.standing(bound.limit, now)),
            LimitKind::Tokens => bounds.tokens.as_ref().map(|bound| self.tokens.standing(bound.limit, now)),
            LimitKind::Concurrent => None,
        }
    }

    /// Returns how much usage would be lost by removing the account. Zero if both buckets are empty.
    pub fn weight(&self, now: Instant) -> f64 {
        self.requests.used(now) + self.tokens.used(now)
    }
}
