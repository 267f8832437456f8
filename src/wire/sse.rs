//! Server-sent events: written with one `data:` line an event and a blank line after it, read as the standard allows.

mod reader;

pub use reader::{SseEvent, SseReader, TooLong};

use http::{HeaderName, HeaderValue, header};

/// The content type of a stream.
pub const CONTENT_TYPE: &str = "text/event-stream; charset=utf-8";
/// What keeps caches and proxies from holding a stream back.
pub const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];
/// Opens an event.
pub const DATA: &[u8] = b"data: ";
/// Closes an event.
pub const END: &[u8] = b"\n\n";
/// Tells the client that the stream is complete. Never sent after an error.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// Appends one event whose data is `json`, which must hold no line end (see [`crate::json`]).
pub fn push_event(out: &mut Vec<u8>, json: &[u8]) {
    out.extend_from_slice(DATA);
    out.extend_from_slice(json);
    out.extend_from_slice(END);
}
