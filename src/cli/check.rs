//! `check`: loads both files as `serve` would, tells everything that it finds, and starts nothing.

use super::args::{CheckArgs, DEFAULT_CONFIG, Format};
use super::disk::Disk;
use super::load::Needs;
use super::{Ended, environment, files, print, tell};
use crate::config::Overrides;
use crate::report;
use std::path::Path;

/// Says what is wrong, or what would be served.
pub fn run(args: &CheckArgs) -> Result<(), Ended> {
    // Whoever only tries the demo has a table to check, and no configuration.
    let usual = args.files.config(&environment);
    let nothing_named = usual == Path::new(DEFAULT_CONFIG) && !usual.exists();
    let loaded = match nothing_named {
        true => files::load_or_defaults(&args.files),
        false => files::load(&args.files, &Overrides::default(), Needs::User, &Disk::default()),
    };
    let problems = match &loaded {
        Ok(loaded) => &loaded.warnings,
        Err(problems) => problems,
    };
    match args.format {
        Format::Text => tell(problems),
        Format::Json => print(&report::json(problems))?,
    }
    let loaded = match &loaded {
        Ok(loaded) => loaded,
        Err(_) => return Err(Ended::Told),
    };
    if args.deny_warnings && !problems.is_empty() {
        return Err(Ended::Told);
    }
    if args.format == Format::Text {
        let models = loaded.table.model_count();
        let routes = loaded.table.routes().count();
        let config = if nothing_named { "the defaults".to_owned() } else { usual.display().to_string() };
        print(&format!("all right: {config}, and {} with {routes} routes and {models} models\n", loaded.routes))?;
    }
    Ok(())
}
