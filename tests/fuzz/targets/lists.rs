//! Lists of models, as upstreams give them, and what a table makes of them.

use super::{Target, seeds};
use argo_openai_proxy::models::ModelLists;
use argo_openai_proxy::models::listing;
use argo_openai_proxy::table::{Table, TableText, Variables, no_files};
use argo_openai_proxy::transform::REGISTRY;

pub const LISTS: Target = Target {
    name: "lists",
    usual: 4_000,
    seeds: || {
        seeds::texts(&[
            r#"{"object":"list","data":[{"id":"One","internal_id":"one1"},{"id":"Big Two 3","internal_id":"big23"}]}"#,
            r#"{"data":[{"id":"big1","model_name":"lab:One"},{"id":"odd: #1","model_name":"Small \"x\" \u00e9"}]}"#,
            r#"{"data":[{"id":"LAB:BIG  X","internal_id":"BIGX"},{"id":"big-x","internal_id":"bigx"},{"id":"Y","internal_id":"y-1"}]}"#,
        ])
    },
    words: &[
        "{\"id\":\"",
        "\",\"internal_id\":\"",
        "\",\"model_name\":\"",
        "\"},",
        "lab:",
        "big",
        "one",
        "-",
        " ",
        ": ",
        "no",
        "'",
        "\\\"",
        "\\u0130",
        "\\ufeff",
        "\\u2028",
        "#",
        "[",
        "é",
        "*",
        "{1}",
    ],
    run: lists,
};

const TABLE: &str = r#"
version: 1
models_refresh: 1h
upstreams: { a: { url: "http://h/chat/", models_url: "http://h/list", dialect: argo } }
models:
  one:
    default: lab:one
    names: { lab:one: one1, lab:one-more: one1, "lab:y-*": "y-*" }
    families: { "big*": ["lab:*", "lab:{2}-{1}{rest}"], "*x": "x-*" }
routes: [{ path: /chat, upstream: a, models: one, transformer: openai_chat_completions }]
"#;

fn load(lists: &ModelLists) -> Table {
    let variables = Variables { config: &|_| None, environment: &|_| None, files: &no_files };
    let text = TableText { lists: Some(lists), ..TableText::new("t.yaml", TABLE) };
    let (table, warnings) = Table::load_files(&REGISTRY, &text, &variables).unwrap_or_else(|found| panic!("{found:?}"));
    assert!(warnings.is_empty(), "{warnings:?}");
    table
}

fn lists(bytes: &[u8]) {
    let Ok(models) = listing::read(bytes) else { return };
    let mut lists = ModelLists::default();
    lists.put("http://h/list", models, 1);
    assert_eq!(ModelLists::from_text(&lists.to_text().unwrap()).unwrap(), lists);
    let (before, table) = (load(&ModelLists::default()), load(&lists));
    // A line can be pasted as it stands.
    for model in &table.differences().new {
        for (line, name) in model.lines.iter().zip(&model.names) {
            let read: serde_yaml::Value = serde_yaml::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(read.get(name).and_then(|id| id.as_str()), Some(model.id.as_str()), "{line}");
        }
    }
    // Each model has its names, and no list changes what a name of the files means.
    let (had, has) = (before.groups().next().unwrap(), table.groups().next().unwrap());
    for model in has.iter() {
        assert_eq!(has.choose(Some(&model.name)).unwrap().model.id, model.id, "{}", model.name);
    }
    for model in had.iter() {
        for form in model.forms().into_iter().flatten() {
            let (then, now) = (had.choose(Some(&form)).unwrap(), has.choose(Some(&form)).unwrap());
            assert_eq!(
                (&then.model.id, &then.model.name, then.how),
                (&now.model.id, &now.model.name, now.how),
                "{form}"
            );
        }
    }
}
