//! Compiles the callers that a row names.

use super::action::Action;
use crate::access::Globs;
use crate::table::RowCallers;
use crate::table::raw;
use crate::transform::local::Audience;
use crate::yaml::Source;

/// Compiles the names. The callers themselves are checked later, together with `callers.yaml`.
pub fn compile(row: &raw::Route<'_>, action: Option<&Action>, source: &mut Source<'_>) -> Option<RowCallers> {
    let (list, path) = row.options.callers.as_ref()?;
    if let Some(Action::Reply(entry)) = action
        && entry.audience == Audience::Everybody
    {
        let message = format!("{}: 'callers' does nothing here: {} is for everybody", row.called, entry.name);
        source.error(path, message, Some("remove it".to_owned()));
    }
    if list.is_empty() && source.is_sound() {
        let help = "name somebody, or switch the row off: `enabled: false`".to_owned();
        source.error(path, format!("{}: 'callers' names nobody", row.called), Some(help));
    }
    let names: Vec<_> = list.iter().map(|name| (name.value.clone(), source.place(&name.path))).collect();
    Some(RowCallers { globs: Globs::new(list.iter().map(|name| name.value.as_str())), names })
}
