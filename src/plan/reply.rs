//! The reply to one call: from the upstream's head and body to the client's.

use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// The head of an upstream's reply.
pub struct UpstreamHead<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Whether no body will follow.
    pub bodiless: bool,
}

/// How the client's reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A stream with this content type begins now; its status is 200.
    Stream(&'static str),
    /// Status, type and body of the upstream go through as they are.
    Pass,
    /// Head and body are decided when the upstream's body is known.
    Hold,
}

/// A complete reply of an upstream.
#[derive(Debug)]
pub struct Held {
    /// Its status.
    pub status: StatusCode,
    /// Those of its headers that say how to read the body, and what a failure tells of.
    pub headers: HeaderMap,
    /// Its body, decoded.
    pub body: Bytes,
}

/// Owns the reply to one call. `piece` and `end` are for streams, `answer` is for held replies.
pub trait Reply: Send + Sync {
    /// The upstream's head is here.
    fn head(&mut self, head: &UpstreamHead<'_>) -> Start;

    /// A piece of a stream, cut anywhere.
    ///
    /// # Errors
    /// When the stream cannot go on; what is in `out` still reaches the client, followed by the failure.
    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure>;

    /// The stream ended as it should.
    ///
    /// # Errors
    /// As for `piece`.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// The upstream's reply was held and is complete.
    ///
    /// # Errors
    /// What the client is told instead of an answer.
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure>;

    /// A stream breaks after its head was out: appends what was held back. Returns the failure that the client is told of, where
    /// what came shows it to be another than the one at hand. The exchange then tells the client.
    fn broken(&mut self, out: &mut Vec<u8>) -> Option<Failure>;
}
