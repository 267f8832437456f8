//! The named items of the table: upstreams and groups of models.

use crate::yaml::{At, Source, lookup};
use std::sync::Arc;

/// Named items of the table. The list is `None` when it could not be read; an item is `None` when its row is wrong.
/// Rows that use such a name get no second error.
pub type NamedItems<T> = Option<Vec<(String, Option<Arc<T>>)>>;

/// Returns the values that could be compiled, in the order of the table.
pub fn present<T>(named: &NamedItems<T>) -> Vec<Arc<T>> {
    named.iter().flatten().filter_map(|(_, value)| value.clone()).collect()
}

/// Returns the item called `name`, and reports an unknown name. `what` is a noun with a regular plural (`…s`).
pub fn resolve<T>(
    called: &str,
    what: &str,
    name: &At<String>,
    known: &NamedItems<T>,
    source: &mut Source<'_>,
) -> Option<Arc<T>> {
    let known = known.as_ref()?.iter().map(|(name, value)| (name.as_str(), value));
    match lookup(&name.value, &format!("{what}s"), known) {
        Ok(found) => found.clone(),
        Err(help) => {
            source.error(&name.path, format!("{called}: no {what} is named '{}'", name.value), Some(help));
            None
        }
    }
}
