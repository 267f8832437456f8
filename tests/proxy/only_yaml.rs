//! The promise: a new model or endpoint touches the table and nothing else.

mod checklist;
mod examples;
mod models;
mod paths;
mod preferences;
mod recipes;
mod upstreams;

use crate::support::{Argo, Setup, chat};
use serde_json::json;
use std::path::Path;

const TABLE: &str = r#"
version: 1
upstreams:
  other: { url: "${argo_url}", stream_url: "${argo_stream_url}", dialect: argo }
models:
  mine:
    default: lab:brand-new
    show: { owned_by: me, created: 7 }
    names: { lab:brand-new: brandnew9 }
    rules:
      - { match: "brand*", system_role: user, rename: { max_tokens: limit }, drop: [top_p] }
routes:
  - { path: /somewhere/else, upstream: other, models: mine, transformer: openai_chat_completions }
  - { path: "/hi/{name}", method: [GET, POST], upstream: other, models: mine, transformer: openai_chat_completions,
      request: { messages: [{ role: user, content: canned }] } }
  - { path: /list, reply: model_list }
"#;

#[test]
fn a_table_alone_serves_a_new_model_on_a_new_path() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(TABLE).start();
    let body = json!({"messages": [{"role": "system", "content": "s"}], "max_tokens": 5, "top_p": 1});
    let answer = server.post("/somewhere/else", &body.to_string());
    assert_eq!((answer.status, &answer.json()["model"]), (200, &json!("lab:brand-new")));
    let sent = argo.requests().pop().unwrap().json();
    assert_eq!(
        sent,
        json!({"user": "tester", "model": "brandnew9", "messages": [{"role": "user", "content": "s"}], "limit": 5})
    );
    assert_eq!(server.get("/hi/there").status, 200);
    assert_eq!(argo.requests().pop().unwrap().json()["messages"][0]["content"], "canned");
    assert_eq!(server.post("/hi/there", &chat("own", json!({"model": "brandnew9"}))).status, 200);
    assert_eq!(argo.requests().pop().unwrap().json()["messages"][0]["content"], "own");
    let list = server.get("/list").json();
    assert_eq!(
        list["data"],
        json!([{"id": "lab:brand-new", "object": "model", "created": 7, "owned_by": "me", "internal_name": "brandnew9"}])
    );
    assert_eq!(server.get("/v1/models").status, 404);
}

/// Only the stand-in may name ARGO's own paths; nobody names a model or a path of the table.
#[test]
fn no_model_id_and_no_path_of_the_table_stands_in_the_code() {
    let table: serde_yaml::Value = serde_yaml::from_str(include_str!("../../routes.yaml")).unwrap();
    let mut names: Vec<String> = Vec::new();
    for group in table["models"].as_mapping().unwrap().values() {
        for (name, id) in group["names"].as_mapping().unwrap() {
            names.extend([name, id].map(|text| text.as_str().unwrap().to_owned()));
        }
    }
    for route in table["routes"].as_sequence().unwrap() {
        let path = route["path"].as_str().unwrap();
        if path != "/" {
            names.push(format!("\"{path}\""));
        }
    }
    assert!(names.len() > 80);
    let mut seen = 0;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut check = |file: &Path, text: &str| {
        seen += 1;
        // What comments and tests beside the code say is no code.
        let beside = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let code: Vec<&str> = beside.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        // The listener for whoever watches has pages of its own.
        let own = if file.ends_with("admin.rs") { &["\"/livez\"", "\"/readyz\""][..] } else { &[] };
        for name in names.iter().filter(|name| !own.contains(&name.as_str())) {
            assert!(!code.contains(name.as_str()), "{} names {name}", file.display());
        }
        assert!(!code.contains("/v1/") || file.ends_with("stand-in/src/paths.rs"), "{} names a path", file.display());
    };
    look(&root.join("src"), &mut check);
    look(&root.join("crates"), &mut check);
    assert!(seen > 40);
}

fn look(folder: &Path, see: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_name().is_some_and(|name| name == "tests" || name == "tests.rs");
        if path.is_dir() && !is_test {
            look(&path, see);
        } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
            see(&path, &std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn mistakes_of_a_table_are_told_all_at_once() {
    let argo = Argo::saying("Hi");
    let table = r#"
version: 1
upstreams:
  a: { url: "${argo_urll}", dialect: argo }
  b: { url: "ftp://x/", dialect: argo }
  c: { url: "http://x/", dialect: arqo }
  good: { url: "http://x/", dialect: argo }
  vectors: { url: "http://x/", dialect: argo_embedding }
models:
  chat: { default: nobody, show: { owned_by: x, created: 1 }, names: { x:y: z }, rules: [{ match: q }] }
routes:
  - { path: /1, upstream: goood, models: chat, transformer: openai_chat_completions }
  - { path: /2, upstream: good, models: chat, transformer: openai_chat_completion }
  - { path: /3, upstream: vectors, models: chat, transformer: openai_chat_completions }
  - { path: /4, reply: halth }
  - { path: /5 }
  - { path: /6, reply: health, usage: none }
  - { path: /7, reply: health, method: FETCH }
  - { path: eight, reply: health }
  - { path: /9, reply: health }
  - { path: /9, reply: about }
  - { path: /10, upstream: good, models: chat, transformer: argo_passthrough, request: [1] }
"#;
    let (mut command, _) = Setup::before(&argo).routes(table).command();
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "${argo_urll}",
        "must begin with http:// or https://",
        " --> routes.yaml:5:13",
        "did you mean 'argo'?",
        "no model is named 'nobody'",
        "'q' matches no id",
        "did you mean 'good'?",
        "did you mean 'openai_chat_completions'?",
        "does not fit upstream 'vectors'",
        "did you mean 'health'?",
        "needs a transformer or a reply",
        "'usage' does nothing",
        "'FETCH' is no method",
        "must begin with a slash",
        "GET is already taken by",
        "request: expected a mapping, found a list",
        " errors, ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("listening") && !text.contains('\u{1b}'));
}
