//! `check` and `schema` as they are called: exit codes, where things are printed, and what counts.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROUTES: &str = include_str!("../routes.yaml");

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// A folder of its own with both files.
fn folder(name: &str, config: &str, routes: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yaml"), config).unwrap();
    std::fs::write(folder.join("routes.yaml"), routes).unwrap();
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    let output = command.env_clear().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn what_is_right_exits_with_0_and_says_what_is_served() {
    let folder = folder("right", "user: jdoe\n", ROUTES);
    let ran = run(&folder, &["check", "--deny-warnings"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.starts_with("all right: config.yaml, and routes.yaml with "), "{}", ran.out);
    let ran = run(&folder, &["check", "--format", "json"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "[]\n", ""));
}

#[test]
fn warnings_count_only_when_they_are_denied() {
    let folder = folder("odd", "user: jdoe\nargo_url: http://127.0.0.1:1/chat\n", ROUTES);
    let ran = run(&folder, &["check"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.err.contains("warning: argo_url: no final slash") && ran.err.ends_with("\n1 warning\n"), "{}", ran.err);
    assert!(ran.out.starts_with("all right"), "{}", ran.out);
    let ran = run(&folder, &["check", "--deny-warnings"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
}

#[test]
fn the_problems_of_both_files_come_in_one_run() {
    let routes = ROUTES.replace("reply: health }", "reply: halth }");
    let folder = folder("wrong", "user: your_username\nprot: 1\n", &routes);
    let ran = run(&folder, &["check", "config.yaml", "--routes", "routes.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    for part in
        [" --> config.yaml:2:1\n", "help: did you mean 'port'?\n", "--> routes.yaml:", "did you mean 'health'?\n"]
    {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    assert!(ran.err.ends_with("\n2 errors\n") && !ran.err.contains('\u{1b}'), "{}", ran.err);

    let ran = run(&folder, &["check", "--format", "json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let rows: Value = serde_json::from_str(&ran.out).unwrap();
    let line = routes.lines().position(|line| line.contains("halth")).unwrap() + 1;
    let column = routes.lines().nth(line - 1).unwrap().find("halth").unwrap() + 1;
    let places: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (&row["file"], &row["line"], &row["column"])).collect();
    assert_eq!(serde_json::json!(places), serde_json::json!([["config.yaml", 2, 1], ["routes.yaml", line, column]]));
    assert_eq!((&rows[1]["length"], &rows[1]["severity"]), (&Value::from(5), &Value::from("error")));

    let served = run(&folder, &["serve", "--config", "config.yaml"]);
    let checked = run(&folder, &["check"]);
    assert_eq!((served.code, served.err), (Some(1), checked.err), "serve tells the same");
}

#[test]
fn a_username_that_is_missing_is_told_with_the_rest() {
    let folder = folder("nobody", "port: 1\nuser: your_username\n", &ROUTES.replace("version: 1", "version: 2"));
    let ran = run(&folder, &["check"]);
    assert!(ran.err.contains(" --> config.yaml:2:7\n") && ran.err.contains("--> routes.yaml:"), "{}", ran.err);
    let nowhere = run(&folder, &["check", "nowhere.yaml", "--routes", "none.yaml"]);
    assert!(nowhere.err.contains(" --> nowhere.yaml\n") && nowhere.err.contains(" --> none.yaml\n"), "{}", nowhere.err);
}

#[test]
fn schemas_are_printed() {
    let folder = folder("schema", "", "");
    for (name, schema) in [
        ("routes", include_str!("../schema/routes.schema.json")),
        ("config", include_str!("../schema/config.schema.json")),
    ] {
        let ran = run(&folder, &["schema", name]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), schema, ""));
    }
}
