//! One file, or one folder with `routes.yaml` and what that includes, for each mistake in `bad_tables/`, with the report that `check` gives beside it. `GOLDEN=write cargo test --test
//! bad_tables` writes the reports anew; read the difference before you keep it.

#[path = "support/reports.rs"]
mod reports;

use argo_openai_proxy::config::{Config, Overrides};
use argo_openai_proxy::diagnostics::Problem;
use argo_openai_proxy::diagnostics::report;
use argo_openai_proxy::loading::{Needs, ReadBeside, both};
use argo_openai_proxy::table::{TableText, no_files};
use proptest::prelude::*;
use reports::{YAML_PIECES, spots};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_tables")
}

/// What `check` finds in a table, with a configuration that is right.
fn check(file: &str, text: &str) -> (bool, Vec<Problem>) {
    check_with(file, text, &no_files)
}

fn check_with(file: &str, text: &str, files: ReadBeside<'_>) -> (bool, Vec<Problem>) {
    let nothing = |_: &str| None;
    let config = Config::from_text("config.yaml", "user: jdoe\n", &Overrides::default(), &nothing);
    match both(config, Ok(TableText::new(file, text)), files, &nothing, Needs::User) {
        Ok((_, warnings)) => (true, warnings),
        Err(problems) => (false, problems),
    }
}

/// Asserts what holds of every report, whatever the table.
fn assert_located(serves: bool, problems: &[Problem]) {
    assert_eq!(serves, problems.iter().all(|problem| !problem.is_error()), "{problems:?}");
    let (mut files, mut last) = (Vec::new(), (0, 0));
    for (problem, spot) in spots(problems) {
        if files.last() != Some(&problem.file()) {
            assert!(!files.contains(&problem.file()), "not sorted by file: {problem}");
            files.push(problem.file());
            last = (0, 0);
        }
        assert!((spot.line, spot.column) >= last, "not sorted: {problem}");
        last = (spot.line, spot.column);
    }
}

#[test]
fn every_mistake_is_explained_where_it_stands() {
    let mut seen = 0;
    let mut texts = BTreeSet::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "report") {
            let is_case = path.with_extension("yaml").exists() || path.with_extension("").is_dir();
            assert!(is_case, "{} has no table", path.display());
            continue;
        }
        seen += 1;
        let table = if path.is_dir() { path.join("routes.yaml") } else { path.clone() };
        let text = fs::read_to_string(&table).unwrap();
        assert!(texts.insert(text.clone()) || path.is_dir(), "{} is there twice", path.display());
        // What the system says of a missing file differs between systems.
        let read = |name: &str| {
            let missing = |_| std::io::Error::new(std::io::ErrorKind::NotFound, "it is not there");
            fs::read(path.join(name)).map_err(missing)
        };
        // A case of one file may name files of this project, for what they are not.
        let of_project = |name: &str| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        let (serves, problems) = check_with("routes.yaml", &text, if path.is_dir() { &read } else { &of_project });
        assert!(!problems.is_empty(), "{} has no mistake", path.display());
        assert_located(serves, &problems);
        let shown = report::text(&problems, false);
        let expected = path.with_extension("report");
        if std::env::var("GOLDEN").is_ok_and(|value| value == "write") {
            fs::write(&expected, &shown).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default() != shown {
            wrong.push(format!("{}:\n{shown}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 100, "{seen}");
}

#[test]
fn the_shipped_table_has_no_mistake() {
    let (serves, problems) = check("routes.yaml", include_str!("../routes.yaml"));
    assert!(serves && problems.is_empty(), "{}", report::text(&problems, false));
}

#[test]
fn a_broken_configuration_hides_no_problem_of_the_table() {
    let nothing = |_: &str| None;
    let config =
        Config::from_text("config.yaml", "prot: 1\nargo_url: http://a.anl.gov/b\n", &Overrides::default(), &nothing);
    let table = include_str!("../routes.yaml").replace("reply: health", "reply: halth");
    let problems =
        both(config, Ok(TableText::new("routes.yaml", &table)), &no_files, &nothing, Needs::User).err().unwrap();
    let files: Vec<_> = problems.iter().map(|problem| (problem.file().unwrap(), problem.is_error())).collect();
    assert_eq!(files, [("config.yaml", true), ("config.yaml", false), ("routes.yaml", true)], "{problems:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_stands_in_a_table_it_serves_or_is_explained(text in any::<String>()) {
        let (serves, problems) = check("t.yaml", &text);
        assert_located(serves, &problems);
        report::text(&problems, true);
    }

    #[test]
    fn what_looks_like_a_table_serves_or_is_explained(pieces in prop::collection::vec(prop::sample::select(YAML_PIECES), 0..40)) {
        let (serves, problems) = check("t.yaml", &pieces.concat());
        assert_located(serves, &problems);
        report::text(&problems, false);
    }

    #[test]
    fn the_shipped_table_with_a_cut_and_a_splice(at in 0..8400usize, length in 0..60usize, piece in prop::sample::select(YAML_PIECES)) {
        let text: Vec<char> = include_str!("../routes.yaml").chars().collect();
        let head: String = text.iter().take(at).collect();
        let tail: String = text.iter().skip(at + length).collect();
        let (serves, problems) = check("t.yaml", &format!("{head}{piece}{tail}"));
        assert_located(serves, &problems);
        report::text(&problems, false);
    }
}
