//! When a call that broke off may be sent once more.

use super::call_state::CallState;
use pingora::{Error, ErrorSource, ErrorType};
use std::time::Duration;

/// A pooled connection that breaks within this time after the request was sent cannot have delivered it.
const SURELY_UNSENT: Duration = Duration::from_secs(1);

/// Returns true if a call that broke off may be sent once more: only when a pooled connection turned out dead before anything
/// can have come of it. Nothing else is ever sent twice.
pub fn may_repeat(call: &mut CallState, e: &Error, reused: bool) -> bool {
    use ErrorType::{ConnectionClosed, ReadError, WriteError};
    let is_broken =
        matches!(e.etype(), ConnectionClosed | ReadError | WriteError) && *e.esource() == ErrorSource::Upstream;
    let is_unsent = call.sent_at.is_some_and(|sent| sent.elapsed() < SURELY_UNSENT);
    let again = is_broken
        && reused
        && is_unsent
        && !call.needs_new_connection
        && !call.has_answered
        && call.expired().is_none()
        && nothing_was_read(e);
    if again {
        call.repeat();
    }
    again
}

/// Returns true if a call broke off before any byte of its answer was read.
///
/// Only pingora's message says so. Counting the bytes of the socket would not do: TLS sends bytes of its own when a connection
/// is closed, and a Unix socket has no count.
fn nothing_was_read(e: &Error) -> bool {
    let message = e.to_string();
    !message.contains("bytes already read") || message.contains("bytes already read: 0")
}
