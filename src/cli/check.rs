//! `check`: loads all files as `serve` would, runs the tests of the table, reports everything that it finds, and starts nothing.

use super::args::{CheckArgs, DEFAULT_CONFIG, ReportFormat};
use super::output::{CommandEnd, print, tell};
use super::preview::load_or_defaults;
use crate::access::Access;
use crate::diagnostics::Problem;
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::report;
use crate::loading::{self, FileReader, Loaded, Needs, environment};
use crate::online::{self, Online};
use crate::proxy::upstream::authorities;
use crate::table_tests;
use std::path::Path;
use std::sync::Arc;

/// Reports what is wrong, or what would be served, or with `--print` the configuration.
pub fn run(args: &CheckArgs) -> Result<(), CommandEnd> {
    // Whoever only tries the demo has a table to check, and no configuration.
    let usual = args.files.config(&environment);
    let nothing_named = usual == Path::new(DEFAULT_CONFIG) && is_there(&usual) == Ok(false);
    let loaded = if nothing_named {
        load_or_defaults(&args.files, &args.overrides())
    } else {
        let paths = args.files.paths(&environment);
        loading::load(&paths, &args.overrides(), Needs::User, &FileReader::default())
    };
    let config = if nothing_named { "the defaults".to_owned() } else { usual.display().to_string() };
    let effective = loaded.as_ref().map_or_else(|_| String::new(), |loaded| loaded.config.effective());
    let Looked { summary, lines, problems } = match loaded {
        Ok(loaded) => look(loaded, config, args.online),
        Err(problems) => Looked { problems, ..Looked::default() },
    };
    match args.format {
        ReportFormat::Text => {
            print(&lines)?;
            tell(&problems);
        }
        ReportFormat::Json => print(&report::json(&problems))?,
    }
    if problems.iter().any(Problem::is_error) || (args.deny_warnings && !problems.is_empty()) {
        return Err(CommandEnd::Told);
    }
    match args.format {
        ReportFormat::Text if args.print => print(&effective),
        ReportFormat::Text => print(&summary),
        ReportFormat::Json => Ok(()),
    }
}

/// What was found.
#[derive(Default)]
struct Looked {
    /// One line on what is there.
    summary: String,
    /// What each URL says, where they were asked.
    lines: String,
    problems: Vec<Problem>,
}

/// Runs the table's own tests, and asks its URLs when it may.
fn look(loaded: Loaded, config: String, online: bool) -> Looked {
    let (routes, mut problems) = (loaded.routes.clone(), loaded.warnings.clone());
    problems.extend(authorities::check(&loaded.table));
    let live = Arc::new(loading::live_as(Access::anybody(table_tests::USER), loaded));
    let ran = table_tests::run(&live);
    problems.extend(ran.problems);
    let found = if online { online::check(&live) } else { Online::default() };
    problems.extend(found.problems);
    let (rows, models) = (live.table.routes().count(), live.table.model_count());
    let mut tests = if ran.run == 0 { String::new() } else { format!("; its {} tests pass", ran.run) };
    if ran.left_out > 0 {
        let (noun, verb) = if ran.left_out == 1 { ("test", "its row is") } else { ("tests", "their rows are") };
        tests.push_str(&format!("; {} {noun} not run ({verb} disabled)", ran.left_out));
    }
    let summary = format!("all right: {config}, and {routes} with {rows} routes and {models} models{tests}\n");
    Looked { summary, lines: found.lines, problems }
}
