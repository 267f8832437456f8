//! `check`: loads both files as `serve` would, and starts nothing.

use super::args::CheckArgs;
use super::{Ended, files, warn};
use crate::config::Overrides;

/// Says what is wrong, or what would be served.
pub fn run(args: &CheckArgs) -> Result<(), Ended> {
    let loaded = files::load(&args.files, &Overrides::default())?;
    warn(&loaded.warnings);
    loaded.config.require_user().map_err(|problem| vec![problem])?;
    let models: usize = loaded.table.groups().map(|group| group.iter().count()).sum();
    println!("all right: {} with {} routes and {models} models", loaded.routes, loaded.table.routes().count());
    Ok(())
}
