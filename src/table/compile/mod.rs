//! Compiles the written table into the table that serves, and reports every problem at its place.

mod action;
mod bearer;
mod callers;
mod credential;
mod endpoints;
mod expansion;
mod families;
mod fixed_reply;
mod groups;
mod headers;
mod images;
mod index;
mod known_lists;
mod layers;
mod listed;
mod named_items;
mod names;
mod options;
mod request;
mod routes;
mod rules;
mod served;
mod tls;
mod trials;
mod unused;
mod upstreams;

use super::raw::{RefreshPeriod, Written};
pub use endpoints::MOST_URLS;

use super::{Table, Upstream, Variables};
use crate::models::ModelLists;
use crate::transform::Registry;
use crate::transform::local::{self, Catalog, CatalogRow, PagePaths};
use crate::yaml::Source;
use action::Action;
use groups::CompiledGroups;
use known_lists::KnownLists;
use named_items::present;
use std::sync::Arc;

/// Compiles a table. The result may serve only when `source` is sound.
pub fn compile(
    written: &Written<'_>,
    lists: &ModelLists,
    registry: &Registry,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Table {
    let several = written.routes.iter().flatten().filter_map(|route| route.upstreams.as_ref());
    let several = several.filter(|names| names.value.len() > 1).flat_map(|names| &names.value);
    let beside = several.map(|name| name.value.as_str()).collect();
    let upstreams = upstreams::compile(written.upstreams.as_deref(), registry.dialects, &beside, source, variables);
    let lists = KnownLists::new(written, &upstreams, lists);
    let CompiledGroups { groups, differences } = groups::compile(written.groups.as_deref(), &upstreams, &lists, source);
    let known = routes::Known::new(registry, &upstreams, &groups);
    let routes = written.routes.iter().flatten();
    let rows = routes.filter_map(|route| routes::compile(route, &known, source, variables)).collect();
    let layers::Laid { served: rows, off } = layers::lay(rows, source);
    unused::report(written, source);
    index::report(&rows, source);
    let catalog = Arc::new(Catalog {
        groups: present(&groups),
        upstreams: upstream_names(&present(&upstreams.named)),
        base_path: rows.iter().find_map(|row| row.base_path.clone()),
        page: page(&rows),
        routes: rows
            .iter()
            .map(|row| CatalogRow {
                methods: row.methods.clone(),
                path: row.path.value.clone(),
                about: row.about().to_owned(),
            })
            .collect(),
    });
    let trials = trials::compile(&written.trials, &off, source, variables);
    let refresh = written.models_refresh.and_then(RefreshPeriod::period);
    Table { trials, refresh, differences, ..index::build(rows, catalog, present(&upstreams.named), source) }
}

/// Returns where the page for people is, if a row has it.
fn page(rows: &[routes::Compiled<'_>]) -> Option<PagePaths> {
    let replies = rows.iter().filter_map(|row| match &row.action {
        Some(Action::Reply(entry)) => Some((entry.name, row.path.value.as_str())),
        _ => None,
    });
    PagePaths::find(replies, local::page::ENTRY.name, local::about::ENTRY.name)
}

/// Returns the display names of all upstreams, each once, joined as in a sentence.
fn upstream_names(upstreams: &[Arc<Upstream>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in upstreams.iter().map(|upstream| upstream.facts().name()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { "no upstream".to_owned() } else { names.join(" and ") }
}
