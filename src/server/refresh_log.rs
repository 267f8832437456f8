//! What the log says of refreshes: each thing once.

use crate::models::ModelDifferences;
use crate::online::differences::advice;
use crate::proxy::live::Live;
use log::{info, warn};

/// What was said already.
#[derive(Debug, Default)]
pub struct RefreshLog {
    told: ModelDifferences,
    /// True if it was said that the lists cannot be written.
    is_unwritten: bool,
}

impl RefreshLog {
    /// Takes differences for told.
    pub fn know(&mut self, differences: &ModelDifferences) {
        self.told = differences.clone();
    }

    /// Says why a list cannot be used, unless that was said when it failed first, and that it can be used again.
    pub fn list(&self, url: &str, failure: Option<&String>, has_failed: bool) {
        match (failure, has_failed) {
            (Some(why), false) => {
                warn!("the list of models at {url} cannot be used, and what was known of it stays: {why}");
            }
            (None, true) => info!("the list of models at {url} can be used again"),
            (Some(_), true) | (None, false) => {}
        }
    }

    /// Says once that the lists cannot be written.
    pub fn written(&mut self, result: Result<(), String>) {
        match result {
            Ok(()) => self.is_unwritten = false,
            Err(why) if !self.is_unwritten => {
                self.is_unwritten = true;
                info!("the lists of models are kept until this process ends: {why}");
            }
            Err(_) => {}
        }
    }

    /// Says what differs, if that is something else than before: the numbers, then each model that was not told yet.
    pub fn differences(&mut self, live: &Live) {
        let now = live.table.differences();
        if *now == self.told {
            return;
        }
        let (served, all, gone) = (now.served().count(), now.new.len(), now.gone.len());
        let (version, models) = (live.version(), live.table.model_count());
        info!(
            "the lists of models have {served} new models that are served, {} that are not, and lack {gone}: table {version} with {models} models",
            all - served
        );
        for model in now.new.iter().filter(|model| !self.told.new.contains(model)) {
            let names = model.names.join(", ");
            match &model.not_served {
                None => info!("'{}' is new and served as {names}; to keep it, {}", model.title, advice(model)),
                Some(_) => info!("'{}' is new and not served; {}", model.title, advice(model)),
            }
        }
        let gone = now.gone.iter().filter(|model| !self.told.gone.contains(model));
        let gone: Vec<&str> = gone.map(|model| model.name.as_str()).collect();
        if !gone.is_empty() {
            info!("no list has these models any more, which are served all the same: {}", gone.join(", "));
        }
        self.know(now);
    }
}
