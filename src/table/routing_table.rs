//! The compiled table: its routes with an index by path, its upstreams, its groups of models and its tests.

use super::path::Pattern;
use super::route::Route;
use super::trial::Trial;
use super::upstream::{Endpoint, Upstream};
use crate::models::Models;
use crate::transform::local::{Catalog, PagePaths};
use std::collections::HashMap;
use std::sync::Arc;

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

    /// Returns the upstreams that serve an id of a group: for each row of the group in order of preference, each once.
    pub fn upstreams_of(&self, group: &Arc<Models>, id: &str) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let is_of_group = |route: &&Arc<Route>| route.models.as_ref().is_some_and(|models| Arc::ptr_eq(models, group));
        for upstream in self.routes().filter(is_of_group).flat_map(|route| &route.upstreams) {
            if upstream.serves.has(id) && !names.contains(&upstream.name.as_str()) {
                names.push(&upstream.name);
            }
        }
        names
    }

    /// Returns the names by which people know the upstreams, as in a sentence.
    pub fn upstream_names(&self) -> &str {
        &self.catalog.upstreams
    }

    /// Returns where the page for people is, if the table has it.
    pub fn page(&self) -> Option<&PagePaths> {
        self.catalog.page.as_ref()
    }

    /// Returns each file with its text, in the order in which they win over each other.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(String::as_str).zip(self.texts.iter().map(String::as_str))
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
