//! Calls that the proxy makes itself, and how their parts become one reply.

use super::call::Call;
use super::reply::Reply;
use crate::wire::Answer;
use http::StatusCode;

/// Calls that pingora's one call for one request cannot serve: several, or one whole call for a client that waits for a stream.
pub struct Subrequests {
    /// The calls, each with the reply that makes its part of the client's; at least one.
    pub parts: Vec<(Call, Box<dyn Reply>)>,
    /// How many run at the same time.
    pub at_once: usize,
    /// Makes one reply of the parts.
    pub join: Box<dyn Join>,
}

/// Makes one reply of the parts. The first part that fails fails all.
pub trait Join: Send + Sync {
    /// The content type of the stream that the client waits for; `None` when it waits for a whole reply. On a stream the
    /// bodies of the parts go out as they come.
    fn stream(&self) -> Option<&'static str>;

    /// The whole reply, from the successful answers of all parts in their order.
    fn whole(&mut self, parts: Vec<Answer>) -> Answer;

    /// What ends a stream whose parts are all complete.
    fn end(&mut self, out: &mut Vec<u8>);
}

/// One part that is the reply: for a client that waits for a stream while the upstream answers whole.
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

/// One part that is the reply, for a client that waits for it whole.
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
