//! `now`: what happens in the process, as a stream of events. Texts of requests and answers are nowhere in it.

use super::view::View;
use crate::proxy::in_flight::InFlight;
use crate::proxy::live::Current;
use crate::proxy::page::PageFeed;
use crate::telemetry::now::{BreakerNow, Now};
use crate::telemetry::{FinishedRequest, HourSeries, RecentRequests};
use crate::wire::ids::unix_time;
use crate::wire::sse;
use bytes::Bytes;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The time between two events.
const EACH: Duration = Duration::from_secs(1);
/// The time between two looks at the last hour.
const EACH_HOUR: Duration = Duration::from_secs(10);
/// The most requests of one event.
const MOST: usize = 200;

/// What knows the state of the process.
#[derive(Clone)]
pub struct NowSources {
    pub current: Arc<Current>,
    pub in_flight: InFlight,
    pub recent: Arc<RecentRequests>,
    /// How many streams of events the proxy's listeners have, each of which is a request in flight.
    pub feeds: Arc<AtomicUsize>,
}

/// The stream for one viewer.
pub struct NowFeed {
    sources: NowSources,
    is_counted: bool,
    /// The viewer's name; `None` if it sees everybody's requests.
    only: Option<Box<str>>,
    /// The number of the first request that was not told yet.
    next: u64,
    told: Option<Instant>,
    hour_told: Option<Instant>,
}

/// One event.
#[derive(Serialize)]
struct NowEvent<'n> {
    at: f64,
    /// True if it tells of everybody's requests.
    everybody: bool,
    in_flight: usize,
    memory: Memory,
    table: TableNow<'n>,
    breakers: Option<Vec<BreakerLine<'n>>>,
    requests: Vec<FinishedRequest>,
    /// Left out where the last one is young enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<Option<HourSeries>>,
}

#[derive(Serialize)]
struct Memory {
    held: usize,
    limit: usize,
}

#[derive(Serialize)]
struct TableNow<'n> {
    version: &'n str,
    loaded_at: u64,
    /// True while a newer file cannot be used.
    behind: bool,
    report: Option<&'n str>,
}

#[derive(Serialize)]
struct BreakerLine<'n> {
    upstream: &'n str,
    url: &'n str,
    state: &'static str,
    opened: u64,
}

impl NowFeed {
    /// The stream for the sender of a request.
    pub fn new(sources: &NowSources, view: &View<'_>) -> Self {
        // The admin listener's are none of the requests in flight.
        let is_counted = view.calls;
        sources.feeds.fetch_add(usize::from(is_counted), Ordering::AcqRel);
        NowFeed {
            sources: sources.clone(),
            is_counted,
            only: (!view.watches).then(|| view.caller.name.clone().unwrap_or_default()),
            next: 0,
            told: None,
            hour_told: None,
        }
    }

    fn event(&mut self) -> Vec<u8> {
        let minutes = self.minutes();
        let NowSources { current, in_flight, recent, feeds } = &self.sources;
        let now = current.now(in_flight);
        let shows = |request: &FinishedRequest| {
            self.only.as_ref().is_none_or(|name| request.caller.as_deref() == Some(&**name))
        };
        let (requests, next) = recent.since(self.next, MOST, shows);
        let report = current.report().filter(|_| self.only.is_none());
        let event = NowEvent {
            at: unix_time().as_secs_f64(),
            everybody: self.only.is_none(),
            in_flight: now.in_flight.saturating_sub(feeds.load(Ordering::Acquire)),
            memory: Memory { held: now.memory.0, limit: now.memory.1 },
            table: TableNow {
                version: &now.table.0,
                loaded_at: now.table.1,
                behind: now.is_behind,
                report: report.as_deref().map(String::as_str),
            },
            breakers: self.only.is_none().then(|| breakers(&now)),
            requests,
            minutes,
        };
        // Such an event can always be written.
        let text = serde_json::to_vec(&event).unwrap_or_default();
        self.next = next;
        text
    }

    /// Returns the last hour where it is time for it; `Some(None)` for those who may not see it.
    fn minutes(&mut self) -> Option<Option<HourSeries>> {
        if self.hour_told.is_some_and(|told| told.elapsed() < EACH_HOUR) {
            return None;
        }
        self.hour_told = Some(Instant::now());
        Some(self.only.is_none().then(|| self.sources.recent.hour()))
    }
}

/// Returns the breakers of all upstreams. Whole and streamed calls to one URL are one line, which shows the worse of the two.
fn breakers(now: &Now) -> Vec<BreakerLine<'_>> {
    let mut rows: Vec<(&BreakerNow, i64, u64)> = Vec::new();
    for breaker in &now.breakers {
        let is_same =
            |row: &&mut (&BreakerNow, i64, u64)| row.0.upstream == breaker.upstream && row.0.url == breaker.url;
        match rows.iter_mut().find(is_same) {
            Some((_, state, opened)) => (*state, *opened) = (breaker.state.max(*state), breaker.opened + *opened),
            None => rows.push((breaker, breaker.state, breaker.opened)),
        }
    }
    let word = |state| match state {
        0 => "closed",
        1 => "probing",
        _ => "open",
    };
    let rows = rows.into_iter();
    rows.map(|(one, state, opened)| BreakerLine { upstream: &one.upstream, url: &one.url, state: word(state), opened })
        .collect()
}

impl PageFeed for NowFeed {
    fn next(&mut self) -> Bytes {
        if self.told.is_some_and(|told| told.elapsed() < EACH) {
            return Bytes::new();
        }
        self.told = Some(Instant::now());
        let mut out = Vec::new();
        sse::push_event(&mut out, &self.event());
        out.into()
    }
}

impl Drop for NowFeed {
    fn drop(&mut self) {
        self.sources.feeds.fetch_sub(usize::from(self.is_counted), Ordering::AcqRel);
    }
}
