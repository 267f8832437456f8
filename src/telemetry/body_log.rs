//! Displays one request's bodies in the log where `log_bodies` asks for it: cut, without keys, and bounded for each request.

use super::bodies;
use bytes::Bytes;
use http::HeaderValue;
use log::info;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most bytes of one request's bodies that are displayed.
const MOST_SHOWN: usize = 4 * bodies::MOST;
/// The most bytes of a stream that are kept until it is over.
const MOST_KEPT: usize = 64 * 1024;

/// The bodies of one request, for the log.
#[derive(Debug)]
pub struct BodyLog {
    is_on: bool,
    id: HeaderValue,
    /// How many bytes may still be displayed.
    room: AtomicUsize,
    /// The beginning of a stream, displayed when it is over.
    kept: Vec<u8>,
}

impl BodyLog {
    /// A log that displays nothing unless it is on.
    pub fn new(is_on: bool) -> Self {
        let (id, room) = (HeaderValue::from_static(""), AtomicUsize::new(MOST_SHOWN));
        BodyLog { is_on, id, room, kept: Vec::new() }
    }

    /// Sets the request's id, which each line names.
    pub fn set_id(&mut self, id: &HeaderValue) {
        if self.is_on {
            self.id = id.clone();
        }
    }

    /// Displays a body that is made only to be displayed.
    pub fn show_made(&self, what: &str, make: impl FnOnce() -> Bytes) {
        if self.is_on {
            self.show(what, &make());
        }
    }

    /// Displays a body; `what` says which one it is.
    pub fn show(&self, what: &str, body: &[u8]) {
        if !self.is_on || body.is_empty() {
            return;
        }
        let room = self.room.load(Ordering::Relaxed);
        let shown = bodies::shown(body, room);
        self.room.store(room.saturating_sub(shown.len()), Ordering::Relaxed);
        info!("{what} of {}, {} bytes: {shown}", self.id.to_str().unwrap_or_default(), body.len());
    }

    /// Keeps a piece of a stream.
    pub fn keep(&mut self, piece: &[u8]) {
        if self.is_on {
            let room = MOST_KEPT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
    }

    /// Displays the pieces that were kept.
    pub fn show_stream(&self) {
        self.show("stream", &self.kept);
    }
}
