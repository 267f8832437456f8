//! Pieces with the time at which they were written, so that the reader can measure how long they took.
//!
//! A stamp is `@nanoseconds since 1970@`. It stays readable inside JSON and when the network cuts it in two.

use std::time::{SystemTime, UNIX_EPOCH};

const MARK: u8 = b'@';

/// Returns the current time, in nanoseconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}

/// Returns a piece of `size` bytes, or of a stamp's size if that is larger.
pub fn piece(size: usize) -> Vec<u8> {
    let mut piece = format!("@{}@", now()).into_bytes();
    piece.resize(size.max(piece.len()), b'x');
    piece
}

/// Finds stamps in the bytes that are read.
#[derive(Debug, Default)]
pub struct Stamps {
    /// The number read so far, inside a stamp.
    digits: Option<u64>,
}

impl Stamps {
    /// Passes each stamp that ends in these bytes to `found`.
    pub fn push(&mut self, bytes: &[u8], mut found: impl FnMut(u64)) {
        for byte in bytes {
            self.digits = match (self.digits, *byte) {
                (Some(time), MARK) if time > 0 => {
                    found(time);
                    None
                }
                (_, MARK) => Some(0),
                (Some(time), digit) if digit.is_ascii_digit() => Some(time.wrapping_mul(10) + u64::from(digit - b'0')),
                _ => None,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_however_they_are_cut() {
        let text = [b"a@b @12x@".as_slice(), &piece(40), b"..", &piece(1)].concat();
        for cut in 0..text.len() {
            let (mut stamps, mut found) = (Stamps::default(), Vec::new());
            stamps.push(&text[..cut], |time| found.push(time));
            stamps.push(&text[cut..], |time| found.push(time));
            assert_eq!(found.len(), 2, "{cut}");
            assert!(found.iter().all(|time| *time <= now() && *time > now() - 1_000_000_000));
        }
    }
}
