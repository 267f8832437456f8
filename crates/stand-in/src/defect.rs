//! The ways in which embeddings can be wrong on purpose.

/// A defect of the vectors of one reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// One vector fewer than strings.
    MissingVector,
    /// Vectors of half the length.
    ShortVector,
}

impl Defect {
    /// Returns the number of vectors to leave out, and the length of the others.
    pub(crate) fn effect(defect: Option<Self>, dimensions: usize) -> (usize, usize) {
        match defect {
            Some(Self::MissingVector) => (1, dimensions),
            Some(Self::ShortVector) => (0, dimensions / 2),
            None => (0, dimensions),
        }
    }
}
