//! Finds references between callers and table that match nothing.

use super::list::Callers;
use crate::access::Mode;
use crate::diagnostics::{Place, Problem};
use crate::models::glob::fits;
use crate::table::Table;
use crate::yaml::near::nearest;

/// Returns warnings about references that match nothing, each at its place.
pub fn mismatches(mode: Mode, callers: Option<&Callers>, table: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (row, named) in table.routes().filter_map(|row| Some((row, row.options.callers.as_ref()?))) {
        for (name, place) in &named.names {
            let message = match (mode, callers) {
                (Mode::Own | Mode::Open, _) => {
                    let message = format!("{}.callers: nobody may use it, since access is {}", row.place, mode.name());
                    let help = "tell callers apart: write `access: keys` in config.yaml".to_owned();
                    problems.push(Problem::warning(place.clone(), message, Some(help)));
                    // Without names of callers all of them fail for the same reason, so one warning for the row is enough.
                    break;
                }
                (Mode::Keys, Some(callers)) if !callers.rows.iter().any(|row| fits(name, &row.name)) => {
                    format!("{}.callers: no caller is named '{name}'", row.place)
                }
                _ => continue,
            };
            let known = callers.iter().flat_map(|callers| callers.rows.iter().map(|row| row.name.as_str()));
            let near = nearest(name, known).map(|near| format!("did you mean '{near}'?"));
            problems.push(Problem::warning(place.clone(), message, near));
        }
    }
    for row in callers.iter().flat_map(|callers| &callers.rows) {
        for (glob, place) in row.routes.iter().flatten() {
            if !table.routes().any(|route| fits(glob, &route.path)) {
                let paths = table.routes().map(|route| route.path.as_str());
                let help = nearest(glob, paths).map(|near| format!("did you mean '{near}'?"));
                problems.push(nothing(place, &row.name, "routes", glob, "no path of the table", help));
            }
        }
        for (glob, place) in row.models.iter().flatten().filter(|(glob, _)| !may_be_model(table, glob)) {
            let help = Some("see: argo-openai-proxy models".to_owned());
            problems.push(nothing(place, &row.name, "models", glob, "no model of the table", help));
        }
    }
    problems
}

/// Returns true if a glob may match a model. In a group with patterns, any name may be a model.
fn may_be_model(table: &Table, glob: &str) -> bool {
    let glob = glob.to_lowercase();
    table.groups().any(|group| {
        let listed = || group.iter().any(|model| model.forms().iter().flatten().any(|form| fits(&glob, form)));
        !group.patterns().is_empty() || listed()
    })
}

fn nothing(place: &Place, name: &str, key: &str, glob: &str, what: &str, help: Option<String>) -> Problem {
    Problem::warning(place.clone(), format!("{key} of '{name}': '{glob}' fits {what}"), help)
}
