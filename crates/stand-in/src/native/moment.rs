//! The time of each native answer. It never changes, because an answer depends on the request alone.

/// Seconds since 1970.
pub(crate) const NOW: u64 = 1_790_000_000;
