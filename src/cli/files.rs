//! Finds and loads the two files: the configuration and the route table.

use super::args::Files;
use super::environment;
use crate::config::{Config, Overrides};
use crate::problem::{Place, Problem, Warning};
use crate::table::{BUILT_IN, Table, Variables};
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
    pub warnings: Vec<Warning>,
}

/// Loads both; all problems of the configuration come before those of the table.
pub fn load(files: &Files, overrides: &Overrides) -> Result<Loaded, Vec<Problem>> {
    let path = files.config(&environment);
    let (config, warnings) = Config::load(&path, overrides, &environment)?;
    with_table(files, path.parent(), config, warnings)
}

/// Like [`load`], with the defaults where there is no configuration: to show what would be served.
pub fn load_or_defaults(files: &Files) -> Result<Loaded, Vec<Problem>> {
    let path = files.config(&environment);
    if path.exists() {
        return load(files, &Overrides::default());
    }
    let (config, warnings) = Config::sample(&Overrides::default(), &environment)?;
    eprintln!("{} not found: showing the defaults", path.display());
    with_table(files, path.parent(), config, warnings)
}

/// The table alone, with the defaults for the rest: for what reads no configuration.
pub fn table_only(files: &Files) -> Result<Loaded, Vec<Problem>> {
    let (config, warnings) = Config::sample(&Overrides::default(), &|_| None)?;
    with_table(files, None, config, warnings)
}

/// Adds the table to a configuration.
pub fn with_table(
    files: &Files,
    beside: Option<&Path>,
    config: Config,
    warnings: Vec<Warning>,
) -> Result<Loaded, Vec<Problem>> {
    let (routes, text) = table_text(files, beside)?;
    let keys: Vec<(&str, String)> = config.variables().collect();
    let variables = Variables {
        config: &|name| keys.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()),
        environment: &environment,
    };
    let table = Table::load(&routes, &text, &variables)?;
    Ok(Loaded { config, table, routes, text, warnings })
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

/// The table's text: the file that was named, else the one beside the configuration, else the one here, else the built-in.
fn table_text(files: &Files, beside: Option<&Path>) -> Result<(String, String), Vec<Problem>> {
    let found = candidates(files, beside).into_iter().find(|path| files.routes.is_some() || path.is_file());
    let Some(path) = found else {
        return Ok((BUILT_IN_NAME.to_owned(), BUILT_IN.to_owned()));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|e| {
        let remedy = "name a file that can be read with --routes, or leave the flag out".to_owned();
        vec![Problem::new(Place::File(name.clone()), format!("it cannot be read: {e}"), Some(remedy))]
    })?;
    Ok((name, text))
}
