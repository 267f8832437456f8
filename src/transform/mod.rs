//! The registry of transformers: what a route does with a request and its reply. A table names one for each route.
//!
//! A transformer turns a request into a [`crate::plan::Plan`] and owns the reply. Adding one is a file here and a line in
//! [`TRANSFORMERS`] (or [`REPLIES`], for what is answered without an upstream).

pub mod argo_passthrough;
pub mod conversation;
mod limits;
pub mod local;
pub mod openai_chat_completions;
pub mod openai_completions;
pub mod openai_embeddings;
mod reply;
mod settings;
mod structured;

pub use settings::{RowSettings, Unfit};

use crate::dialects::upstream::{DIALECTS, Dialect, DialectRow};
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

/// What a table may name.
#[derive(Clone, Copy)]
pub struct Registry {
    /// What calls an upstream.
    pub transformers: &'static [Entry],
    /// What is answered without one.
    pub replies: &'static [local::ReplyEntry],
    /// How upstreams speak.
    pub dialects: &'static [DialectRow],
}

/// What this program has.
pub const REGISTRY: Registry = Registry { transformers: TRANSFORMERS, replies: REPLIES, dialects: DIALECTS };

/// All transformers that call an upstream.
pub const TRANSFORMERS: &[Entry] =
    &[openai_chat_completions::ENTRY, openai_completions::ENTRY, openai_embeddings::ENTRY, argo_passthrough::ENTRY];

/// All replies that are made here.
pub const REPLIES: &[local::ReplyEntry] = &[
    local::model_list::ENTRY,
    local::model::ENTRY,
    local::health::ENTRY,
    local::livez::ENTRY,
    local::readyz::ENTRY,
    local::docs::ENTRY,
    local::about::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_explained() {
        let all: Vec<(&str, &str)> =
            TRANSFORMERS.iter().map(|e| (e.name, e.about)).chain(REPLIES.iter().map(|e| (e.name, e.about))).collect();
        for (index, (name, about)) in all.iter().enumerate() {
            assert!(!about.is_empty(), "{name}");
            assert!(all.iter().skip(index + 1).all(|(other, _)| other != name), "{name}");
        }
    }
}
