//! Tests of the decision for each format, family and rule, and of the instructions to the model.

use super::*;
use crate::dialects::client::openai::params::ChatParams;
use std::cell::RefCell;

fn decided(format: &str, rules: &Rules, has_tools: bool) -> (String, String) {
    let body = format!("{{\"response_format\": {format}}}");
    let asked = ChatParams::read(Fields::parse(&body).unwrap(), |_, _| Ok(false)).unwrap();
    let mut asked = asked.into_request("ARGO", Vec::new()).unwrap();
    asked.tools = has_tools.then(Tools::default);
    let did = RefCell::new(String::new());
    let way = way(&mut asked, rules, |told| *did.borrow_mut() = told.to_string()).unwrap();
    let told = match way {
        None => format!("{} passed", asked.params.len()),
        Some(Way::Words(words)) => words,
        Some(Way::Tool(tools)) => {
            let tool = &tools.offered[0];
            assert_eq!(tools.choice, Some(ToolChoice::Named(tool.name.clone())));
            let strict = tool.strict.map_or("-", |raw| raw.get());
            format!("{} {} {strict} {:?}", tool.name, tool.parameters.as_ref().unwrap().get(), tools.parallel)
        }
    };
    (told, did.into_inner())
}

const SCHEMA: &str = r#"{"type": "json_schema", "json_schema": {"name": "n", "strict": true, "schema": {"type": "object", "properties": {"a": {}}}}}"#;

fn rules(tools: Option<Family>, structured: Option<Structured>) -> Rules {
    Rules { tools, structured, ..Rules::default() }
}

#[test]
fn a_schema_becomes_a_tool_where_the_model_has_tools() {
    for (family, parallel) in [(Family::Openai, "None"), (Family::Anthropic, "Some(false)"), (Family::Google, "None")] {
        let (told, did) = decided(SCHEMA, &rules(Some(family), None), false);
        assert_eq!(told, format!(r#"n {{"type": "object", "properties": {{"a": {{}}}}}} true {parallel}"#));
        assert!(did.contains("forced tool call"), "{did}");
    }
    let (told, _) = decided(SCHEMA, &rules(None, Some(Structured::Tool)), false);
    assert!(told.starts_with("n {"));
}

#[test]
fn elsewhere_the_model_is_told_in_words() {
    let openai = rules(Some(Family::Openai), None);
    let with =
        |schema: &str| format!(r#"{{"type": "json_schema", "json_schema": {{"name": "n", "schema": {schema}}}}}"#);
    for (format, rules, has_tools, why) in [
        (SCHEMA.to_owned(), &rules(Some(Family::None), None), false, "its rule 'tools'"),
        (SCHEMA.to_owned(), &rules(None, None), false, "no rule says"),
        (
            SCHEMA.to_owned(),
            &rules(Some(Family::Openai), Some(Structured::Instruction)),
            false,
            "its rule 'structured'",
        ),
        (SCHEMA.to_owned(), &rules(Some(Family::None), Some(Structured::Tool)), false, "its rule 'tools'"),
        (SCHEMA.to_owned(), &openai, true, "tools of its own"),
        (r#"{"type": "json_object"}"#.to_owned(), &openai, false, "there is no schema"),
        (r#"{"type": "json_schema", "json_schema": {"name": "n"}}"#.to_owned(), &openai, false, "there is no schema"),
        (with(r#"{"type": "array", "items": {}}"#), &openai, false, "no object"),
        (with(r#"{"type": "object"}"#), &openai, false, "no object"),
        (with(r#"{"type": "object", "properties": {}}"#), &openai, false, "no object"),
        (with(r##"{"$defs": {}, "$ref": "#/$defs/a"}"##), &openai, false, "no object"),
        (with(r#"{"type": "object", "properties": {"a": {}}, "anyOf": []}"#), &openai, false, "no object"),
    ] {
        let (told, did) = decided(&format, rules, has_tools);
        assert!(told.contains("no code fence"), "{told}");
        assert!(did.contains(why), "{did}: {format}");
        assert_eq!(told.contains("call no tool"), has_tools);
        assert_eq!(
            told.contains("The JSON schema:\n{"),
            format.contains("schema\": {\"type") || format.contains("$defs")
        );
    }
}

#[test]
fn text_and_what_a_rule_passes_go_up_as_they_came() {
    let openai = rules(Some(Family::Openai), None);
    assert_eq!(decided(r#"{"type": "text"}"#, &openai, false), ("1 passed".into(), String::new()));
    assert_eq!(decided("null", &openai, false), ("1 passed".into(), String::new()));
    let pass = rules(Some(Family::Openai), Some(Structured::Pass));
    for format in [SCHEMA, r#"{"type": "odd"}"#, "7"] {
        let (told, did) = decided(format, &pass, false);
        assert_eq!(told, "1 passed");
        assert!(did.contains("as it came"), "{did}");
    }
}

#[test]
fn the_words_stand_at_the_end_of_the_opening_system_text() {
    let content = |text: &str| Cow::Owned(RawValue::from_string(text.to_owned()).unwrap());
    let message = |role, text: &str| Message::plain(role, content(text), Fields::default());
    for (system, expected) in [
        (vec![], r#"system "say \"x\"""#),
        (vec![r#""Be \u00e9""#], r#"system "Be \u00e9\n\nsay \"x\"""#),
        (vec![r#""""#], r#"system "say \"x\"""#),
        (vec![r#""one""#, r#""two""#], r#"system "one"|system "two\n\nsay \"x\"""#),
        (vec!["[ ]"], r#"system [{"type":"text","text":"say \"x\""}]"#),
        (
            vec![r#"[{"type": "text", "text": "a"} ]"#],
            r#"system [{"type": "text", "text": "a"},{"type":"text","text":"say \"x\""}]"#,
        ),
    ] {
        let mut messages: Vec<_> = system.iter().map(|text| message(Role::System, text)).collect();
        messages.extend([message(Role::User, "\"u\""), message(Role::System, "\"later\"")]);
        tell(&mut messages, "say \"x\"").unwrap();
        let told: Vec<String> = messages.iter().map(|m| format!("{} {}", m.role.name(), m.content.get())).collect();
        assert_eq!(told.join("|"), format!(r#"{expected}|user "u"|system "later""#));
    }
}
