//! Replaces variables in the texts of an upstream, and finds the files that they name.

use crate::table::Variables;
use crate::yaml::expand::expand;
use crate::yaml::{At, Source};
use std::path::{Path, PathBuf};

/// A text whose variables are replaced.
pub struct ExpandedText<'w> {
    pub text: String,
    /// The first variable in the text.
    pub from: Option<&'w str>,
}

/// Replaces the variables of a text. Reports a variable that has no value.
pub fn expanded<'w>(
    setting: &str,
    written: &'w At<String>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<ExpandedText<'w>> {
    let value = |name: &str| (variables.config)(name).or_else(|| (variables.environment)(name));
    match expand(&written.value, &value) {
        Ok(done) => Some(ExpandedText { text: done.text.into_owned(), from: done.from }),
        Err(fault) => {
            let (message, help) = match fault.unset {
                Some(name) => (
                    format!("{} is neither a key of config.yaml nor set in the environment", fault.part),
                    Some(format!("set it, or give a default: ${{{name}:-default}}")),
                ),
                None => (fault.message, None),
            };
            source.error_in(&written.path, fault.part, format!("{setting}: {message}"), help);
            None
        }
    }
}

/// Converts a path relative to an included file into a path relative to the folder of the table's first file.
pub fn relative_to_table(source: &Source<'_>, written: &At<String>, path: &str) -> PathBuf {
    let folder = |file: &str| Path::new(file).parent().map(Path::to_owned).unwrap_or_default();
    let (table, own) = (folder(source.file(&[])), folder(source.file(&written.path)));
    own.strip_prefix(&table).unwrap_or(Path::new("")).join(path)
}
