//! `models.json`: the models that a viewer may use, and what is known of each.

use super::view::View;
use crate::models::{Model, ModelReport, Models, Streaming, Thinking};
use serde::Serialize;
use std::sync::Arc;

/// All models.
#[derive(Serialize)]
pub struct Catalogue<'v> {
    models: Vec<ModelRow<'v>>,
    /// What the upstreams' own lists have and lack, for those who see the table.
    refresh: Option<ModelReport>,
}

#[derive(Serialize)]
struct ModelRow<'v> {
    name: &'v str,
    id: &'v str,
    /// `chat` or `embeddings`.
    group: &'static str,
    /// The upstreams that serve it, in order of preference.
    upstreams: Vec<&'v str>,
    default: bool,
    deprecated: bool,
    /// True if no list of the upstreams has it any more.
    gone: bool,
    hidden: bool,
    context_length: Option<u64>,
    max_output_tokens: Option<u64>,
    created: Option<u64>,
    owned_by: Option<&'v str>,
    /// What it can do, in short words.
    capabilities: Vec<String>,
    /// File and line, for those who see the table.
    place: Option<&'v str>,
}

impl<'v> Catalogue<'v> {
    /// Returns the models that a viewer may use. `report` says what the upstreams' own lists have.
    pub fn new(view: &'v View<'_>, report: ModelReport) -> Self {
        let of_group = |group: &'v Arc<Models>| {
            let usable = group.iter().filter(|model| view.may_use(model));
            usable.map(move |model| ModelRow::new(view, group, model)).collect::<Vec<_>>()
        };
        let refresh = (view.watches && !report.lists.is_empty()).then_some(report);
        Catalogue { refresh, models: view.live().table.groups().flat_map(of_group).collect() }
    }
}

impl<'v> ModelRow<'v> {
    fn new(view: &'v View<'_>, group: &'v Arc<Models>, model: &'v Model) -> Self {
        let facts = &model.rules.facts;
        ModelRow {
            name: &model.name,
            id: &model.id,
            group: if model.rules.is_embedding() { "embeddings" } else { "chat" },
            upstreams: view.live().table.upstreams_of(group, &model.id),
            default: group.default().is_some_and(|default| default.number == model.number),
            deprecated: model.deprecated,
            gone: model.gone,
            hidden: model.hidden,
            context_length: facts.context_length,
            max_output_tokens: facts.max_output_tokens,
            created: facts.created,
            owned_by: facts.owned_by.as_deref(),
            capabilities: capabilities(model),
            place: (view.watches && !model.is_listed).then_some(&*model.from),
        }
    }
}

/// Returns what the table knows that a model can do.
fn capabilities(model: &Model) -> Vec<String> {
    let rules = &model.rules;
    if rules.is_embedding() {
        let length = rules.dimensions.map(|length| format!("{length} numbers"));
        let shorter = (rules.can_shorten == Some(true)).then(|| "can be shortened".to_owned());
        return length.into_iter().chain(shorter).collect();
    }
    let words = [
        (rules.takes_tools(), "tools"),
        (rules.streaming != Some(Streaming::Whole), "streaming"),
        (rules.thinking.is_some_and(|thinking| thinking != Thinking::None), "thinking"),
    ];
    words.into_iter().filter(|(has, _)| *has).map(|(_, word)| word.to_owned()).collect()
}
