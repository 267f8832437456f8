//! A test that cannot run on a machine is counted and named, never taken for one that passed.

use std::io::Write;

/// Notes that `test` cannot run here: on stdout, and in the file `SKIPPED_TESTS`, which `run_tests.sh` counts and shows.
///
/// # Panics
/// `NO_SKIPS` is 1, as in CI: everything has to run.
pub fn skip(test: &str, why: &str) {
    assert!(std::env::var("NO_SKIPS").as_deref() != Ok("1"), "{test} cannot run, and NO_SKIPS=1: {why}");
    println!("SKIPPED: {test}: {why}");
    if let Some(path) = std::env::var_os("SKIPPED_TESTS") {
        let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
        writeln!(file, "{test}: {why}").unwrap();
    }
}
