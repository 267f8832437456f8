//! How long clients may take, and how slow they may be.

use std::time::{Duration, Instant};

/// Who sends or reads more slowly than this, in bytes a second, falls behind.
pub const SLOWEST: u64 = 16 * 1024;

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// From one request to the next.
    pub idle: Duration,
    /// For a head, from its first byte.
    pub head: Duration,
    /// The largest head, in bytes.
    pub max_head: usize,
    /// How far a body may be behind the slowest rate.
    pub body: Duration,
    /// How far reading may be behind the slowest rate, while there is something to read.
    pub write: Duration,
}

impl Patience {
    /// When a body must have come further than `bytes`.
    pub fn body_until(&self, begun: Instant, bytes: usize) -> Instant {
        begun + self.body + at_slowest(bytes as u64)
    }

    /// How often a client is looked at that does not read: it is given up at most this much too late.
    pub fn tick(&self) -> Duration {
        (self.write / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

/// How long so many bytes take at the slowest rate.
pub fn at_slowest(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST)
}
