//! The reply to one call: from the upstream's head and body to the client's head and body.

use crate::wire::{Answer, Failure, Pulse};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::sync::Arc;

/// The head of an upstream's reply.
pub struct UpstreamHead<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// True if no body will follow.
    pub bodiless: bool,
}

/// How the client's reply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A stream with this content type begins now; its status is 200.
    Stream(&'static str),
    /// The upstream's status, content type and body pass unchanged.
    Pass,
    /// Head and body are decided when the upstream's body is complete.
    Hold,
}

/// A complete reply of an upstream.
#[derive(Debug)]
pub struct Held {
    /// Its status.
    pub status: StatusCode,
    /// The headers that are needed to read the body or to describe a failure.
    pub headers: HeaderMap,
    /// Its body, decoded.
    pub body: Bytes,
}

/// Owns the reply to one call. `piece`, `end` and `broken` are for streams, `answer` is for held replies. A reply is held unless `head`
/// says otherwise.
pub trait Reply: Send + Sync {
    /// Returns the content type of the stream that the client waits for, if the head of that stream may go out before the upstream's.
    fn stream_type(&self) -> Option<&'static str> {
        None
    }

    /// Returns what keeps the stream alive; `None` where the comment of [`super::Client::keep_alive`] does.
    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        None
    }

    /// Appends the events that end a stream whose head is out with a failure. Returns false where the event of
    /// [`super::Client::error_event`] does.
    fn fail(&mut self, _failure: &Failure, _out: &mut Vec<u8>) -> bool {
        false
    }

    /// Takes the upstream's head. Returns how the client's reply begins.
    fn head(&mut self, _head: &UpstreamHead<'_>) -> Start {
        Start::Hold
    }

    /// Takes a piece of a stream, cut anywhere.
    ///
    /// # Errors
    /// When the stream cannot continue. The bytes in `out` still reach the client, followed by the failure.
    fn piece(&mut self, _piece: &[u8], _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    /// Takes the regular end of a stream.
    ///
    /// # Errors
    /// As for `piece`.
    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    /// Returns the client's answer to a held, complete reply of the upstream.
    ///
    /// # Errors
    /// The failure that the client receives instead of an answer.
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure>;

    /// Appends what was held back from a stream that breaks after its head was sent. Returns a failure if the received
    /// bytes show another one than the exchange knows; the exchange then reports that one to the client.
    fn broken(&mut self, _out: &mut Vec<u8>) -> Option<Failure> {
        None
    }
}
