//! `client`: settings for programs, printed and written.

use crate::support::{Argo, Server, Setup};
use argo_openai_proxy::client_settings::PROGRAMS;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

/// Runs `client` in the server's folder, which is the home of the user, too.
fn client(server: &Server, arguments: &[&str]) -> Output {
    let folder = server.file("");
    let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
    command.env_clear().env("XDG_RUNTIME_DIR", &folder).env("HOME", &folder).current_dir(&folder);
    command.arg("client").args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that says where it listens.
fn started(setup: Setup) -> Server {
    let server = setup.start();
    server.upgrade_socket();
    server
}

const ODD: &str = r#"
version: 1
upstreams:
  other: { url: "${argo_url}", dialect: argo }
models:
  mine:
    default: "lab:a"
    names: { "lab:a": a1, "lab:od\"d'\\name-ü": b2 }
    rules: [{ match: "*", tools: anthropic }, { match: b2, show: { context_length: 5000 } }]
routes:
  - { path: /x/v1/chat/completions, upstream: other, models: mine, transformer: openai_chat_completions }
  - { path: /x/v1/responses, upstream: other, models: mine, transformer: openai_responses }
  - { path: /x/v1/messages, upstream: other, models: mine, transformer: anthropic_messages }
"#;

/// Parses a text as what it says it is. Programs and shells are tried by the suites with real clients.
fn parsed(part: &Value) -> Option<Value> {
    let text = part["text"].as_str().unwrap();
    assert!(!text.contains("{{") && !text.is_empty(), "{text}");
    match part["language"].as_str().unwrap() {
        "json" => Some(serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))),
        "yaml" => Some(serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))),
        "toml" => {
            let document: toml_edit::DocumentMut = text.parse().unwrap_or_else(|e| panic!("{e}: {text}"));
            Some(document["model"].as_str().unwrap().into())
        }
        _ => None,
    }
}

#[test]
fn the_text_of_each_program_is_what_it_says_and_names_the_running_proxy() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo));
    let address = server.address.to_string();
    for program in PROGRAMS {
        let output = client(&server, &[program.name, "--json"]);
        let parts: Vec<Value> = serde_json::from_str(&out(&output)).unwrap();
        let texts: Vec<&str> = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
        assert!(texts.iter().any(|text| text.contains(&address)), "{}: {texts:?}", program.name);
        parts.iter().for_each(|part| drop(parsed(part)));
        let people = out(&client(&server, &[program.name]));
        assert!(texts.iter().all(|text| people.contains(text)), "{people}");
    }
    let list = out(&client(&server, &[]));
    assert!(PROGRAMS.iter().all(|program| list.contains(program.name)), "{list}");
    let unknown = client(&server, &["codx"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(err(&unknown).contains("did you mean 'codex'"), "{}", err(&unknown));
}

#[test]
fn odd_names_and_other_paths_are_quoted_as_each_format_wants() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo).routes(ODD));
    let odd = "lab:od\"d'\\name-ü";
    for program in PROGRAMS.iter().filter(|program| program.name != "gemini-cli") {
        let output = client(&server, &[program.name, "--json", "--model", odd, "--key", "it's \"k\""]);
        let parts: Vec<Value> = serde_json::from_str(&out(&output)).unwrap();
        let found: String = parts.iter().filter_map(parsed).map(|value| value.to_string()).collect();
        let quoted = serde_json::to_string(odd).unwrap();
        let quoted = quoted.trim_matches('"');
        assert!(found.is_empty() || found.contains(quoted), "{}: {found}", program.name);
        for part in parts.iter().filter(|part| part["language"] == "bash") {
            let text = part["text"].as_str().unwrap();
            let done = Command::new("bash").args(["-n", "-c", text]).output().unwrap();
            assert!(done.status.success(), "{text}");
        }
    }
    // The base path is the table's.
    let claude = out(&client(&server, &["claude-code"]));
    assert!(claude.contains(&format!("\"ANTHROPIC_BASE_URL\": \"http://{}/x\"", server.address)), "{claude}");
    assert!(out(&client(&server, &["codex"])).contains(&format!("\"http://{}/x/v1\"", server.address)));
    let none = client(&server, &["gemini-cli"]);
    assert!(err(&none).contains("needs a row of the table"), "{}", err(&none));
    let unknown = client(&server, &["codex", "--model", "lab:aa"]);
    assert!(err(&unknown).contains("lab:aa"), "{}", err(&unknown));
}

#[test]
fn the_model_to_begin_with_is_of_the_vendor_whose_program_it_is() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo));
    let table: serde_yaml::Value = serde_yaml::from_str(include_str!("../../routes.yaml")).unwrap();
    let names: Vec<&str> =
        table["models"]["chat"]["names"].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()).collect();
    let claude = *names.iter().find(|name| name.contains("claude")).unwrap();
    let usual = table["models"]["chat"]["default"].as_str().unwrap();
    assert!(out(&client(&server, &["claude-code"])).contains(&format!("\"ANTHROPIC_MODEL\": \"{claude}\"")));
    assert!(out(&client(&server, &["python"])).contains(&format!("model=\"{usual}\"")));
    // Names that the user gives are the only ones.
    let pi: Vec<Value> =
        serde_json::from_str(&out(&client(&server, &["pi", "--json", "--model", claude, "--model", usual]))).unwrap();
    let models = parsed(&pi[0]).unwrap()["providers"]["argo"]["models"].clone();
    let ids: Vec<&str> = models.as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [claude, usual]);
}

