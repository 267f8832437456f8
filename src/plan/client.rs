//! How failures and silence read to the clients of one dialect.

use crate::wire::answer::JSON;
use crate::wire::{Answer, Failure};
use http::HeaderName;

/// The part of a client dialect that does not depend on an answer. Each registry row and each route names one.
pub trait Client: Send + Sync {
    /// Returns a failure as a whole reply. [`refuse`] adds what all dialects have in common.
    fn error(&self, failure: &Failure) -> Answer;

    /// Appends the event that ends a stream whose head is sent. A dialect without such an event appends nothing, and
    /// the connection breaks.
    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>);

    /// Returns the bytes that keep a silent stream alive; empty if the dialect has none.
    fn keep_alive(&self) -> &'static [u8];

    /// Returns true if the connection breaks after the event of a failure: clients take a stream that ends well for a whole answer.
    fn breaks_after_error(&self) -> bool {
        false
    }

    /// Returns the header in which the dialect's clients look for the id of a request, if it is one of their own.
    fn id_header(&self) -> Option<HeaderName> {
        None
    }
}

/// Returns what says nothing between two pieces of a stream of this type: white space in a JSON list, else what the dialect has.
pub fn between_pieces(client: &dyn Client, content_type: &str) -> &'static [u8] {
    if content_type == JSON { b"\n" } else { client.keep_alive() }
}

/// Returns the whole reply to a failure, with the failure's headers and its reason for the log.
pub fn refuse(client: &dyn Client, failure: &Failure) -> Answer {
    let mut answer = client.error(failure);
    answer.headers.extend(failure.headers.iter().cloned());
    answer.why = Some(Box::new(failure.reason()));
    answer
}
