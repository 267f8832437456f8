//! The ways in which embeddings can be wrong on purpose.

/// A defect of the vectors of one reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// One vector fewer than strings.
    MissingVector,
    /// Vectors of half the length.
    ShortVector,
}
