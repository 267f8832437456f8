//! The rules of the house: reads `src/` and fails where it breaks one. Each rule catches a violation that is planted for it.
//!
//! Who uses whom is read from `use` and from paths in code; what only tests use does not count, nor does `mod x;`. A re-export is
//! looked through: an import goes to the file that defines what it names.

mod circles;
mod house;
mod imports;
mod order;
mod planted;
mod shape;
mod tokens;
mod words;

use house::{House, SourceFile};
use std::fmt;

/// A rule, and what to do where it is broken.
pub struct Rule {
    pub name: &'static str,
    pub check: fn(&House) -> Vec<Found>,
    pub remedy: &'static str,
}

/// All rules.
const RULES: &[Rule] = &[
    Rule {
        name: "floors",
        check: order::floors,
        remedy: "use only what stands above in the list of src/lib.rs: move what both need up, or hand it in",
    },
    Rule {
        name: "rooms",
        check: order::rooms,
        remedy: "use only what stands above in the list of src/proxy/mod.rs: move what both need up, or hand it in",
    },
    Rule {
        name: "upstream alone",
        check: order::upstream_alone,
        remedy: "hand over what the call needs, not the client's session or the request's context",
    },
    Rule {
        name: "circle of files",
        check: circles::circles,
        remedy: "move what two files need of each other to a third one",
    },
    Rule { name: "match on a bool", check: shape::matches_on_bools, remedy: "write if and else" },
    Rule { name: "type name", check: shape::thrice_named, remedy: "give it a word of its own" },
    Rule { name: "twins", check: shape::often_named_twice, remedy: "give some of them a word of their own" },
    Rule { name: "long file", check: shape::long_files, remedy: "split it by reasons to exist" },
    Rule { name: "long function", check: shape::long_functions, remedy: "name its steps, and make each a function" },
    Rule { name: "result in a result", check: shape::results_in_results, remedy: "let one error type say both" },
    Rule {
        name: "print that panics",
        check: words::prints,
        remedy: "write_stderr of diagnostics ignores an error, and print of cli::output returns it",
    },
    Rule {
        name: "model in the source",
        check: words::models,
        remedy: "models are data: describe what is particular about it in routes.yaml",
    },
    Rule {
        name: "ARGO in a neutral text",
        check: words::argo,
        remedy: "say \"the upstream\", or let the upstream's dialect say what it is called",
    },
];

/// Where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    path: String,
    line: usize,
    what: String,
}

impl Found {
    pub fn at(file: &SourceFile, line: usize, what: String) -> Self {
        Found { path: file.path.clone(), line, what }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// All that breaks a rule, with the remedy.
fn report(rule: &Rule, found: &[Found]) -> String {
    let lines: String = found.iter().map(|found| format!("  {found}\n")).collect();
    format!("{}: {}; {}\n{lines}", rule.name, found.len(), rule.remedy)
}

/// The crates are no part of the house, but what they print could end the process all the same.
#[test]
fn the_crates_never_print() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut sources = Vec::new();
    for member in std::fs::read_dir(root).unwrap() {
        house::collect(&member.as_ref().unwrap().path(), &member.unwrap().path().join("src"), &mut sources);
    }
    assert!(sources.len() > 20, "{}", sources.len());
    for (path, text) in &sources {
        let found = words::macros_that_print(&tokens::flatten(text));
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[test]
fn the_house_keeps_its_rules() {
    let house = House::load();
    let found = RULES.iter().map(|rule| (rule, (rule.check)(&house))).filter(|(_, found)| !found.is_empty());
    let broken: String = found.map(|(rule, found)| report(rule, &found)).collect();
    assert!(broken.is_empty(), "\n{broken}");
}
