//! A row of the registry, and what a transformer is made from.

use super::settings::{RowSettings, Unfit};
use crate::dialects::upstream::Dialect;
use crate::models::Models;
use crate::plan::{Client, Transformer};
use crate::tokens::Counting;
use crate::yaml::Key;
use std::sync::Arc;

/// What a route's transformer is made from.
#[derive(Clone)]
pub struct Wiring {
    /// The dialect of the route's upstream.
    pub dialect: Dialect,
    /// The models that the route serves.
    pub models: Arc<Models>,
    /// How the route counts tokens.
    pub counting: Counting,
    /// The most answers that one request gets.
    pub most_choices: u64,
}

/// A transformer that a table can name.
pub struct Entry {
    /// Its name: in YAML, of its file, of the folder of its golden cases.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// How failures read to its clients.
    pub client: &'static dyn Client,
    /// What OpenAI's clients append to their base URL to reach such a route, so that the base URL can be told.
    pub client_suffix: Option<&'static str>,
    /// The keys that a row may have under `with`; none where it has no settings.
    pub keys: &'static [Key],
    /// Makes it for one route, whose settings it reads. The error says why it does not fit.
    pub build: Build,
}

/// Makes a transformer for one row.
pub type Build = fn(Wiring, &mut RowSettings<'_, '_, '_>) -> Result<Arc<dyn Transformer>, Unfit>;
