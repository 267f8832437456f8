//! Reads server-sent events from pieces that may be cut anywhere.

use crate::wire::Failure;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The event's name; empty where the stream gives none.
    pub name: &'a [u8],
    /// The event's data: the `data` lines, joined by line feeds.
    pub data: &'a [u8],
}

/// The event exceeds the size limit of the reader.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong {
    most: usize,
}

impl From<TooLong> for Failure {
    fn from(TooLong { most }: TooLong) -> Self {
        Failure::upstream(format!("An event of the upstream's stream is larger than {most} bytes."))
    }
}

/// Reads events. Lines end with CR, LF or both. Comments and fields other than `event` and `data` are skipped. An event
/// without data is ignored.
#[derive(Debug)]
pub struct SseReader {
    /// The start of a line whose end has not arrived.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// True if the last byte was a CR, so that a following LF belongs to it.
    after_cr: bool,
    /// True if a line was read. A byte order mark may stand only before the first line.
    begun: bool,
    most: usize,
}

impl SseReader {
    /// Creates a reader for events of at most `most` bytes.
    pub fn new(most: usize) -> Self {
        let (line, name, data) = (Vec::new(), Vec::new(), Vec::new());
        SseReader { line, name, data, has_data: false, after_cr: false, begun: false, most }
    }

    /// Passes each event that the piece completes to `each`.
    ///
    /// # Errors
    /// The first error of `each`, or [`TooLong`].
    pub fn push<E: From<TooLong>>(
        &mut self,
        mut piece: &[u8],
        mut each: impl FnMut(SseEvent<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(&first) = piece.first() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                piece = piece.get(1..).unwrap_or_default();
                continue;
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', piece) else {
                self.fits(piece.len())?;
                self.line.extend_from_slice(piece);
                return Ok(());
            };
            let (part, rest) = piece.split_at(end);
            self.after_cr = rest.first() == Some(&b'\r');
            piece = rest.get(1..).unwrap_or_default();
            self.fits(part.len())?;
            if self.line.is_empty() {
                self.read_line(part, &mut each)?;
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(part);
                self.read_line(&line, &mut each)?;
                // Keep the buffer's memory for the next line.
                line.clear();
                self.line = line;
            }
        }
        Ok(())
    }

    /// Returns true if no part of an incomplete event has arrived.
    pub fn is_between_events(&self) -> bool {
        self.line.is_empty() && !self.has_data
    }

    fn fits(&self, more: usize) -> Result<(), TooLong> {
        let most = self.most;
        if self.line.len() + self.data.len() + more > most { Err(TooLong { most }) } else { Ok(()) }
    }

    fn read_line<E>(&mut self, line: &[u8], each: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>) -> Result<(), E> {
        let line = if self.begun { line } else { line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line) };
        self.begun = true;
        if line.is_empty() {
            return self.dispatch(each);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => {}
        }
        Ok(())
    }

    fn dispatch<E>(&mut self, each: &mut impl FnMut(SseEvent<'_>) -> Result<(), E>) -> Result<(), E> {
        let has_data = std::mem::take(&mut self.has_data);
        let done = if has_data { each(SseEvent { name: &self.name, data: &self.data }) } else { Ok(()) };
        self.name.clear();
        self.data.clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]], most: usize) -> Result<(Vec<(String, String)>, bool), TooLong> {
        let mut reader = SseReader::new(most);
        let mut events = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for piece in pieces {
            reader.push(piece, |event| {
                events.push((text(event.name), text(event.data)));
                Ok::<(), TooLong>(())
            })?;
        }
        Ok((events, reader.is_between_events()))
    }

    const STREAM: &str = "\u{feff}data: {\"a\":1}\n\n: a comment\r\n\r\nevent: ping\rdata\r\rdata:x\ndata:  y\r\ndata: é\n\nid: 7\nretry: 3\nevent: lost\n\ndata: [DONE]\r\n\r\n";

    #[test]
    fn every_line_end_comment_and_field_is_read_wherever_it_is_cut() {
        let expected = [("", "{\"a\":1}"), ("ping", ""), ("", "x\n y\né"), ("", "[DONE]")];
        let expected = expected.map(|(name, data)| (name.to_owned(), data.to_owned())).to_vec();
        let bytes = STREAM.as_bytes();
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            assert_eq!(read(&[before, after], 100), Ok((expected.clone(), true)), "cut at {at}");
        }
        for size in 1..=bytes.len() {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            assert_eq!(read(&pieces, 100), Ok((expected.clone(), true)), "pieces of {size}");
        }
    }

    #[test]
    fn an_event_that_is_not_complete_is_none() {
        for cut in ["data: x", "data: x\n", "da"] {
            assert_eq!(read(&[cut.as_bytes()], 100), Ok((Vec::new(), false)), "{cut}");
        }
    }

    #[test]
    fn an_event_is_bounded_however_it_comes() {
        let most = TooLong { most: 16 };
        assert_eq!(read(&[b"data: 0123456789abc"], 16), Err(most));
        let lines = b"data: 01234567\ndata: 01234567\n\n";
        assert_eq!(read(&[lines], 16), Err(TooLong { most: 16 }));
        for size in 1..20 {
            let pieces: Vec<&[u8]> = lines.chunks(size).collect();
            assert_eq!(read(&pieces, 16), Err(TooLong { most: 16 }), "{size}");
        }
        assert!(read(&[b"data: 01234567\n\ndata: 01234567\n\n"], 16).is_ok());
    }
}
