//! What keeps a silent stream alive where a comment does not.

/// Keeps one stream alive whose events depend on each other: on what was written before, and on what comes later.
pub trait Pulse: Send + Sync {
    /// Appends what the client gets after its `nth` silence, counted from 1: whole events. The first may open the stream.
    fn beat(&self, nth: u32, out: &mut Vec<u8>);
}
