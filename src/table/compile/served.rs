//! The upstreams of a row: which there are, which are on, and which models they serve.

use super::named_items;
use super::upstreams::KnownUpstreams;
use crate::models::Models;
use crate::table::raw;
use crate::table::{MOST_UPSTREAMS, Upstream};
use crate::yaml::{At, Source};
use std::sync::Arc;

/// Returns the upstreams of a row that are on, in the row's order; `None` when one is wrong or none is on.
pub fn resolve(
    called: &str,
    names: &At<Vec<At<String>>>,
    known: &KnownUpstreams<'_>,
    source: &mut Source<'_>,
) -> Option<Vec<Arc<Upstream>>> {
    let mut found: Vec<Arc<Upstream>> = Vec::new();
    let (mut is_sound, mut needs) = (true, Vec::new());
    for (index, name) in names.value.iter().enumerate() {
        if names.value.iter().take(index).any(|earlier| earlier.value == name.value) {
            let message = format!("{called}: upstream '{}' stands twice", name.value);
            source.error(&name.path, message, Some("keep one of the two".to_owned()));
            is_sound = false;
        } else if let Some((_, missing)) = known.off.iter().find(|(off, _)| *off == name.value) {
            if !needs.contains(missing) {
                needs.push(*missing);
            }
        } else {
            let one = named_items::resolve(called, "upstream", name, &known.named, source);
            is_sound &= one.is_some();
            found.extend(one);
        }
    }
    let message = match (found.len(), needs.is_empty()) {
        (0, false) => Some((
            format!("{called}: every upstream is off, since this is not set: {}", needs.join(", ")),
            "set what one of them needs, name another upstream, or take the row out by `enabled`".to_owned(),
        )),
        (0, true) if names.value.is_empty() => Some((
            format!("{called}: it names no upstream"),
            "name one, or several in the order of preference".to_owned(),
        )),
        (count, _) if count > MOST_UPSTREAMS => {
            Some((format!("{called}: more than {MOST_UPSTREAMS} upstreams"), "keep those that matter".to_owned()))
        }
        _ => None,
    };
    if let (Some((message, help)), true) = (message, is_sound) {
        source.error(&names.path, message, Some(help));
        return None;
    }
    (is_sound && !found.is_empty()).then_some(found)
}

/// Reports models of a row that none of its upstreams serves, and upstreams that serve none of its models.
pub fn report(row: &raw::Route<'_>, upstreams: &[Arc<Upstream>], group: &Models, source: &mut Source<'_>) {
    let Some(names) = &row.upstreams else { return };
    // Nobody wrote down what only a list has.
    let lost = group
        .iter()
        .filter(|model| !model.is_listed)
        .find(|model| !upstreams.iter().any(|upstream| upstream.serves.has(&model.id)));
    if let Some(model) = lost {
        let message =
            format!("{}: no upstream of this row serves the model '{}' ({})", row.called, model.name, model.id);
        let help = "add an upstream whose `serves` has its id, or take the model out of the group";
        source.warn(&names.path, message, Some(help.to_owned()));
    }
    // Ids of pattern names cannot be known here.
    if group.patterns().iter().any(|pattern| pattern.fixed_id().is_none()) {
        return;
    }
    let serves_any = |upstream: &Upstream| group.iter().any(|model| upstream.serves.has(&model.id));
    let idle = |upstream: &&Arc<Upstream>| upstream.serves.patterns().is_some() && !serves_any(upstream);
    for upstream in upstreams.iter().filter(idle) {
        let message = format!("{}: upstream '{}' serves none of this row's models", row.called, upstream.name);
        let at = names.value.iter().find(|name| name.value == upstream.name).map_or(&names.path, |name| &name.path);
        let id = group.iter().next().map(|model| format!(", which has ids such as '{}'", model.id)).unwrap_or_default();
        source.warn(at, message, Some(format!("take it out here, or widen its `serves`{id}")));
    }
}
