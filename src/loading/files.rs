//! Finds the configuration, the route table and the callers, and loads them together.

use super::callers;
use super::certificate::with_certificate;
use super::compile::{Needs, both, keep};
use super::environment;
use super::file_reader::FileReader;
use super::kept_lists::KeptLists;
use super::seal;
use super::table_file::{TableFile, TablePlace, WorkingDirectory, is_built_in};
use crate::callers::{Callers, mismatches};
use crate::config::{Config, Overrides};
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::{Checked, Problem};
use crate::models::ModelLists;
use crate::table::{BUILT_IN, Table};
use crate::wire::Seal;
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The files that the command line names.
#[derive(Debug, Clone)]
pub struct FilePaths {
    /// The configuration.
    pub config: PathBuf,
    /// The route table. Without a name it is looked for beside the configuration, then here, and is else the built-in one.
    pub routes: Option<PathBuf>,
    /// What counts of the working directory, where it is not the configuration's folder.
    pub here: WorkingDirectory,
    /// False to leave out the local file beside the table.
    pub with_local: bool,
}

impl FilePaths {
    fn table(&self) -> TablePlace<'_> {
        let (named, beside) = (self.routes.as_deref(), self.config.parent());
        TablePlace { named, beside, here: self.here, with_local: self.with_local }
    }
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
    /// What was found in the working directory alone.
    pub here: WorkingDirectory,
    /// The text of the table and of all files that belong to it, and what the lists of models change of it.
    pub text: String,
    /// The certificate that the port shows, where it speaks TLS.
    pub certificate: Option<Arc<CertifiedKey>>,
    /// Seals what clients keep for the next turn.
    pub seal: Arc<Seal>,
    /// What works but looks wrong.
    pub warnings: Vec<Problem>,
}

/// Loads all files, and the lists of models that are kept for the configuration. All problems of the configuration come before those
/// of the table.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn load(
    paths: &FilePaths,
    overrides: &Overrides,
    needs: Needs,
    reader: &FileReader,
) -> Result<Loaded, Vec<Problem>> {
    let (kept, problem) = KeptLists::of(&paths.config);
    warned(problem, load_with(paths, overrides, needs, reader, &kept.lists()))
}

fn warned(problem: Option<Problem>, loaded: Result<Loaded, Vec<Problem>>) -> Result<Loaded, Vec<Problem>> {
    let mut loaded = loaded?;
    loaded.warnings.extend(problem);
    Ok(loaded)
}

/// Loads all files. `lists` are the lists of models that the upstreams gave.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn load_with(
    paths: &FilePaths,
    overrides: &Overrides,
    needs: Needs,
    reader: &FileReader,
    lists: &ModelLists,
) -> Result<Loaded, Vec<Problem>> {
    let path = &paths.config;
    reader.note(path);
    let mut certificate = None;
    let config = with_certificate(Config::load(path, overrides, &environment), path, reader);
    let config = config.map(|((config, found), warnings)| {
        certificate = found;
        (config, warnings)
    });
    Ok(Loaded { certificate, ..with_table(paths.table(), config, needs, reader, lists)? })
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
    let (kept, problem) = KeptLists::of(&paths.config);
    warned(problem, load_or_defaults_with(paths, overrides, &kept.lists()))
}

/// Like [`load_with`], with the defaults where there is no configuration.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn load_or_defaults_with(
    paths: &FilePaths,
    overrides: &Overrides,
    lists: &ModelLists,
) -> Result<Loaded, Vec<Problem>> {
    let reader = FileReader::default();
    if is_there(&paths.config).map_err(|problem| vec![problem])? {
        return load_with(paths, overrides, Needs::Nobody, &reader, lists);
    }
    let config = Config::sample(overrides, &environment);
    with_table(paths.table(), config, Needs::Nobody, &reader, lists)
}

/// Loads the table that lies here, or else the built-in one, with the defaults for the rest: for what reads no configuration.
///
/// # Errors
/// Everything that is wrong with the table.
pub fn table_only() -> Result<Loaded, Vec<Problem>> {
    let config = Config::sample(&Overrides::default(), &|_| None);
    with_table(TablePlace::HERE, config, Needs::Nobody, &FileReader::default(), &ModelLists::default())
}

/// Adds the table and the callers to a configuration. `lists` are the lists of models that the upstreams gave.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn with_table(
    place: TablePlace<'_>,
    config: Checked<Config>,
    needs: Needs,
    reader: &FileReader,
    lists: &ModelLists,
) -> Result<Loaded, Vec<Problem>> {
    let file = TableFile::find(place, reader);
    let files = |name: &str| reader.read(&file.folder.join(name));
    let text = file.text.as_ref().map(|text| file.as_table(text, lists)).map_err(Problem::clone);
    let called = callers::load(config.as_ref().ok().map(|(config, _)| config), place.beside, reader);
    let seal = seal::load(config.as_ref().ok().map(|(config, _)| config), place.beside, reader);
    let mut problems = file.left_out.clone();
    let loaded = keep(both(config, text, &files, &environment, needs), &mut problems);
    let called = keep(called, &mut problems);
    let seal = keep(seal, &mut problems);
    let (Some((config, table)), Some(callers), Some(seal)) = (loaded, called, seal) else { return Err(problems) };
    problems.extend(mismatches(config.access, callers.as_ref(), &table));
    let built_in = if is_built_in(&file.name) { BUILT_IN } else { "" };
    let text = format!("{built_in}{}{}", reader.texts(), table.listed_text());
    let (routes, here) = (file.name, file.here);
    Ok(Loaded { config, table, callers, text, routes, here, certificate: None, seal, warnings: problems })
}
