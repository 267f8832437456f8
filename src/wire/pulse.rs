//! What keeps a silent stream alive where a comment does not.

/// Keeps one stream alive whose events depend on each other: on what was written before, and on what comes later.
pub trait Pulse: Send + Sync {
    /// Appends what the client gets after a silence: whole events. The first may open the stream.
    fn beat(&self, out: &mut Vec<u8>);
}
