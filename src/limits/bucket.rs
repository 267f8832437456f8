//! Usage of a limit per minute, as a leaky bucket: it empties evenly, by the full limit in a minute.

use super::Standing;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

const MINUTE: f64 = 60.0;
/// The most that is owed, in limits.
const MOST_DEBT: f64 = 10.0;
/// Amounts below this are rounding errors and count as zero.
const DUST: f64 = 1e-6;

/// Used requests or tokens of one account.
// The sketches of pingora-limits can take one caller for another, and governor cannot charge after the fact.
#[derive(Debug, Default)]
pub struct Bucket {
    /// The amount at the time `at`.
    used: f64,
    at: Option<Instant>,
    /// The amount that empties per minute: the limit at the last use.
    rate: f64,
}

impl Bucket {
    /// Returns the usage of the limit at `now`.
    pub fn standing(&self, limit: NonZeroU32, now: Instant) -> Standing {
        let (used, most) = (self.used(now), f64::from(limit.get()));
        Standing {
            limit,
            used: used.round() as u64,
            remaining: (most - used + DUST).max(0.0) as u32,
            reset: Duration::from_secs_f64(used * MINUTE / most),
            again: Duration::from_secs_f64((used + 1.0 - most - DUST).max(0.0) * MINUTE / most),
        }
    }

    /// Adds an amount. What goes beyond the limit is a debt, which is kept up to ten minutes' worth: a caller is blocked for at most
    /// ten minutes.
    pub fn add(&mut self, amount: u64, limit: NonZeroU32, now: Instant) {
        let most = f64::from(limit.get());
        let used = self.used(now) + amount as f64;
        *self = Bucket { used: used.min((1.0 + MOST_DEBT) * most - 1.0), at: Some(now), rate: most };
    }

    /// Subtracts an amount that was not used after all.
    pub fn give_back(&mut self, amount: u64) {
        self.used = (self.used - amount as f64).max(0.0);
    }

    /// Returns the amount that has not emptied yet.
    pub fn used(&self, now: Instant) -> f64 {
        let since = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        let used = self.used - since * self.rate / MINUTE;
        if used < DUST { 0.0 } else { used }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(most: u32) -> NonZeroU32 {
        NonZeroU32::new(most).unwrap()
    }

    #[test]
    fn it_fills_at_once_and_empties_evenly() {
        let (mut bucket, begun) = (Bucket::default(), Instant::now());
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        for left in [3, 2, 1] {
            let standing = bucket.standing(limit(3), begun);
            assert_eq!((standing.remaining, standing.again), (left, Duration::ZERO));
            bucket.add(1, limit(3), begun);
        }
        let full = bucket.standing(limit(3), begun);
        assert_eq!((full.remaining, full.used, full.reset.as_secs()), (0, 3, 60));
        assert_eq!(full.again.as_secs_f64().ceil(), 20.0);
        assert_eq!(bucket.standing(limit(3), at(19.9)).remaining, 0);
        let later = bucket.standing(limit(3), at(20.0));
        assert_eq!((later.remaining, later.again), (1, Duration::ZERO));
        assert_eq!(bucket.standing(limit(3), at(60.0)).remaining, 3);
    }

    #[test]
    fn a_debt_is_kept_up_to_ten_minutes_worth() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        bucket.add(1_000_000, limit(100), now);
        let standing = bucket.standing(limit(100), now);
        assert_eq!((standing.used, standing.remaining, standing.again.as_secs_f64().ceil()), (1099, 0, 600.0));
        assert_eq!(bucket.standing(limit(100), now + Duration::from_secs(599)).remaining, 0);
        assert_eq!(bucket.standing(limit(100), now + Duration::from_secs(600)).remaining, 1);
        let mut owing = Bucket::default();
        owing.add(250, limit(100), now);
        assert_eq!(owing.standing(limit(100), now + Duration::from_secs(90)).remaining, 0);
        assert_eq!(owing.standing(limit(100), now + Duration::from_secs(120)).remaining, 50);
    }

    #[test]
    fn another_limit_keeps_what_was_used() {
        let (mut bucket, now) = (Bucket::default(), Instant::now());
        bucket.add(5, limit(10), now);
        assert_eq!(bucket.standing(limit(6), now).remaining, 1);
        assert_eq!(bucket.standing(limit(4), now).remaining, 0);
        bucket.give_back(2);
        assert_eq!(bucket.standing(limit(4), now).remaining, 1);
    }
}
