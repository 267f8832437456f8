//! Compares the lists of the upstreams with the names of a group: which models are new and what they are called, and which are gone.

use super::known_lists::{GroupList, KnownLists};
use super::names::{ListedRow, NameRow};
use crate::models::listing::{Listed, line};
use crate::models::{Model, ModelDifferences, NameFamily, NamePattern, NameTemplate, NewModel, glob};
use crate::yaml::Source;
use std::collections::HashMap;

/// What the files of the table say of a group's names.
pub struct WrittenNames<'w> {
    pub group: &'w str,
    pub named: &'w [NameRow<'w>],
    pub patterns: &'w [NamePattern],
    pub families: &'w [NameFamily],
}

impl WrittenNames<'_> {
    /// Returns true if a name or a pattern of the group has the id.
    pub fn have(&self, id: &str) -> bool {
        self.named.iter().any(|row| row.id.value.eq_ignore_ascii_case(id))
            || self.patterns.iter().any(|pattern| glob::fits(&pattern.id(), id))
    }

    /// Returns every text that means a model of the group, with the place of its name.
    fn taken(&self, source: &Source<'_>) -> HashMap<String, String> {
        let mut taken = HashMap::new();
        for NameRow { name, id } in self.named {
            let model = Model { name: name.value.clone(), id: id.value.clone(), ..Model::default() };
            for form in model.forms().into_iter().flatten() {
                taken.entry(form).or_insert_with(|| source.file_and_line(&name.path));
            }
        }
        taken
    }
}

/// Returns the names of models that only a list has, where the table serves such models. What the files of the table say of a name
/// goes before.
pub fn compile(
    written: &WrittenNames<'_>,
    known: &KnownLists<'_>,
    source: &Source<'_>,
    found: &mut ModelDifferences,
) -> Vec<ListedRow> {
    let mut taken = written.taken(source);
    let mut rows: Vec<ListedRow> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for ListedCandidate { url, model, gone } in candidates(written.group, known) {
        let id = model.id.to_lowercase();
        let Some(family) = written.families.iter().find(|family| family.has(&id)) else { continue };
        if written.have(&model.id) || seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let (names, refused) = free_names(family.names_of(&model.name), written.patterns, &taken);
        if known.are_served {
            for (index, name) in names.iter().enumerate() {
                taken.insert(name.to_lowercase(), format!("listed by {url}"));
                let (name, id, from) = (name.clone(), model.id.clone(), url.to_owned());
                rows.push(ListedRow { name, id, from, hidden: index > 0, gone });
            }
        }
        // A model that is gone again is no news.
        if !gone {
            let off = (!known.are_served).then(|| "models_refresh of the table is off".to_owned());
            found.new.push(new_model(model, url, Some(written.group), names, refused.or(off)));
        }
    }
    rows
}

/// Adds the models that no group has and no family takes.
pub fn add_unclaimed(
    all: &[WrittenNames<'_>],
    known: &KnownLists<'_>,
    source: &Source<'_>,
    found: &mut ModelDifferences,
) {
    // Nobody knows which group they belong to, so a name that any of them has is taken.
    let taken: HashMap<String, String> = all.iter().flat_map(|group| group.taken(source)).collect();
    for written in all {
        for ListedCandidate { url, model, .. } in
            candidates(written.group, known).into_iter().filter(|found| !found.gone)
        {
            let is_known = all.iter().any(|group| group.have(&model.id));
            if is_known || found.new.iter().any(|new| new.id.eq_ignore_ascii_case(&model.id)) {
                continue;
            }
            let usual = usual_name(written, &model.name).map(|name| vec![name]);
            let (names, refused) = free_names(usual, written.patterns, &taken);
            let refused = refused.unwrap_or_else(|| "no family of the table takes its id".to_owned());
            found.new.push(new_model(model, url, None, names, Some(refused)));
        }
    }
}

/// Returns the lists that lack an id, if every list of the group that could have it was read and lacks it.
pub fn lacking<'k>(id: &str, group: &str, known: &'k KnownLists<'_>) -> Option<Vec<&'k str>> {
    let mut urls = Vec::new();
    for GroupList { url, list, .. } in known.of_group(group).filter(|list| list.upstream.serves.has(id)) {
        if list?.models.iter().any(|model| model.id.eq_ignore_ascii_case(id)) {
            return None;
        }
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    (!urls.is_empty()).then_some(urls)
}

/// A model that a list of a group has or had, of an upstream that serves it.
struct ListedCandidate<'k> {
    url: &'k str,
    model: &'k Listed,
    gone: bool,
}

/// Returns all candidates of a group: what some list has goes before what another one has forgotten.
fn candidates<'k>(group: &str, known: &'k KnownLists<'_>) -> Vec<ListedCandidate<'k>> {
    let lists = || known.of_group(group).filter_map(|of| Some((of, of.list?)));
    let here = lists().flat_map(|(of, list)| list.models.iter().map(move |model| (of, model, false)));
    let gone = lists().flat_map(|(of, list)| list.forgotten.iter().map(move |old| (of, &old.model, true)));
    let served = here.chain(gone).filter(|(of, model, _)| of.upstream.serves.has(&model.id));
    served.map(|(of, model, gone)| ListedCandidate { url: of.url, model, gone }).collect()
}

fn new_model(
    model: &Listed,
    list: &str,
    group: Option<&str>,
    names: Vec<String>,
    not_served: Option<String>,
) -> NewModel {
    let lines = names.iter().map(|name| line(name, &model.id)).collect();
    let (title, id, group) = (model.name.clone(), model.id.clone(), group.map(str::to_owned));
    NewModel { title, id, list: list.to_owned(), group, names, lines, not_served }
}

/// Returns the names that nobody has; none, with the reason, where the first one cannot be used.
fn free_names(
    names: Option<Vec<String>>,
    patterns: &[NamePattern],
    taken: &HashMap<String, String>,
) -> (Vec<String>, Option<String>) {
    let names = names.unwrap_or_default();
    let refused = match names.first() {
        None => Some("its name on the list has too few words for the names of its family".to_owned()),
        Some(first) => {
            holder(first, patterns, taken).map(|holder| format!("its usual name {first} is taken ({holder})"))
        }
    };
    if refused.is_some() {
        return (Vec::new(), refused);
    }
    (names.into_iter().filter(|name| holder(name, patterns, taken).is_none()).collect(), None)
}

/// Returns who has a name already.
fn holder<'h>(name: &str, patterns: &'h [NamePattern], taken: &'h HashMap<String, String>) -> Option<&'h str> {
    let pattern = patterns.iter().find(|pattern| pattern.id_for(name).is_some());
    taken.get(&name.to_lowercase()).or_else(|| pattern.map(|pattern| &pattern.from)).map(String::as_str)
}

/// Returns the name that a model would get beside those of a group: with the prefix of the first one.
fn usual_name(written: &WrittenNames<'_>, shown: &str) -> Option<String> {
    let prefix = written.named.iter().find_map(|row| row.name.value.split_once(':')).map(|(prefix, _)| prefix);
    let template = prefix.map_or_else(|| "*".to_owned(), |prefix| format!("{prefix}:*"));
    NameTemplate::parse(&template).ok()?.name_of(shown)
}

#[cfg(test)]
mod tests;
