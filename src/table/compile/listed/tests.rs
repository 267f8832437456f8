use crate::models::ModelLists;
use crate::models::listing::Listed;
use crate::table::{Table, TableText, Variables, no_files};
use crate::transform::REGISTRY;

/// Two upstreams with lists, of which the first serves some models; two groups, one of them without a row.
const TABLE: &str = r#"
version: 1
models_refresh: 1h
upstreams:
  some: { url: "http://h/some/", models_url: "http://h/list-some", dialect: argo, serves: ["big*"] }
  all: { url: "http://h/all/", models_url: "http://h/list-all", dialect: argo }
  mute: { url: "http://h/mute/", dialect: argo }
models:
  one:
    names: { lab:big-1: big1, lab:small-1: small1, lab:small-one: small1, "lab:x-*": "x-*" }
    families: { "big*": ["lab:*", "lab:{2}-{1}"] }
  two: { names: { lab:other: other1 }, families: { "small*": "two:*" } }
routes:
  - { path: /one, upstream: [some, all, mute], models: one, transformer: openai_chat_completions }
  - { path: /off, upstream: all, models: two, transformer: openai_chat_completions, enabled: false }
  - { path: /two, upstream: mute, models: two, transformer: openai_chat_completions }
"#;
const SOME: &str = "http://h/list-some";
const ALL: &str = "http://h/list-all";

fn models(ids: &[&str]) -> Vec<Listed> {
    ids.iter().map(|id| Listed { name: format!("Name {id}"), id: (*id).to_owned() }).collect()
}

fn lists(all: &[(&str, &[&str])]) -> ModelLists {
    let mut lists = ModelLists::default();
    all.iter().for_each(|(url, ids)| lists.put(url, models(ids), 1));
    lists
}

fn load(text: &str, lists: &ModelLists) -> Table {
    let nothing = |_: &str| None;
    let variables = Variables { config: &nothing, environment: &nothing, files: &no_files };
    let table = TableText { lists: Some(lists), ..TableText::new("t.yaml", text) };
    Table::load_files(&REGISTRY, &table, &variables).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

/// The names that only lists have, with `-` before those that are hidden.
fn listed(table: &Table) -> Vec<String> {
    let all = table.groups().flat_map(|group| group.iter()).filter(|model| model.is_listed);
    all.map(|model| format!("{}{}", if model.hidden { "-" } else { "" }, model.name)).collect()
}

fn gone(table: &Table) -> Vec<&str> {
    let marked: Vec<&str> =
        table.groups().flat_map(|group| group.iter()).filter(|model| model.gone).map(|m| m.id.as_str()).collect();
    let told: Vec<&str> = table.differences().gone.iter().map(|model| model.id.as_str()).collect();
    assert!(
        told.iter().all(|id| marked.contains(id)) && marked.iter().all(|id| told.contains(id)),
        "{marked:?} {told:?}"
    );
    told
}

#[test]
fn a_model_is_new_where_the_upstream_of_its_list_serves_it() {
    let table = load(TABLE, &lists(&[(SOME, &["big2", "small2", "odd"]), (ALL, &["big3", "BIG1", "x-y"])]));
    assert_eq!(listed(&table), ["lab:name-big2", "-lab:big2-name", "lab:name-big3", "-lab:big3-name"]);
    assert!(table.differences().new.iter().all(|model| model.not_served.is_none()), "{:?}", table.differences());
    // No row of the group `two` that is on has an upstream with a list.
    let table = load(TABLE, &lists(&[(ALL, &["small2"])]));
    assert!(listed(&table).is_empty());
    let new = &table.differences().new[0];
    assert_eq!((new.id.as_str(), new.not_served.as_deref()), ("small2", Some("no family of the table takes its id")));
}

#[test]
fn a_model_is_gone_if_every_list_that_could_have_it_was_read_and_lacks_it() {
    for (read, ids) in [
        (&[][..], &[][..]),
        (&[(SOME, &["big2"][..])], &[]),
        (&[(ALL, &["big2"])], &["small1"]),
        (&[(SOME, &["big2"]), (ALL, &["big1"])], &["small1"]),
        (&[(SOME, &["big2"]), (ALL, &["small1"])], &["big1"]),
        (&[(SOME, &["big1"]), (ALL, &["small1"])], &[]),
        (&[(SOME, &["big2"]), (ALL, &["big2"])], &["big1", "small1"]),
    ] {
        let table = load(TABLE, &lists(read));
        assert_eq!(gone(&table), ids, "{read:?}");
    }
}

#[test]
fn what_only_a_list_had_stays_served_and_is_marked() {
    let mut both = lists(&[(SOME, &["big1", "big2"]), (ALL, &["big1", "small1"])]);
    both.put(SOME, models(&["big1"]), 2);
    let table = load(TABLE, &both);
    assert_eq!(
        (listed(&table), gone(&table)),
        (vec!["lab:name-big2".to_owned(), "-lab:big2-name".to_owned()], vec!["big2"])
    );
    assert!(table.differences().new.is_empty());
    both.put(ALL, models(&["big1", "small1", "big2"]), 3);
    assert!(gone(&load(TABLE, &both)).is_empty(), "another list has it");
}

#[test]
fn a_table_that_turns_it_off_is_told_of_new_models_and_serves_none() {
    let text = TABLE.replace("models_refresh: 1h", "models_refresh: off");
    let table = load(&text, &lists(&[(ALL, &["big2"])]));
    assert!(listed(&table).is_empty());
    let new = &table.differences().new[0];
    assert_eq!(new.lines, ["lab:name-big2: big2", "lab:big2-name: big2"]);
    assert_eq!(new.not_served.as_deref(), Some("models_refresh of the table is off"));
    assert_eq!(table.differences().gone.len(), 1);
    assert!(table.groups().flat_map(|group| group.iter()).all(|model| !model.gone) && table.listed_text().is_empty());
}

#[test]
fn a_list_should_have_what_its_upstreams_serve_and_is_not_deprecated() {
    let text = TABLE.replace("    families: { \"big*\"", "    deprecated: lab:small-*\n    families: { \"big*\"");
    let table = load(&text, &lists(&[(ALL, &["big2"])]));
    assert_eq!((table.expected_ids(SOME), table.expected_ids(ALL)), (vec!["big1"], vec!["big1"]));
    assert_eq!(load(TABLE, &ModelLists::default()).expected_ids(ALL), ["big1", "small1"]);
    let lists: Vec<(&str, usize)> = table.model_lists().iter().map(|(list, of)| (&*list.url, of.len())).collect();
    assert_eq!(lists, [(SOME, 1), (ALL, 1)]);
}

#[test]
fn what_lists_change_is_a_part_of_the_tables_text() {
    assert_eq!(load(TABLE, &ModelLists::default()).listed_text(), "");
    assert_eq!(load(TABLE, &lists(&[(SOME, &["big1"]), (ALL, &["small1", "odd"])])).listed_text(), "");
    let (one, other) = (load(TABLE, &lists(&[(ALL, &["big2"])])), load(TABLE, &lists(&[(ALL, &["big3"])])));
    assert_ne!(one.listed_text(), other.listed_text());
}
