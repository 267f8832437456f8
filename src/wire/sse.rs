//! Server-sent events. Each written event has one `data:` line and a blank line. The reader accepts all that the
//! standard allows.

mod reader;

pub use reader::{SseEvent, SseReader, TooLong};

use http::{HeaderName, HeaderValue, header};

/// The content type of a stream.
pub const CONTENT_TYPE: &str = "text/event-stream; charset=utf-8";
/// Headers that stop caches and proxies from delaying a stream.
pub const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
];
/// Opens an event.
pub const DATA: &[u8] = b"data: ";
/// Closes an event.
pub const END: &[u8] = b"\n\n";
/// Marks the stream as complete. Never sent after an error.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// Appends one event with the data `json`, which must not contain a line end (see [`crate::json`]).
pub fn push_event(out: &mut Vec<u8>, json: &[u8]) {
    out.extend_from_slice(DATA);
    out.extend_from_slice(json);
    out.extend_from_slice(END);
}
