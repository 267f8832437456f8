//! Decodes text from bytes that may be cut anywhere. A code point that is split between two pieces is kept, never
//! replaced.

use std::fmt;

/// Keeps the incomplete code point (1–3 bytes) between pieces.
#[derive(Debug, Default)]
pub struct Carry {
    held: [u8; 4],
    len: usize,
}

/// Bytes that can no longer become valid UTF-8, or a stream that ended inside a character.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUtf8;

impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not valid UTF-8")
    }
}

impl Carry {
    /// Passes the complete text so far to `emit`, in order. Calls `emit` at most twice.
    ///
    /// # Errors
    /// `NotUtf8` after everything before the broken byte was emitted.
    pub fn push(&mut self, mut piece: &[u8], mut emit: impl FnMut(&str)) -> Result<(), NotUtf8> {
        while self.len > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                return Ok(());
            };
            if let Some(slot) = self.held.get_mut(self.len) {
                *slot = byte;
            }
            self.len += 1;
            let held = self.held.get(..self.len).ok_or(NotUtf8)?;
            match std::str::from_utf8(held) {
                Ok(text) => {
                    emit(text);
                    self.len = 0;
                }
                Err(e) if e.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
            piece = rest;
        }
        // Emit the valid text before an error, so that a client receives all that was readable.
        let (whole, tail, broken) = split(piece);
        if !whole.is_empty() {
            emit(whole);
        }
        if broken {
            return Err(NotUtf8);
        }
        self.len = tail.len();
        for (slot, &byte) in self.held.iter_mut().zip(tail) {
            *slot = byte;
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// `NotUtf8` when a character is still incomplete.
    pub fn end(&self) -> Result<(), NotUtf8> {
        if self.len == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

/// Splits bytes into valid text and the rest. The last value is true if the rest can never become text.
fn split(bytes: &[u8]) -> (&str, &[u8], bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text, &[], false),
        Err(e) => {
            let (valid, rest) = bytes.split_at(e.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), rest, e.error_len().is_some())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]]) -> (String, Result<(), NotUtf8>) {
        let mut carry = Carry::default();
        let mut text = String::new();
        for piece in pieces {
            if let Err(e) = carry.push(piece, |t| text.push_str(t)) {
                return (text, Err(e));
            }
        }
        let end = carry.end();
        (text, end)
    }

    #[test]
    fn a_broken_byte_keeps_what_came_before() {
        assert_eq!(read(&[b"ab\xffcd"]), ("ab".to_string(), Err(NotUtf8)));
        assert_eq!(read(&[b"ab\xe2", b"\x82x"]), ("ab".to_string(), Err(NotUtf8)));
    }

    #[test]
    fn an_end_inside_a_character_is_an_error() {
        assert_eq!(read(&[b"ab\xe2\x82"]), ("ab".to_string(), Err(NotUtf8)));
    }

    proptest! {
        #[test]
        fn every_cut_gives_the_same_text(text in any::<String>(), size in 1usize..9) {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            prop_assert_eq!(read(&pieces), (text.clone(), Ok(())));
        }

        #[test]
        fn any_bytes_are_judged_as_the_standard_library_does(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0xC0u8..=0xF7, 0x80u8..=0xBF], 0..40), size in 1usize..5
        ) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let (text, end) = read(&pieces);
            match std::str::from_utf8(&bytes) {
                Ok(all) => prop_assert_eq!((text.as_str(), end), (all, Ok(()))),
                Err(e) => prop_assert_eq!((text.as_bytes(), end), (&bytes[..e.valid_up_to()], Err(NotUtf8))),
            }
        }
    }
}
