//! Finds the files, the configuration, the route table and the callers, and reads them.

use super::args::Files;
use super::callers;
use super::certificate::with_certificate;
use super::disk::Disk;
use super::environment;
use super::load::{Needs, both, keep};
use crate::callers::{Callers, odd};
use crate::config::{Config, Overrides};
use crate::diagnostics::{Checked, Place, Problem};
use crate::table::{BUILT_IN, Table, no_files};
use rustls::sign::CertifiedKey;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the table is called when it has no file.
const BUILT_IN_NAME: &str = "built-in routes.yaml";
const ROUTES: &str = "routes.yaml";

/// All files, loaded.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The table.
    pub table: Table,
    /// Who may call, where keys tell callers apart.
    pub callers: Option<Callers>,
    /// Where the table comes from.
    pub routes: String,
    /// The text of the table and of all files that belong to it.
    pub text: String,
    /// What the port shows, where it speaks TLS.
    pub certificate: Option<Arc<CertifiedKey>>,
    /// What works but looks wrong.
    pub warnings: Vec<Problem>,
}

/// Loads both; all problems of the configuration come before those of the table.
///
/// # Errors
/// Everything that is wrong with either.
pub fn load(files: &Files, overrides: &Overrides, needs: Needs, disk: &Disk) -> Result<Loaded, Vec<Problem>> {
    let path = files.config(&environment);
    disk.look(&path);
    let mut certificate = None;
    let config = with_certificate(Config::load(&path, overrides, &environment), &path, disk);
    let config = config.map(|((config, found), warnings)| {
        certificate = found;
        (config, warnings)
    });
    Ok(Loaded { certificate, ..with_table(files, path.parent(), config, needs, disk)? })
}

/// Like [`load`], with the defaults where there is no configuration: to show what would be served.
///
/// # Errors
/// Everything that is wrong with either.
pub fn load_or_defaults(files: &Files, overrides: &Overrides) -> Result<Loaded, Vec<Problem>> {
    let (path, disk) = (files.config(&environment), Disk::default());
    if path.exists() {
        return load(files, overrides, Needs::Nobody, &disk);
    }
    eprintln!("{} not found: showing the defaults", path.display());
    let config = Config::sample(overrides, &environment);
    with_table(files, path.parent(), config, Needs::Nobody, &disk)
}

/// The table alone, with the defaults for the rest: for what reads no configuration.
pub fn table_only(files: &Files) -> Result<Loaded, Vec<Problem>> {
    let config = Config::sample(&Overrides::default(), &|_| None);
    with_table(files, None, config, Needs::Nobody, &Disk::default())
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
    disk: &Disk,
) -> Result<Loaded, Vec<Problem>> {
    let (routes, text) = table_text(files, beside, disk);
    let beside_table = |name: &str| disk.read_beside(&routes, name);
    let read: &dyn Fn(&str) -> _ = if is_built_in(&routes) { &no_files } else { &beside_table };
    let called = callers::load(config.as_ref().ok().map(|(config, _)| config), beside, disk);
    let mut problems = Vec::new();
    let loaded = keep(both(config, &routes, text, read, &environment, needs), &mut problems);
    let called = keep(called, &mut problems);
    let (Some((config, table)), Some(callers)) = (loaded, called) else { return Err(problems) };
    problems.extend(odd(config.access, callers.as_ref(), &table));
    let text = if is_built_in(&routes) { BUILT_IN.to_owned() } else { disk.texts() };
    Ok(Loaded { config, table, callers, text, routes, certificate: None, warnings: problems })
}

/// Where a table may lie, in the order in which it is looked for.
fn candidates(files: &Files, beside: Option<&Path>) -> Vec<PathBuf> {
    match &files.routes {
        Some(named) => vec![named.clone()],
        None => beside.map(|folder| folder.join(ROUTES)).into_iter().chain([PathBuf::from(ROUTES)]).collect(),
    }
}

/// Returns true when a table has no file.
pub fn is_built_in(routes: &str) -> bool {
    routes == BUILT_IN_NAME
}

/// The table's name and text: the file that was named, else the one beside the configuration, else the one here, else the
/// built-in.
fn table_text(files: &Files, beside: Option<&Path>, disk: &Disk) -> (String, Result<String, Problem>) {
    let candidates = candidates(files, beside);
    candidates.iter().for_each(|path| disk.look(path));
    let found = candidates.into_iter().find(|path| files.routes.is_some() || path.is_file());
    let Some(path) = found else {
        return (BUILT_IN_NAME.to_owned(), Ok(BUILT_IN.to_owned()));
    };
    let name = path.display().to_string();
    let text = disk.read(&path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).map_err(|e| {
        let remedy = "name a file that can be read with --routes, or leave the flag out".to_owned();
        Problem::new(Place::File(name.clone()), format!("it cannot be read: {e}"), Some(remedy))
    });
    (name, text)
}
