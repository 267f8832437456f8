//! A table in several files, under a running server.

use crate::reload::{replace, table, until};
use crate::support::{Argo, Server, Setup, chat};
use serde_json::{Value, json};
use std::process::Command;

/// The shipped table with a file of one's own.
fn shipped_with(file: &str) -> String {
    include_str!("../../routes.yaml").replacen("version: 1\n", &format!("version: 1\ninclude: [{file}]\n"), 1)
}

const LOCAL: &str = r#"
version: 1
upstreams:
  mine: { url: "${argo_url}", stream_url: "${argo_stream_url}", dialect: argo }
models:
  chat:
    default: lab:new
    names: { lab:new: brandnew, ARGO:gpt-4o: ours4o }
    rules: [{ match: brandnew, rename: { max_tokens: most } }]
routes:
  - { path: /lab, upstream: mine, models: chat, transformer: openai_chat_completions }
  - { path: /v1/models, reply: health }
  - { path: "/v1/models/{id}/why", reply: about }
"#;

#[test]
fn an_included_file_goes_before_what_includes_it() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(&shipped_with("own/local.yaml")).file("own/local.yaml", LOCAL).start();
    let sent = |path: &str, body: Value| {
        assert_eq!(server.post(path, &body.to_string()).status, 200);
        argo.requests().pop().unwrap().json()
    };
    let messages = json!([{"role": "user", "content": "x"}]);
    let by_default = sent("/lab", json!({"messages": messages, "max_tokens": 5}));
    assert_eq!(
        (&by_default["model"], &by_default["most"]),
        (&json!("brandnew"), &json!(5)),
        "default and rules are added"
    );
    let replaced = sent("/v1/chat/completions", json!({"model": "gpt-4o", "messages": messages}));
    assert_eq!(replaced["model"], "ours4o", "a model of the same name is replaced");
    let kept = sent("/v1/chat/completions", json!({"model": "gpt-4", "messages": messages}));
    assert_eq!(kept["model"], "gpt4");
    assert_eq!(server.get("/v1/models").json()["status"], "healthy", "a row is replaced");
    assert!(server.get("/v1/models/gpt-4/why").json()["endpoints"].is_array(), "a narrower row is asked first");
    assert_eq!(server.get("/v1/models/argo:gpt-4").json()["internal_name"], "gpt4");
}

#[test]
fn files_that_change_come_and_go_are_noticed() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(&shipped_with("local.yaml")).file("local.yaml", LOCAL).start();
    let lab = |server: &Server| server.post("/lab", &chat("x", json!({"model": "lab:new"}))).status;
    let (local, more) = (server.file("local.yaml"), server.file("more.yaml"));
    let first = table(&server)["version"].clone();
    assert_eq!(lab(&server), 200);

    replace(&local, &LOCAL.replace("path: /lab", "path: /elsewhere"));
    until("the edited file", || lab(&server) == 404);
    assert_ne!(table(&server)["version"], first);

    replace(&local, &format!("include: [more.yaml]\n{LOCAL}"));
    until("the missing file is told", || server.log().contains("'more.yaml' cannot be read"));
    assert_eq!((lab(&server), &table(&server)["newer_file_is_broken"]), (404, &json!(true)));
    replace(&more, "version: 1\nroutes: [{ path: /health, method: [GET, PUT], reply: health }]\n");
    until("the file that came", || lab(&server) == 200);
    assert_eq!(server.client().call("PUT", "/health", "", b"").status, 200);

    replace(&more, "version: 1\nroutes: [{ path: /x, reply: halth }]\n");
    until("the mistake in the file", || server.log().contains("--> more.yaml:2:29"));
    std::fs::remove_file(&more).unwrap();
    replace(&local, LOCAL);
    until("the first files again", || table(&server)["version"] == first);
    assert_eq!((lab(&server), &table(&server)["newer_file_is_broken"]), (200, &json!(false)));
}

#[test]
fn each_row_tells_its_file_and_line() {
    let argo = Argo::saying("Hi");
    let routes = shipped_with("own/local.yaml");
    let setup = Setup::before(&argo).routes(&routes).file("own/local.yaml", LOCAL);
    let (_, folder) = setup.command();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        let output = command.current_dir(&folder).env_clear().args(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let rows: Value = serde_json::from_str(&run(&["routes", "--json"])).unwrap();
    let from = |path: &str| rows.as_array().unwrap().iter().find(|row| row["path"] == path).unwrap()["from"].clone();
    let line = routes.lines().position(|line| line.contains("path: /v1/status")).unwrap() + 1;
    assert_eq!(
        (from("/v1/status"), from("/v1/models")),
        (json!(format!("routes.yaml:{line}")), json!("own/local.yaml:12"))
    );
    assert!(run(&["routes"]).lines().any(|line| line.contains("/lab ") && line.ends_with(" own/local.yaml:11")));
    let models = run(&["models"]);
    assert!(models.lines().any(|line| line.starts_with("lab:new ") && line.ends_with(" own/local.yaml:8")), "{models}");
    let told = run(&["explain", "GET", "/v1/models", "--config", "config.yaml"]);
    assert!(told.contains("routes[1] (/v1/models) of own/local.yaml"), "{told}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_local_file_belongs_to_the_table_whenever_it_is_there() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(include_str!("../../routes.yaml")).start();
    let lab = |server: &Server| server.post("/lab", &chat("x", json!({"model": "lab:new"}))).status;
    let (local, routes) = (server.file("local-routes.yaml"), server.file("routes.yaml"));
    let first = table(&server)["version"].clone();
    assert_eq!(lab(&server), 404);

    replace(&local, LOCAL);
    until("the file that came", || lab(&server) == 200);
    assert_ne!(table(&server)["version"], first);

    replace(&local, &LOCAL.replace("reply: health", "reply: halth"));
    until("its mistake", || server.log().contains("--> local-routes.yaml:12:"));
    assert_eq!((lab(&server), &table(&server)["newer_file_is_broken"]), (200, &json!(true)));

    replace(&local, LOCAL);
    replace(&routes, &shipped_with("local-routes.yaml"));
    until("the table that names it", || table(&server)["newer_file_is_broken"] == false);
    assert_eq!(lab(&server), 200, "named as well, it is no repetition");

    replace(&routes, include_str!("../../routes.yaml"));
    std::fs::remove_file(&local).unwrap();
    until("the file that went", || table(&server)["version"] == first && lab(&server) == 404);
}

#[test]
fn the_built_in_table_has_a_local_file_beside_the_configuration() {
    let argo = Argo::saying("Hi");
    let setup = Setup::before(&argo).file("local-routes.yaml", LOCAL);
    let (_, folder) = setup.command();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_argo-openai-proxy"));
        let output = command
            .current_dir("/")
            .env_clear()
            .args(words)
            .arg("--config")
            .arg(folder.join("config.yaml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let local = folder.join("local-routes.yaml").display().to_string();
    let line = |text: &str, start: &str| text.lines().find(|line| line.contains(start)).unwrap().to_owned();
    assert!(line(&run(&["routes"]), "/lab ").ends_with(&format!("{local}:11")));
    assert!(line(&run(&["models"]), "lab:new ").ends_with(&format!("{local}:8")));
    assert!(run(&["check"]).contains(&format!("built-in routes.yaml and {local} with ")));
    assert!(run(&["explain", "GET", "/v1/models"]).contains(&format!("routes[1] (/v1/models) of {local}")));
    std::fs::remove_dir_all(&folder).unwrap();
}
