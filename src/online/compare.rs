//! Compares the models that an upstream lists with those of the table.

use super::listing::Listed;
use crate::diagnostics::Problem;
use crate::models::{Model, Models, glob};
use crate::table::{Endpoint, Table};
use std::sync::Arc;

/// Returns a warning for each listed model that no group of the table has, and for each model of the groups that call this upstream
/// which is not listed. They are warnings, since serving does not depend on the list.
pub fn compare(listed: &[Listed], list: &Endpoint, table: &Table) -> Vec<Problem> {
    let missing = listed.iter().filter(|model| !has(table, &model.id)).map(|model| missing(model, list, table));
    let calling = calling(list, table);
    let models = calling.iter().flat_map(|group| group.iter());
    let gone = models.filter(|model| !listed.iter().any(|listed| listed.id == model.id));
    missing.chain(gone.filter_map(|model| vanished(model, list))).collect()
}

/// Returns true if any group has the id, or a pattern that produces it. The list does not say which group a model belongs to.
fn has(table: &Table, id: &str) -> bool {
    table.groups().any(|group| {
        group.iter().any(|model| model.id == id) || group.patterns().iter().any(|made| glob::fits(&made.id(), id))
    })
}

/// Returns the groups whose calls go to an upstream with this list.
fn calling<'t>(list: &Endpoint, table: &'t Table) -> Vec<&'t Arc<Models>> {
    let mut groups: Vec<&Arc<Models>> = Vec::new();
    for route in table.routes() {
        let mut lists = route.upstreams.iter().filter_map(|upstream| upstream.listing.as_ref());
        let is_called = lists.any(|lists| lists.url == list.url);
        let Some(group) = route.models.as_ref().filter(|_| is_called) else { continue };
        if !groups.iter().any(|known| Arc::ptr_eq(known, group)) {
            groups.push(group);
        }
    }
    groups
}

fn missing(model: &Listed, list: &Endpoint, table: &Table) -> Problem {
    let message = format!("{}: '{}' is listed, and no group of the table has it", list.setting, model.name);
    let alias = model.alias();
    let taken = table.groups().flat_map(|group| group.iter()).find(|known| known.name.eq_ignore_ascii_case(&alias));
    let help = match taken {
        Some(known) => {
            format!(
                "its usual name {alias} is taken ({}): add {} under another name to the names of a group",
                known.from, model.id
            )
        }
        None => format!("add to the names of a group:  {}", model.line()),
    };
    Problem::warning(list.place.clone(), message, Some(help))
}

fn vanished(model: &Model, list: &Endpoint) -> Option<Problem> {
    let message = format!("'{}': its id '{}' is not listed by {}", model.name, model.id, list.url);
    let help = "take the name out, unless it still answers".to_owned();
    Some(Problem::warning(model.place.clone()?, message, Some(help)))
}
