use super::*;

#[test]
fn json_keeps_comments_and_what_else_is_there() {
    let old = "// mine\n{\n  // a theme\n  \"theme\": \"dark\",\n  \"provider\": {\"x\": 1,},\n}\n";
    let new = merged(Language::Json, old, r#"{"provider": {"argo": {"a": [1]}}, "model": "m"}"#, &[]).unwrap();
    assert!(new.starts_with("// mine\n{\n  // a theme\n  \"theme\": \"dark\",\n"), "{new}");
    let value = jsonc_parser::cst::CstRootNode::parse(&new, &Default::default()).unwrap().to_serde_value();
    let expected = serde_json::json!({"theme": "dark", "provider": {"x": 1, "argo": {"a": [1]}}, "model": "m"});
    assert_eq!(value.unwrap(), expected, "{new}");
    // Twice is once.
    assert_eq!(merged(Language::Json, &new, r#"{"provider": {"argo": {"a": [1]}}, "model": "m"}"#, &[]).unwrap(), new);
}

#[test]
fn elements_of_lists_are_known_by_their_names() {
    let old = r#"[{"name": "a", "x": 1}, {"name": "b"}]"#;
    let new = merged(Language::Json, old, r#"[{"name": "b", "models": [{"id": "m"}]}, {"name": "c"}]"#, &[]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&new).unwrap();
    let expected = serde_json::json!([{"name": "a", "x": 1}, {"name": "b", "models": [{"id": "m"}]}, {"name": "c"}]);
    assert_eq!(value, expected);
}

#[test]
fn what_is_of_another_form_is_refused() {
    for (language, old, settings, why) in [
        (Language::Json, "{", "{}", "not JSON"),
        (Language::Json, "[]", "{}", "is no object"),
        (Language::Json, r#"{"a": 1}"#, r#"{"a": {"b": 1}}"#, "a is no object"),
        (Language::Toml, "a = ", "", "not TOML"),
        (Language::Toml, "a = 1", "[a]\nb = 1", "a is no table"),
        (Language::Yaml, "a: [", "a: 1", "not YAML"),
        (Language::Yaml, "- a", "a: 1", "another form"),
        (Language::Yaml, "models: [{ name: a }]\n", "models:\n  - { name: b }\n", "only a person"),
        (Language::Yaml, "a: |\n  x\n  y\n", "a: 1\n", "only a person"),
        (Language::Yaml, "{a: 1}\n", "b: 1\n", "only a person"),
        (Language::Yaml, "a: &x 1\nb: *x\n", "c: 1\n", ""),
    ] {
        let found = merged(language, old, settings, &[]);
        match (found, why) {
            (Ok(_), "") => {}
            (Ok(text), why) => panic!("{old}: {text} instead of {why}"),
            (Err(said), why) => assert!(!why.is_empty() && said.contains(why), "{old}: {said}"),
        }
    }
}

#[test]
fn toml_keeps_comments_and_other_providers() {
    let old =
        "# mine\nmodel = \"x\" # why\n\n[model_providers.other]\nname = \"o\"\n\n[mcp_servers.a]\ncommand = \"c\"\n";
    let new = merged(Language::Toml, old, "model = \"m\"\n\n[model_providers.argo]\nname = \"A\"\n", &[]).unwrap();
    assert!(new.starts_with("# mine\nmodel = \"m\" # why\n"), "{new}");
    assert!(
        new.contains("[model_providers.other]\nname = \"o\"\n")
            && new.contains("[model_providers.argo]\nname = \"A\"\n"),
        "{new}"
    );
    assert!(new.contains("[mcp_servers.a]\ncommand = \"c\"\n"), "{new}");
    assert_eq!(
        merged(Language::Toml, &new, "model = \"m\"\n\n[model_providers.argo]\nname = \"A\"\n", &[]).unwrap(),
        new
    );
}

#[test]
fn yaml_keeps_comments_and_other_elements() {
    let settings = "name: ARGO\nversion: 1\nmodels:\n  - { name: a, x: 1 }\n  - { name: b }\n";
    let old = "name: Mine # my own\nmodels:\n# first\n- name: o\n  apiKey: k # secret\n- name: a\n  x: 7\n# end\nrules:\n- r\n";
    let new = merged(Language::Yaml, old, settings, &["name"]).unwrap();
    let expected = "name: Mine # my own\nmodels:\n# first\n- name: o\n  apiKey: k # secret\n- { name: a, x: 1 }\n- { name: b }\n# end\nrules:\n- r\nversion: 1\n";
    assert_eq!(new, expected);
    assert_eq!(merged(Language::Yaml, &new, settings, &["name"]).unwrap(), new);
    let list = merged(Language::Yaml, "- model_id: x\n  y: 1\n", "- { model_id: m, z: 1 }\n", &[]).unwrap();
    assert_eq!(list, "- model_id: x\n  y: 1\n- { model_id: m, z: 1 }\n");
    let flat = merged(Language::Yaml, "# aider\nmodel: x\ndark-mode: true", "model: \"m\"\nkey: k\n", &[]).unwrap();
    assert_eq!(flat, "# aider\nmodel: \"m\"\ndark-mode: true\nkey: k\n");
    assert_eq!(merged(Language::Yaml, "# nothing yet\n", "a: 1\n", &[]).unwrap(), "# nothing yet\na: 1\n");
}

#[test]
fn variables_are_set_in_their_lines() {
    let old = "# mine\nexport A=1\nB=2\n";
    assert_eq!(merged(Language::Env, old, "A=3\nC=4\n", &[]).unwrap(), "# mine\nA=3\nB=2\nC=4\n");
}

#[test]
fn an_empty_file_gets_the_settings() {
    assert_eq!(merged(Language::Toml, " \n", "a = 1\n", &[]).unwrap(), "a = 1\n");
}
