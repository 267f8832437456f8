//! The compiled table: its routes with an index by path, its upstreams, its groups of models and its tests.

use super::path::Pattern;
use super::route::Route;
use super::trial::Trial;
use super::upstream::{Endpoint, Upstream};
use crate::models::{Model, ModelDifferences, Models};
use crate::transform::local::Catalog;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// The compiled table.
pub struct Table {
    pub(super) routes: Vec<Arc<Route>>,
    pub(super) exact: HashMap<String, Vec<usize>>,
    pub(super) patterns: Vec<(Pattern, usize)>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) upstreams: Vec<Arc<Upstream>>,
    pub(super) trials: Vec<Trial>,
    /// The names of its files, in the order in which they win over each other.
    pub(super) files: Vec<String>,
    /// Their texts, in the same order.
    pub(super) texts: Vec<String>,
    /// The name of the local file among them, if it is there.
    pub(super) local: Option<String>,
    /// How often the lists of models are read; `None` for never.
    pub(super) refresh: Option<Duration>,
    /// How the lists that were read differ from the table.
    pub(super) differences: ModelDifferences,
}

impl Table {
    /// Returns the routes in the table's order.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.iter()
    }

    /// Returns the upstreams in the table's order.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.upstreams.iter()
    }

    /// Returns the URLs of all upstreams, in the order of their numbers.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Arc<Upstream>, &Arc<Endpoint>)> {
        self.upstreams.iter().flat_map(|upstream| upstream.endpoints().map(move |endpoint| (upstream, endpoint)))
    }

    /// Returns the groups of models in the table's order.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Models>> {
        self.catalog.groups.iter()
    }

    /// Returns the names of its files. Each wins over those before it.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Returns the name of the local file, if it is one of them.
    pub fn local_file(&self) -> Option<&str> {
        self.local.as_deref()
    }

    /// Returns the table's own tests.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Returns how often the lists of models are read; `None` for never.
    pub fn models_refresh(&self) -> Option<Duration> {
        self.refresh
    }

    /// Returns how the lists of models that were read differ from the table.
    pub fn differences(&self) -> &ModelDifferences {
        &self.differences
    }

    /// Returns the URLs that list models, each once, with the upstreams that name it.
    pub fn model_lists(&self) -> Vec<(&Arc<Endpoint>, Vec<&Arc<Upstream>>)> {
        let mut lists: Vec<(&Arc<Endpoint>, Vec<&Arc<Upstream>>)> = Vec::new();
        for upstream in &self.upstreams {
            let Some(endpoint) = &upstream.listing else { continue };
            match lists.iter_mut().find(|(known, _)| known.url == endpoint.url) {
                Some((_, upstreams)) => upstreams.push(upstream),
                None => lists.push((endpoint, vec![upstream])),
            }
        }
        lists
    }

    /// Returns the ids that a list should have, each once: those of the table's own models that its upstreams serve, but for
    /// deprecated ones.
    pub fn expected_ids(&self, list: &str) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for route in &self.routes {
            let Some(models) = &route.models else { continue };
            let listed = |upstream: &&Arc<Upstream>| upstream.listing.as_ref().is_some_and(|own| &*own.url == list);
            for upstream in route.upstreams.iter().filter(listed) {
                let own = models.iter().filter(|model| !model.is_listed && !model.deprecated);
                for model in own.filter(|model| upstream.serves.has(&model.id)) {
                    if !ids.contains(&model.id.as_str()) {
                        ids.push(&model.id);
                    }
                }
            }
        }
        ids
    }

    /// Returns what the lists of models change of what the files say, as a text; empty if they change nothing.
    pub fn listed_text(&self) -> String {
        let mut text = String::new();
        for (number, group) in self.groups().enumerate() {
            for model in group.iter().filter(|model| model.is_listed || model.gone) {
                let Model { name, id, is_listed, gone, .. } = model;
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{number} {name} {id} {is_listed} {gone}");
            }
        }
        text
    }

    /// Returns the number of models in all groups together.
    pub fn model_count(&self) -> usize {
        self.groups().map(|group| group.iter().count()).sum()
    }

    /// Returns the base path to configure in OpenAI clients.
    pub fn base_path(&self) -> Option<&str> {
        self.catalog.base_path.as_deref()
    }
}
