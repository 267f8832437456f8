//! Compiles the families of a group: ids, and how their models are named.

use crate::models::glob::fits;
use crate::models::{NameFamily, NameTemplate};
use crate::table::raw::Group;
use crate::yaml::{At, Source};

const HELP: &str = "write * for what the list calls the model, as in \"lab:*\", or {1}, {2} … and {rest} for its words";

/// Compiles the families of a group, in their order.
pub fn compile(row: &Group, source: &mut Source<'_>) -> Vec<NameFamily> {
    let mut families: Vec<(NameFamily, &At<String>)> = Vec::new();
    for (ids, names) in &row.families {
        let called = format!("models.{}.families", row.name.value);
        if ids.value.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let message = format!("{called}: the ids {:?} have white space in them", ids.value);
            source.error(&ids.path, message, Some("write the ids without spaces".to_owned()));
        }
        // A glob that fits the text of another one fits everything that the other one fits.
        if let Some((wider, first)) = families.iter().find(|(family, _)| fits(&family.ids, &ids.value)) {
            let line = source.line_seen_from(&first.path, &ids.path);
            let message = format!("{called}: '{}' takes no id, since '{}' of {line} goes before", ids.value, wider.ids);
            source.warn(&ids.path, message, Some("put the narrower family first".to_owned()));
        }
        let mut templates = Vec::new();
        for name in &names.value {
            match NameTemplate::parse(name) {
                Ok(template) => templates.push(template),
                Err(why) => {
                    source.error(&names.path, format!("{called}.{}: '{name}' {why}", ids.value), Some(HELP.to_owned()));
                }
            }
        }
        families.push((NameFamily { ids: ids.value.clone(), names: templates }, ids));
    }
    families.into_iter().map(|(family, _)| family).collect()
}
