//! `check`: loads all files as `serve` would, runs the tests of the table, reports everything that it finds, and starts nothing.

use super::args::{CheckArgs, DEFAULT_CONFIG, ReportFormat};
use super::output::{CommandEnd, print, tell};
use super::preview::say_defaults;
use crate::access::Access;
use crate::diagnostics::Problem;
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::report;
use crate::loading::{self, FilePaths, FileReader, KeptLists, Loaded, Needs, environment};
use crate::models::ModelLists;
use crate::models::listing::Listed;
use crate::online::differences::warnings;
use crate::online::{self, Online};
use crate::proxy::live::Live;
use crate::proxy::upstream::authorities;
use crate::table::Trial;
use crate::table_tests::{self, Ran};
use crate::wire::ids::unix_now;
use std::path::Path;
use std::sync::Arc;

/// Reports what is wrong, or what would be served, or with `--print` the configuration.
pub fn run(args: &CheckArgs) -> Result<(), CommandEnd> {
    // Whoever only tries the demo has a table to check, and no configuration.
    let usual = args.files.config(&environment);
    let nothing_named = usual == Path::new(DEFAULT_CONFIG) && is_there(&usual) == Ok(false);
    if nothing_named {
        say_defaults(&usual);
    }
    let (kept, untrusted) = KeptLists::of(&usual);
    let files = CheckedFiles { args, nothing_named, kept: kept.lists() };
    let loaded = files.load(&files.kept);
    let config = if nothing_named { "the defaults".to_owned() } else { usual.display().to_string() };
    let effective = loaded.as_ref().map_or_else(|_| String::new(), |loaded| loaded.config.effective());
    let Looked { summary, lines, problems } = match loaded {
        Ok(loaded) => look(loaded, config, &files),
        Err(problems) => Looked { problems, ..Looked::default() },
    };
    let problems: Vec<Problem> = problems.into_iter().chain(untrusted).collect();
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

/// What is loaded, as often as it takes, with one list of models or another.
struct CheckedFiles<'a> {
    args: &'a CheckArgs,
    nothing_named: bool,
    /// The lists of models that a serving process has kept.
    kept: Arc<ModelLists>,
}

impl CheckedFiles<'_> {
    /// Loads the files as `serve` would, or the defaults where nothing is named.
    fn load(&self, lists: &ModelLists) -> Result<Loaded, Vec<Problem>> {
        let (paths, overrides) = (self.args.files.paths(&environment), self.args.overrides());
        if self.nothing_named {
            return loading::load_or_defaults_with(&paths, &overrides, lists);
        }
        loading::load_with(&paths, &overrides, Needs::User, &FileReader::default(), lists)
    }

    /// Returns what is served without the lists. Tests of a table are about its files.
    fn without_lists(&self, live: &Arc<Live>) -> Arc<Live> {
        if self.kept.is_empty() {
            return live.clone();
        }
        self.load(&ModelLists::default()).map_or_else(|_| live.clone(), for_tests)
    }

    /// Returns how the lists that were read just now differ from the table.
    fn differences(&self, read: Vec<(String, Vec<Listed>)>) -> Vec<Problem> {
        if read.is_empty() {
            return Vec::new();
        }
        let mut lists = ModelLists::clone(&self.kept);
        read.into_iter().for_each(|(url, models)| lists.put(&url, models, unix_now()));
        self.load(&lists).map(|loaded| warnings(&loaded.table)).unwrap_or_default()
    }
}

/// Runs the table's own tests, and asks its URLs when it may.
fn look(loaded: Loaded, config: String, files: &CheckedFiles<'_>) -> Looked {
    let mut problems = loaded.warnings.clone();
    problems.extend(authorities::check(&loaded.table));
    let live = for_tests(loaded);
    let ran = run_tests(&files.without_lists(&live), files.args);
    problems.extend(ran.problems);
    let found = if files.args.online { online::check(&live) } else { Online::default() };
    problems.extend(found.problems);
    problems.extend(files.differences(found.lists));
    let (rows, models) = (live.table.routes().count(), live.table.model_count());
    let names = live.table.files();
    let mut tests = if ran.run == 0 { String::new() } else { format!("; its {} tests pass", ran.run) };
    if ran.left_out > 0 {
        let noun = if ran.left_out == 1 { "test" } else { "tests" };
        tests.push_str(&format!("; {} {noun} not run (row disabled, or not for these settings)", ran.left_out));
    }
    if let (Some(local), [first, ..]) = (live.table.local_file(), names) {
        tests.push_str(&format!(", those of {first} without {local}"));
    }
    let files = names.join(" and ");
    let summary = format!("all right: {config}, and {files} with {rows} routes and {models} models{tests}\n");
    Looked { summary, lines: found.lines, problems }
}

fn for_tests(loaded: Loaded) -> Arc<Live> {
    Arc::new(loading::live_as(Access::anybody(table_tests::USER), loaded))
}

/// Runs the tests of the table. Those of the local file are about the whole. All others are run without it: it changes on purpose
/// what they say, and who updates the table did not write them.
fn run_tests(live: &Arc<Live>, args: &CheckArgs) -> Ran {
    let all = |_: &Trial| true;
    let Some(local) = live.table.local_file() else { return table_tests::run(live, &all) };
    let paths = FilePaths { with_local: false, ..args.files.paths(&environment) };
    // Where the other files are no table by themselves, their tests are about the whole as well.
    let others = loading::load_or_defaults_with(&paths, &args.overrides(), &ModelLists::default());
    let Ok(others) = others else { return table_tests::run(live, &all) };
    let mut ran = table_tests::run(&for_tests(others), &all);
    let own = table_tests::run(live, &|trial| trial.place.file() == Some(local));
    ran.run += own.run;
    ran.left_out += own.left_out;
    ran.problems.extend(own.problems);
    ran
}
