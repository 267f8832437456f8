//! README.md and docs/: links lead somewhere, the README stays short, and lists name what the program has.

use argo_openai_proxy::cli::args::command_names;
use argo_openai_proxy::loading::FixedSettings;
use argo_openai_proxy::transform::REPLIES;
use argo_openai_proxy::transform::local::Audience;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const README: &str = include_str!("../README.md");
const CHANGES: &str = include_str!("../docs/change-what-it-serves.md");
const CONFIGURATION: &str = include_str!("../docs/configuration.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages that people read.
fn pages() -> Vec<PathBuf> {
    let folders = ["docs", "docs/clients"].map(|name| std::fs::read_dir(root().join(name)).unwrap());
    let docs = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let top = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"].map(|name| root().join(name));
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

/// What the program prints when it is called with these words.
fn program(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let output = command.args(words).current_dir(root()).env_clear().output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The calls of the program, and of `run_app.sh`, that a page shows: their words up to what is no word of theirs.
fn calls(text: &str) -> Vec<Vec<&str>> {
    let mut calls = Vec::new();
    // Others take its name as a word of their own.
    let is_own = |line: &&str| !["journalctl", "systemctl", "docker"].iter().any(|other| line.contains(other));
    for line in text.lines().filter(is_own) {
        for start in ["argo-openai-proxy ", "./run_app.sh "] {
            for (at, _) in line.match_indices(start) {
                let call =
                    line[at + start.len()..].split(['`', '#', '|', '>', '&', ';', '(']).next().unwrap_or_default();
                let words: Vec<&str> = call.split_whitespace().collect();
                if words.first().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase() || c == '-')) {
                    calls.push(words);
                }
            }
        }
    }
    calls
}

/// What is wrong with a call; `None` when the program has its command and its flags.
fn unknown(call: &[&str]) -> Option<String> {
    let commands = command_names();
    let is_command = |word: &&str| commands.iter().any(|command| command == word);
    let (command, flags) = match call {
        // The configuration or flags of `serve`, or prose after the program's name.
        [first, ..] if !is_command(first) && !first.starts_with('-') && !first.ends_with(".yaml") => {
            return (!["is", "shows", "has", "prints", "may"].contains(first)).then(|| format!("no command {first}"));
        }
        [first, rest @ ..] if is_command(first) => (vec![*first], rest),
        rest => (vec!["serve"], rest),
    };
    let nested = flags.first().filter(|word| command == ["key"] && !word.starts_with('-'));
    let help = program(&[command.clone(), nested.into_iter().copied().collect(), vec!["--help"]].concat());
    let known: BTreeSet<&str> = help.split(|c: char| !c.is_alphanumeric() && c != '-').collect();
    let flag = flags.iter().map(|flag| flag.split(['=', ',', '.']).next().unwrap_or_default());
    flag.filter(|flag| flag.starts_with('-') && flag.len() > 1 && !known.contains(flag))
        .find(|flag| !["--version", "-V", "--help"].contains(flag))
        .map(|flag| format!("{command:?} has no {flag}"))
}

/// The rows of the README's table of endpoints: methods and paths.
fn promised_endpoints() -> BTreeSet<(String, String)> {
    let section = README.split("## Endpoints").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(", "));
    let pair = |cell: &str| cell.trim().trim_matches('`').split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
    cells.map(|cell| pair(cell).unwrap_or_else(|| panic!("{cell}"))).collect()
}