#[test]
fn a_key_that_only_the_user_has_is_asked_for() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo).callers(&[crate::support::caller("ann", "sk-argo-x", "")]));
    let printed = client(&server, &["codex"]);
    assert!(
        out(&printed).contains("export ARGO_KEY=YOUR_KEY") && err(&printed).contains("put it in place of YOUR_KEY")
    );
    let refused = client(&server, &["codex", "--write", "--yes"]);
    assert!(!refused.status.success() && err(&refused).contains("--key @FILE"), "{}", err(&refused));
    std::fs::write(server.file("key"), "sk-argo-x\n").unwrap();
    assert!(out(&client(&server, &["codex", "--key", "@key"])).contains("export ARGO_KEY=sk-argo-x\n"));
    let nothing = client(&server, &["codex", "--key", "@no"]);
    assert!(err(&nothing).contains("no cannot be read"), "{}", err(&nothing));
}

#[test]
fn settings_are_written_beside_what_is_there_and_a_copy_is_kept() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo));
    let file = server.file(".codex/config.toml");
    // Without a terminal nobody can be asked.
    let asked = client(&server, &["codex", "--write"]);
    assert!(!asked.status.success() && err(&asked).contains("--yes") && !file.exists(), "{}", err(&asked));
    assert!(String::from_utf8_lossy(&asked.stdout).contains("+model_provider = \"argo\""));
    let written = client(&server, &["codex", "--write", "--yes"]);
    assert!(out(&written).contains("codex \"what does") && err(&written).contains("~/.codex/config.toml is written"));
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(err(&client(&server, &["codex", "--write", "--yes"])).contains("has these settings already"));
    assert!(!server.file(".codex/config.toml.bak").exists());

    let old = "# mine\nmodel = \"x\"\n\n[mcp_servers.a]\ncommand = \"c\" # keep\n";
    std::fs::write(&file, old).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let again = client(&server, &["codex", "--write", "--yes"]);
    assert!(
        out(&again).contains("-model = \"x\"\n") && err(&again).contains("what it was is in ~/.codex/config.toml.bak")
    );
    assert_eq!(std::fs::read_to_string(server.file(".codex/config.toml.bak")).unwrap(), old);
    let new = std::fs::read_to_string(&file).unwrap();
    assert!(new.starts_with("# mine\nmodel = ") && new.contains("command = \"c\" # keep\n"), "{new}");
    assert!(text.lines().all(|line| new.contains(line)), "{new}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    // The next copy does not take the place of the first.
    std::fs::write(&file, "a = 1\n").unwrap();
    assert!(err(&client(&server, &["codex", "--write", "--yes"])).contains("config.toml.bak2"));
}

#[test]
fn a_file_that_cannot_be_changed_safely_is_left_as_it_is() {
    let argo = Argo::saying("Hi");
    let server = started(Setup::before(&argo));
    std::fs::create_dir(server.file(".continue")).unwrap();
    let file = server.file(".continue/config.yaml");
    std::fs::write(&file, "models: [{ name: x }]\n").unwrap();
    let refused = client(&server, &["continue", "--write", "--yes"]);
    assert!(!refused.status.success() && err(&refused).contains("by hand") && err(&refused).contains("apiBase"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "models: [{ name: x }]\n");
    let none = client(&server, &["curl", "--write", "--yes"]);
    assert!(err(&none).contains("has no file of settings"), "{}", err(&none));
}

#[test]
fn without_a_running_proxy_the_configuration_says_where_it_would_be() {
    let (_, folder) = Setup::before(&Argo::saying("Hi")).config("port: 0").command();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        command.env_clear().env("XDG_RUNTIME_DIR", &folder).env("HOME", &folder).current_dir(&folder);
        command.args(arguments).output().unwrap()
    };
    let unknown = run(&["client", "curl"]);
    assert!(err(&unknown).contains("start it first"), "{}", err(&unknown));
    let given = run(&["client", "curl", "--url", "https://proxy.example.org/argo/v1/"]);
    assert!(out(&given).contains("OPENAI_BASE_URL=https://proxy.example.org/argo/v1\n"), "{}", out(&given));
    let config = std::fs::read_to_string(folder.join("config.yaml")).unwrap();
    std::fs::write(folder.join("config.yaml"), config.replace("port: 0", "port: 44497")).unwrap();
    assert!(out(&run(&["client", "curl"])).contains("OPENAI_BASE_URL=http://127.0.0.1:44497/v1\n"));
    std::fs::remove_dir_all(folder).unwrap();
}
