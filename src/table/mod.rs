//! `routes.yaml`, checked and indexed. It takes text and gives a [`Table`] with what is odd about it, or every problem that
//! it found, each at its very word.

mod compile;
mod find;
mod keys;
mod path;
mod trouble;
mod upstream;
mod vars;
mod written;

use crate::models::Models;
use crate::problem::Checked;
use crate::transform::Transformer;
use crate::transform::local::Catalog;
use crate::yaml::Source;
use crate::yaml::node::{Node, parse};
use crate::yaml::source::syntax;
use crate::yaml::value::expected;
use bytes::Bytes;
use http::Method;
use path::Pattern;
use std::collections::HashMap;
use std::sync::Arc;

pub use compile::MOST_URLS;
pub use find::{Matched, Why};
pub use keys::TABLE as KEYS;
pub use upstream::{Connect, Endpoint, Endpoints, Header, Identity, Patience, Tls, Upstream};
pub use vars::Variables;
use written::Written;

/// The table that is built into the binary, for whoever has none of their own.
pub const BUILT_IN: &str = include_str!("../../routes.yaml");

/// A row of the table.
pub struct Route {
    /// The path as the table has it.
    pub path: String,
    /// The methods that it takes.
    pub methods: Vec<Method>,
    /// What it calls; `None` for a reply made here.
    pub upstream: Option<Arc<Upstream>>,
    /// What it does.
    pub transformer: Arc<dyn Transformer>,
    /// The name of that.
    pub does: &'static str,
    /// The body of a request that comes without one.
    pub request: Bytes,
    /// Where the row stands.
    pub place: String,
}

impl Route {
    /// The names of the path's parameters, in the order of their values.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        path::names(&self.path)
    }
}

/// What is served.
pub struct Table {
    routes: Vec<Arc<Route>>,
    exact: HashMap<String, Vec<usize>>,
    patterns: Vec<(Pattern, usize)>,
    catalog: Arc<Catalog>,
    upstreams: Vec<Arc<Upstream>>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// Every problem found, at least one of them an error.
    pub fn load(file: &str, text: &str, variables: &Variables<'_>) -> Checked<Self> {
        let see_shipped = "compare it with the routes.yaml that comes with this program";
        let root = parse(text).map_err(|fault| vec![syntax(file, text, &fault, see_shipped)])?;
        let mut source = Source::new(file, text, &root, None);
        let table = match &root {
            Node::Map(entries) => {
                let written = Written::read(Written::section(entries), &mut source);
                Some(compile::compile(&written, &mut source, variables))
            }
            other => {
                let reason = expected("a table: version, upstreams, models and routes", other);
                source.error(&[], reason.message, Some(see_shipped.to_owned()));
                None
            }
        };
        source.finish(table)
    }

    /// The routes in the table's order.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.routes.iter()
    }

    /// The upstreams in the table's order.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.upstreams.iter()
    }

    /// The URLs of all upstreams, in the order of their numbers.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Arc<Upstream>, &Arc<Endpoint>)> {
        self.upstreams.iter().flat_map(|upstream| upstream.endpoints().map(move |endpoint| (upstream, endpoint)))
    }

    /// The groups of models in the table's order.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Models>> {
        self.catalog.groups.iter()
    }

    /// How many models all groups have together.
    pub fn model_count(&self) -> usize {
        self.groups().map(|group| group.iter().count()).sum()
    }

    /// The path that OpenAI's clients are pointed at.
    pub fn base_path(&self) -> Option<&str> {
        self.catalog.base_path.as_deref()
    }
}
