//! Bounded gzip decoding, for an upstream that compresses although identity was requested.
//!
//! pingora's own decompression passes raw bytes on when the data is corrupt. This decoder returns an error instead.

use flate2::write::MultiGzDecoder;
use std::io::Write;

/// A decoder for a gzip stream that arrives in pieces.
pub struct Gunzip {
    decoder: MultiGzDecoder<Bounded>,
}

/// The reason why decoding stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum GunzipError {
    /// The data is corrupt or cut short.
    Corrupt,
    /// The decoded data exceeds the limit.
    TooLarge,
}

/// The buffer for decoded bytes, with the rest of the limit.
struct Bounded {
    out: Vec<u8>,
    left: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::FileTooLarge)?;
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Gunzip {
    /// Creates a decoder that returns at most `limit` bytes in total.
    pub fn new(limit: usize) -> Self {
        Gunzip { decoder: MultiGzDecoder::new(Bounded { out: Vec::new(), left: limit }) }
    }

    /// Decodes the next piece.
    ///
    /// # Errors
    /// `Corrupt` or `TooLarge`. The decoder is unusable after either.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<u8>, GunzipError> {
        self.decoder.write_all(piece).and_then(|()| self.decoder.flush()).map_err(why)?;
        Ok(std::mem::take(&mut self.decoder.get_mut().out))
    }

    /// Ends the stream. Returns the remaining bytes.
    ///
    /// # Errors
    /// `Corrupt` when the stream stops before its trailer or the checksum differs.
    pub fn end(&mut self) -> Result<Vec<u8>, GunzipError> {
        self.decoder.try_finish().map_err(why)?;
        Ok(std::mem::take(&mut self.decoder.get_mut().out))
    }
}

fn why(e: std::io::Error) -> GunzipError {
    if e.kind() == std::io::ErrorKind::FileTooLarge { GunzipError::TooLarge } else { GunzipError::Corrupt }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8], size: usize, limit: usize) -> Result<Vec<u8>, GunzipError> {
        let mut gunzip = Gunzip::new(limit);
        let mut out = Vec::new();
        for piece in bytes.chunks(size) {
            out.extend(gunzip.push(piece)?);
        }
        out.extend(gunzip.end()?);
        Ok(out)
    }

    #[test]
    fn every_piece_size_gives_the_same() {
        let text = "hello, wörld ".repeat(40);
        let bytes = gzip(text.as_bytes());
        for size in 1..bytes.len() {
            assert_eq!(read(&bytes, size, 10_000).as_deref(), Ok(text.as_bytes()), "{size}");
        }
    }

    #[test]
    fn corrupt_cut_and_huge_are_errors() {
        let bytes = gzip("hello ".repeat(1000).as_bytes());
        assert_eq!(read(b"not gzip at all", 4, 100), Err(GunzipError::Corrupt));
        assert_eq!(read(&bytes[..bytes.len() - 6], 7, 10_000), Err(GunzipError::Corrupt));
        assert_eq!(read(&bytes, 7, 5_999), Err(GunzipError::TooLarge));
        let mut flipped = bytes.clone();
        let last = flipped.len() - 5;
        flipped[last] ^= 1;
        assert_eq!(read(&flipped, 7, 10_000), Err(GunzipError::Corrupt));
    }
}
