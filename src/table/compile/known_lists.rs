//! Which lists of models a group has: those of the upstreams that its rows call.

use super::upstreams::KnownUpstreams;
use crate::models::{ModelLists, UpstreamList};
use crate::table::Upstream;
use crate::table::raw::{Route, Switch, Written};
use std::collections::HashMap;
use std::sync::Arc;

/// The lists that were read, and whose they are.
pub struct KnownLists<'t> {
    lists: &'t ModelLists,
    /// True if models that only a list has are served.
    pub are_served: bool,
    /// The upstreams of each group that have a list, each once, in the order of the rows.
    of_groups: HashMap<&'t str, Vec<Arc<Upstream>>>,
}

/// The list of one upstream of a group.
#[derive(Clone, Copy)]
pub struct GroupList<'k> {
    /// The URL of the list.
    pub url: &'k str,
    /// The upstream, which may serve only some of the models.
    pub upstream: &'k Upstream,
    /// The list; `None` if it was not read yet.
    pub list: Option<&'k UpstreamList>,
}

impl<'t> KnownLists<'t> {
    /// Finds the lists of each group in the table's rows.
    pub fn new(written: &'t Written<'_>, upstreams: &KnownUpstreams<'_>, lists: &'t ModelLists) -> Self {
        let mut of_groups: HashMap<&str, Vec<Arc<Upstream>>> = HashMap::new();
        for route in written.routes.iter().flatten().filter(|route| !is_off(route)) {
            let (Some(group), Some(names)) = (&route.models, &route.upstreams) else { continue };
            let list = of_groups.entry(&group.value).or_default();
            for upstream in names.value.iter().filter_map(|name| with_list(&name.value, upstreams)) {
                if !list.iter().any(|known| known.name == upstream.name) {
                    list.push(upstream);
                }
            }
        }
        let are_served = written.models_refresh.is_some_and(|refresh| refresh.period().is_some());
        KnownLists { lists, are_served, of_groups }
    }

    /// Returns the lists of a group.
    pub fn of_group(&self, name: &str) -> impl Iterator<Item = GroupList<'_>> {
        self.of_groups.get(name).into_iter().flatten().filter_map(|upstream| {
            let url = &*upstream.listing.as_ref()?.url;
            Some(GroupList { url, upstream, list: self.lists.get(url) })
        })
    }
}

/// Returns true for a row that its table takes out for good. What a variable says is not known here.
fn is_off(route: &Route<'_>) -> bool {
    route.options.enabled.as_ref().is_some_and(|switch| matches!(switch.value, Switch::Is(false)))
}

/// Returns the upstream of this name, if it is on and has a list.
fn with_list(name: &str, upstreams: &KnownUpstreams<'_>) -> Option<Arc<Upstream>> {
    let (_, upstream) = upstreams.named.iter().flatten().find(|(known, _)| known == name)?;
    upstream.clone().filter(|upstream| upstream.listing.is_some())
}
