//! Merges an included file into the files before it: items by name, and the models inside a group by name too. Rows of
//! `routes` are merged later, when their methods are known (`compile/layers.rs`).

use super::raw::trials::Trial;
use super::raw::{Group, Written};
use crate::yaml::file_of;
use std::collections::HashSet;

impl Written<'_> {
    /// Returns the names of all groups.
    pub fn group_names(&self) -> HashSet<String> {
        self.groups.iter().flatten().map(|group| group.name.value.clone()).collect()
    }
}

/// Merges `more` into `written`; `more` takes precedence.
pub fn lay_over<'n>(written: Written<'n>, more: Written<'n>) -> Written<'n> {
    Written {
        upstreams: lists(written.upstreams, more.upstreams, |all, upstream| {
            match all.iter_mut().find(|known| known.name.value == upstream.name.value) {
                Some(known) => *known = upstream,
                None => all.push(upstream),
            }
        }),
        groups: lists(written.groups, more.groups, |all, group| {
            match all.iter_mut().find(|known| known.name.value == group.name.value) {
                Some(known) => add(known, group),
                None => all.push(group),
            }
        }),
        routes: lists(written.routes, more.routes, Vec::push),
        routes_at: written.routes_at.or(more.routes_at),
        trials: trials(written.trials, more.trials),
        models_refresh: more.models_refresh.or(written.models_refresh),
    }
}

/// Merges two lists; `None` when the first file has no list. That error is reported already, and more errors about
/// missing items would be guesses.
fn lists<T>(all: Option<Vec<T>>, more: Option<Vec<T>>, add: impl Fn(&mut Vec<T>, T)) -> Option<Vec<T>> {
    let mut all = all?;
    more.into_iter().flatten().for_each(|one| add(&mut all, one));
    Some(all)
}

/// Merges tests. A later file's test replaces an earlier test of the same name.
fn trials<'n>(mut all: Vec<Trial<'n>>, more: Vec<Trial<'n>>) -> Vec<Trial<'n>> {
    let name = |trial: &Trial<'_>| trial.name.as_ref().map(|name| name.value.clone());
    all.retain(|trial| name(trial).is_none() || more.iter().all(|later| name(later) != name(trial)));
    all.extend(more);
    all
}

/// Merges a later file's part of a group. Its models replace earlier models of the same name. Names ignore case, as in
/// requests.
fn add(group: &mut Group, more: Group) {
    group.default = more.default.or(group.default.take());
    group.show.lay(&more.show);
    group.hidden.extend(more.hidden);
    group.deprecated.extend(more.deprecated);
    group.names_at = group.names_at.take().or(more.names_at);
    let earlier = group.names.len();
    for (alias, id) in more.names {
        let lower = alias.value.to_lowercase();
        match group.names.iter_mut().take(earlier).find(|(known, _)| known.value.to_lowercase() == lower) {
            // A name that the later file has twice stays twice, so that it is reported.
            Some(known) if file_of(&known.0.path).0 != file_of(&alias.path).0 => {
                let (_, replaced) = std::mem::replace(known, (alias, id));
                group.replaced_ids.push(replaced.value);
            }
            _ => group.names.push((alias, id)),
        }
    }
    group.rules.extend(more.rules);
    // The first family that has an id takes it, so those of the later file stand first.
    let earlier = std::mem::replace(&mut group.families, more.families);
    let is_replaced = |ids: &str| group.families.iter().any(|(known, _)| known.value == ids);
    let kept: Vec<_> = earlier.into_iter().filter(|(ids, _)| !is_replaced(&ids.value)).collect();
    group.families.extend(kept);
}