#[test]
fn the_readme_promises_what_the_program_has() {
    let served: Value =
        serde_json::from_str(&program(&["routes", "--json", "--config", "config.sample.yaml"])).unwrap();
    let mut paths = BTreeSet::new();
    for route in served.as_array().unwrap() {
        for method in route["method"].as_str().unwrap().split(", ") {
            paths.insert((method.to_owned(), route["path"].as_str().unwrap().replace("*}", "}")));
        }
    }
    for endpoint in promised_endpoints() {
        assert!(paths.contains(&endpoint), "{endpoint:?} is not served: {paths:?}");
    }
    let mut count = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for call in calls(&text) {
            count += 1;
            assert_eq!(unknown(&call), None, "{}: {call:?}", page.display());
        }
    }
    assert!(count > 30, "{count}");
    // The files that it names beside its links.
    for word in README.split(|c: char| c.is_whitespace() || matches!(c, '`' | '(' | ')' | '[' | ']' | '"' | ',' | ';'))
    {
        let word = word.split('#').next().unwrap_or_default().trim_end_matches(['.', ':']);
        if let Some(path) = word.strip_prefix("./").or(word.contains('/').then_some(word))
            && ["docs/", "bench/", "examples/", "scripts/", "packaging/", "run_"]
                .iter()
                .any(|start| path.starts_with(start))
        {
            assert!(root().join(path).exists(), "{path} is not there");
        }
    }
}

#[test]
fn the_page_of_the_stand_in_has_every_prompt() {
    let page = include_str!("../docs/stand-in.md");
    for prompt in argo_stand_in::prompts() {
        assert!(page.contains(&format!("`{prompt}`")), "docs/stand-in.md lacks `{prompt}`");
    }
    for path in [argo_stand_in::COMPLETIONS_PATH, argo_stand_in::COUNT_TOKENS_PATH, argo_stand_in::OPENAPI_PATH] {
        let below = path.strip_prefix(argo_stand_in::BASE_PATH).unwrap();
        assert!(page.contains(&format!(" {below}`")), "docs/stand-in.md lacks {below}");
    }
}

#[test]
fn the_shipped_table_tests_every_endpoint_that_calls_argo() {
    let served: Value =
        serde_json::from_str(&program(&["routes", "--json", "--config", "config.sample.yaml"])).unwrap();
    let table: Value = serde_yaml::from_str(include_str!("../routes.yaml")).unwrap();
    let tested: BTreeSet<&str> =
        table["tests"].as_array().unwrap().iter().map(|test| test["request"]["path"].as_str().unwrap()).collect();
    let calling: Vec<&str> = served
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["calls"].is_null())
        .map(|row| row["path"].as_str().unwrap())
        .collect();
    assert!(calling.len() >= 5, "{calling:?}");
    for path in calling {
        // Of a path with parameters, a test has what stands behind the last one.
        let end = path.rsplit_once('}').map(|(_, end)| end).filter(|end| !end.is_empty());
        let fits = |asked: &&str| end.is_some_and(|end| asked.split('?').next().unwrap().ends_with(end));
        assert!(tested.contains(path) || tested.iter().any(fits), "{path} has no test in routes.yaml");
    }
}

#[test]
fn a_call_of_what_is_not_there_is_found() {
    for (text, expected) in [
        ("`argo-openai-proxy chekc`", Some("no command chekc")),
        ("argo-openai-proxy key new ann --usr x", Some("has no --usr")),
        ("./run_app.sh my.yaml --prt 80", Some("has no --prt")),
        ("argo-openai-proxy explain POST /x --body a.json   # --nonsense", None),
        ("argo-openai-proxy key new ann --user x", None),
    ] {
        let found = calls(text).into_iter().find_map(|call| unknown(&call));
        assert_eq!(found.is_some(), expected.is_some(), "{text}: {found:?}");
        assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{text}");
    }
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

/// Rows with these replies can be read by everybody, so the page must name all of them and no other.
#[test]
fn the_replies_that_need_no_key_are_those_of_the_program() {
    let page = include_str!("../docs/access.md");
    let (_, section) = page.split_once("need no key:").unwrap();
    let line = section.lines().find(|line| line.starts_with("- The replies ")).unwrap();
    let told: BTreeSet<&str> = line.split(". ").next().unwrap().split('`').skip(1).step_by(2).collect();
    let known: BTreeSet<&str> =
        REPLIES.iter().filter(|reply| reply.audience == Audience::Everybody).map(|reply| reply.name).collect();
    assert!(known.contains("health"), "{known:?}");
    assert_eq!(told, known);
}
