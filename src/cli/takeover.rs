//! The directory of the instance that `serve` becomes, and what it takes over with `--upgrade`.

use super::args::ServeArgs;
use super::output::CommandEnd;
use crate::config::Config;
use crate::loading::environment;
use crate::server::places::{usual_place, usual_places};
use crate::server::upgrade::{Inherited, Newcomer};
use crate::server::{check_private, instance, private_directory};
use log::warn;
use std::path::{Path, PathBuf};

/// The place of a new process, and what a running one hands over.
#[derive(Default)]
pub struct Takeover {
    /// The instance directory; none for the demo and for single programs, of which any number may run.
    pub place: Option<PathBuf>,
    /// The connection to the running process.
    pub newcomer: Option<Newcomer>,
    /// Its listeners.
    pub inherited: Inherited,
}

/// Finds the place. With `--upgrade` it is that of the running instance, which hands its listeners over.
///
/// # Errors
/// The configuration names a place that cannot be used, or no instance is running, or it keeps its listeners.
pub fn prepare(args: &ServeArgs, config: &Config) -> Result<Takeover, CommandEnd> {
    if args.demo || args.for_client.is_some() {
        return Ok(Takeover::default());
    }
    let path = args.files.config(&environment);
    if let Some(named) = &config.listeners.run_dir {
        private_directory(&named.beside(&path)).map_err(|why| format!("{}: run_dir: {why}", named.place))?;
    }
    if !args.upgrade {
        let named = config.listeners.run_dir.as_ref().map(|named| named.beside(&path));
        let place = named.or_else(|| usable(usual_place(&path, &environment)));
        return Ok(Takeover { place, ..Takeover::default() });
    }
    let places = places(config, &path);
    for place in places.iter().filter(|place| check_private(place).is_ok()) {
        if let Some((newcomer, inherited)) = Newcomer::ask(&instance::upgrade_socket(place))? {
            return Ok(Takeover { place: Some(place.clone()), newcomer: Some(newcomer), inherited });
        }
    }
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    Err(CommandEnd::Because(format!(
        "nothing to upgrade: no instance of this configuration is running (nobody answers in {}); start it without --upgrade. \
         Started elsewhere? Set run_dir in config.yaml",
        places.join(", ")
    )))
}

/// Returns the usual place, if this process can have it. Serving does not depend on it. It is made later, so that a start that fails
/// leaves nothing behind.
fn usable(place: PathBuf) -> Option<PathBuf> {
    let parent = place.parent().unwrap_or(Path::new("/"));
    let found = match (place.symlink_metadata(), parent.is_dir()) {
        (Ok(_), _) => check_private(&place),
        (Err(_), true) => Ok(()),
        (Err(_), false) => Err(format!("{} is no directory", parent.display())),
    };
    match found {
        Ok(()) => Some(place),
        Err(why) => {
            warn!("--upgrade will not work for this process: {why}; `run_dir` of config.yaml names another directory");
            None
        }
    }
}

/// Returns where an instance of this configuration may have its directory; `path` is the configuration's file.
pub fn places(config: &Config, path: &Path) -> Vec<PathBuf> {
    let named = config.listeners.run_dir.as_ref();
    named.map_or_else(|| usual_places(path, &environment), |named| vec![named.beside(path)])
}
