//! The last hour, minute by minute: how many requests ended, how long they took, and how many tokens they had.

use super::record::Record;
use serde::Serialize;
use std::collections::VecDeque;
use std::time::Duration;

/// How many minutes are shown.
const MINUTES: u64 = 60;
/// Parts of each doubling of a time. A percentile is off by less than a tenth.
const PARTS: u32 = 8;
/// From a microsecond to more than an hour.
const BUCKETS: usize = 33 * PARTS as usize;

/// What ended in one minute.
#[derive(Debug, Clone)]
struct Minute {
    /// Minutes since the Unix epoch.
    number: u64,
    requests: u64,
    failures: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// How many took how long, by the logarithm of the time.
    times: Box<[u32; BUCKETS]>,
}

/// The minutes of the last hour in which anything ended, the newest last.
#[derive(Debug, Default)]
pub struct HourHistory(VecDeque<Minute>);

/// The last hour as a page draws it: a number for each minute, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HourSeries {
    /// The length of a step, in seconds.
    pub step: u64,
    /// When the newest minute began, in Unix seconds.
    pub last: u64,
    pub requests: Vec<u64>,
    pub failures: Vec<u64>,
    /// Percentiles of the whole time, in seconds; `None` where nothing ended.
    pub p50: Vec<Option<f64>>,
    pub p95: Vec<Option<f64>>,
    pub p99: Vec<Option<f64>>,
    pub input_tokens: Vec<u64>,
    pub output_tokens: Vec<u64>,
}

impl HourHistory {
    /// Counts a request that ended at `now`, in Unix seconds.
    pub fn count(&mut self, now: u64, record: &Record<'_>) {
        let number = now / 60;
        // A clock that was set back counts on in the newest minute.
        if self.0.back().is_none_or(|newest| newest.number < number) {
            while self.0.front().is_some_and(|oldest| oldest.number + MINUTES <= number) {
                self.0.pop_front();
            }
            self.0.push_back(Minute::new(number));
        }
        if let Some(minute) = self.0.back_mut() {
            minute.count(record);
        }
    }

    /// Returns the hour that ends at `now`.
    pub fn series(&self, now: u64) -> HourSeries {
        let last = now / 60;
        let empty = Minute::new(0);
        let numbers = (0..MINUTES).rev().map(|back| last.saturating_sub(back));
        let find = |number| self.0.iter().find(|minute| minute.number == number).unwrap_or(&empty);
        let minutes: Vec<&Minute> = numbers.map(find).collect();
        let whole = |value: fn(&Minute) -> u64| minutes.iter().map(|minute| value(minute)).collect();
        let percentile = |part| minutes.iter().map(|minute| minute.percentile(part)).collect();
        HourSeries {
            step: 60,
            last: last * 60,
            requests: whole(|minute| minute.requests),
            failures: whole(|minute| minute.failures),
            p50: percentile(0.5),
            p95: percentile(0.95),
            p99: percentile(0.99),
            input_tokens: whole(|minute| minute.input_tokens),
            output_tokens: whole(|minute| minute.output_tokens),
        }
    }
}

impl Minute {
    fn new(number: u64) -> Self {
        let times = Box::new([0; BUCKETS]);
        Minute { number, requests: 0, failures: 0, input_tokens: 0, output_tokens: 0, times }
    }

    fn count(&mut self, record: &Record<'_>) {
        self.requests += 1;
        self.failures += u64::from(record.is_failure());
        self.input_tokens += record.input_tokens.unwrap_or(0);
        self.output_tokens += record.output_tokens.unwrap_or(0);
        if let Some(count) = self.times.get_mut(bucket(record.total)) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns the time, in seconds, below which this part of the requests took.
    fn percentile(&self, part: f64) -> Option<f64> {
        if self.requests == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^52")]
        let wanted = self.requests as f64 * part;
        let mut below = 0.0;
        let found = self.times.iter().position(|count| {
            below += f64::from(*count);
            below >= wanted
        });
        found.map(middle)
    }
}

/// Returns the number of the bucket of a time.
fn bucket(time: Duration) -> usize {
    let micros = time.as_micros().clamp(1, u128::from(u32::MAX)) as u64;
    let power = micros.ilog2();
    // The bits after the first one say in which part of the doubling it is.
    let part = ((micros << 3) >> power) as u32 - PARTS;
    (power * PARTS + part) as usize
}

/// Returns the time in the middle of a bucket, in seconds.
fn middle(bucket: usize) -> f64 {
    let (power, part) = (bucket / PARTS as usize, bucket % PARTS as usize);
    let power = i32::try_from(power).unwrap_or(i32::MAX);
    let part = f64::from(u32::try_from(part).unwrap_or(0));
    2f64.powi(power) * (1.0 + (part + 0.5) / f64::from(PARTS)) / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;

    fn took(millis: u64, status: u16) -> Record<'static> {
        Record { total: Duration::from_millis(millis), status: Some(status), ended: None, ..full() }
    }

    #[test]
    fn percentiles_are_near_the_true_ones() {
        let mut hour = HourHistory::default();
        (1..=1000).for_each(|millis| hour.count(3600, &took(millis, 200)));
        let series = hour.series(3600);
        for (found, true_one) in [(&series.p50, 0.5), (&series.p95, 0.95), (&series.p99, 0.99)] {
            let newest = found.last().copied().flatten().unwrap();
            assert!((newest / true_one - 1.0).abs() < 0.1, "{newest} instead of {true_one}");
        }
        assert_eq!((series.requests.len(), series.requests.last(), series.last), (60, Some(&1000), 3600));
        assert_eq!(series.p50.first(), Some(&None));
    }

    #[test]
    fn an_hour_passes() {
        let mut hour = HourHistory::default();
        let start = 100 * 3600;
        hour.count(start, &took(5, 502));
        for minute in 1..200 {
            hour.count(start + 60 * minute, &took(5, 200));
        }
        // A clock that goes back loses nothing.
        hour.count(start, &took(5, 200));
        let now = start + 60 * 201;
        let series = hour.series(now);
        assert_eq!(series.requests.iter().sum::<u64>(), 60 - 2 + 1);
        assert_eq!((series.requests.first(), series.requests.last()), (Some(&1), Some(&0)));
        assert_eq!((series.failures.iter().sum::<u64>(), hour.0.len()), (0, 60));
    }

    #[test]
    fn every_time_has_a_bucket() {
        for time in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX] {
            assert!(bucket(time) < BUCKETS, "{time:?}");
        }
        let second = middle(bucket(Duration::from_secs(1)));
        assert!((second - 1.0).abs() < 0.1, "{second}");
    }
}
