//! What is being served. A reload swaps it in with one atomic store; a request keeps what was current when it came.

use super::in_flight::InFlight;
use super::settings::Settings;
use super::upstream::Upstreams;
use super::upstream::breaker::{BreakerState as Standing, Breakers};
use crate::models::{ListReport, ModelReport};
use crate::plan::ServiceState;
use crate::table::{Route, Table};
use crate::telemetry::now::{BreakerNow, Count, Now};
use crate::telemetry::{Meters, Metrics, process_log};
use crate::wire::ids::unix_now;
use arc_swap::{ArcSwap, ArcSwapOption};
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
    /// What calls need to know of the table's upstreams.
    pub upstreams: Upstreams,
    meters: Option<Meters>,
    version: String,
    loaded_at: u64,
}

impl Live {
    /// A table that is served from now on; its version is a hash of `text`.
    pub fn new(table: Table, settings: Settings, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        for upstream in table.upstreams().filter(|upstream| !upstream.tls.verify) {
            warn!("upstream {}: its certificate is not checked, since tls.verify is false", upstream.name);
        }
        let upstreams = Upstreams::new(&table, settings.connect_timeout, settings.max_answer);
        let version = format!("{:016x}", hasher.finish());
        Live { table, settings, upstreams, meters: None, version, loaded_at: unix_now() }
    }

    /// The same table, with its requests counted.
    pub fn metered(mut self, metrics: &Arc<Metrics>) -> Self {
        let names = |route: &Arc<Route>| route.models.clone();
        let groups: Vec<_> = self.table.routes().map(|route| (route.path.as_str(), names(route))).collect();
        let rows = groups.iter().map(|(path, group)| {
            let models = group.iter().flat_map(|group| group.iter());
            (*path, models.map(|model| model.name.as_str()))
        });
        self.meters = Some(Meters::new(metrics.clone(), rows));
        self.upstreams.metrics = Some(metrics.clone());
        self
    }

    /// Returns where requests are counted, if they are.
    pub fn meters(&self) -> Option<&Meters> {
        self.meters.as_ref()
    }

    /// Returns true if anybody looks at the times of requests.
    pub fn measures(&self) -> bool {
        self.meters.is_some() || self.settings.server_timing || self.settings.verbose || self.settings.page
    }

    /// Returns when the table was loaded, in Unix seconds.
    pub fn loaded_at(&self) -> u64 {
        self.loaded_at
    }

    /// Returns the hash of the table's text.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the state that health replies show.
    pub fn state(&self, is_behind: bool, is_stopping: bool) -> ServiceState<'_> {
        let has_page = self.settings.page;
        ServiceState { version: &self.version, loaded_at: self.loaded_at, is_behind, is_stopping, has_page }
    }
}

/// The table in use, for those who serve and those who reload.
pub struct Current {
    live: ArcSwap<Live>,
    behind: AtomicBool,
    /// What is wrong with the newer table, while there is one that cannot be used.
    report: ArcSwapOption<String>,
    reloads: Count,
    failures: Count,
    /// When the lists of models were asked for last, and what became of each.
    lists: ArcSwap<(Option<u64>, Vec<ListReport>)>,
}

impl Current {
    /// Starts with `live`.
    pub fn new(live: Live) -> Self {
        Current {
            live: ArcSwap::from_pointee(live),
            behind: AtomicBool::new(false),
            report: ArcSwapOption::empty(),
            reloads: Count::default(),
            failures: Count::default(),
            lists: ArcSwap::default(),
        }
    }

    /// Returns the table in use.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts a newer table in its place. The breakers of URLs that stay keep their state.
    pub fn replace(&self, mut live: Live) {
        let breakers = Breakers::new(&live.table, Some(&self.live.load().upstreams.breakers));
        live.upstreams.breakers = Arc::new(breakers);
        // First, so that nobody who sees the newer table sees it called broken.
        self.behind.store(false, Ordering::Release);
        self.report.store(None);
        self.live.store(Arc::new(live));
        self.reloads.inc();
    }

    /// Records when the lists of models were asked for last, in Unix seconds, and what became of each.
    pub fn note_lists(&self, asked_at: Option<u64>, lists: Vec<ListReport>) {
        self.lists.store(Arc::new((asked_at, lists)));
    }

    /// Returns the lists of models, and how they differ from the table in use.
    pub fn model_report(&self) -> ModelReport {
        let lists = self.lists.load();
        let (asked_at, lists) = &**lists;
        let differences = self.live.load().table.differences().clone();
        ModelReport { asked_at: *asked_at, lists: lists.clone(), differences }
    }

    /// Records that there is a newer table that cannot be used, and why.
    pub fn fall_behind(&self, report: String) {
        self.report.store(Some(Arc::new(report)));
        self.behind.store(true, Ordering::Release);
        self.failures.inc();
    }

    /// Returns what the metrics show beside the counters.
    pub fn now(&self, in_flight: &InFlight) -> Now {
        let live = self.live();
        let breakers = live.upstreams.breakers.iter().map(|breaker| {
            let (upstream, url) = breaker.names();
            let state = match breaker.state() {
                Standing::Sound(_) => 0,
                Standing::Probing(_) => 1,
                Standing::Open(..) => 2,
            };
            BreakerNow { upstream: upstream.to_owned(), url: url.to_owned(), state, opened: breaker.opened() }
        });
        Now {
            in_flight: in_flight.count(),
            memory: (in_flight.memory().held(), live.settings.max_memory),
            table: (live.version.clone(), live.loaded_at),
            lists_asked_at: self.lists.load().0.unwrap_or_default(),
            models_new: live.table.differences().new.len(),
            models_gone: live.table.differences().gone.len(),
            is_behind: self.is_behind(),
            reloads: self.reloads.get(),
            reload_failures: self.failures.get(),
            log_lines_dropped: process_log::dropped(),
            breakers: breakers.collect(),
        }
    }

    /// Returns what is wrong with a newer table that cannot be used.
    pub fn report(&self) -> Option<Arc<String>> {
        self.report.load_full()
    }

    /// Returns true if there is a newer table that cannot be used.
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }
}
