//! How long clients may take, and how slow they may be.

use std::time::{Duration, Instant};

/// The slowest rate in bytes a second. A client that sends or reads more slowly falls behind.
pub const SLOWEST: u64 = 16 * 1024;

/// The time limits of clients' connections, from `config.yaml`.
#[derive(Debug, Clone, Copy)]
pub struct ClientTimeouts {
    /// From one request to the next.
    pub idle: Duration,
    /// For a head, from its first byte.
    pub head: Duration,
    /// The largest head, in bytes.
    pub max_head: usize,
    /// How far the sending of a body may be behind the slowest rate.
    pub body: Duration,
    /// How far the reading of a reply may be behind the slowest rate.
    pub write: Duration,
}

impl ClientTimeouts {
    /// Returns when a body that began to arrive at `begun` must have more than `bytes`.
    pub fn body_due(&self, begun: Instant, bytes: usize) -> Instant {
        begun + self.body + at_slowest(bytes as u64)
    }

    /// How often to check a client that has stopped reading. A timeout fires at most this late.
    pub fn check_interval(&self) -> Duration {
        (self.write / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

/// Returns how long this many bytes take at the slowest rate.
pub fn at_slowest(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / SLOWEST)
}
