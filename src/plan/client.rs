//! How failures and silence read to the clients of one dialect.

use crate::wire::{Answer, Failure};

/// A client dialect as far as it needs no answer: a row of the registry names one, and so does a route.
pub trait Client: Send + Sync {
    /// Returns the whole reply that a failure becomes. [`refuse`] adds what all dialects have in common.
    fn error(&self, failure: &Failure) -> Answer;

    /// Appends the event that ends a stream whose head is out. A dialect that has none appends nothing, and the connection
    /// breaks.
    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>);

    /// Returns what a stream may carry while there is nothing to say; empty where the dialect has nothing of the kind.
    fn keep_alive(&self) -> &'static [u8];
}

/// Returns the whole reply to a failure, with the failure's headers and its reason for the log.
pub fn refuse(client: &dyn Client, failure: &Failure) -> Answer {
    let mut answer = client.error(failure);
    answer.headers.extend(failure.headers.iter().cloned());
    answer.why = Some(failure.reason().into());
    answer
}
