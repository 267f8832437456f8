//! Calls that the proxy makes itself, and how their parts become one reply.

use super::call::Call;
use super::reply::Reply;
use crate::wire::Answer;
use http::StatusCode;

/// Calls that do not fit pingora's one call per request: several calls, or one whole call for a client that waits for a
/// stream.
pub struct Subrequests {
    /// The calls, at least one. Each has the reply that makes its part of the client's reply.
    pub parts: Vec<(Call, Box<dyn Reply>)>,
    /// How many run at the same time.
    pub at_once: usize,
    /// Makes one reply from the parts.
    pub join: Box<dyn Join>,
}

/// Makes one reply from the parts. If one part fails, the whole reply fails.
pub trait Join: Send + Sync {
    /// Returns the content type of the stream that the client waits for; `None` if it waits for a whole reply. On a
    /// stream, the bodies of the parts are sent as they arrive.
    fn stream(&self) -> Option<&'static str>;

    /// Returns the whole reply, from the successful answers of all parts in their order.
    fn whole(&mut self, parts: Vec<Answer>) -> Answer;

    /// Appends the end of a stream whose parts are all complete.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// The join of a single part, for a client that waits for a stream while the upstream answers whole.
pub struct Streamed(pub &'static str);

impl Join for Streamed {
    fn stream(&self) -> Option<&'static str> {
        Some(self.0)
    }

    fn whole(&mut self, mut parts: Vec<Answer>) -> Answer {
        parts.pop().unwrap_or_else(|| Answer::empty(StatusCode::NO_CONTENT))
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}

/// The join of a single part, for a client that waits for a whole reply.
pub struct Alone;

impl Join for Alone {
    fn stream(&self) -> Option<&'static str> {
        None
    }

    fn whole(&mut self, mut parts: Vec<Answer>) -> Answer {
        parts.pop().unwrap_or_else(|| Answer::empty(StatusCode::NO_CONTENT))
    }

    fn end(&mut self, _: &mut Vec<u8>) {}
}
