//! Metrics that are read at the moment of a scrape: what is true then, or counted outside of the registry.

use super::registrar::Registrar;
use prometheus::{Registry, Result};
use std::sync::atomic::{AtomicU64, Ordering};

/// The values at the moment of a scrape.
#[derive(Debug, Default)]
pub struct Now {
    pub in_flight: usize,
    /// Bytes that requests hold in memory, and how many they may.
    pub memory: (usize, usize),
    /// The version of the table in use, and when it was loaded, in Unix seconds.
    pub table: (String, u64),
    /// When the lists of models were asked for last, in Unix seconds; 0 if never.
    pub lists_asked_at: u64,
    /// Listed models that the files of the table lack.
    pub models_new: usize,
    /// Models of the table that the lists lack.
    pub models_gone: usize,
    /// True while a newer table cannot be used.
    pub is_behind: bool,
    pub reloads: u64,
    pub reload_failures: u64,
    /// Lines of the log that were dropped or could not be written.
    pub log_lines_dropped: u64,
    pub breakers: Vec<BreakerNow>,
}

/// The breaker of one URL, of an upstream with several URLs.
#[derive(Debug)]
pub struct BreakerNow {
    pub upstream: String,
    pub url: String,
    /// 0 when it is called in its turn, 1 while one call finds out, 2 when it is tried last.
    pub state: i64,
    pub opened: u64,
}

impl Now {
    /// Returns all values as metrics, in a registry that is made for one scrape.
    pub(super) fn registry(&self) -> Result<Registry> {
        let registrar = Registrar::new();
        self.add_requests_and_table(&registrar)?;
        self.add_breakers(&registrar)?;
        Ok(registrar.registry)
    }

    fn add_requests_and_table(&self, registrar: &Registrar) -> Result<()> {
        let gauge = |name: &str, help: &str, value: u64| -> Result<()> {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            registrar.gauge(name, help, &[])?.with_label_values::<&str>(&[]).set(value);
            Ok(())
        };
        let counter = |name: &str, help: &str, value: u64| -> Result<()> {
            registrar.counter(name, help, &[])?.with_label_values::<&str>(&[]).inc_by(value);
            Ok(())
        };
        gauge("requests_in_flight", "Requests that are being served.", self.in_flight as u64)?;
        gauge("memory_held_bytes", "What requests hold of max_memory.", self.memory.0 as u64)?;
        gauge("memory_limit_bytes", "What all requests together may hold: max_memory.", self.memory.1 as u64)?;
        gauge("table_loaded_timestamp_seconds", "When the table in use was loaded.", self.table.1)?;
        gauge("table_behind", "1 while a newer file cannot be used.", u64::from(self.is_behind))?;
        let asked = "When the lists of models were asked for last; 0 if never.";
        gauge("model_lists_asked_timestamp_seconds", asked, self.lists_asked_at)?;
        gauge("models_new", "Listed models that no file of the table has.", self.models_new as u64)?;
        gauge("models_gone", "Models that no list of an upstream has any more.", self.models_gone as u64)?;
        let table = registrar.gauge("table_info", "The version of the table in use.", &["version"])?;
        table.with_label_values(&[&self.table.0]).set(1);
        counter("reloads_total", "Reloads that put something newer into use.", self.reloads)?;
        let failures = "Reloads that changed nothing, since a file is broken.";
        counter("reload_failures_total", failures, self.reload_failures)?;
        let dropped = "Lines of the log that were dropped, since they could not be written in time.";
        counter("log_lines_dropped_total", dropped, self.log_lines_dropped)
    }

    fn add_breakers(&self, registrar: &Registrar) -> Result<()> {
        let labels = &["upstream", "url"];
        let help = "0: called in its turn; 1: one call finds out; 2: tried last.";
        let states = registrar.gauge("breaker_state", help, labels)?;
        let help = "How often a URL was found not to answer.";
        let opened = registrar.counter("breaker_opened_total", help, labels)?;
        for breaker in &self.breakers {
            let values = [breaker.upstream.as_str(), breaker.url.as_str()];
            states.with_label_values(&values).set(breaker.state);
            opened.with_label_values(&values).inc_by(breaker.opened);
        }
        Ok(())
    }
}

/// A number that is counted outside of the registry.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn inc(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
