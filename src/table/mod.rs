//! `routes.yaml`, checked and indexed. It takes text and gives a [`Table`] with what is odd about it, or every problem that
//! it found, each at its very word.

mod compile;
mod keys;
mod path;
mod vars;
mod written;

use crate::dialect::Dialect;
use crate::models::Models;
use crate::problem::Checked;
use crate::transform::Transformer;
use crate::transform::local::Catalog;
use crate::yaml::Source;
use crate::yaml::node::{Node, parse};
use crate::yaml::source::syntax;
use crate::yaml::value::expected;
use bytes::Bytes;
use http::{HeaderValue, Method};
use path::Pattern;
use std::collections::HashMap;
use std::sync::Arc;

pub use keys::TABLE as KEYS;
pub use vars::Variables;
use written::Written;

/// The table that is built into the binary, for whoever has none of their own.
pub const BUILT_IN: &str = include_str!("../../routes.yaml");

/// One address of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL as configured.
    pub url: String,
    /// The setting that holds it: a key of `config.yaml`, or its place in the table.
    pub setting: String,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The host's name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// `Host` of the request.
    pub authority: HeaderValue,
    /// Path and query of the request.
    pub path: String,
}

/// An upstream of the table.
#[derive(Clone)]
pub struct Upstream {
    /// Its name in the table.
    pub name: String,
    /// Its number, so that connections of different upstreams are never shared.
    pub number: u64,
    /// Where whole calls go.
    pub whole: Arc<Endpoint>,
    /// Where streamed calls go.
    pub stream: Option<Arc<Endpoint>>,
    /// How it speaks.
    pub dialect: Dialect,
}

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

/// What is served.
pub struct Table {
    routes: Vec<Arc<Route>>,
    exact: HashMap<String, Vec<usize>>,
    patterns: Vec<(Pattern, usize)>,
    catalog: Arc<Catalog>,
    upstreams: Vec<Arc<Upstream>>,
}

/// What the table says to a method and a path.
pub enum Matched {
    /// A route takes it; with the values of its path parameters.
    Route(Arc<Route>, Vec<String>),
    /// The path is served, but not by this method.
    OtherMethods(Vec<Method>),
    /// Nothing is served there; with the paths that look most like it.
    Nothing(Vec<String>),
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

    /// The groups of models in the table's order.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Models>> {
        self.catalog.groups.iter()
    }

    /// The path that OpenAI's clients are pointed at.
    pub fn base_path(&self) -> Option<&str> {
        self.catalog.base_path.as_deref()
    }

    /// Finds the route of a request. HEAD is served where GET is; one slash at the end is overlooked.
    pub fn find(&self, method: &Method, path: &str) -> Matched {
        let path = match path.strip_suffix('/') {
            Some(short) if !short.is_empty() => short,
            _ => path,
        };
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let mut others: Vec<Method> = Vec::new();
        let exact = self.exact.get(path).into_iter().flatten().map(|&index| (index, Vec::new()));
        let by_pattern = self.patterns.iter().filter_map(|(pattern, index)| Some((*index, pattern.values(path)?)));
        for (index, values) in exact.chain(by_pattern) {
            let Some(route) = self.routes.get(index) else { continue };
            if route.methods.contains(wanted) {
                return Matched::Route(route.clone(), values);
            }
            others.extend(route.methods.iter().filter(|m| !others.contains(m)).cloned().collect::<Vec<_>>());
        }
        if others.is_empty() { Matched::Nothing(self.near(path)) } else { Matched::OtherMethods(others) }
    }

    fn near(&self, path: &str) -> Vec<String> {
        let asked: String = path.chars().take(200).collect();
        let mut scored: Vec<(f64, &str)> = self
            .routes
            .iter()
            .map(|route| {
                let tail = if route.path.ends_with(&asked) && asked.len() > 1 { 1.0 } else { 0.0 };
                (strsim::jaro_winkler(&route.path, &asked).max(tail), route.path.as_str())
            })
            .filter(|(score, _)| *score >= 0.9)
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.dedup_by(|a, b| a.1 == b.1);
        scored.into_iter().take(3).map(|(_, path)| path.to_owned()).collect()
    }
}
