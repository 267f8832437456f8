//! The requests that ended last, and the last hour, for the page for people. Nothing of what was said is kept.

use super::hour::{HourHistory, HourSeries};
use super::record::{Record, cut};
use crate::wire::ids::{unix_now, unix_time};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many requests are kept. A caller who sees only its own finds some among those of others.
const KEPT: usize = 1000;
/// The most characters of a name or a path.
const LONGEST: usize = 120;

/// A request that is over.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FinishedRequest {
    /// Its number among all that were kept since the start.
    pub number: u64,
    /// When it ended, in Unix seconds.
    pub at: f64,
    pub caller: Option<String>,
    pub method: String,
    /// The path of its row, else its own.
    pub path: String,
    /// The model as the table names it, else as the client does.
    pub model: Option<String>,
    pub upstream: Option<String>,
    pub status: Option<u16>,
    /// Who ended it early.
    pub ended_by: Option<&'static str>,
    /// The kind of failure, as one word.
    pub why: Option<String>,
    pub stream: bool,
    /// Times in seconds.
    pub first_text: Option<f64>,
    pub total: f64,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
}

impl FinishedRequest {
    /// Takes what a record says. The texts of the request that was here before make room for it.
    fn fill(&mut self, number: u64, at: f64, record: &Record<'_>) {
        let seconds = |time: Duration| time.as_secs_f64();
        self.number = number;
        self.at = at;
        put(&mut self.caller, record.caller);
        self.method.clear();
        self.method.push_str(cut(record.method, LONGEST));
        self.path.clear();
        match record.route {
            Some(route) => self.path.push_str(route),
            None => self.path.push_str(cut(&record.shown_path(), LONGEST)),
        }
        put(&mut self.model, record.model.or(record.asked));
        put(&mut self.upstream, record.upstream.map(|upstream| upstream.name));
        self.status = record.status;
        self.ended_by = record.ended.as_ref().map(|ended| ended.by.name());
        put(&mut self.why, record.ended.as_ref().map(|ended| &*ended.kind));
        self.stream = record.stream;
        self.first_text = record.first_text.map(seconds);
        self.total = seconds(record.total);
        self.input_tokens = record.input_tokens;
        self.output_tokens = record.output_tokens;
    }
}

fn put(slot: &mut Option<String>, text: Option<&str>) {
    match (slot.as_mut(), text) {
        (Some(kept), Some(text)) => {
            kept.clear();
            kept.push_str(cut(text, LONGEST));
        }
        (None, Some(text)) => *slot = Some(cut(text, LONGEST).to_owned()),
        (_, None) => *slot = None,
    }
}

/// What ended last. It belongs to the process, so that a reload forgets nothing.
#[derive(Debug, Default)]
pub struct RecentRequests(Mutex<RecentLog>);

#[derive(Debug, Default)]
struct RecentLog {
    /// The oldest first.
    requests: VecDeque<FinishedRequest>,
    /// The number of the next one.
    next: u64,
    hour: HourHistory,
}

impl RecentRequests {
    /// Keeps a request that is over, unless it was answered here as it should be: probes of a balancer would push all else out.
    pub fn keep(&self, record: &Record<'_>) {
        if record.calls == 0 && !record.is_failure() {
            return;
        }
        let at = unix_time();
        let mut kept = self.lock();
        kept.hour.count(at.as_secs(), record);
        let mut request = match kept.requests.len() {
            KEPT.. => kept.requests.pop_front().unwrap_or_default(),
            _ => FinishedRequest::default(),
        };
        request.fill(kept.next, at.as_secs_f64(), record);
        kept.next += 1;
        kept.requests.push_back(request);
    }

    /// Returns up to `most` requests from the number `first` on that `shows` accepts, the newest first; and the number of the next one.
    pub fn since(
        &self,
        first: u64,
        most: usize,
        shows: impl Fn(&FinishedRequest) -> bool,
    ) -> (Vec<FinishedRequest>, u64) {
        let kept = self.lock();
        let newest = kept.requests.iter().rev().take_while(|request| request.number >= first);
        (newest.filter(|request| shows(request)).take(most).cloned().collect(), kept.next)
    }

    /// Returns the hour that ends now.
    pub fn hour(&self) -> HourSeries {
        self.lock().hour.series(unix_now())
    }

    fn lock(&self) -> MutexGuard<'_, RecentLog> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::full;
    use super::*;

    #[test]
    fn the_last_requests_are_kept_and_answers_made_here_are_not() {
        let recent = RecentRequests::default();
        let probe = Record { calls: 0, status: Some(200), ended: None, ..full() };
        for number in 0..KEPT + 5 {
            let caller = if number % 2 == 0 { "ann" } else { "bob" };
            recent.keep(&Record { caller: Some(caller), calls: 1, ..full() });
            recent.keep(&probe);
        }
        recent.keep(&Record { calls: 0, status: Some(401), caller: None, route: None, ..full() });
        let (all, next) = recent.since(0, usize::MAX, |_| true);
        assert_eq!((all.len(), next), (KEPT, KEPT as u64 + 6));
        assert_eq!((all[0].status, all[0].caller.as_deref(), all[0].number), (Some(401), None, next - 1));
        let (own, _) = recent.since(next - 5, 10, |request| request.caller.as_deref() == Some("ann"));
        assert_eq!(own.iter().map(|request| request.number).collect::<Vec<_>>(), [next - 2, next - 4]);
        assert_eq!(recent.hour().requests.iter().sum::<u64>(), next);
    }

    #[test]
    fn a_place_that_is_used_again_holds_nothing_of_before() {
        let mut request = FinishedRequest::default();
        request.fill(1, 1.0, &full());
        let bare = Record {
            caller: None,
            asked: None,
            model: None,
            upstream: None,
            ended: None,
            first_text: None,
            input_tokens: None,
            ..full()
        };
        request.fill(2, 2.0, &bare);
        let mut fresh = FinishedRequest::default();
        fresh.fill(2, 2.0, &bare);
        assert_eq!(request, fresh);
    }
}
