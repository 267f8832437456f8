//! The tests that `tests/checklist.md` and `SECURITY.md` name are there, and `cargo test` runs them.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a file has: tests that run, and modules that lie in files of their own, each with its `path` where it has one.
#[derive(Debug, Default)]
struct Contents {
    tests: BTreeSet<String>,
    modules: Vec<(String, Option<String>)>,
}

impl Contents {
    /// Looks at the tokens, those in macros such as `proptest!` and in modules written in place included. Comments and strings are
    /// no tokens.
    fn add(&mut self, tokens: TokenStream) {
        let mut attributes: Vec<String> = Vec::new();
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1);
            match token {
                TokenTree::Group(group) if is_attribute(&tokens, at) => attributes.push(group.stream().to_string()),
                TokenTree::Group(group) if is_list_of_tests(&tokens, at) => self.tests.extend(listed(group.stream())),
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Brace {
                        attributes.clear();
                    }
                    self.add(group.stream());
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => attributes.clear(),
                TokenTree::Ident(word) if word == "fn" => {
                    if let Some(TokenTree::Ident(name)) = next
                        && attributes.iter().any(|attribute| is_test(attribute))
                        && !attributes.iter().any(|attribute| attribute.starts_with("ignore"))
                    {
                        self.tests.insert(name.to_string());
                    }
                    attributes.clear();
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let ends = matches!(tokens.get(at + 2), Some(TokenTree::Punct(punct)) if punct.as_char() == ';');
                    if let (Some(TokenTree::Ident(name)), true) = (next, ends) {
                        let path = attributes.iter().find_map(|attribute| attribute.strip_prefix("path = "));
                        self.modules.push((name.to_string(), path.map(|path| path.trim_matches('"').to_owned())));
                    }
                }
                _ => {}
            }
        }
    }

    fn of(text: &str) -> Self {
        let mut contents = Contents::default();
        contents.add(text.parse().unwrap());
        contents
    }
}

fn is_attribute(tokens: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    matches!(before, Some(TokenTree::Punct(punct)) if punct.as_char() == '#')
}

/// Returns true if a group is what `tests!` makes tests of, as in `tests/fuzz`.
fn is_list_of_tests(tokens: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(2).and_then(|start| tokens.get(start..at));
    matches!(before, Some([TokenTree::Ident(name), TokenTree::Punct(mark)]) if name == "tests" && mark.as_char() == '!')
}

/// The names of `name: target, name: target,`.
fn listed(tokens: TokenStream) -> BTreeSet<String> {
    let text = tokens.to_string();
    text.split(',').filter_map(|entry| Some(entry.split_once(':')?.0.trim().to_owned())).collect()
}

fn is_test(attribute: &str) -> bool {
    let path: String = attribute.split('(').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    path == "test" || path == "tokio::test"
}

/// Adds the tests of a file, and of the files that it names as modules.
fn follow(file: &Path, is_root: bool, tests: &mut BTreeSet<String>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let contents = Contents::of(&text);
    tests.extend(contents.tests);
    let folder = file.parent().unwrap();
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let below = if is_root || stem == "mod" { folder.to_owned() } else { folder.join(stem) };
    for (name, path) in contents.modules {
        let candidates = match path {
            Some(path) => vec![folder.join(path)],
            None => vec![below.join(format!("{name}.rs")), below.join(&name).join("mod.rs")],
        };
        let found = candidates.iter().find(|path| path.exists());
        follow(found.unwrap_or_else(|| panic!("{}: {candidates:?}", file.display())), false, tests);
    }
}

/// The files that cargo makes programs of when it tests: those of each crate that `cargo test` takes without being told.
fn roots(project: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    let crates = std::fs::read_dir(project.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for member in crates.chain([project.to_owned()]) {
        roots.extend(["src/lib.rs", "src/main.rs"].map(|name| member.join(name)));
        for entry in std::fs::read_dir(member.join("tests")).into_iter().flatten() {
            let path = entry.unwrap().path();
            roots.push(if path.is_dir() { path.join("main.rs") } else { path });
        }
    }
    roots.retain(|path| path.extension().is_some_and(|end| end == "rs") && path.exists());
    roots
}

/// The text of a page, and the names of all tests that `cargo test` runs.
fn page_and_tests(page: &str) -> (String, BTreeSet<String>) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    roots(project).iter().for_each(|root| follow(root, true, &mut tests));
    assert!(tests.contains("every_test_of_the_checklist_is_run") && tests.len() > 500, "{}", tests.len());
    (std::fs::read_to_string(project.join(page)).unwrap(), tests)
}

/// The promises of a page: the points below its headings that begin so, each without line breaks.
fn promises(text: &str) -> Vec<String> {
    let sections = text.split("\n## ").filter(|section| section.starts_with("What is promised"));
    let points = sections.flat_map(|section| section.split("\n- ").skip(1));
    points.map(|point| point.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn every_promise_names_a_test_that_is_run() {
    let (text, run) = page_and_tests("SECURITY.md");
    let promises = promises(&text);
    assert!(promises.len() > 10, "{promises:?}");
    for promise in promises {
        let (_, tests) = promise.rsplit_once("Test").unwrap_or_else(|| panic!("no test: {promise}"));
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {promise}");
        for name in names {
            assert!(run.contains(name), "{name} is no test that runs: {promise}");
        }
    }
}

#[test]
fn every_test_of_the_checklist_is_run() {
    let (text, tests) = page_and_tests("tests/checklist.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| |")).collect();
    assert_eq!(rows.len(), 52);
    for row in rows {
        let named = row.rsplit('|').nth(1).unwrap();
        let names: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty() || named.contains("not built"), "{row}");
        for name in names {
            assert!(tests.contains(name), "{name} is no test that runs: {row}");
        }
    }
}

#[test]
fn a_function_that_no_test_program_runs_is_no_test() {
    let contents = Contents::of(
        r##"
mod elsewhere;
#[path = "../other.rs"] mod other;
/// fn in_a_comment() { #[test] }
const TEXT: &str = "#[test] fn in_a_string() {}";
fn plain() {}
#[test]
#[cfg(unix)]
pub fn runs() { fn inner() {} }
#[test] #[ignore] fn ignored() {}
#[test] #[ignore = "slow"] fn ignored_with_a_reason() {}
#[tokio::test(flavor = "current_thread")] async fn waits() {}
#[should_panic] fn lacks_the_word() {}
#[test] struct NoFunction;
fn after() {}
mod inside { #[test] fn deeper() {} }
proptest! { #![config(1)] #[test] fn with_any(text in ".*") { } }
tests! { in_a_list: targets::json::MEND, in_a_list_too: OTHER, }
other! { in_no_list: x, }
"##,
    );
    let tests: Vec<&str> = contents.tests.iter().map(String::as_str).collect();
    assert_eq!(tests, ["deeper", "in_a_list", "in_a_list_too", "runs", "waits", "with_any"]);
    let modules = [("elsewhere".to_owned(), None), ("other".to_owned(), Some("../other.rs".to_owned()))];
    assert_eq!(contents.modules, modules);
}
