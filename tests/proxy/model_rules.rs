//! Names, patterns and rules of a table, by the binary: what goes upstream, and what the model list tells.

use crate::support::{Argo, Server, Setup, events};
use argo_openai_proxy::table::{Table, Variables};
use serde_json::{Value, json};

const TABLE: &str = r#"
version: 1
upstreams:
  argo: { url: "${argo_url}", stream_url: "${argo_stream_url}", dialect: argo }
models:
  chat:
    default: lab:one
    show: { owned_by: system, created: 7 }
    names:
      "lab:*-test": "t-*"
      lab:one: one1
      lab:uno: one1
      lab:kept-test: kept
      "lab:pin-*": one1
      "any:*": "*"
    hidden: [lab:uno, "*-test"]
    deprecated: "lab:u*"
    rules:
      - { match: "*", show: { context_length: 1000 } }
      - match: one1
        show: { owned_by: us, max_output_tokens: 100 }
        rename: { max_tokens: max_completion_tokens }
        fixed: { temperature: 1 }
        default: { max_tokens: 50, stop: [END] }
        cap: { max_tokens: 100 }
        stream_above: { max_completion_tokens: 60 }
        tokenizer: o200k
      - { match: "t-*", only_one_of: [[temperature, top_p]], user_filler: "[continue]" }
      - { match: "t-old*", drop: [seed] }
routes:
  - { path: /chat, upstream: argo, models: chat, transformer: openai_chat_completions }
  - { path: /canned, upstream: argo, models: chat, transformer: openai_chat_completions, method: GET,
      request: { model: any:canned, messages: [{ role: user, content: hi }] } }
  - { path: /raw, upstream: argo, models: chat, transformer: argo_passthrough }
  - { path: /models, reply: model_list }
  - { path: "/models/{id*}", reply: model }
  - { path: /docs, reply: docs }
"#;

fn server(argo: &Argo) -> Server {
    Setup::before(argo).routes(TABLE).start()
}

/// A request for `model` with one message and `more`.
fn request(model: &str, more: Value) -> String {
    let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    crate::support::merge(&mut body, more);
    body.to_string()
}

/// What the last request became, without user and messages.
fn became(argo: &Argo) -> Value {
    let mut sent = argo.requests().pop().unwrap().json();
    sent.as_object_mut().unwrap().retain(|name, _| name != "user" && name != "messages");
    sent
}

fn sent(server: &Server, argo: &Argo, model: &str, more: Value) -> Value {
    let answer = server.post("/chat", &request(model, more));
    assert_eq!((answer.status, &answer.json()["model"]), (200, &json!(model)), "{answer:?}");
    became(argo)
}

#[test]
fn names_aliases_and_patterns_lead_to_ids() {
    let argo = Argo::saying("Hi");
    let server = server(&argo);
    for (asked, id) in [
        ("lab:one", "one1"),
        ("UNO", "one1"),
        ("lab:kept-test", "kept"),
        ("kept-test", "kept"),
        ("lab:new-test", "t-new"),
        ("LAB:New-TEST", "t-New"),
        ("lab:pin-2026-01-01", "one1"),
        ("any:thing/at.all", "thing/at.all"),
    ] {
        assert_eq!(sent(&server, &argo, asked, json!({}))["model"], id, "{asked}");
        let raw = server.post("/raw", &json!({"model": asked, "prompt": ["x"]}).to_string());
        assert_eq!((raw.status, &became(&argo)["model"]), (200, &json!(id)), "{asked}");
    }
    let before = argo.requests().len();
    let long = format!("any:{}", "x".repeat(125));
    for asked in ["lab:two", "any:", "any:a b", "any:\"quoted\"", "any:\u{e9}", "lab:-test", &long] {
        let answer = server.post("/chat", &request(asked, json!({})));
        assert_eq!((answer.status, answer.error()["code"].as_str()), (404, Some("model_not_found")), "{asked}");
    }
    assert_eq!(argo.requests().len(), before, "nothing was sent");
}

#[test]
fn a_canned_request_may_name_what_a_pattern_takes() {
    let files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let variables = Variables { config: &|_| Some("http://argo/".to_owned()), environment: &|_| None, files: &files };
    let (_, warnings) = Table::load("routes.yaml", TABLE, &variables).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert_eq!(warnings, []);
    let argo = Argo::saying("Hi");
    assert_eq!(server(&argo).get("/canned").json()["model"], "any:canned");
    assert_eq!(became(&argo)["model"], "canned");
}

