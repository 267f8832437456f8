//! Finds the configuration, the route table and the callers, and loads them together.

use super::callers;
use super::certificate::with_certificate;
use super::compile::{Needs, both, keep};
use super::environment;
use super::file_reader::FileReader;
use crate::callers::{Callers, mismatches};
use crate::config::{Config, Overrides};
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::{Checked, Place, Problem};
use crate::table::{BUILT_IN, Table, no_files};
use rustls::sign::CertifiedKey;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The built-in table's name in messages.
const BUILT_IN_NAME: &str = "built-in routes.yaml";
const ROUTES: &str = "routes.yaml";

/// The files that the command line names.
#[derive(Debug, Clone)]
pub struct FilePaths {
    /// The configuration.
    pub config: PathBuf,
    /// The route table. Without a name it is looked for beside the configuration, then here, and is else the built-in one.
    pub routes: Option<PathBuf>,
}

/// The content of all files.
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The table.
    pub table: Table,
    /// Who may call, where keys tell callers apart.
    pub callers: Option<Callers>,
    /// The table's file, or a name for the built-in one.
    pub routes: String,
    /// The text of the table and of all files that belong to it.
    pub text: String,
    /// The certificate that the port shows, where it speaks TLS.
    pub certificate: Option<Arc<CertifiedKey>>,
    /// What works but looks wrong.
    pub warnings: Vec<Problem>,
}

/// Loads all files. All problems of the configuration come before those of the table.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn load(
    paths: &FilePaths,
    overrides: &Overrides,
    needs: Needs,
    reader: &FileReader,
) -> Result<Loaded, Vec<Problem>> {
    let path = &paths.config;
    reader.note(path);
    let mut certificate = None;
    let config = with_certificate(Config::load(path, overrides, &environment), path, reader);
    let config = config.map(|((config, found), warnings)| {
        certificate = found;
        (config, warnings)
    });
    Ok(Loaded { certificate, ..with_table(paths.routes.as_deref(), path.parent(), config, needs, reader)? })
}

/// Loads the configuration alone, with its certificate.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_config(path: &Path, overrides: &Overrides) -> Result<(Config, Option<Arc<CertifiedKey>>), Vec<Problem>> {
    let config = Config::load(path, overrides, &environment);
    with_certificate(config, path, &FileReader::default()).map(|(loaded, _)| loaded)
}

/// Like [`load`], with the defaults where there is no configuration: to show what would be served.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn load_or_defaults(paths: &FilePaths, overrides: &Overrides) -> Result<Loaded, Vec<Problem>> {
    let reader = FileReader::default();
    if is_there(&paths.config).map_err(|problem| vec![problem])? {
        return load(paths, overrides, Needs::Nobody, &reader);
    }
    let config = Config::sample(overrides, &environment);
    with_table(paths.routes.as_deref(), paths.config.parent(), config, Needs::Nobody, &reader)
}

/// Loads the table that lies here, or else the built-in one, with the defaults for the rest: for what reads no configuration.
///
/// # Errors
/// Everything that is wrong with the table.
pub fn table_only() -> Result<Loaded, Vec<Problem>> {
    let config = Config::sample(&Overrides::default(), &|_| None);
    with_table(None, None, config, Needs::Nobody, &FileReader::default())
}

/// Adds the table and the callers to a configuration. `routes` is the table that was named; `beside` is the configuration's
/// folder.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn with_table(
    routes: Option<&Path>,
    beside: Option<&Path>,
    config: Checked<Config>,
    needs: Needs,
    reader: &FileReader,
) -> Result<Loaded, Vec<Problem>> {
    let (routes, text) = table_text(routes, beside, reader);
    let beside_table = |name: &str| reader.read_beside(&routes, name);
    let read: &dyn Fn(&str) -> _ = if is_built_in(&routes) { &no_files } else { &beside_table };
    let called = callers::load(config.as_ref().ok().map(|(config, _)| config), beside, reader);
    let mut problems = Vec::new();
    let loaded = keep(both(config, &routes, text, read, &environment, needs), &mut problems);
    let called = keep(called, &mut problems);
    let (Some((config, table)), Some(callers)) = (loaded, called) else { return Err(problems) };
    problems.extend(mismatches(config.access, callers.as_ref(), &table));
    let text = if is_built_in(&routes) { BUILT_IN.to_owned() } else { reader.texts() };
    Ok(Loaded { config, table, callers, text, routes, certificate: None, warnings: problems })
}

/// Returns true for the name of a table that has no file.
pub fn is_built_in(routes: &str) -> bool {
    routes == BUILT_IN_NAME
}

/// Returns the table's name and text: the file that was named, else the one beside the configuration, else the one here, else
/// the built-in table.
fn table_text(named: Option<&Path>, beside: Option<&Path>, reader: &FileReader) -> (String, Result<String, Problem>) {
    let candidates: Vec<PathBuf> = match named {
        Some(named) => vec![named.to_owned()],
        None => beside.map(|folder| folder.join(ROUTES)).into_iter().chain([PathBuf::from(ROUTES)]).collect(),
    };
    // A table that appears where none was is a change as well.
    candidates.iter().for_each(|path| reader.note(path));
    let mut chosen = None;
    for path in candidates {
        match is_there(&path) {
            Ok(false) if named.is_none() => {}
            Ok(_) => {
                chosen = Some(path);
                break;
            }
            Err(problem) => return (path.display().to_string(), Err(problem)),
        }
    }
    let Some(path) = chosen else { return (BUILT_IN_NAME.to_owned(), Ok(BUILT_IN.to_owned())) };
    let name = path.display().to_string();
    let text = reader.read(&path).and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).map_err(|e| {
        let remedy = "name a file that can be read with --routes, or leave the flag out".to_owned();
        Problem::new(Place::File(name.clone()), format!("it cannot be read: {e}"), Some(remedy))
    });
    (name, text)
}
