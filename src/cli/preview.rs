//! Loads what would be served, for commands that only show it.

use super::args::FileArgs;
use super::output::say;
use crate::config::Overrides;
use crate::diagnostics::Problem;
use crate::diagnostics::file_access::is_there;
use crate::loading::{self, Loaded, environment};
use std::path::Path;

/// Loads the files, or the defaults where there is no configuration.
pub fn load_or_defaults(files: &FileArgs, overrides: &Overrides) -> Result<Loaded, Vec<Problem>> {
    let paths = files.paths(&environment);
    if !is_there(&paths.config).map_err(|problem| vec![problem])? {
        say_defaults(&paths.config);
    }
    loading::load_or_defaults(&paths, overrides)
}

/// Tells that there is no configuration.
pub fn say_defaults(config: &Path) {
    say(&format!("{} not found: showing the defaults", config.display()));
}
