//! Rewritten pieces that may not have reached the client: pingora drops a batch of pieces in which a filter fails.

use bytes::Bytes;

/// Pieces that go out with the next write, and how much had been written before.
#[derive(Debug, Default)]
pub struct Unwritten {
    pieces: Vec<Bytes>,
    written: usize,
}

impl Unwritten {
    /// Adds a piece. `written` is what the client has by now, so that earlier pieces can be forgotten.
    pub fn push(&mut self, piece: &Bytes, written: usize) {
        self.forget(written);
        if !piece.is_empty() {
            self.pieces.push(piece.clone());
        }
    }

    /// Returns what the client certainly does not have.
    pub fn take(&mut self, written: usize) -> Vec<Bytes> {
        self.forget(written);
        std::mem::take(&mut self.pieces)
    }

    /// A batch is written as a whole or not at all, so any progress means that the pieces before are out.
    fn forget(&mut self, written: usize) {
        if written != self.written {
            self.written = written;
            self.pieces.clear();
        }
    }
}
