//! Which URLs of upstreams are out of order, known to all requests and kept over reloads.
//!
//! Only upstreams that have a choice keep count: where there is one URL, nothing is noted and nothing is asked.

mod machine;

pub use machine::{BreakerState, Change, Permit};

use crate::table::{Endpoint, Endpoints, Table, Tolerance, Upstream};
use log::{info, warn};
use machine::Machine;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The breakers of a table, by the number of the URL.
#[derive(Debug, Default)]
pub struct Breakers(Box<[Option<Breaker>]>);

/// One URL's breaker, as the table that is served wants it.
#[derive(Debug, Clone)]
pub struct Breaker {
    tolerance: Tolerance,
    cell: Arc<Cell>,
}

/// What is known of one URL, shared by the tables that have it.
#[derive(Debug)]
struct Cell {
    upstream: String,
    url: String,
    connect_to: Option<String>,
    /// Whether nothing at all is known against it: then the machine need not be asked.
    calm: AtomicBool,
    machine: Mutex<Machine>,
    opened: AtomicU64,
}

/// What decides that two tables mean the same URL.
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
    /// Those of a table; what `earlier` knows of the same URLs stays known.
    pub fn new(table: &Table, earlier: Option<&Breakers>) -> Self {
        let known = earlier.iter().flat_map(|breakers| breakers.iter());
        let mut cells: HashMap<Same<'_>, Arc<Cell>> =
            known.map(|breaker| (breaker.cell.same(), breaker.cell.clone())).collect();
        let mut list = Vec::new();
        for (upstream, endpoint) in table.endpoints() {
            let same = (upstream.name.as_str(), &*endpoint.url, upstream.connect_to.as_deref());
            list.push(has_choice(upstream, endpoint).then(|| {
                let cell = cells.entry(same).or_insert_with(|| Arc::new(Cell::new(same))).clone();
                Breaker { tolerance: upstream.tolerance, cell }
            }));
        }
        Breakers(list.into())
    }

    /// The one of a URL; `None` where its upstream has no choice.
    pub fn of(&self, endpoint: &Endpoint) -> Option<&Breaker> {
        self.0.get(endpoint.number)?.as_ref()
    }

    /// All there are.
    pub fn iter(&self) -> impl Iterator<Item = &Breaker> {
        self.0.iter().flatten()
    }
}

/// Whether a URL is one of several for the same calls.
fn has_choice(upstream: &Upstream, endpoint: &Endpoint) -> bool {
    let lists = std::iter::once(&upstream.whole).chain(&upstream.stream);
    let among = |list: &&Endpoints| list.iter().any(|other| other.number == endpoint.number);
    lists.into_iter().find(among).is_some_and(|list| list.iter().nth(1).is_some())
}

impl Breaker {
    /// A call wants to go there.
    pub fn ask(&self, now: Instant) -> Permit {
        if self.cell.calm.load(Ordering::Acquire) {
            return Permit::Yes;
        }
        self.cell.with(|machine| machine.ask(now))
    }

    /// A call failed there; `probe` is its number, if it was one.
    pub fn failed(&self, now: Instant, probe: Option<u64>) {
        if let Some(Change::Opened(time)) = self.cell.with(|machine| machine.failed(self.tolerance, now, probe)) {
            self.cell.opened.fetch_add(1, Ordering::Relaxed);
            let Cell { upstream, url, .. } = &*self.cell;
            warn!("upstream {upstream}: {url} does not answer and is tried last for {} s", time.as_secs_f64());
        }
    }

    /// It answered somebody.
    pub fn succeeded(&self) {
        if self.cell.calm.load(Ordering::Acquire) {
            return;
        }
        if let Some(Change::Closed) = self.cell.with(Machine::succeeded) {
            info!("upstream {}: {} answers again", self.cell.upstream, self.cell.url);
        }
    }

    /// The probe ended without finding out.
    pub fn abandoned(&self, probe: u64) {
        self.cell.with(|machine| machine.abandoned(Instant::now(), probe));
    }

    /// How the URL stands.
    pub fn state(&self) -> BreakerState {
        self.cell.with(|machine| machine.state())
    }

    /// How often it was found to be out of order since the process began.
    pub fn opened(&self) -> u64 {
        self.cell.opened.load(Ordering::Relaxed)
    }

    /// The names of its upstream and its URL.
    pub fn names(&self) -> (&str, &str) {
        (&self.cell.upstream, &self.cell.url)
    }
}
