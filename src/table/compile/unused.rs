//! Warns about unused upstreams and groups: no route names them.

use crate::table::raw::Written;
use crate::yaml::{At, Source};
use std::collections::HashSet;

/// Warns about each unused item. It is silent while routes name unknown items, which may be misspelled names of these.
pub fn report(written: &Written<'_>, source: &mut Source<'_>) {
    let Some(routes) = &written.routes else { return };
    if let (Some(at), true) = (&written.routes_at, routes.is_empty()) {
        source.warn(at, "routes: nothing is served", Some("add a row for each path".to_owned()));
    }
    let upstreams = written.upstreams.iter().flatten().map(|upstream| &upstream.name).collect();
    let used = routes.iter().filter_map(|route| route.upstreams.as_ref()).flat_map(|names| &names.value);
    each("upstreams", "upstream", upstreams, used, source);
    let groups = written.groups.iter().flatten().map(|group| &group.name).collect();
    let used = routes.iter().filter_map(|route| route.models.as_ref());
    each("models", "group", groups, used, source);
}

fn each<'w>(
    mapping: &str,
    what: &str,
    names: Vec<&At<String>>,
    used: impl Iterator<Item = &'w At<String>>,
    source: &mut Source<'_>,
) {
    let used: HashSet<&str> = used.map(|name| name.value.as_str()).collect();
    let known: HashSet<&str> = names.iter().map(|name| name.value.as_str()).collect();
    if !used.is_subset(&known) {
        return;
    }
    for name in names.into_iter().filter(|name| !used.contains(name.value.as_str())) {
        let message = format!("{mapping}.{}: no route uses this {what}", name.value);
        source.warn(&name.path, message, Some("remove it, or name it in a route".to_owned()));
    }
}
