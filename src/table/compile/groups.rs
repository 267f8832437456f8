//! Compiles groups of models: the names that clients request, the upstream's ids, and the merged rules of each id.

use super::named_items::NamedItems;
use super::names::{self, NameRow};
use super::rules;
use super::upstreams::KnownUpstreams;
use crate::models::{Model, Models, NamePattern, Patterns, Rules};
use crate::table::raw::Group;
use crate::yaml::{Source, lookup};
use std::collections::HashMap;
use std::sync::Arc;

/// Compiles all groups.
pub fn compile(
    written: Option<&[Group]>,
    upstreams: &KnownUpstreams<'_>,
    source: &mut Source<'_>,
) -> NamedItems<Models> {
    let compiled = |row: &Group| (row.name.value.clone(), Some(Arc::new(group(row, upstreams, source))));
    Some(written?.iter().map(compiled).collect())
}

fn group(row: &Group, upstreams: &KnownUpstreams<'_>, source: &mut Source<'_>) -> Models {
    if let (Some(at), true) = (&row.names_at, row.names.is_empty()) {
        let message = format!("models.{}.names: the group has no models", row.name.value);
        source.error(at, message, Some("add a name with the upstream's id, or remove the group".to_owned()));
    }
    let (named, patterns) = names::compile(row, source);
    let hidden = names::chosen(row, "hidden", &row.hidden, &named, source);
    let deprecated = names::chosen(row, "deprecated", &row.deprecated, &named, source);
    let rules = rules::compile(row, &named, &patterns, upstreams, source);
    let mut by_id: HashMap<&str, Arc<Rules>> = HashMap::new();
    let mut list = Vec::new();
    for NameRow { name, id } in &named {
        let merged = || Arc::new(Rules::merged(&row.show, &rules, &id.value, None));
        list.push(Model {
            number: list.len(),
            name: name.value.clone(),
            id: id.value.clone(),
            from: source.file_and_line(&name.path),
            place: Some(source.place(&name.path)),
            rules: by_id.entry(&id.value).or_insert_with(merged).clone(),
            hidden: names::is_among(&hidden, &name.value),
            deprecated: names::is_among(&deprecated, &name.value),
        });
    }
    let default = default(row, &list, &patterns, source);
    Models::new(list, default, Patterns { names: patterns, rules, facts: row.show.clone(), deprecated, upstream: None })
}

/// Returns the index of the default model in the list.
fn default(row: &Group, list: &[Model], patterns: &[NamePattern], source: &mut Source<'_>) -> Option<usize> {
    let default = row.default.as_ref().filter(|_| !row.names.is_empty())?;
    let known = list.iter().enumerate().map(|(index, model)| (model.name.as_str(), index));
    match lookup(&default.value, "names", known) {
        Ok(index) => Some(index),
        Err(help) => {
            let by_id = list.iter().find(|model| model.id == default.value);
            let help = match by_id {
                Some(model) => format!("that is an id; write its name '{}'", model.name),
                None if patterns.iter().any(|pattern| pattern.id_for(&default.value).is_some()) => {
                    "a pattern takes it; write it among the names, with its id".to_owned()
                }
                None => help,
            };
            let message = format!("models.{}.default: no model is named '{}'", row.name.value, default.value);
            source.error(&default.path, message, Some(help));
            None
        }
    }
}
