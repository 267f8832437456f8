//! How long clients may take, and how slow they may be.

use pingora::protocols::UniqueIDType;
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

/// Bytes that a client does not read.
#[derive(Debug, Clone, Copy)]
pub struct PendingWrite {
    /// When the first write had to wait.
    pub since: Instant,
    /// True while the last write waits.
    pub waits: bool,
    /// Bytes that the kernel accepted since then.
    accepted: u64,
    /// Bytes that the client had acknowledged at the first check.
    acknowledged: Option<u64>,
}

impl PendingWrite {
    /// A write that has to wait.
    pub fn new(now: Instant) -> Self {
        PendingWrite { since: now, waits: true, accepted: 0, acknowledged: None }
    }

    /// Records that the kernel accepted bytes.
    pub fn accepts(&mut self, bytes: usize) {
        self.waits = false;
        self.accepted += bytes as u64;
    }

    /// Returns true if the client is further behind than `limit`. It has acknowledged `acked` bytes in all.
    pub fn is_late(&mut self, now: Instant, limit: Duration, acked: Option<u64>) -> bool {
        // The kernel accepts large writes at once and reports free space late, so count acknowledged bytes instead.
        let first = *self.acknowledged.get_or_insert(acked.unwrap_or(0));
        let arrived = acked.map_or(0, |acked| acked.saturating_sub(first)).max(self.accepted);
        now.saturating_duration_since(self.since) > limit + at_slowest(arrived)
    }
}

/// Returns the bytes that the other end of a TCP connection has acknowledged, where the system knows.
pub fn acknowledged(socket: UniqueIDType) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return pingora::protocols::l4::ext::get_tcp_info(socket).ok().map(|info| info.tcpi_bytes_acked);
    #[cfg(not(target_os = "linux"))]
    return None.filter(|_: &u64| socket > 0);
}
