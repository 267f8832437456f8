//! Joins the pieces of a body. A body that arrives in one piece is not copied.

use bytes::{Bytes, BytesMut};

/// The pieces so far.
#[derive(Debug, Default)]
pub struct Gathered {
    first: Bytes,
    more: BytesMut,
    expected: usize,
}

impl Gathered {
    /// Creates an empty buffer for a body of about `expected` bytes.
    pub fn new(expected: usize) -> Self {
        Gathered { expected, ..Gathered::default() }
    }

    /// Returns the number of bytes so far.
    pub fn len(&self) -> usize {
        self.first.len() + self.more.len()
    }

    /// Returns true if there are no bytes yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes so far.
    pub fn start(&self) -> &[u8] {
        if self.more.is_empty() { &self.first } else { &self.more }
    }

    /// Adds a piece.
    pub fn push(&mut self, piece: Bytes) {
        if self.is_empty() {
            self.first = piece;
            return;
        }
        if self.more.is_empty() {
            self.more.reserve(self.expected.max(self.first.len() + piece.len()));
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(&piece);
    }

    /// Returns the whole body and leaves the buffer empty.
    pub fn take(&mut self) -> Bytes {
        if self.more.is_empty() { std::mem::take(&mut self.first) } else { std::mem::take(&mut self.more).freeze() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_in_order_and_one_is_not_copied() {
        let one = Bytes::from(vec![1, 2, 3]);
        let mut gathered = Gathered::new(0);
        gathered.push(one.clone());
        assert_eq!(gathered.take().as_ptr(), one.as_ptr());
        assert!(gathered.is_empty());
        for piece in ["a", "", "bc", "d"] {
            gathered.push(Bytes::from_static(piece.as_bytes()));
        }
        assert_eq!((gathered.len(), gathered.take()), (4, Bytes::from_static(b"abcd")));
    }
}
