//! The settings that a running process keeps until it is started again.

use super::files::Loaded;
use super::table_file::is_built_in;
use crate::config::{Config, NamedPath};
use crate::diagnostics::{Place, Problem};

/// A setting that a process keeps, in a form that can be compared.
type FixedKey = (&'static str, fn(&Config) -> String);

/// The keys that need a new start. No other list is made by hand: a test compares `docs/configuration.md` with this one.
const FIXED: &[FixedKey] = &[
    ("host", |config| config.host.to_string()),
    ("port", |config| config.port.to_string()),
    ("num_workers", |config| config.num_workers.to_string()),
    ("drain_timeout", |config| format!("{:?}", config.drain_timeout)),
    ("socket", |config| path(config.listeners.socket.as_ref())),
    ("run_dir", |config| path(config.listeners.run_dir.as_ref())),
    // Changed files are used at once; only turning it on or off needs a new start.
    ("tls", |config| config.listeners.tls.is_some().to_string()),
    ("log_file", |config| path(config.log_file.as_ref())),
    ("admin", |config| format!("{:?}", config.admin)),
    ("metrics_by_caller", |config| config.metrics_by_caller.to_string()),
];

fn path(named: Option<&NamedPath>) -> String {
    named.map(NamedPath::as_str).unwrap_or_default().to_owned()
}

/// What a process was started with.
pub struct FixedSettings {
    values: Vec<String>,
    built_in: bool,
}

impl FixedSettings {
    /// The names of all keys that need a new start.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        FIXED.iter().map(|(key, _)| *key)
    }

    /// Notes the settings of what a process starts with.
    pub fn of(loaded: &Loaded) -> Self {
        let values = FIXED.iter().map(|(_, value)| value(&loaded.config)).collect();
        FixedSettings { values, built_in: is_built_in(&loaded.routes) }
    }

    /// Returns the keys that differ in what was loaded since. They take effect at the next start.
    ///
    /// # Errors
    /// The table's file has gone. The built-in table, which would be next, is not what was meant.
    pub fn changed_in(&self, loaded: &Loaded) -> Result<Vec<&'static str>, Vec<Problem>> {
        let now = FixedSettings::of(loaded);
        if now.built_in && !self.built_in {
            let problem = Problem::new(Place::File("routes.yaml".to_owned()), "the file has gone", None);
            return Err(vec![problem]);
        }
        let pairs = FixedSettings::keys().zip(self.values.iter().zip(&now.values));
        Ok(pairs.filter(|(_, (before, after))| before != after).map(|(key, _)| key).collect())
    }
}
