//! Compiles groups of models: the names that clients request, the upstream's ids, and the merged rules of each id. Names come from
//! the table's files and, where the table says so, from the lists of the upstreams.

use super::known_lists::KnownLists;
use super::listed::{self, WrittenNames};
use super::named_items::NamedItems;
use super::names::{self, ListedRow, NameRow};
use super::upstreams::KnownUpstreams;
use super::{families, rules};
use crate::diagnostics::Place;
use crate::models::{GoneModel, Model, ModelDifferences, Models, NameFamily, NamePattern, Patterns, Rule, Rules};
use crate::table::raw::Group;
use crate::yaml::{Source, lookup};
use std::collections::HashMap;
use std::sync::Arc;

/// The groups, and how they differ from the lists of the upstreams.
pub struct CompiledGroups {
    pub groups: NamedItems<Models>,
    pub differences: ModelDifferences,
}

/// Compiles all groups.
pub fn compile(
    written: Option<&[Group]>,
    upstreams: &KnownUpstreams<'_>,
    lists: &KnownLists<'_>,
    source: &mut Source<'_>,
) -> CompiledGroups {
    let mut differences = ModelDifferences::default();
    let rows: Vec<GroupNames<'_>> = written.into_iter().flatten().map(|row| GroupNames::new(row, source)).collect();
    let mut groups = Vec::new();
    for row in &rows {
        let models = group(row, upstreams, lists, &mut differences, source);
        groups.push((row.row.name.value.clone(), Some(Arc::new(models))));
    }
    let names: Vec<WrittenNames<'_>> = rows.iter().map(GroupNames::written).collect();
    listed::add_unclaimed(&names, lists, source, &mut differences);
    CompiledGroups { groups: written.map(|_| groups), differences }
}

/// A group as written, with its names compiled.
struct GroupNames<'w> {
    row: &'w Group,
    named: Vec<NameRow<'w>>,
    patterns: Vec<NamePattern>,
    families: Vec<NameFamily>,
}

impl<'w> GroupNames<'w> {
    fn new(row: &'w Group, source: &mut Source<'_>) -> Self {
        if let (Some(at), true) = (&row.names_at, row.names.is_empty()) {
            let message = format!("models.{}.names: the group has no models", row.name.value);
            source.error(at, message, Some("add a name with the upstream's id, or remove the group".to_owned()));
        }
        let (named, patterns) = names::compile(row, source);
        GroupNames { row, named, patterns, families: families::compile(row, source) }
    }

    fn written(&self) -> WrittenNames<'_> {
        let GroupNames { row, named, patterns, families } = self;
        WrittenNames { group: &row.name.value, named, patterns, families }
    }
}

fn group(
    names: &GroupNames<'_>,
    upstreams: &KnownUpstreams<'_>,
    lists: &KnownLists<'_>,
    differences: &mut ModelDifferences,
    source: &mut Source<'_>,
) -> Models {
    let GroupNames { row, named, patterns, .. } = names;
    let listed = listed::compile(&names.written(), lists, source, differences);
    let hidden = names::chosen(row, "hidden", &row.hidden, named, &listed, source);
    let deprecated = names::chosen(row, "deprecated", &row.deprecated, named, &listed, source);
    let rules = rules::compile(row, named, &listed, patterns, upstreams, source);
    let mut models = ModelRows {
        row,
        rules: &rules,
        hidden: &hidden,
        deprecated: &deprecated,
        by_id: HashMap::new(),
        list: Vec::new(),
    };
    for NameRow { name, id } in named {
        let lacking = listed::lacking(&id.value, &row.name.value, lists);
        let (from, place) = (source.file_and_line(&name.path), source.place(&name.path));
        let is_first = !models.by_id.contains_key(&id.value);
        if let Some(urls) = lacking.as_ref().filter(|_| is_first) {
            differences.gone.push(gone_model(row, &name.value, &id.value, urls, Some(place.clone())));
        }
        // Where lists are not read any more, what they said once marks nothing.
        let gone = lacking.is_some() && lists.are_served;
        models.push(&name.value, &id.value, from, Some(place), false, gone);
    }
    // A list may come and go, so a default is one of the table's own.
    let default = default(row, &models.list, patterns, source);
    for ListedRow { name, id, from, hidden, gone } in &listed {
        if *gone && !hidden {
            differences.gone.push(gone_model(row, name, id, &[from], None));
        }
        models.push(name, id, format!("listed by {from}"), None, *hidden, *gone);
    }
    let (list, facts) = (models.list, row.show.clone());
    Models::new(list, default, Patterns { names: patterns.clone(), rules, facts, deprecated, upstream: None })
}

/// The models of a group while they are put together.
struct ModelRows<'m> {
    row: &'m Group,
    rules: &'m [Arc<Rule>],
    hidden: &'m [String],
    deprecated: &'m [String],
    by_id: HashMap<String, Arc<Rules>>,
    list: Vec<Model>,
}

impl ModelRows<'_> {
    /// Adds a model. One without a place is of a list.
    fn push(&mut self, name: &str, id: &str, from: String, place: Option<Place>, hidden: bool, gone: bool) {
        let merged = || Arc::new(Rules::merged(&self.row.show, self.rules, id, None));
        let rules = self.by_id.entry(id.to_owned()).or_insert_with(merged).clone();
        self.list.push(Model {
            number: self.list.len(),
            name: name.to_owned(),
            id: id.to_owned(),
            from,
            is_listed: place.is_none(),
            place,
            rules,
            hidden: hidden || names::is_among(self.hidden, name),
            deprecated: names::is_among(self.deprecated, name),
            gone,
        });
    }
}

fn gone_model(row: &Group, name: &str, id: &str, urls: &[&str], place: Option<Place>) -> GoneModel {
    let lists = urls.iter().map(|url| (*url).to_owned()).collect();
    GoneModel { name: name.to_owned(), id: id.to_owned(), group: row.name.value.clone(), lists, place }
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
