//! Remembers for a short while that an address could not be connected to, so that others are tried before it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long an address that could not be connected to is tried last.
const LASTS: Duration = Duration::from_secs(10);

static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Whether an address is in trouble. It belongs to one loaded table and survives no reload.
#[derive(Debug, Default)]
pub struct Trouble {
    /// In milliseconds since the epoch; 0 when there is none.
    until: AtomicU64,
}

impl Trouble {
    /// It could not be connected to.
    pub fn note(&self, now: Instant) {
        self.until.store(milliseconds(now + LASTS), Ordering::Relaxed);
    }

    /// It was connected to.
    pub fn clear(&self) {
        // Mostly there is none, and a load leaves the cache line where it is.
        if self.until.load(Ordering::Relaxed) != 0 {
            self.until.store(0, Ordering::Relaxed);
        }
    }

    /// Whether it should be tried last.
    pub fn lasts(&self, now: Instant) -> bool {
        match self.until.load(Ordering::Relaxed) {
            0 => false,
            until => milliseconds(now) < until,
        }
    }
}

fn milliseconds(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(*EPOCH).as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_a_while_or_until_it_is_over() {
        let (trouble, now) = (Trouble::default(), Instant::now());
        assert!(!trouble.lasts(now));
        trouble.note(now);
        assert!(trouble.lasts(now) && trouble.lasts(now + LASTS / 2));
        assert!(!trouble.lasts(now + LASTS));
        trouble.clear();
        assert!(!trouble.lasts(now));
    }
}
