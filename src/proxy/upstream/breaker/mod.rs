//! Circuit breakers: which upstream URLs are failing. All requests share them, and reloads keep them.
//!
//! Only URLs with an alternative have a breaker: another URL of the upstream, or another upstream of a route. Of others nothing is
//! recorded.

mod machine;

pub use machine::{BreakerState, Change, Permit};

use crate::table::{Endpoint, Endpoints, Table, Tolerance, Upstream};
use log::{info, warn};
use machine::Machine;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The breakers of a table, indexed by the number of the URL.
#[derive(Debug, Default)]
pub struct Breakers(Box<[Option<Breaker>]>);

/// One URL's breaker, with the settings of the current table.
#[derive(Debug, Clone)]
pub struct Breaker {
    tolerance: Tolerance,
    cell: Arc<Cell>,
}

/// The state of one URL, shared by all tables that contain it.
#[derive(Debug)]
struct Cell {
    upstream: String,
    url: String,
    connect_to: Option<String>,
    /// True if the URL has no failures. Calls then skip the lock.
    calm: AtomicBool,
    machine: Mutex<Machine>,
    opened: AtomicU64,
}

/// Identifies a URL over reloads: upstream, URL, `connect_to`.
type Same<'a> = (&'a str, &'a str, Option<&'a str>);

impl Cell {
    fn new((upstream, url, connect_to): Same<'_>) -> Self {
        Cell {
            upstream: upstream.to_owned(),
            url: url.to_owned(),
            connect_to: connect_to.map(str::to_owned),
            calm: AtomicBool::new(true),
            machine: Mutex::default(),
            opened: AtomicU64::new(0),
        }
    }

    fn same(&self) -> Same<'_> {
        (&self.upstream, &self.url, self.connect_to.as_deref())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Machine) -> T) -> T {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let out = change(&mut machine);
        self.calm.store(machine.state() == BreakerState::Sound(0), Ordering::Release);
        out
    }
}

impl Breakers {
    /// Makes the breakers of a table. URLs that are in `earlier` as well keep their state.
    pub fn new(table: &Table, earlier: Option<&Breakers>) -> Self {
        let known = earlier.iter().flat_map(|breakers| breakers.iter());
        let mut cells: HashMap<Same<'_>, Arc<Cell>> =
            known.map(|breaker| (breaker.cell.same(), breaker.cell.clone())).collect();
        let mut list = Vec::new();
        let several = table.routes().filter(|route| route.upstreams.len() > 1).flat_map(|route| &route.upstreams);
        let beside: HashSet<&str> = several.map(|upstream| upstream.name.as_str()).collect();
        for (upstream, endpoint) in table.endpoints() {
            let same = (upstream.name.as_str(), &*endpoint.url, upstream.connect_to.as_deref());
            let has_other = beside.contains(upstream.name.as_str()) && is_called(upstream, endpoint);
            list.push((has_other || has_choice(upstream, endpoint)).then(|| {
                let cell = cells.entry(same).or_insert_with(|| Arc::new(Cell::new(same))).clone();
                Breaker { tolerance: upstream.tolerance, cell }
            }));
        }
        Breakers(list.into())
    }

    /// Returns the breaker of a URL, or `None` if the URL has no alternative.
    pub fn of(&self, endpoint: &Endpoint) -> Option<&Breaker> {
        self.0.get(endpoint.number)?.as_ref()
    }

    /// Returns all breakers.
    pub fn iter(&self) -> impl Iterator<Item = &Breaker> {
        self.0.iter().flatten()
    }
}

/// Returns true if calls go to a URL.
fn is_called(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let called = upstream.whole.iter().chain(upstream.stream.iter().flat_map(Endpoints::iter));
    called.into_iter().any(|other| other.number == endpoint.number)
}

/// Returns true if a URL is one of several for the same calls.
fn has_choice(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let lists = std::iter::once(&upstream.whole).chain(&upstream.stream);
    let among = |list: &&Endpoints| list.iter().any(|other| other.number == endpoint.number);
    lists.into_iter().find(among).is_some_and(|list| list.iter().nth(1).is_some())
}

impl Breaker {
    /// Asks when a call may use the URL.
    pub fn ask(&self, now: Instant) -> Permit {
        if self.cell.calm.load(Ordering::Acquire) {
            return Permit::Yes;
        }
        self.cell.with(|machine| machine.ask(now))
    }

    /// Returns true if the URL does not answer. A call that asks may find out, once it is time.
    pub fn is_failing(&self, now: Instant) -> bool {
        if self.cell.calm.load(Ordering::Acquire) {
            return false;
        }
        match self.state() {
            BreakerState::Sound(_) => false,
            BreakerState::Open(until, _) => now < until,
            BreakerState::Probing(_) => true,
        }
    }

    /// Records that the URL has no such endpoint. `probe` is the number of the call if it was a probe.
    pub fn is_missing(&self, now: Instant, probe: Option<u64>) {
        if let Some(Change::Opened(time)) = self.cell.with(|machine| machine.missing(self.tolerance, now, probe)) {
            self.cell.opened.fetch_add(1, Ordering::Relaxed);
            let Cell { upstream, url, .. } = &*self.cell;
            warn!("upstream {upstream}: {url} has no such endpoint and is passed over for {} s", time.as_secs_f64());
        }
    }

    /// Records a failed call. `probe` is its number if it was a probe.
    pub fn failed(&self, now: Instant, probe: Option<u64>) {
        if let Some(Change::Opened(time)) = self.cell.with(|machine| machine.failed(self.tolerance, now, probe)) {
            self.cell.opened.fetch_add(1, Ordering::Relaxed);
            let Cell { upstream, url, .. } = &*self.cell;
            warn!("upstream {upstream}: {url} does not answer and is tried last for {} s", time.as_secs_f64());
        }
    }

    /// Records an answer to any call.
    pub fn succeeded(&self) {
        if self.cell.calm.load(Ordering::Acquire) {
            return;
        }
        if let Some(Change::Closed) = self.cell.with(Machine::succeeded) {
            info!("upstream {}: {} answers again", self.cell.upstream, self.cell.url);
        }
    }

    /// Records a probe that ended without a result.
    pub fn abandoned(&self, probe: u64) {
        self.cell.with(|machine| machine.abandoned(Instant::now(), probe));
    }

    /// Returns the state of the URL.
    pub fn state(&self) -> BreakerState {
        self.cell.with(|machine| machine.state())
    }

    /// Returns how often the breaker has opened since the process started.
    pub fn opened(&self) -> u64 {
        self.cell.opened.load(Ordering::Relaxed)
    }

    /// Returns the name of its upstream, and its URL.
    pub fn names(&self) -> (&str, &str) {
        (&self.cell.upstream, &self.cell.url)
    }
}
