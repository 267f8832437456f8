//! What is served right now. A reload swaps it in with one atomic store; a request keeps what it began with.

use super::Settings;
use super::upstream::breaker::{Breakers, State as Standing};
use super::upstream::peers::Peers;
use crate::plan::State;
use crate::table::{Route, Table};
use crate::telemetry::now::{BreakerNow, Count, Now};
use crate::telemetry::{AccessLog, Meters, Metrics};
use crate::wire::ids::unix_now;
use arc_swap::ArcSwap;
use log::warn;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A table with the settings that go with it.
pub struct Live {
    /// What is served.
    pub table: Table,
    /// How.
    pub settings: Settings,
    /// What pingora needs to know of the table's URLs.
    pub peers: Peers,
    breakers: Arc<Breakers>,
    meters: Option<Meters>,
    version: String,
    loaded_at: u64,
}

impl Live {
    /// What is served from now on; `text` is the table's, from which its version is made.
    pub fn new(table: Table, settings: Settings, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        for upstream in table.upstreams().filter(|upstream| !upstream.tls.verify) {
            warn!("upstream {}: its certificate is not checked, since tls.verify is false", upstream.name);
        }
        let (peers, breakers) = (Peers::new(&table), Arc::new(Breakers::new(&table, None)));
        Live {
            table,
            settings,
            peers,
            breakers,
            meters: None,
            version: format!("{:016x}", hasher.finish()),
            loaded_at: unix_now(),
        }
    }

    /// The same, counted.
    pub fn metered(self, metrics: &Arc<Metrics>) -> Self {
        let names = |route: &Arc<Route>| route.models.clone();
        let groups: Vec<_> = self.table.routes().map(|route| (route.path.as_str(), names(route))).collect();
        let rows = groups.iter().map(|(path, group)| {
            let models = group.iter().flat_map(|group| group.iter());
            (*path, models.map(|model| model.name.as_str()))
        });
        let meters = Some(Meters::new(metrics.clone(), rows));
        Live { meters, ..self }
    }

    /// Where requests are counted, if they are.
    pub fn meters(&self) -> Option<&Meters> {
        self.meters.as_ref()
    }

    /// Whether anybody looks at the times of requests.
    pub fn measures(&self) -> bool {
        self.meters.is_some() || self.settings.server_timing || self.settings.access_log != AccessLog::None
    }

    /// Which URLs do not answer.
    pub fn breakers(&self) -> &Arc<Breakers> {
        &self.breakers
    }

    /// The hash of the table's text.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What there is to tell of it.
    pub fn state(&self, is_behind: bool, is_stopping: bool) -> State<'_> {
        State { version: &self.version, loaded_at: self.loaded_at, is_behind, is_stopping }
    }
}

/// What is live, for whoever serves and whoever reloads.
pub struct Current {
    live: ArcSwap<Live>,
    behind: AtomicBool,
    reloads: Count,
    failures: Count,
}

impl Current {
    /// Begins with `live`.
    pub fn new(live: Live) -> Self {
        Current {
            live: ArcSwap::from_pointee(live),
            behind: AtomicBool::new(false),
            reloads: Count::default(),
            failures: Count::default(),
        }
    }

    /// What is live.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts something newer in its place. What is known of the upstreams' URLs stays known.
    pub fn replace(&self, mut live: Live) {
        live.breakers = Arc::new(Breakers::new(&live.table, Some(&self.live.load().breakers)));
        self.live.store(Arc::new(live));
        self.behind.store(false, Ordering::Release);
        self.reloads.inc();
    }

    /// Notes that there is something newer that cannot be used.
    pub fn fall_behind(&self) {
        self.behind.store(true, Ordering::Release);
        self.failures.inc();
    }

    /// What a look at the metrics shows beside what was counted.
    pub fn now(&self, in_flight: usize) -> Now {
        let live = self.live();
        let breakers = live.breakers.iter().map(|breaker| {
            let (upstream, url) = breaker.names();
            let state = match breaker.state() {
                Standing::Sound(_) => 0,
                Standing::Probing(_) => 1,
                Standing::Open(..) => 2,
            };
            BreakerNow { upstream: upstream.to_owned(), url: url.to_owned(), state, opened: breaker.opened() }
        });
        Now {
            in_flight,
            table: (live.version.clone(), live.loaded_at),
            is_behind: self.is_behind(),
            reloads: self.reloads.get(),
            reload_failures: self.failures.get(),
            breakers: breakers.collect(),
        }
    }

    /// Whether there is something newer that cannot be used.
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }
}
