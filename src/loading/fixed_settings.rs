//! The settings that a running process keeps until it is started again.

use super::files::Loaded;
use super::table_file::is_built_in;
use crate::config::Listen;
use crate::diagnostics::{Place, Problem};
use std::time::Duration;

/// What a process was started with.
pub struct FixedSettings {
    host: String,
    port: u16,
    num_workers: usize,
    drain_timeout: Duration,
    socket: Option<String>,
    run_dir: Option<String>,
    tls: bool,
    admin: Option<Listen>,
    metrics_by_caller: bool,
    built_in: bool,
}

impl FixedSettings {
    /// Notes the settings of what a process starts with.
    pub fn of(loaded: &Loaded) -> Self {
        let (config, listeners) = (&loaded.config, &loaded.config.listeners);
        FixedSettings {
            host: config.host.as_str().to_owned(),
            port: config.port,
            num_workers: config.num_workers,
            drain_timeout: config.drain_timeout,
            socket: listeners.socket.as_ref().map(|socket| socket.as_str().to_owned()),
            run_dir: listeners.run_dir.as_ref().map(|run_dir| run_dir.as_str().to_owned()),
            tls: listeners.tls.is_some(),
            admin: config.admin.clone(),
            metrics_by_caller: config.metrics_by_caller,
            built_in: is_built_in(&loaded.routes),
        }
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
        let pairs = [
            ("host", now.host != self.host),
            ("port", now.port != self.port),
            ("num_workers", now.num_workers != self.num_workers),
            ("drain_timeout", now.drain_timeout != self.drain_timeout),
            ("socket", now.socket != self.socket),
            ("run_dir", now.run_dir != self.run_dir),
            ("tls", now.tls != self.tls),
            ("admin", now.admin != self.admin),
            ("metrics_by_caller", now.metrics_by_caller != self.metrics_by_caller),
        ];
        Ok(pairs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect())
    }
}
