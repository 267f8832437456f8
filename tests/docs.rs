//! README.md and docs/: links lead somewhere, the README stays short, and lists name what the program has.

use argo_openai_proxy::loading::FixedSettings;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const README: &str = include_str!("../README.md");
const CHANGES: &str = include_str!("../docs/change-what-it-serves.md");
const CONFIGURATION: &str = include_str!("../docs/configuration.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages that people read.
fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let top = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"].map(|name| root().join(name));
    docs.filter(|path| path.extension().is_some_and(|end| end == "md")).chain(top).collect()
}

/// The lines of a page that are no code.
fn prose(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    };
    text.lines().filter(is_prose).collect()
}

/// The targets of a page's links.
fn links(text: &str) -> Vec<String> {
    let text = prose(text).join("\n");
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors that GitHub and GitLab make of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

/// What is wrong with the link of a page; `None` when the link leads somewhere.
fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.contains("://") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    if !target.exists() {
        return Some(format!("{}: {link} leads to no file", page.display()));
    }
    let there = if file.is_empty() { text.to_owned() } else { std::fs::read_to_string(target).unwrap_or_default() };
    let is_there = anchor.is_none_or(|anchor| anchors(&there).contains(anchor));
    (!is_there).then(|| format!("{}: {link} leads to no heading", page.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        let links = links(&text);
        seen += links.len();
        wrong.extend(links.iter().filter_map(|link| broken(&page, &text, link)));
    }
    assert!(seen > 40, "{seen}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_wrong_link_is_found() {
    let page = root().join("README.md");
    let text = "# A b…? c\n```\n# no heading\n```\n";
    for (link, fault) in [
        ("#a-b-c", None),
        ("LICENSE", None),
        ("docs/limits.md#slow-clients", None),
        ("#no-heading", Some("no heading")),
        ("docs/limits.md#fast-clients", Some("no heading")),
        ("docs/nothing.md", Some("no file")),
    ] {
        let found = broken(&page, text, link);
        assert_eq!(found.is_some(), fault.is_some(), "{link}: {found:?}");
        assert!(fault.is_none_or(|fault| found.unwrap().contains(fault)), "{link}");
    }
    assert_eq!(links("[a](b#c) and `[d](e)`\n```\n[f](g)\n```\n[h](i)"), ["b#c", "e", "i"]);
}

#[test]
fn the_readme_is_short() {
    assert!(README.lines().count() < 250, "{}", README.lines().count());
}

/// Title and YAML of each example of a text.
fn examples(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("\n**").skip(1);
    parts
        .filter_map(|part| {
            let (title, rest) = part.split_once("**")?;
            let (_, block) = rest.split_once("\n```yaml\n")?;
            Some((title.trim_end_matches('.'), block.split_once("```")?.0))
        })
        .collect()
}

/// `tests/proxy/only_yaml` runs the examples of docs/, so the README's are right when they are the same.
#[test]
fn the_examples_of_the_readme_are_those_of_the_docs() {
    let section = README.split("\n## Change what it serves\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let (shown, all) = (examples(section), examples(CHANGES));
    assert_eq!(shown.len(), section.matches("```yaml\n").count());
    assert!(shown.len() >= 5);
    for example in shown {
        assert!(all.contains(&example), "{example:?}");
    }
}

/// The names in backticks of the first paragraph that begins with one.
fn names(text: &str) -> BTreeSet<&str> {
    let line = text.lines().find(|line| line.starts_with('`')).unwrap();
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_keys_that_need_a_new_start_are_those_of_the_program() {
    let listed = CONFIGURATION.split("\n## Keys that need a new start\n").nth(1).unwrap();
    let known: BTreeSet<&str> = FixedSettings::keys().collect();
    assert_eq!(names(listed), known);
}

/// A second list would soon differ from the first.
#[test]
fn no_other_page_lists_the_keys_that_need_a_new_start() {
    let known: Vec<String> = FixedSettings::keys().map(|key| format!("`{key}`")).collect();
    let listed = |text: &str| -> Vec<String> {
        let paragraphs = text.split("\n\n").filter(|part| part.contains("new start") || part.contains("restart"));
        paragraphs
            .filter(|part| known.iter().filter(|key| part.contains(*key)).count() > 1)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(listed("`host`, `port` and `tls` need a new start").len(), 1);
    for page in pages().into_iter().filter(|page| !page.ends_with("configuration.md")) {
        let found = listed(&std::fs::read_to_string(&page).unwrap());
        assert!(found.is_empty(), "{}: {found:#?}", page.display());
    }
}

#[test]
fn every_key_of_the_configuration_is_described() {
    let schema: Value = serde_json::from_str(include_str!("../schema/config.schema.json")).unwrap();
    let described: BTreeSet<&str> = CONFIGURATION
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|names| names.split('`').skip(1).step_by(2))
        .map(|name| name.split('.').next().unwrap())
        .collect();
    let known: BTreeSet<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, known);
}
