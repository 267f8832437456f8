//! A row of the registry, and what a transformer is made from.

use super::settings::{RowSettings, Unfit};
use crate::dialects::upstream::Dialect;
use crate::models::{Models, ServedModels};
use crate::plan::{Client, Transformer};
use crate::tokens::Counting;
use crate::yaml::Key;
use std::sync::Arc;

/// What a route's transformer is made from.
#[derive(Clone)]
pub struct Wiring {
    /// The upstreams of the route, in the order in which they are preferred.
    pub upstreams: Vec<WiredUpstream>,
    /// The models that the route serves.
    pub models: Arc<Models>,
    /// How the route counts tokens.
    pub counting: Counting,
    /// The maximum number of answers to one request.
    pub most_choices: u64,
}

/// An upstream of a route.
#[derive(Clone)]
pub struct WiredUpstream {
    /// Its name in the table.
    pub name: Arc<str>,
    /// Its dialect.
    pub dialect: Dialect,
    /// True if it has a URL for streamed calls.
    pub streams: bool,
    /// The models that it serves.
    pub serves: ServedModels,
    /// The models of the route, with the rules that hold at this upstream.
    pub models: Arc<Models>,
}

/// A transformer that a table can name.
pub struct Entry {
    /// Its name in YAML, which is also the name of its file and of the folder of its golden cases.
    pub name: &'static str,
    /// A description in one line.
    pub about: &'static str,
    /// How failures read to its clients.
    pub client: &'static dyn Client,
    /// What OpenAI's clients append to their base URL to reach such a route. The base URL is derived from it.
    pub client_suffix: Option<&'static str>,
    /// The keys that a row may have under `with`; empty if it has no settings.
    pub keys: &'static [Key],
    /// Builds it for one route and reads the route's settings. The error explains why it does not fit.
    pub build: Build,
}

/// Builds a transformer for one row.
pub type Build = fn(Wiring, &mut RowSettings<'_, '_, '_>) -> Result<Arc<dyn Transformer>, Unfit>;
