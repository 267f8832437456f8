//! `routes.yaml`, checked and indexed. It takes text and gives a [`Table`] with what is odd about it, or every problem that
//! it found, each at its very word.

mod compile;
mod find;
mod images;
mod include;
mod keys;
mod merge;
mod options;
mod path;
mod trial;
mod upstream;
mod vars;
mod written;

use crate::diagnostics::Checked;
use crate::models::Models;
use crate::plan::{Client, Transformer};
use crate::transform::local::Catalog;
use crate::transform::{REGISTRY, Registry};
use crate::yaml::node::Node;
use crate::yaml::value::expected;
use crate::yaml::{Source, way_to};
use bytes::Bytes;
use http::Method;
use include::{Files, SEE_SHIPPED};
use path::Pattern;
use std::collections::HashMap;
use std::sync::Arc;

pub use compile::MOST_URLS;
pub use find::{Matched, Why};
pub use images::{AllowedHost, Images};
pub use keys::TABLE as KEYS;
pub use options::{Options, RowCallers};
pub use trial::{Expected, Trial, TrialAnswer, What};
pub use upstream::{Connect, Endpoint, Endpoints, Header, Identity, Patience, Tls, Tolerance, Upstream};
pub use vars::{Variables, no_files};
use written::Written;

/// The table that is built into the binary, for whoever has none of their own.
pub const BUILT_IN: &str = include_str!("../../routes.yaml");

/// A row of the table.
pub struct Route {
    /// Its number in the table, from 0 in the order of [`Table::routes`].
    pub number: usize,
    /// The path as the table has it.
    pub path: String,
    /// The methods that it takes.
    pub methods: Vec<Method>,
    /// What it calls; `None` for a reply made here.
    pub upstream: Option<Arc<Upstream>>,
    /// Whose models it serves; `None` for a reply made here.
    pub models: Option<Arc<Models>>,
    /// What it does.
    pub transformer: Arc<dyn Transformer>,
    /// How failures read to its clients; `None` for a reply made here, which clients of every dialect may ask for.
    pub client: Option<&'static dyn Client>,
    /// The name of that.
    pub does: &'static str,
    /// The body of a request that comes without one.
    pub request: Bytes,
    /// What it changes beside.
    pub options: Options,
    /// Whether it is for everybody, also where calls need a key.
    pub is_public: bool,
    /// What it is for, in one line.
    pub about: String,
    /// What the row is called: its number and path, and its file where that is not the table's first.
    pub place: String,
    /// File and line of its path.
    pub from: String,
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
    trials: Vec<Trial>,
}

impl Table {
    /// Reads a table with all files that it includes.
    ///
    /// # Errors
    /// Every problem found, at least one of them an error.
    pub fn load(file: &str, text: &str, variables: &Variables<'_>) -> Checked<Self> {
        Table::load_with(&REGISTRY, file, text, variables)
    }

    /// The same, for a table that may name what is in `registry`.
    ///
    /// # Errors
    /// Those of [`Table::load`].
    pub fn load_with(registry: &Registry, file: &str, text: &str, variables: &Variables<'_>) -> Checked<Self> {
        let files = Files::gather(file, text, variables)?;
        let mut source = Source::of(&files.list);
        files.report(&mut source);
        let mut written: Option<Written<'_>> = None;
        for (number, file) in files.list.iter().enumerate() {
            let Node::Map(entries) = &file.root else {
                let reason = expected("a table: version, upstreams, models and routes", &file.root);
                source.error(&way_to(number), reason.message, Some(SEE_SHIPPED.to_owned()));
                continue;
            };
            let known = written.as_ref().map(Written::group_names).unwrap_or_default();
            let more = Written::read(Written::section(number, entries), &known, &mut source);
            written = Some(match written {
                Some(written) => merge::lay_over(written, more),
                None => more,
            });
        }
        // What a file that cannot be read would have said is not told to be missing.
        let written = written.filter(|_| files.is_complete());
        let table = written.map(|written| compile::compile(&written, registry, &mut source, variables));
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

    /// The table's own tests.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
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
