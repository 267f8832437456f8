//! Which kept connections may be used again. A laptop that slept, a VPN that was connected anew or a NAT that forgot leaves
//! connections that look sound and are dead: the other side knows nothing of them. What was kept before such a moment is of an older
//! generation, and no call takes it. The clock of the pool stands still while the machine sleeps, so its age does not tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A sleep that is shorter leaves connections alive: everybody repeats packets for some seconds.
const NAP: Duration = Duration::from_secs(5);
/// No look at the clocks has been made.
const UNKNOWN: u64 = u64::MAX;

static CURRENT: Generation = Generation::new();

/// Returns the number of the current generation. It is a new one if the machine has slept.
pub fn current() -> u64 {
    CURRENT.at(asleep())
}

/// Begins a new generation, because a kept connection turned out lost: the others that were kept beside it are, too.
pub fn renew() {
    CURRENT.number.fetch_add(1, Ordering::Relaxed);
}

struct Generation {
    number: AtomicU64,
    /// How long the machine had slept at the last look, in milliseconds.
    asleep: AtomicU64,
}

impl Generation {
    const fn new() -> Self {
        Generation { number: AtomicU64::new(0), asleep: AtomicU64::new(UNKNOWN) }
    }

    /// Returns the number, given how long the machine has slept since some moment.
    fn at(&self, asleep: Duration) -> u64 {
        let asleep = u64::try_from(asleep.as_millis()).unwrap_or_default();
        let before = self.asleep.load(Ordering::Relaxed);
        // Usually nothing has changed, and nothing is written that another core has to fetch.
        if asleep.abs_diff(before) >= NAP.as_millis() as u64 {
            let before = self.asleep.swap(asleep, Ordering::Relaxed);
            if before != UNKNOWN && asleep.abs_diff(before) >= NAP.as_millis() as u64 {
                self.number.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.number.load(Ordering::Relaxed)
    }
}

/// Returns how long the machine has slept since it started.
#[cfg(target_os = "linux")]
fn asleep() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let now = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
    now(ClockId::Boottime).saturating_sub(now(ClockId::Monotonic))
}

/// Returns by how much the clock on the wall is ahead of the one that stands still during sleep. Setting the clock looks like sleep,
/// and costs a few new connections.
#[cfg(not(target_os = "linux"))]
fn asleep() -> Duration {
    use crate::wire::ids::unix_time;
    use std::sync::LazyLock;
    use std::time::Instant;
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let awake = BEGUN.elapsed();
    unix_time().saturating_sub(awake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_begins_a_new_generation_once() {
        let generation = Generation::new();
        let at = |seconds| generation.at(Duration::from_secs_f64(seconds));
        // What the machine slept before the process began does not count.
        let first = at(7000.0);
        assert_eq!([at(7000.0), at(7000.2), at(7004.5)], [first; 3], "clocks that are read one after the other differ");
        let second = at(7605.0);
        assert_eq!([at(7605.0), at(7605.1)], [second; 2]);
        assert_ne!(first, second);
        // A wall clock that is set back, where that is the measure.
        assert_ne!(at(7000.0), second);
    }

    #[test]
    fn the_machine_is_awake_now() {
        let before = current();
        assert_eq!(current(), before);
    }
}
