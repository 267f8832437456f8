//! What is served right now. A reload swaps it in with one atomic store; a request keeps what it began with.

use super::Settings;
use super::peers::Peers;
use super::request::unix_now;
use crate::table::Table;
use crate::transform::State;
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
    pub(super) peers: Peers,
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
        let peers = Peers::new(&table);
        Live { table, settings, peers, version: format!("{:016x}", hasher.finish()), loaded_at: unix_now() }
    }

    /// The hash of the table's text.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What there is to tell of it.
    pub(crate) fn state(&self, is_behind: bool, is_stopping: bool) -> State<'_> {
        State { version: &self.version, loaded_at: self.loaded_at, is_behind, is_stopping }
    }
}

/// What is live, for whoever serves and whoever reloads.
pub struct Current {
    live: ArcSwap<Live>,
    behind: AtomicBool,
}

impl Current {
    /// Begins with `live`.
    pub fn new(live: Live) -> Self {
        Current { live: ArcSwap::from_pointee(live), behind: AtomicBool::new(false) }
    }

    /// What is live.
    pub fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Puts something newer in its place.
    pub fn replace(&self, live: Live) {
        self.live.store(Arc::new(live));
        self.behind.store(false, Ordering::Release);
    }

    /// Notes that there is something newer that cannot be used.
    pub fn fall_behind(&self) {
        self.behind.store(true, Ordering::Release);
    }

    /// Whether there is something newer that cannot be used.
    pub fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }
}
