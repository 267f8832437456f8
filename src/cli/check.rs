//! `check`: loads both files as `serve` would, tells everything that it finds, and starts nothing.

use super::args::{CheckArgs, Format};
use super::load::Needs;
use super::{Ended, files, print, tell};
use crate::config::Overrides;
use crate::report;

/// Says what is wrong, or what would be served.
pub fn run(args: &CheckArgs) -> Result<(), Ended> {
    let loaded = files::load(&args.files, &Overrides::default(), Needs::User);
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
        let models: usize = loaded.table.groups().map(|group| group.iter().count()).sum();
        let routes = loaded.table.routes().count();
        print(&format!("all right: {} with {routes} routes and {models} models\n", loaded.routes))?;
    }
    Ok(())
}
