//! The schemas are what the program prints, what the shipped files keep to, and what the readers know. `GOLDEN=write cargo
//! test --test schema` writes them anew.

use argo_openai_proxy::callers::Callers;
use argo_openai_proxy::cli::args::Described;
use argo_openai_proxy::cli::schema::{described, text};
use argo_openai_proxy::config::{Config, Overrides};
use argo_openai_proxy::dialects::upstream::DIALECTS;
use argo_openai_proxy::loading::{Needs, both};
use argo_openai_proxy::table::{TableText, no_files};
use argo_openai_proxy::transform::{REPLIES, TRANSFORMERS};
use argo_openai_proxy::yaml::{Key, Kind};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const ROUTES: &str = include_str!("../routes.yaml");
const SAMPLE: &str = include_str!("../config.sample.yaml");

fn schema(file: Described) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

/// Says where a value breaks a schema. Takes the keywords that our schemas have and no others.
fn broken(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("type {other}"),
    };
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => rule.as_array().map_or_else(|| is(rule), |kinds| kinds.iter().any(is)),
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "pattern" => {
                assert_eq!(rule, r"\$\{");
                value.as_str().is_none_or(|text| text.contains("${"))
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|schema| broken(schema, value, at).is_empty()),
            "oneOf" => {
                rule.as_array().unwrap().iter().filter(|schema| broken(schema, value, at).is_empty()).count() == 1
            }
            "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "items" => {
                let items = value.as_array().into_iter().flatten().enumerate();
                found.extend(items.flat_map(|(index, item)| broken(rule, item, &format!("{at}[{index}]"))));
                true
            }
            "properties" => {
                for (key, schema) in rule.as_object().unwrap() {
                    found.extend(value.get(key).into_iter().flat_map(|v| broken(schema, v, &format!("{at}.{key}"))));
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &str| schema.get("properties").is_some_and(|known| known.get(key).is_some());
                for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| !known(key)) {
                    match rule {
                        Value::Bool(false) => found.push(format!("{at}.{key}: not known")),
                        schema => found.extend(broken(schema, value, &format!("{at}.{key}"))),
                    }
                }
                true
            }
            other => panic!("keyword {other}"),
        };
        if !holds {
            found.push(format!("{at}: {keyword}"));
        }
    }
    found
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn the_checked_in_schemas_are_what_the_program_prints() {
    for (file, name) in [
        (Described::Routes, "routes"),
        (Described::Included, "included"),
        (Described::Config, "config"),
        (Described::Callers, "callers"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.schema.json"));
        if std::env::var("GOLDEN").is_ok_and(|value| value == "write") {
            fs::write(&path, text(file)).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(there, text(file), "run: argo-openai-proxy schema {name} > schema/{name}.schema.json");
    }
    for (shipped, name) in [(ROUTES, "routes"), (SAMPLE, "config")] {
        assert_eq!(
            shipped.lines().next(),
            Some(format!("# yaml-language-server: $schema=schema/{name}.schema.json").as_str())
        );
    }
}

#[test]
fn the_shipped_files_keep_to_their_schemas() {
    let golden = include_str!("golden/table.yaml");
    for (file, shipped) in [(Described::Routes, ROUTES), (Described::Routes, golden), (Described::Config, SAMPLE)] {
        assert_eq!(broken(&schema(file), &yaml(shipped), ""), Vec::<String>::new());
    }
    let included = yaml("version: 1\nmodels: { chat: { names: { lab:x: x } } }\n");
    assert_eq!(broken(&schema(Described::Included), &included, ""), Vec::<String>::new());
    assert!(broken(&schema(Described::Routes), &included, "").contains(&": required".to_owned()));
    for row in
        ["reply: { json: [1, ~], status: 404 }", "reply: { redirect: /x }, enabled: \"${X}\"", "reply: about, about: x"]
    {
        let table = ROUTES.replace("reply: health", row);
        assert_eq!(broken(&schema(Described::Routes), &yaml(&table), ""), Vec::<String>::new(), "{row}");
    }
    let config = "port: \"${PORT}\"\nverbose: \"${V:-true}\"\ntimeout: 1.5\nmax_body: 10\n";
    assert_eq!(broken(&schema(Described::Config), &yaml(config), ""), Vec::<String>::new());
}

#[test]
fn what_is_wrong_breaks_the_schema() {
    let shipped = yaml(ROUTES);
    let rows = shipped["routes"].as_array().unwrap();
    let row = |key: &str, value: &str| rows.iter().position(|row| row[key] == value).unwrap();
    let (health, status) = (row("reply", "health"), row("path", "/v1/status"));
    for (file, wrong, at) in [
        (Described::Config, "prot: 1".to_owned(), ".prot: not known"),
        (Described::Config, "port: 70000".to_owned(), ".port: anyOf"),
        (Described::Config, "verbose: perhaps".to_owned(), ".verbose: anyOf"),
        (Described::Config, "access: opne".to_owned(), ".access: enum"),
        (Described::Callers, "callers: [{ name: a }]".to_owned(), ".callers[0]: required"),
        (Described::Config, "cors: { origins: x }".to_owned(), ".cors.origins: type"),
        (Described::Routes, ROUTES.replace("dialect: argo\n", "dialect: arqo\n"), ".upstreams.argo_chat.dialect: enum"),
        (
            Described::Routes,
            ROUTES.replace("reply: health", "reply: halth"),
            &format!(".routes[{health}].reply: oneOf"),
        ),
        (Described::Routes, ROUTES.replace("version: 1", "version: 2"), ".version: maximum"),
        (Described::Routes, ROUTES.replace("owned_by: system,", "owned_by: [1],"), ".models.chat.show.owned_by: type"),
        (
            Described::Routes,
            ROUTES.replace("reply: health", "reply: { text: a, html: b }"),
            &format!(".routes[{health}].reply: oneOf"),
        ),
        (
            Described::Routes,
            ROUTES.replace("reply: health", "reply: { status: 404 }"),
            &format!(".routes[{health}].reply: oneOf"),
        ),
        (
            Described::Routes,
            ROUTES.replace("reply: health", "reply: health, enabled: 1"),
            &format!(".routes[{health}].enabled: anyOf"),
        ),
        (
            Described::Routes,
            ROUTES.replace("method: GET", "method: [GET, 1]"),
            &format!(".routes[{status}].method: anyOf"),
        ),
    ] {
        let found = broken(&schema(file), &yaml(&wrong), "");
        assert!(found.iter().any(|found| found == at), "{at}: {found:?}");
    }
}

#[test]
fn names_are_enums_and_every_key_is_explained() {
    let routes = schema(Described::Routes);
    let route = &routes["properties"]["routes"]["items"]["properties"];
    let names = |names: Vec<&str>| json!(names);
    assert_eq!(route["transformer"]["enum"], names(TRANSFORMERS.iter().map(|entry| entry.name).collect()));
    assert_eq!(route["reply"]["oneOf"][0]["enum"], names(REPLIES.iter().map(|entry| entry.name).collect()));
    let upstream = &routes["properties"]["upstreams"]["additionalProperties"]["properties"];
    assert_eq!(upstream["dialect"]["enum"], names(DIALECTS.iter().map(|row| row.name).collect()));
    assert!(upstream["dialect"]["description"].as_str().unwrap().contains("argo_embedding: "));
    for file in [Described::Routes, Described::Config, Described::Callers] {
        let mut seen = 0;
        explained(&schema(file), &mut seen);
        assert!(seen > 9);
    }
}

fn explained(schema: &Value, seen: &mut usize) {
    match schema {
        Value::Object(map) => {
            for (name, key) in map.get("properties").and_then(Value::as_object).into_iter().flatten() {
                *seen += 1;
                assert!(key["description"].as_str().is_some_and(|about| about.len() > 10), "{name}");
            }
            map.values().for_each(|below| explained(below, seen));
        }
        Value::Array(list) => list.iter().for_each(|below| explained(below, seen)),
        _ => {}
    }
}

/// A value that no kind takes, so that only a key which nobody reads goes unnoticed.
const IMPOSSIBLE: &str = "[[[x]]]";
/// The same for a kind that takes everything that JSON can say.
const NO_JSON: &str = ".nan";

/// Texts in which each key in turn has an impossible value, with the name of that key.
fn spoiled(keys: &'static [Key], before: &str, after: &str, into: &mut Vec<(String, String)>) {
    for key in keys {
        let mut spoil = |value: String| into.push((key.name.to_owned(), value));
        let value = if matches!(key.kind, Kind::Any) { NO_JSON } else { IMPOSSIBLE };
        spoil(format!("{before}{}: {value}{after}", key.name));
        let name = key.name;
        match key.kind {
            Kind::Map(keys) | Kind::Either(_, keys, _) => {
                spoiled(keys, &format!("{before}{name}: {{"), &format!("}}{after}"), into)
            }
            Kind::List(Kind::Map(keys)) => spoiled(keys, &format!("{before}{name}: [{{"), &format!("}}]{after}"), into),
            Kind::Names(Kind::Map(keys)) => {
                spoiled(keys, &format!("{before}{name}: {{x: {{"), &format!("}}}}{after}"), into);
            }
            _ => {}
        }
    }
}

#[test]
fn every_key_of_a_schema_is_read() {
    let nothing = |_: &str| None;
    let load = |config: &str, table: &str| {
        let config = Config::from_text("config.yaml", config, &Overrides::default(), &nothing);
        both(config, Ok(TableText::new("routes.yaml", table)), &no_files, &nothing, Needs::Nobody)
            .err()
            .unwrap_or_default()
    };
    for file in [Described::Routes, Described::Config, Described::Callers] {
        let mut texts = Vec::new();
        spoiled(described(file).keys, "{", "}", &mut texts);
        assert!(texts.len() > 9);
        for (key, text) in texts {
            let problems = match file {
                Described::Routes | Described::Included => load("", &text),
                Described::Config => load(&text, ROUTES),
                Described::Callers => Callers::read("callers.yaml", &text).err().unwrap_or_default(),
            };
            let column = text.find(IMPOSSIBLE).or_else(|| text.find(NO_JSON)).unwrap() + 1;
            let told = problems.iter().any(|problem| {
                let here = problem.column().is_some_and(|at| (column..column + 3).contains(&at));
                let refused = problem.message.contains("expected") && problem.message.contains("found a list");
                here && (refused || problem.message.contains("cannot be written as JSON"))
            });
            assert!(told, "nobody reads '{key}' in {text}: {problems:?}");
        }
    }
}
