//! Names of models as vendors and other proxies spell them, asked of the table that is shipped.

use argo_openai_proxy::models::Models;
use argo_openai_proxy::table::{BUILT_IN, Table, Variables, no_files};
use std::sync::Arc;

fn groups() -> Vec<Arc<Models>> {
    let config = |name: &str| Some(format!("https://argo.example/{name}/"));
    let variables = Variables { config: &config, environment: &|_| None, files: &no_files };
    let table = Table::load("routes.yaml", BUILT_IN, &variables).map_err(|problems| format!("{problems:?}"));
    table.expect("the shipped table is sound").0.groups().cloned().collect()
}

/// The id that a name gets, and the first suggestion if it gets none.
fn ask(groups: &[Arc<Models>], asked: &str) -> Result<String, Option<String>> {
    let found = groups.iter().find_map(|group| group.choose(Some(asked)).ok());
    let near = || groups.iter().find_map(|group| group.near(asked).first().map(|name| (*name).to_owned()));
    found.map(|chosen| chosen.model.id.clone()).ok_or_else(near)
}

#[test]
fn every_model_is_found_in_every_usual_spelling() {
    let groups = groups();
    let mut asked = 0;
    for model in groups.iter().flat_map(|group| group.iter()) {
        let short = model.name.split_once(':').map_or(model.name.as_str(), |(_, short)| short);
        let dashed = short.replace('.', "-");
        for provider in ["", "anthropic/", "openai/", "google/", "argo/", "models/", "openrouter/openai/", "openai:"] {
            for name in [short, &dashed, &short.to_uppercase()] {
                for suffix in ["", "-20250929", "-2024-08-06", ":latest"] {
                    // With `latest` after it, one name of the table is another name of the table.
                    if suffix == ":latest"
                        && groups.iter().any(|group| group.find(&format!("{short}-latest")).is_some())
                    {
                        continue;
                    }
                    let spelling = format!("{provider}{name}{suffix}");
                    assert_eq!(ask(&groups, &spelling).as_ref(), Ok(&model.id), "{spelling}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 5000, "{asked}");
}

#[test]
fn another_model_is_never_taken_and_the_right_one_is_suggested_first() {
    let groups = groups();
    for (asked, near) in [
        ("claude-3-5-sonnet-20240620", Some("argo:claude-sonnet-3.5-v2")),
        ("gpt-4o-mini", Some("argo:gpt-4o")),
        ("gpt-4o-mini-2024-07-18", Some("argo:gpt-4o")),
        ("openai/gpt-4-0613", Some("argo:gpt-4")),
        ("gpt-3.5-turbo-1106", Some("argo:gpt-3.5-turbo")),
        ("anthropic/claude-sonnet-4-5-thinking", Some("argo:claude-sonnet-4.5")),
        ("gemini-2.5-pro-preview-05-06", Some("argo:gemini-2.5-pro")),
        ("llama3:8b", None),
    ] {
        assert_eq!(ask(&groups, asked), Err(near.map(str::to_owned)), "{asked}");
    }
}
