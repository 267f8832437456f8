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
fn the_shipped_table_is_right_over_native_endpoints_too() {
    let native = "user: jdoe\nargo_base_url: https://lab.test/argoapi\n";
    let ran = run(&folder("native", native, ROUTES), &["check", "--deny-warnings"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    let total = ROUTES.split("\ntests:\n").nth(1).unwrap().matches("\n  - name: ").count() + 1;
    let left_out = ROUTES.matches("\n    lacks: argo_base_url").count();
    assert!(
        ran.out.contains(&format!("; its {} tests pass; {left_out} tests not run", total - left_out)),
        "{}",
        ran.out
    );
}

#[test]
fn warnings_count_only_when_they_are_denied() {
    let folder = folder("odd", "user: jdoe\nargo_url: https://apps.inside.anl.gov/chat\n", ROUTES);
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

const TESTED: &str = r#"version: 1
upstreams: { chat: { url: "http://argo/chat/", stream_url: "http://argo/stream/", dialect: argo } }
models: { group: { default: lab:a, show: { owned_by: me, created: 1 }, names: { lab:a: a1 } } }
routes:
  - { path: /chat, upstream: chat, models: group, transformer: openai_chat_completions, response_headers: { X-Lab: one } }
  - { path: /old, reply: { redirect: /chat } }
tests:
  - name: right
    request: { path: /chat, headers: { X-Request-Id: mine }, body: { messages: [{ role: user, content: x }] } }
    answer: { json: { response: ho } }
    expect:
      route: /chat
      upstream: { url: "http://argo/chat/", stream: false, body: { user: tester, messages: [{ content: x }], top_p: ~ } }
      reply: { status: 200, headers: { x-lab: one, x-request-id: mine }, json: { choices: [{ index: 0 }] }, content: ho }
  - { name: moved, request: { path: /old }, expect: { reply: { status: 307, headers: { location: /chat }, text: "" } } }
  - { name: methods, request: { path: /chat, method: OPTIONS }, expect: { reply: { status: 204 } } }
  - { name: not JSON, request: { path: /chat, body: "{" }, expect: { reply: { status: 400 } } }
"#;

const FAILING: &str = r#"  - name: wrong
    request: { path: /chat, body: { stream: true, messages: [{ role: user, content: x }] } }
    answer: { pieces: [h, o] }
    expect:
      route: /old
      upstream: { url: "http://argo/chat/", stream: false, body: { model: b1, messages: [{ content: y }], x: 1 } }
      reply: { status: 201, headers: { x-lab: two, x-no: a }, json: {}, text: ho, content: hi, finish_reason: length }
  - { name: silent, request: { path: /chat, body: { messages: [] } }, answer: { text: a }, expect: { upstream: { stream: false } } }
  - { name: nowhere, request: { path: /nowhere }, expect: { route: /chat, reply: { content: a } } }
  - { name: unanswered, request: { path: /chat, body: { messages: [{ role: user, content: x }] } }, expect: { reply: { status: 200 } } }
"#;

#[test]
fn the_tests_of_a_table_are_run() {
    let right = folder("tests-right", "user: jdoe\n", TESTED);
    let ran = run(&right, &["check", "--deny-warnings"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.ends_with(" with 2 routes and 1 models; its 4 tests pass\n"), "{}", ran.out);

    let wrong_folder = folder("tests-wrong", "user: jdoe\n", &format!("{TESTED}{FAILING}"));
    let ran = run(&wrong_folder, &["check", "--format", "json"]);
    assert_eq!(ran.code, Some(1));
    let rows: Value = serde_json::from_str(&ran.out).unwrap();
    let told: Vec<(u64, String)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["message"].as_str().unwrap().to_owned()))
        .collect();
    let line =
        |text: &str| TESTED.lines().chain(FAILING.lines()).position(|line| line.contains(text)).unwrap() as u64 + 1;
    let wrong = "tests[4] (wrong): ";
    for (line, message) in [
        (line("route: /old"), format!("{wrong}route: expected /old, got /chat")),
        (
            line("body: { model: b1"),
            format!("{wrong}upstream.url: expected http://argo/chat/, got http://argo/stream/"),
        ),
        (line("body: { model: b1"), format!("{wrong}upstream.stream: expected false, got true")),
        (line("body: { model: b1"), format!(r#"{wrong}upstream.body.model: expected "b1", got "a1""#)),
        (line("body: { model: b1"), format!(r#"{wrong}upstream.body.messages[0].content: expected "y", got "x""#)),
        (line("body: { model: b1"), format!("{wrong}upstream.body.x: expected 1, but it is not there")),
        (line("x-no"), format!("{wrong}reply.status: expected 201, got 200: data: ")),
        (line("x-no"), format!(r#"{wrong}reply.headers.x-lab: expected "two", got "one""#)),
        (line("x-no"), format!(r#"{wrong}reply.headers.x-no: expected "a", but it has none"#)),
        (line("x-no"), format!("{wrong}reply.json: expected JSON, got data: ")),
        (line("x-no"), format!(r#"{wrong}reply.text: expected "ho", got "data: "#)),
        (line("x-no"), format!(r#"{wrong}reply.content: expected "hi", got "ho""#)),
        (line("x-no"), format!(r#"{wrong}reply.finish_reason: expected "length", got "stop""#)),
        (line("silent"), "tests[5] (silent): nothing goes upstream (it is refused with 400: ".to_owned()),
        (line("silent"), "tests[5] (silent): upstream: nothing goes there (it is refused with 400: ".to_owned()),
        (line("nowhere"), "tests[6] (nowhere): route: expected /chat, got none".to_owned()),
        (line("nowhere"), "tests[6] (nowhere): reply.content: expected \"a\", but it has none: ".to_owned()),
        (line("unanswered"), "tests[7] (unanswered): reply: the upstream is called; say what it answers".to_owned()),
    ] {
        assert!(told.iter().any(|(at, text)| *at == line && text.starts_with(&message)), "{line} {message}: {told:#?}");
    }
    assert_eq!(told.len(), 18, "{told:#?}");
    let ran = run(&wrong_folder, &["check"]);
    assert!(
        ran.err.contains("expected /old, got /chat\n  --> routes.yaml:") && ran.err.ends_with("\n18 errors\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_later_files_tests_replace_those_of_the_same_name() {
    let routes = TESTED.replace("version: 1", "version: 1\ninclude: [local.yaml]");
    let folder = folder("tests-included", "user: jdoe\n", &routes);
    let local = "version: 1\nroutes: [{ path: /old, reply: { text: gone, status: 410 } }]\n";
    std::fs::write(folder.join("local.yaml"), local).unwrap();
    let ran = run(&folder, &["check"]);
    assert!(ran.err.contains("tests[1] (moved): reply.status: expected 307, got 410: gone"), "{}", ran.err);
    let own = "tests: [{ name: moved, request: { path: /old }, expect: { reply: { status: 200 } } }]\n";
    std::fs::write(folder.join("local.yaml"), format!("{local}{own}")).unwrap();
    let ran = run(&folder, &["check"]);
    assert!(ran.err.contains("tests[0] (moved) of local.yaml: reply.status: expected 200, got 410"), "{}", ran.err);
    assert!(ran.err.contains("--> local.yaml:3:") && ran.err.ends_with("\n1 error\n"), "{}", ran.err);
    std::fs::write(folder.join("local.yaml"), format!("{local}{}", own.replace("200", "410"))).unwrap();
    assert_eq!(run(&folder, &["check"]).code, Some(0));
}

/// Keys of the schema as `check --print` writes them: those of sections too.
fn keys_of_the_schema() -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../schema/config.schema.json")).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let inner = |key: &Value| key["properties"].as_object().map(|keys| keys.keys().cloned().collect::<Vec<_>>());
    properties
        .iter()
        .flat_map(|(name, key)| std::iter::once(name.clone()).chain(inner(key).unwrap_or_default()))
        .collect()
}

const EVERYTHING: &str = r#"port: ${A_PORT}
user: jdoe
max_body: 1 MiB
access: passthrough
hosts: [a.example.org]
limits: { concurrent: 3 }
socket: "it's.sock"
run_dir: run
cors:
  origins: ["file://", "https://a.example.org"]
"#;

#[test]
fn the_whole_configuration_is_printed_with_where_each_value_was_set() {
    let folder = folder("print", EVERYTHING, ROUTES);
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.env_clear().envs([("A_PORT", "8081"), ("VERBOSE", "true"), ("LAB_TOKEN", "sesame")]).current_dir(&folder);
    let output = command.args(["check", "--print", "--host", "::1"]).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{out}");
    let line = |start: &str| {
        out.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("{start}: {out}"))
    };
    for (start, origin) in [
        ("port: 8081 ", "# config.yaml:1"),
        ("user: \"jdoe\" ", "# config.yaml:2"),
        ("max_body: 1MiB ", "# config.yaml:3"),
        ("hosts: ", "# config.yaml:5"),
        ("concurrent: 3 ", "# config.yaml:6"),
        ("wait: 10 ", "# default"),
        ("socket: \"it's.sock\" ", "# config.yaml:7"),
        ("origins: ", "# config.yaml:10"),
        ("host: \"::1\" ", "# --host"),
        ("verbose: true ", "# environment variable VERBOSE"),
        ("timeout: 600 ", "# default"),
        ("argo_url: \"https://", "# default"),
    ] {
        assert!(line(start).ends_with(origin), "{}", line(start));
    }
    assert!(out.contains("\n# tls: not set\n") && out.contains("\n  # requests_per_minute: not set\n"), "{out}");
    assert!(!out.contains("sesame") && !out.contains("all right"), "{out}");
    for key in keys_of_the_schema().iter().filter(|key| !["certificate", "key"].contains(&key.as_str())) {
        assert!(out.contains(&format!("{key}:")), "{key}: {out}");
    }
    std::fs::write(folder.join("copy.yaml"), &out).unwrap();
    let copy = run(&folder, &["check", "--print", "--config", "copy.yaml"]);
    assert_eq!((copy.code, copy.err.as_str()), (Some(0), ""));
    let values = |text: &str| {
        text.lines().map(|line| line.split(" #").next().unwrap().trim_end().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values(&copy.out), values(&out), "what is printed can be copied");
}

#[test]
fn the_configuration_is_printed_only_when_it_is_right() {
    let wrong = folder("print-wrong", "user: jdoe\nprot: 1\n", ROUTES);
    let ran = run(&wrong, &["check", "--print"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.contains("did you mean 'port'?"), "{}", ran.err);
    let right = folder("print-open", "user: jdoe\n", ROUTES);
    let open = run(&right, &["check", "--print", "--host", "0.0.0.0"]);
    assert!(open.code == Some(1) && open.err.contains("everybody who can reach 0.0.0.0"), "{}", open.err);
    assert_eq!(run(&right, &["check", "--print", "--online"]).code, Some(2));
}

#[test]
fn what_stands_in_place_of_a_file_is_an_error_and_not_no_file() {
    let config = "user: jdoe\naccess: keys\ntls: { certificate: c.pem, key: k.pem }\n";
    let routes = format!("include: [more.yaml]\n{ROUTES}");
    let folder = folder("instead", config, &routes);
    for name in ["config.yaml", "routes.yaml", "callers.yaml", "more.yaml", "c.pem"] {
        let path = folder.join(name);
        let kept = std::fs::read(&path).ok();
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink("/not/mounted", &path).unwrap();
        for command in [&["check"][..], &["serve"], &["routes"]] {
            let ran = run(&folder, command);
            let told = ran.err.contains("it is a link to /not/mounted, which is not there") && ran.err.contains(name);
            assert!(ran.code == Some(1) && told, "{name} {command:?}: {}", ran.err);
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let ran = run(&folder, &["check"]);
        assert!(ran.code == Some(1) && ran.err.contains("it is a directory"), "{name}: {}", ran.err);
        std::fs::remove_dir(&path).unwrap();
        if let Some(kept) = kept {
            std::fs::write(&path, kept).unwrap();
        }
    }
}

/// Runs as a user who is not root, from a copy of the program that everybody can reach.
fn run_as_nobody(program: &Path, arguments: &[&str]) -> Ran {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        command.uid(65534);
    }
    let output =
        command.env_clear().current_dir("/").stdin(std::process::Stdio::null()).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_folder_that_cannot_be_entered_is_told_as_that() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let top = std::env::temp_dir().join(format!("argo-check-closed-{}", std::process::id()));
    let closed = top.join("closed");
    std::fs::create_dir_all(&closed).unwrap();
    let program = top.join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_argo-openai-proxy"), &program).unwrap();
    mode(&top, 0o755);
    mode(&program, 0o755);
    std::fs::write(closed.join("config.yaml"), "user: jdoe\n").unwrap();
    mode(&closed, 0o000);
    let config = closed.join("config.yaml");
    let config = config.to_str().unwrap();
    for command in [&["serve"][..], &["check"], &["models"], &["routes"], &["key", "list"]] {
        let ran = run_as_nobody(&program, &[command, &["--config", config]].concat());
        assert_eq!(ran.code, Some(1), "{command:?}: {}", ran.err);
        for part in ["closed has mode 0000 and belongs to user ", "; this program runs as user "] {
            assert!(ran.err.contains(part), "{command:?}: {}", ran.err);
        }
        assert!(!ran.err.contains("not found") && !ran.err.contains("init"), "{command:?}: {}", ran.err);
    }
    mode(&closed, 0o755);
    mode(&closed.join("config.yaml"), 0o000);
    let ran = run_as_nobody(&program, &["serve", config]);
    assert!(ran.err.contains("config.yaml has mode 0000 and belongs to user "), "{}", ran.err);
    std::fs::remove_dir_all(&top).unwrap();
}

#[test]
fn tests_of_the_shipped_table_are_about_the_shipped_table() {
    let folder = folder("own-tests", "user: jdoe\n", ROUTES);
    let moved = "version: 1\nmodels: { chat: { names: { argo:gpt-4o: gpt4olatest } } }\n";
    let test = |model: &str| {
        format!(
            "{moved}tests:\n  - name: the id that ARGO has now\n    request: {{ path: /v1/chat/completions, body: {{ messages: [{{ role: user, content: Hi }}] }} }}\n    \
             expect: {{ upstream: {{ body: {{ model: {model} }} }} }}\n"
        )
    };
    let local = folder.join("local-routes.yaml");
    let alone = run(&folder, &["check"]).out;
    let tests = |out: &str| out.split("its ").nth(1).unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
    std::fs::write(&local, moved).unwrap();
    let ran = run(&folder, &["check", "--deny-warnings"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(
        ran.out.contains("routes.yaml and local-routes.yaml with ") && tests(&ran.out) == tests(&alone),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("those of routes.yaml without local-routes.yaml"), "{}", ran.out);

    std::fs::write(&local, test("gpt4olatest")).unwrap();
    let ran = run(&folder, &["check"]);
    assert!(ran.code == Some(0) && tests(&ran.out) == tests(&alone) + 1, "{}{}", ran.out, ran.err);
    std::fs::write(&local, test("gpt4o")).unwrap();
    let ran = run(&folder, &["check"]);
    assert!(ran.code == Some(1) && ran.err.contains("--> local-routes.yaml:6:"), "{}", ran.err);
}
