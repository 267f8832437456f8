//! Compiles both files together, so that one run reports what is wrong with either. `serve` and `check` share this.

use crate::config::{Config, Env, Overrides};
use crate::diagnostics::{Checked, Problem};
use crate::table::{Table, TableText, Variables};
use crate::transform::REGISTRY;

/// Which settings a command cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A username, as for serving.
    User,
    /// None: for commands that only show what would be served.
    Nobody,
}

/// Reads a file that the table names, relative to the table's own.
pub type ReadBeside<'r> = &'r dyn Fn(&str) -> std::io::Result<Vec<u8>>;

/// Compiles a configuration and its table. All problems of the configuration come before those of the table, each part sorted by
/// place. With a broken configuration the table is checked against the defaults, so that one run reports everything.
///
/// # Errors
/// Everything that is wrong with either, the warnings too.
pub fn both(
    config: Checked<Config>,
    table: Result<TableText<'_>, Problem>,
    files: ReadBeside<'_>,
    env: Env<'_>,
    needs: Needs,
) -> Checked<(Config, Table)> {
    let mut problems = Vec::new();
    let config = keep(config, &mut problems);
    if let (Some(config), Needs::User) = (&config, needs) {
        problems.extend(config.require_user().err());
        problems.sort_by_key(|problem| problem.spot().map_or((usize::MAX, 0), |spot| (spot.line, spot.column)));
    }
    let table = match table {
        Ok(table) => {
            let keys = variables(config.as_ref());
            let variables = Variables {
                config: &|name| keys.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone()),
                environment: env,
                files,
            };
            keep(Table::load_files(&REGISTRY, &table, &variables), &mut problems)
        }
        Err(problem) => {
            problems.push(problem);
            None
        }
    };
    match (config, table) {
        (Some(config), Some(table)) if !problems.iter().any(Problem::is_error) => Ok(((config, table), problems)),
        _ => Err(problems),
    }
}

/// Returns the value, if there is one, and adds its problems to `problems`.
pub(super) fn keep<T>(checked: Checked<T>, problems: &mut Vec<Problem>) -> Option<T> {
    match checked {
        Ok((value, warnings)) => {
            problems.extend(warnings);
            Some(value)
        }
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

fn variables(config: Option<&Config>) -> Vec<(&'static str, String)> {
    match config {
        Some(config) => config.variables().collect(),
        None => {
            let sample = Config::sample(&Overrides::default(), &|_| None);
            sample.map(|(config, _)| config.variables().collect()).unwrap_or_default()
        }
    }
}
