//! When the lists of models are read: at the start, when the table names another list, and each time that the table's period is over.

use std::time::Duration;

/// How soon to ask again after no list could be read, if the period is longer: a network comes back.
const AGAIN: Duration = Duration::from_secs(15 * 60);
/// The most that a period is stretched, in thousandths, so that instances that were started together do not ask together for ever.
const MOST_STRETCH: u64 = 100;

/// When the lists were asked for last, and which.
#[derive(Debug, Default)]
pub struct RefreshSchedule {
    /// In Unix seconds, since other clocks stand still while a machine sleeps.
    asked_at: Option<u64>,
    urls: Vec<String>,
    stretch: u64,
    has_failed: bool,
}

impl RefreshSchedule {
    /// Returns when the lists were asked for last, in Unix seconds.
    pub fn asked_at(&self) -> Option<u64> {
        self.asked_at
    }

    /// Records that these lists are asked for now.
    pub fn begin(&mut self, urls: &[&str], now: u64) {
        self.asked_at = Some(now);
        self.urls = urls.iter().map(|url| (*url).to_owned()).collect();
        self.stretch = fastrand::u64(..=MOST_STRETCH);
    }

    /// Records whether none of them could be read.
    pub fn end(&mut self, has_failed: bool) {
        self.has_failed = has_failed;
    }

    /// Returns true if it is time to ask for the lists of a table with this period.
    pub fn is_due(&self, period: Duration, urls: &[&str], now: u64) -> bool {
        let Some(asked_at) = self.asked_at else { return !urls.is_empty() };
        if urls.iter().any(|url| !self.urls.iter().any(|known| known == url)) {
            return true;
        }
        let wait = if self.has_failed { period.min(AGAIN) } else { period }.as_secs();
        // A clock that was set back must not put it off.
        !urls.is_empty() && now.abs_diff(asked_at) >= wait + wait * self.stretch / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn lists_are_due_at_the_start_and_after_each_period() {
        let mut schedule = RefreshSchedule::default();
        assert!(schedule.is_due(HOUR, &["a"], 1000));
        assert!(!schedule.is_due(HOUR, &[], 1000));
        schedule.begin(&["a"], 1000);
        schedule.end(false);
        assert_eq!(schedule.asked_at(), Some(1000));
        assert!(!schedule.is_due(HOUR, &["a"], 4599));
        assert!(schedule.is_due(HOUR, &["a"], 1000 + 3600 + 360));
        assert!(schedule.is_due(Duration::from_secs(60), &["a"], 1066), "a table with another period");
        assert!(schedule.is_due(HOUR, &["a", "b"], 1001), "a table with another list");
        assert!(schedule.is_due(Duration::from_secs(60), &["a"], 10), "the clock was set back");
    }

    #[test]
    fn lists_of_which_none_came_are_due_sooner() {
        let mut schedule = RefreshSchedule::default();
        schedule.begin(&["a"], 1000);
        schedule.end(true);
        assert!(!schedule.is_due(HOUR, &["a"], 1000 + 899) && schedule.is_due(HOUR, &["a"], 1000 + 990));
        schedule.begin(&["a"], 2000);
        schedule.end(false);
        assert!(!schedule.is_due(HOUR, &["a"], 2000 + 990));
    }
}
