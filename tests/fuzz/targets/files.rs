//! Files that people edit: tables, `config.yaml`, `callers.yaml`, and the durations in them.

use super::reports::{YAML_PIECES, spots};
use super::{Target, seeds};
use argo_openai_proxy::access::{Hash, Limits};
use argo_openai_proxy::callers::{self, Callers, NewCaller};
use argo_openai_proxy::config::{Config, Overrides};
use argo_openai_proxy::diagnostics::{Problem, report};
use argo_openai_proxy::table::{Table, Variables, no_files};
use argo_openai_proxy::yaml::duration::duration;
use argo_openai_proxy::yaml::node::{Node, parse};
use std::time::Duration;

pub const TABLE: Target = Target { name: "table", usual: 1_000, seeds: tables, words: YAML_PIECES, run: table };
pub const CONFIG: Target = Target { name: "config", usual: 300, seeds: configs, words: YAML_PIECES, run: config };
pub const CALLERS: Target =
    Target { name: "callers", usual: 6_000, seeds: caller_files, words: YAML_PIECES, run: caller };
pub const DURATION: Target = Target {
    name: "duration",
    usual: 60_000,
    seeds: || seeds::texts(&["5", "0.25", "500ms", "1.5 s", "2m", "168h", "\"600\"", "1m30s", "-1", ".inf", "[5]"]),
    words: &["ms", "s", "m", "h", ".", "0", "e", "-", " ", "1e-9", "99999999999999999999"],
    run: read_duration,
};

fn tables() -> Vec<Vec<u8>> {
    let mut all = seeds::read("bad_tables", |path| path.extension().is_some_and(|end| end == "yaml"));
    all.push(seeds::file("tests/golden/table.yaml"));
    // The first part of the shipped table, which is larger than an input.
    all.push(seeds::file("routes.yaml").into_iter().take(3_000).collect());
    all
}

fn configs() -> Vec<Vec<u8>> {
    let mut all = seeds::texts(&[
        "user: jdoe\nport: 8080\nhost: 127.0.0.1\n",
        "user: jdoe\naccess: own\nhosts: [a.lab, \"*.b\"]\nallow_origins: [\"https://x.y\"]\n",
        "user: \"${USER}\"\nargo_url: https://a.example.org/api/\nmax_body: 1MiB\ndrain_timeout: 5\n",
        "prot: 1\nuser: [x]\nargo_url: http://a.anl.gov/b\nlimits: { requests_per_minute: 5 }\n",
    ]);
    let sample = seeds::file("config.sample.yaml");
    all.push(
        sample.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")).collect::<Vec<_>>().join(&b'\n'),
    );
    all.push(sample);
    all
}

fn caller_files() -> Vec<Vec<u8>> {
    let (one, other) = (Hash::of(b"one"), Hash::of(b"other"));
    let files = [
        format!("callers:\n  - name: ann\n    key_sha256: \"{one}\"\n"),
        format!(
            "# who\ncallers:\n- {{ name: ann, key_sha256: \"{one}\", user: jdoe, routes: [/v1/*] }}\n# bob\n- name: bob\n  key_sha256: '{other}'\n  models: [\"gpt*\"]\n  enabled: false\n"
        ),
        format!(
            "callers: [{{ name: ann, key_sha256: \"{one}\", limits: {{ requests_per_minute: 6, concurrent: 2 }} }}]\n"
        ),
        "callers: []\n".to_owned(),
        "callers:\n  - name: eve\n    key_sha256: sk-argo-secret\n".to_owned(),
    ];
    files.into_iter().map(String::into_bytes).collect()
}

/// What holds of every report: each problem has a place, and shows the line that stands there.
fn located(text: &str, problems: &[Problem]) {
    let most = lines(text);
    for (problem, spot) in spots(problems) {
        assert!(spot.line <= most, "beyond the text: {problem}");
        let width = spot.source.chars().count();
        assert!(spot.column <= width + 1, "beyond the line: {problem}");
        assert!(spot.length == 1 || spot.column + spot.length <= width + 1, "beyond the line: {problem}");
    }
    assert!(problems.is_empty() || !report::text(problems, true).is_empty());
}

/// How many lines YAML sees, and one for a place behind the last.
fn lines(text: &str) -> usize {
    2 + text.replace("\r\n", "\n").matches(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count()
}

fn table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    match Table::load("t.yaml", text, &variables) {
        Ok((_, warnings)) => {
            assert!(!warnings.iter().any(Problem::is_error));
            located(text, &warnings);
        }
        Err(problems) => {
            assert!(problems.iter().any(Problem::is_error));
            located(text, &problems);
        }
    }
}

fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = |text: &str| Config::from_text("c.yaml", text, &Overrides::default(), &|_| None);
    match read(text) {
        Ok((config, warnings)) => {
            located(text, &warnings);
            // What `check --effective` prints can be copied.
            let written = config.effective();
            let (again, _) = read(&written).unwrap_or_else(|problems| panic!("{written}: {problems:?}"));
            assert_eq!(values(&again.effective()), values(&written));
        }
        Err(problems) => {
            assert!(problems.iter().any(Problem::is_error));
            located(text, &problems);
        }
    }
}

/// The lines of a configuration without the origins of the values.
fn values(written: &str) -> Vec<&str> {
    written.lines().map(|line| line.rsplit_once(" # ").map_or(line, |(value, _)| value).trim_end()).collect()
}

fn caller(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let rows = match Callers::read("c.yaml", text) {
        Ok((callers, warnings)) => {
            located(text, &warnings);
            callers.rows
        }
        Err(problems) => {
            assert!(problems.iter().any(Problem::is_error));
            return located(text, &problems);
        }
    };
    let names = |rows: &[callers::CallerRow]| rows.iter().map(|row| (row.name.clone(), row.hash)).collect::<Vec<_>>();
    let known = names(&rows);
    // An edit gives exactly the wanted rows, or says why not.
    let hash = Hash::of(b"new");
    let new = NewCaller {
        name: "new",
        hash: &hash,
        user: None,
        routes: &[],
        models: &[],
        limits: Limits::default(),
        watch: false,
    };
    let read = |text: String| names(&Callers::read("", &text).unwrap().0.rows);
    if let Ok(text) = callers::add(Some(text), &new) {
        assert_eq!(read(text), [&known[..], &[("new".to_owned(), hash)]].concat());
    }
    if let Some((first, _)) = known.first() {
        if let Ok(text) = callers::remove(text, first) {
            assert_eq!(read(text), known[1..]);
        }
        if let Ok(text) = callers::rotate(text, first, &hash) {
            assert_eq!(read(text)[0], (first.clone(), hash));
        }
    }
}

fn read_duration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = parse(text).unwrap_or(Node::Null);
    for node in [parsed, Node::Text(text.to_owned()), Node::Substituted(text.to_owned())] {
        let Ok(time) = duration(&node) else { continue };
        assert!(!time.is_zero() && time <= Duration::from_secs(7 * 24 * 3600));
        // The same in other units is the same.
        if time.subsec_nanos() == 0 {
            for written in [format!("{}s", time.as_secs()), format!("{}ms", time.as_millis())] {
                assert_eq!(duration(&Node::Text(written)).unwrap(), time);
            }
        }
    }
}
