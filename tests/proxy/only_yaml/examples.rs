//! The examples of docs/change-what-it-serves.md, as they stand there. `**Title**` begins one, the next block is its YAML.

use crate::support::{Argo, Server, Setup};
use serde_json::Value;
use std::process::Command;

pub const PAGE: &str = include_str!("../../../docs/change-what-it-serves.md");

fn examples() -> Vec<(&'static str, &'static str)> {
    examples_of(PAGE)
}

/// Title and YAML of every example of a page.
pub fn examples_of(page: &'static str) -> Vec<(&'static str, &'static str)> {
    let parts = page.split("\n**").skip(1);
    let example = |part: &'static str| {
        let (title, rest) = part.split_once("**").unwrap();
        let (_, block) = rest.split_once("\n```yaml\n").unwrap_or_else(|| panic!("{title}: no YAML"));
        (title.trim_end_matches('.'), block.split_once("```").unwrap().0)
    };
    parts.map(example).collect()
}

/// The shipped table. The examples lie beside it, and it does not name them.
pub fn routes() -> String {
    assert!(PAGE.contains("`local-routes.yaml`, beside `routes.yaml`"));
    include_str!("../../../routes.yaml").to_owned()
}

/// An example as a file of its own, with these texts in place of others.
pub fn local(title: &str, filled: &[(&str, &str)]) -> String {
    local_of(PAGE, title, filled)
}

/// The same of another page.
pub fn local_of(page: &'static str, title: &str, filled: &[(&str, &str)]) -> String {
    let all = examples_of(page);
    let (_, yaml) = all.iter().find(|(known, _)| *known == title).unwrap_or_else(|| panic!("no example '{title}'"));
    let mut text = format!("version: 1\n{yaml}");
    for (from, to) in filled {
        assert!(text.contains(from), "{title} has no {from}");
        text = text.replace(from, to);
    }
    text
}

/// A proxy with the shipped table and this example.
pub fn setup(argo: &Argo, title: &str, filled: &[(&str, &str)]) -> Setup {
    Setup::before(argo).routes(&routes()).file("local-routes.yaml", &local(title, filled))
}

pub fn start(argo: &Argo, title: &str) -> Server {
    setup(argo, title, &[]).start()
}

/// Posts, and gives what ARGO got.
pub fn sent(server: &Server, argo: &Argo, path: &str, body: &str) -> Value {
    let answer = server.post(path, body);
    assert_eq!(answer.status, 200, "{answer:?}");
    argo.requests().pop().unwrap().json()
}

/// What `check --deny-warnings` says of the shipped table with this file: whether it is content, and its words.
fn checked(local: &str) -> (bool, String) {
    checked_with(&routes(), "local-routes.yaml", local)
}

fn checked_with(routes: &str, name: &str, local: &str) -> (bool, String) {
    checked_before(routes, &[(name, local)], &[("LAB_TOKEN", "x")])
}

/// The same with these files beside the table, and with these variables.
pub fn checked_before(routes: &str, files: &[(&str, &str)], variables: &[(&str, &str)]) -> (bool, String) {
    let argo = Argo::saying("Hi");
    let setup = files.iter().fold(Setup::before(&argo).routes(routes), |setup, (name, text)| setup.file(name, text));
    let (_, folder) = setup.command();
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.current_dir(&folder).env_clear().envs(variables.iter().copied()).args(["check", "--deny-warnings"]);
    let output = command.output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn check_is_content_with_each_example() {
    for (title, _) in examples() {
        let (content, told) = checked(&local(title, &[]));
        assert!(content, "{title}: {told}");
    }
}

#[test]
fn each_example_is_run() {
    let run = [
        include_str!("models.rs"),
        include_str!("paths.rs"),
        include_str!("preferences.rs"),
        include_str!("upstreams.rs"),
        include_str!("examples.rs"),
    ];
    let titles: Vec<&str> = examples().into_iter().map(|(title, _)| title).collect();
    for title in &titles {
        assert!(run.iter().any(|code| code.contains(&format!("\"{title}\""))), "no test runs '{title}'");
    }
    assert_eq!(PAGE.matches("\n```yaml\n").count(), titles.len(), "each block has a title");
    assert!(titles.len() >= 20);
}

/// How many tests of the shipped table are about ARGO's native endpoints, which these settings have not.
fn native_tests() -> usize {
    include_str!("../../../routes.yaml").matches("\n    needs: argo_base_url\n    request: ").count()
}

#[test]
fn a_table_brings_its_tests_along() {
    const TITLE: &str = "Keep tests in the table";
    let written = include_str!("../../../routes.yaml").split("\ntests:\n").nth(1).unwrap().matches("- name: ").count();
    let shipped = written - native_tests();
    let told = checked(&local(TITLE, &[])).1;
    assert!(told.contains(&format!("; its {} tests pass", shipped + 1)), "{told}");
    let (content, told) = checked(&local(TITLE, &[("model: gpt4o", "model: gpt4")]));
    assert!(!content && told.contains("upstream.body.model: expected \"gpt4\", got \"gpt4o\""), "{told}");
}

#[test]
fn tests_of_rows_that_a_file_takes_out_are_left_out() {
    let off = local("Close an endpoint", &[]);
    let naming = routes().replacen("version: 1\n", "version: 1\ninclude: [more.yaml]\n", 1);
    let told = checked_with(&naming, "more.yaml", &off).1;
    let left_out = format!("; {} tests not run (row disabled, or not for these settings)", native_tests() + 1);
    assert!(told.contains(&left_out), "{told}");
    let test = |status: u16| {
        format!(
            "tests: [{{ name: it is closed, request: {{ path: /v1/status }}, expect: {{ reply: {{ status: {status} }} }} }}]\n"
        )
    };
    assert!(checked(&format!("{off}{}", test(404))).0);
    assert!(!checked(&format!("{off}{}", test(200))).0, "tests of the file that takes it out are run");
}

#[test]
fn check_is_content_with_the_examples_of_all_keys() {
    let text = include_str!("../../../docs/routes.md");
    let blocks: Vec<&str> = text.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let [upstreams, lists, rules, routes, tests] = blocks[..] else { panic!("{blocks:?}") };
    // Files of certificates are what `upstream_tls.rs` is about.
    let plain = upstreams.lines().filter(|line| !line.trim_start().starts_with("tls: ")).collect::<Vec<_>>().join("\n");
    assert_eq!(plain.lines().count() + 1, upstreams.lines().count());
    let tunnel =
        "  - { path: /lab/tunnel, upstream: [lab, argo_tunnel], models: chat, transformer: openai_chat_completions }";
    let table = format!("version: 1\n{plain}\nmodels:\n  chat:\n{rules}routes:\n{routes}{tunnel}\n{tests}");
    for table in [table, format!("version: 1\n{lists}")] {
        let (content, told) = checked(&table);
        assert!(content, "{told}");
    }
}

#[test]
fn the_report_that_the_page_shows_is_the_real_one() {
    let shown = PAGE.split("$ argo-openai-proxy check\n").nth(1).unwrap().split("```").next().unwrap();
    let (_, row) = shown.lines().find_map(|line| line.split_once("3 | ")).unwrap();
    let (content, told) = checked(&format!("version: 1\nroutes:\n{row}\n"));
    assert!(!content);
    assert_eq!(told, format!("{shown}\n1 error\n"));
}
