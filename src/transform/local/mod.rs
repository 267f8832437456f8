//! Replies that are made here, without an upstream: what a table names, or spells out, with `reply:`.

pub mod about;
pub mod docs;
pub mod fixed;
pub mod health;
pub mod livez;
pub mod model;
pub mod model_list;
pub mod readyz;

use crate::access::Permissions;
use crate::json;
use crate::models::{Model, Models};
use crate::plan::Transformer;
use std::sync::Arc;

/// What is served, as local replies tell it.
#[derive(Debug, Default)]
pub struct Catalog {
    /// All groups of models in the table's order.
    pub groups: Vec<Arc<Models>>,
    /// All routes in the table's order.
    pub routes: Vec<CatalogRow>,
    /// The names of the upstreams behind it, such as `ARGO`; empty where there is none.
    pub upstreams: String,
    /// The path that OpenAI's clients are pointed at, such as a chat route's path without what clients append.
    pub base_path: Option<String>,
}

/// A route as people read it.
#[derive(Debug, Clone)]
pub struct CatalogRow {
    /// Its methods.
    pub methods: Vec<http::Method>,
    /// Its path as the table has it.
    pub path: String,
    /// What it is for, in one line.
    pub about: String,
}

impl Catalog {
    /// The models of all groups that the model list shows to somebody, each once.
    pub fn models<'a>(&'a self, permissions: &'a Permissions) -> impl Iterator<Item = (&'a Models, &'a Model)> {
        let all = self.groups.iter().flat_map(|group| group.iter().map(move |model| (group.as_ref(), model)));
        all.filter(|(_, model)| !model.hidden && permissions.use_model(model))
    }
}

/// A local reply that a table can name.
pub struct ReplyEntry {
    /// Its name in YAML and of its file.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Whether it is given to everybody, also where calls need a key: only what tells nothing worth a key.
    pub is_public: bool,
    /// Makes it for a table.
    pub build: fn(&Arc<Catalog>) -> Arc<dyn Transformer>,
}

/// Appends a model as `/models` shows it: first what OpenAI's clients know, then what else is known of it.
fn push_model(out: &mut Vec<u8>, model: &Model) {
    let facts = &model.rules.facts;
    out.push(b'{');
    json::push_key(out, "id");
    json::push_string(out, &model.name);
    json::push_key(out, "object");
    json::push_string(out, "model");
    json::push_key(out, "created");
    json::push_number(out, facts.created.unwrap_or_default());
    json::push_key(out, "owned_by");
    json::push_string(out, facts.owned_by.as_deref().unwrap_or_default());
    json::push_key(out, "internal_name");
    json::push_string(out, &model.id);
    for (key, number) in [("context_length", facts.context_length), ("max_output_tokens", facts.max_output_tokens)] {
        if let Some(number) = number {
            json::push_key(out, key);
            json::push_number(out, number);
        }
    }
    if model.deprecated {
        out.extend_from_slice(b",\"deprecated\":true");
    }
    out.push(b'}');
}