#[test]
fn parameters_are_fixed_capped_and_given_defaults() {
    let argo = Argo::saying("Hi");
    let server = server(&argo);
    let one = |more: Value| sent(&server, &argo, "lab:one", more);
    let stop = json!(["END"]);
    assert_eq!(one(json!({})), json!({"model": "one1", "temperature": 1, "max_completion_tokens": 50, "stop": stop}));
    let given = json!({"temperature": 0.2, "max_tokens": 900, "stop": "x", "odd": [1.50]});
    let lowered = json!({"model": "one1", "temperature": 1, "max_completion_tokens": 100, "stop": "x", "odd": [1.5]});
    assert_eq!(one(given.clone()), lowered);
    assert!(argo.requests().pop().unwrap().path.contains("stream"), "so much comes only as a stream");
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    assert_eq!(one(json!({"max_tokens": 900, "tools": tools}))["max_completion_tokens"], 60, "tools are not streamed");
    assert_eq!(one(json!({"max_completion_tokens": 9}))["max_completion_tokens"], 9);
    let mut streamed = given;
    streamed["stream"] = json!(true);
    assert_eq!(server.post("/chat", &request("lab:pin-x", streamed)).status, 200);
    assert_eq!(became(&argo)["max_completion_tokens"], 100);
}

#[test]
fn an_answer_that_ends_at_the_cap_says_so() {
    let words = "a b c d e f g h ".repeat(20);
    let text: &'static str = Box::leak(words.into_boxed_str());
    let argo = Argo::saying(text);
    let server = server(&argo);
    let whole = server.post("/chat", &request("lab:one", json!({"max_tokens": 100_000}))).json();
    assert_eq!(whole["choices"][0]["finish_reason"], "length", "{whole}");
    let stream = server.post("/chat", &request("lab:one", json!({"stream": true, "max_tokens": 100_000})));
    let chunks = events(&stream.body);
    assert!(chunks.iter().any(|chunk| chunk.contains("\"finish_reason\":\"length\"")), "{chunks:?}");
}

#[test]
fn rules_hold_for_ids_that_patterns_make() {
    let argo = Argo::saying("Hi");
    let server = server(&argo);
    let both = json!({"temperature": 0.5, "top_p": 0.5, "seed": 1});
    let new = sent(&server, &argo, "lab:new-test", both.clone());
    assert_eq!(new, json!({"model": "t-new", "temperature": 0.5, "seed": 1}));
    let old = sent(&server, &argo, "lab:old9-test", both.clone());
    assert_eq!(old, json!({"model": "t-old9", "temperature": 0.5}));
    let other = sent(&server, &argo, "any:x", both);
    assert_eq!(other, json!({"model": "x", "temperature": 0.5, "top_p": 0.5, "seed": 1}));
    assert_eq!(sent(&server, &argo, "lab:new-test", json!({"top_p": 0.5})), json!({"model": "t-new", "top_p": 0.5}));
}

#[test]
fn a_user_who_says_nothing_says_the_filler() {
    let argo = Argo::saying("Hi");
    let server = server(&argo);
    let system = json!({"role": "system", "content": "s"});
    let filler = json!({"role": "user", "content": "[continue]"});
    for (given, wanted) in [
        (json!([system]), json!([system, filler])),
        (json!([system, {"role": "user", "content": ""}]), json!([system, filler])),
        (json!([{"role": "user", "content": "x"}]), json!([{"role": "user", "content": "x"}])),
    ] {
        let body = json!({"model": "lab:x-test", "messages": given});
        assert_eq!(server.post("/chat", &body.to_string()).status, 200);
        assert_eq!(argo.requests().pop().unwrap().json()["messages"], wanted, "{given}");
    }
}

