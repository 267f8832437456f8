//! Reads the events of a stream of chunks. Servers also send a body without events, when something went wrong or when they do
//! not stream; that is told from events by its first byte.

use crate::wire::Failure;
use crate::wire::sse::SseReader;

/// The maximum size of one event, and of a body without events.
pub const MOST: usize = 8 * 1024 * 1024;
/// The data of the event that ends a stream.
const DONE: &[u8] = b"[DONE]";

/// Reads one stream.
#[derive(Debug)]
pub struct EventReader {
    reader: SseReader,
    /// What came instead of events; `None` as soon as an event can have begun.
    body: Option<Vec<u8>>,
    is_done: bool,
    is_empty: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        EventReader { reader: SseReader::new(MOST), body: Some(Vec::new()), is_done: false, is_empty: true }
    }
}

impl EventReader {
    /// Passes the data of each event that the piece completes to `each`. After the end that the stream itself announces,
    /// nothing is passed on.
    ///
    /// # Errors
    /// The first error of `each`; 502 for what cannot be an event.
    pub fn push(
        &mut self,
        upstream: &'static str,
        piece: &[u8],
        mut each: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let EventReader { reader, body, is_done, is_empty } = self;
        *is_empty = *is_empty && piece.trim_ascii().is_empty();
        let mut take = |piece: &[u8]| {
            reader.push(piece, |event| {
                if *is_done || event.data.is_empty() {
                    return Ok(());
                }
                if event.data == DONE {
                    *is_done = true;
                    return Ok(());
                }
                let no_text = || Failure::upstream(format!("{upstream}'s stream is not valid UTF-8."));
                each(std::str::from_utf8(event.data).map_err(|_| no_text())?)
            })
        };
        let Some(collected) = body else { return take(piece) };
        if collected.len() + piece.len() > MOST {
            return Err(Failure::upstream(format!("{upstream}'s answer has no events and is too large.")));
        }
        collected.extend_from_slice(piece);
        // A byte order mark may come first; it has no byte of these.
        let first = collected.iter().find(|byte| !byte.is_ascii_whitespace());
        match first {
            None | Some(b'{' | b'[' | b'<') => Ok(()),
            Some(_) => {
                let collected = std::mem::take(collected);
                *body = None;
                take(&collected)
            }
        }
    }

    /// Returns true if the stream announced its end.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Returns true if nothing but blanks has come.
    pub fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Returns what came instead of events, once; `None` for a stream of events.
    pub fn body(&mut self) -> Option<Vec<u8>> {
        self.body.take().filter(|body| !body.trim_ascii().is_empty())
    }
}
