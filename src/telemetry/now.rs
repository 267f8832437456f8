//! What is true at the moment of a look at the metrics, or counted outside of them.

use super::metrics::Make;
use prometheus::{Registry, Result};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is true at the moment, or counted elsewhere.
#[derive(Debug, Default)]
pub struct Now {
    pub in_flight: usize,
    /// The version of the table in use, and when it was loaded, in Unix seconds.
    pub table: (String, u64),
    /// Whether a newer table cannot be used.
    pub is_behind: bool,
    pub reloads: u64,
    pub reload_failures: u64,
    pub breakers: Vec<BreakerNow>,
}

/// How a URL of an upstream with several stands.
#[derive(Debug)]
pub struct BreakerNow {
    pub upstream: String,
    pub url: String,
    /// 0 when it is called in its turn, 1 while one call finds out, 2 when it is tried last.
    pub state: i64,
    pub opened: u64,
}

impl Now {
    /// All of it as metrics, made for one look.
    pub(super) fn registry(&self) -> Result<Registry> {
        let make = Make(Registry::new());
        let small = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let gauge = |name: &str, help: &str, value: u64| -> Result<()> {
            make.gauge(name, help, &[])?.with_label_values::<&str>(&[]).set(small(value));
            Ok(())
        };
        let counter = |name: &str, help: &str, value: u64| -> Result<()> {
            make.counter(name, help, &[])?.with_label_values::<&str>(&[]).inc_by(value);
            Ok(())
        };
        gauge("requests_in_flight", "Requests that are being served.", self.in_flight as u64)?;
        gauge("table_loaded_timestamp_seconds", "When the table in use was loaded.", self.table.1)?;
        gauge("table_behind", "1 while a newer file cannot be used.", u64::from(self.is_behind))?;
        make.gauge("table_info", "The version of the table in use.", &["version"])?
            .with_label_values(&[&self.table.0])
            .set(1);
        counter("reloads_total", "Reloads that put something newer into use.", self.reloads)?;
        counter(
            "reload_failures_total",
            "Reloads that changed nothing, since a file is broken.",
            self.reload_failures,
        )?;
        let labels = &["upstream", "url"];
        let states =
            make.gauge("breaker_state", "0: called in its turn; 1: one call finds out; 2: tried last.", labels)?;
        let opened = make.counter("breaker_opened_total", "How often a URL was found not to answer.", labels)?;
        for breaker in &self.breakers {
            let values = [breaker.upstream.as_str(), breaker.url.as_str()];
            states.with_label_values(&values).set(breaker.state);
            opened.with_label_values(&values).inc_by(breaker.opened);
        }
        Ok(make.0)
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
