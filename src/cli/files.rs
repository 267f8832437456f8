//! Finds the two files, the configuration and the route table, and reads them.

use super::args::Files;
use super::environment;
use super::load::{Needs, both};
use crate::config::{Config, Overrides};
use crate::problem::{Checked, Place, Problem};
use crate::table::{BUILT_IN, Table};
use std::path::{Path, PathBuf};

/// What the table is called when it has no file.
const BUILT_IN_NAME: &str = "built-in routes.yaml";
const ROUTES: &str = "routes.yaml";

/// Both files, loaded.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The table.
    pub table: Table,
    /// Where the table comes from.
    pub routes: String,
    /// The table's text.
    pub text: String,
    /// What works but looks wrong.
    pub warnings: Vec<Problem>,
}

/// Loads both; all problems of the configuration come before those of the table.
///
/// # Errors
/// Everything that is wrong with either.
pub fn load(files: &Files, overrides: &Overrides, needs: Needs) -> Result<Loaded, Vec<Problem>> {
    let path = files.config(&environment);
    with_table(files, path.parent(), Config::load(&path, overrides, &environment), needs)
}

/// Like [`load`], with the defaults where there is no configuration: to show what would be served.
///
/// # Errors
/// Everything that is wrong with either.
pub fn load_or_defaults(files: &Files) -> Result<Loaded, Vec<Problem>> {
    let path = files.config(&environment);
    if path.exists() {
        return load(files, &Overrides::default(), Needs::Nobody);
    }
    eprintln!("{} not found: showing the defaults", path.display());
    with_table(files, path.parent(), Config::sample(&Overrides::default(), &environment), Needs::Nobody)
}

/// The table alone, with the defaults for the rest: for what reads no configuration.
pub fn table_only(files: &Files) -> Result<Loaded, Vec<Problem>> {
    with_table(files, None, Config::sample(&Overrides::default(), &|_| None), Needs::Nobody)
}

/// Adds the table to a configuration.
///
/// # Errors
/// Everything that is wrong with either.
pub fn with_table(
    files: &Files,
    beside: Option<&Path>,
    config: Checked<Config>,
    needs: Needs,
) -> Result<Loaded, Vec<Problem>> {
    let (routes, text) = table_text(files, beside);
    let kept = text.as_ref().cloned().unwrap_or_default();
    let ((config, table), warnings) = both(config, &routes, text, &environment, needs)?;
    Ok(Loaded { config, table, routes, text: kept, warnings })
}

/// Where a table may lie, in the order in which it is looked for.
pub fn candidates(files: &Files, beside: Option<&Path>) -> Vec<PathBuf> {
    match &files.routes {
        Some(named) => vec![named.clone()],
        None => beside.map(|folder| folder.join(ROUTES)).into_iter().chain([PathBuf::from(ROUTES)]).collect(),
    }
}

/// Whether a table has no file.
pub fn is_built_in(routes: &str) -> bool {
    routes == BUILT_IN_NAME
}

/// The table's name and text: the file that was named, else the one beside the configuration, else the one here, else the
/// built-in.
fn table_text(files: &Files, beside: Option<&Path>) -> (String, Result<String, Problem>) {
    let found = candidates(files, beside).into_iter().find(|path| files.routes.is_some() || path.is_file());
    let Some(path) = found else {
        return (BUILT_IN_NAME.to_owned(), Ok(BUILT_IN.to_owned()));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|e| {
        let remedy = "name a file that can be read with --routes, or leave the flag out".to_owned();
        Problem::new(Place::File(name.clone()), format!("it cannot be read: {e}"), Some(remedy))
    });
    (name, text)
}