#[test]
fn the_list_tells_facts_and_leaves_out_what_is_hidden() {
    let argo = Argo::saying("Hi");
    let server = server(&argo);
    let one = json!({
        "id": "lab:one", "object": "model", "created": 7, "owned_by": "us", "internal_name": "one1",
        "context_length": 1000, "max_output_tokens": 100,
    });
    let list = server.get("/models");
    assert_eq!(list.json()["data"], json!([one]));
    let first =
        "{\"id\":\"lab:one\",\"object\":\"model\",\"created\":7,\"owned_by\":\"us\",\"internal_name\":\"one1\",";
    assert!(list.text().contains(first), "{}", list.text());
    let get = |name: &str| server.get(&format!("/models/{name}")).json();
    assert_eq!(get("one1"), one);
    assert_eq!((&get("lab:uno")["internal_name"], &get("lab:uno")["deprecated"]), (&json!("one1"), &json!(true)));
    let made = get("any:thing");
    assert_eq!((&made["id"], &made["internal_name"]), (&json!("any:thing"), &json!("thing")));
    assert_eq!((&made["owned_by"], &made["context_length"]), (&json!("system"), &json!(1000)));
    assert_eq!(server.get("/models/lab:two").status, 404);
    let docs = server.get("/docs");
    assert!(docs.text().contains("lab:one") && !docs.text().contains("lab:uno"), "{}", docs.text());
}

#[test]
fn the_shipped_rules_are_those_of_argos_models() {
    let argo = Argo::saying("Hi");
    let server = Server::before(&argo);
    let sent = |model: &str, more: Value| {
        assert_eq!(server.chat(&request(model, more)).status, 200, "{model}");
        became(&argo)
    };
    let both = json!({"temperature": 0.3, "top_p": 0.5, "max_tokens": 64_000});
    for (name, wanted) in [
        ("argo:gpt-5.4", json!({"model": "gpt54", "temperature": 0.3, "top_p": 0.5, "max_tokens": 64_000})),
        ("argo:gpt-5.6-sol", json!({"model": "gpt56sol", "max_tokens": 64_000})),
        ("argo:gpt-5.1", json!({"model": "gpt51", "temperature": 0.3, "top_p": 0.5, "max_tokens": 64_000})),
        ("o3-mini", json!({"model": "gpto3mini", "temperature": 0.3, "top_p": 0.5, "max_completion_tokens": 64_000})),
        ("argo:claude-4.6-opus", json!({"model": "claudeopus46", "temperature": 0.3, "max_tokens": 64_000})),
        ("argo:claude-opus-4.8", json!({"model": "claudeopus48", "max_tokens": 64_000})),
        ("claude-sonnet-5", json!({"model": "claudesonnet5", "temperature": 1, "max_tokens": 64_000})),
        ("gemini-2.5-pro", json!({"model": "gemini25pro", "temperature": 0.3, "top_p": 0.5, "max_tokens": 64_000})),
    ] {
        assert_eq!(sent(name, both.clone()), wanted, "{name}");
    }
    let stream = json!({"stream": true, "max_completion_tokens": 64_000});
    assert_eq!(sent("argo:claude-opus-5", stream)["max_tokens"], 64_000, "a stream of Claude may be long");
    for (name, facts) in [
        ("argo:gpt-5.6-luna", json!([1_050_000, 128_000])),
        ("argo:claude-sonnet-4.6", json!([1_000_000, 64_000])),
        ("argo:gpt-4", json!([8192, null])),
        ("argo:text-embedding-3-large", json!([8191, null])),
    ] {
        let told = server.get(&format!("/v1/models/{name}")).json();
        assert_eq!(json!([told["context_length"], told["max_output_tokens"]]), facts, "{name}");
    }
    let list = server.get("/v1/models").json();
    let rows = list["data"].as_array().unwrap();
    let ids: Vec<&Value> = rows.iter().map(|row| &row["internal_name"]).collect();
    assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "each model is listed once: {ids:?}");
    assert_eq!((&rows[0]["id"], &rows[8]["id"]), (&json!("argo:gpt-3.5-turbo"), &json!("argo:gpt-o3-mini")));
    let deprecated = rows.iter().filter(|row| row["deprecated"] == true).count();
    assert_eq!((rows.len(), deprecated), (50, 13));
}

#[test]
fn a_rule_holds_for_an_id_in_any_case() {
    let argo = Argo::saying("Hi");
    let server = Setup::before(&argo).routes(TABLE).start();
    let sent = |model: &str| {
        let messages = json!([{"role": "user", "content": "x"}]);
        let body = json!({"model": model, "messages": messages, "temperature": 0.25, "max_tokens": 30});
        assert_eq!(server.post("/chat", &body.to_string()).status, 200);
        argo.requests().pop().unwrap().json()
    };
    let (mut exact, other) = (sent("any:one1"), sent("any:ONE1"));
    assert_eq!((&exact["temperature"], &exact["max_completion_tokens"]), (&json!(1), &json!(30)), "{exact}");
    exact["model"] = json!("ONE1");
    assert_eq!(other, exact, "the case of a pattern's name is its caller's");
}
