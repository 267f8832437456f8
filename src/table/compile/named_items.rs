//! Names of the table and what has them: upstreams, and groups of models.

use crate::yaml::{At, Source, lookup};
use std::sync::Arc;

/// What has a name in the table. `None` where nothing could be read, and beside a name whose row is wrong: those who use the
/// name are not told so too.
pub type NamedItems<T> = Option<Vec<(String, Option<Arc<T>>)>>;

/// Returns the values that could be compiled, in the order of the table.
pub fn present<T>(named: &NamedItems<T>) -> Vec<Arc<T>> {
    named.iter().flatten().filter_map(|(_, value)| value.clone()).collect()
}

/// What `name` names; reports a name that nothing has. `what` is said in the plural too, by an s.
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
