//! Requests: conversations as bodies.

use crate::chat::conversation::Param;
use crate::chat::tools::{Tool, ToolCall, ToolChoice, Tools};
use crate::chat::{Conversation, Message, Role};
use crate::dialects::upstream::anthropic::of;
use crate::dialects::upstream::{CallTerms, ChatDialect, UpstreamDialect, Vendor};
use crate::json::Fields;
use crate::models::{Cap, Facts, Rules};
use crate::wire::Failure;
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

pub fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

pub fn message(role: Role, content: Value) -> Message<'static> {
    Message::plain(role, Cow::Owned(raw(&content)), Fields::default())
}

pub fn answer(content: Value, calls: &[(&str, &str)]) -> Message<'static> {
    let call = |(id, arguments): &(&str, &str)| ToolCall {
        id: Cow::Owned((*id).to_owned()),
        name: "f".into(),
        arguments: Cow::Owned((*arguments).to_owned()),
    };
    Message { calls: calls.iter().map(call).collect(), ..message(Role::Assistant, content) }
}

pub fn result(id: &str, content: Value) -> Message<'static> {
    Message { result_of: Some(Cow::Owned(id.to_owned())), ..message(Role::Tool, content) }
}

fn encoded(vendor: Vendor, chat: &Conversation<'_>, rules: &Rules, stream: bool) -> Result<Value, Failure> {
    let call = CallTerms { user: "ann", model: "m1", stream, rules };
    let body = of(vendor).encode(chat, call)?;
    Ok(serde_json::from_slice(&body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&body))))
}

fn of_messages(vendor: Vendor, messages: Vec<Message<'_>>) -> Result<Value, Failure> {
    encoded(vendor, &Conversation { messages, ..Conversation::default() }, &Rules::default(), false)
}

fn user(content: Value) -> Result<Value, Failure> {
    Ok(of_messages(Vendor::Argo, vec![message(Role::User, content)])?["messages"][0]["content"].take())
}

fn with_params(vendor: Vendor, params: &Value, rules: &Rules, stream: bool) -> Value {
    let params: Vec<(String, Box<RawValue>)> =
        params.as_object().unwrap().iter().map(|(name, value)| (name.clone(), raw(value))).collect();
    let params: Vec<Param<'_>> =
        params.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), value.as_ref())).collect();
    let messages = vec![message(Role::User, json!("Hi"))];
    encoded(vendor, &Conversation { messages, params, ..Conversation::default() }, rules, stream).unwrap()
}

#[test]
fn a_plain_request_has_the_model_a_limit_and_one_turn() {
    let body = of_messages(Vendor::Argo, vec![message(Role::User, json!("Hi \"you\""))]).unwrap();
    let turn = json!({"role": "user", "content": [{"type": "text", "text": "Hi \"you\""}]});
    assert_eq!(body, json!({"model": "m1", "max_tokens": 4096, "messages": [turn]}));
}

#[test]
fn the_systems_texts_stand_beside_the_messages_in_their_order() {
    let system = |content: Value| message(Role::System, content);
    let hi = || message(Role::User, json!("Hi"));
    let one = of_messages(Vendor::Argo, vec![system(json!("Be\nbrief.")), hi()]).unwrap();
    assert_eq!(one["system"], json!("Be\nbrief."));
    let cached = json!({"type": "text", "text": "B", "cache_control": {"type": "ephemeral"}});
    let later =
        vec![system(json!("A")), hi(), system(json!([cached, {"type": "text", "text": " "}])), system(json!(""))];
    let body = of_messages(Vendor::Argo, later).unwrap();
    assert_eq!(body["system"], json!([{"type": "text", "text": "A"}, cached]));
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
    let blank = of_messages(Vendor::Argo, vec![system(json!(" \n")), hi()]).unwrap();
    assert!(blank.get("system").is_none());
}

#[test]
fn messages_of_one_role_are_one_turn_and_blank_ones_are_left_out() {
    let body = of_messages(
        Vendor::Argo,
        vec![
            message(Role::User, json!("a")),
            message(Role::User, json!([{"type": "text", "text": ""}, {"type": "text", "text": "b"}])),
            answer(json!(null), &[]),
            message(Role::User, json!("c")),
            answer(json!("d"), &[]),
            answer(json!(" \n\t"), &[]),
            answer(json!("e \\n \n\t "), &[]),
        ],
    );
    let text = |text: &str| json!({"type": "text", "text": text});
    let expected = json!([
        {"role": "user", "content": [text("a"), text("b"), text("c")]},
        {"role": "assistant", "content": [text("d"), text("e \\n")]},
    ]);
    assert_eq!(body.unwrap()["messages"], expected);
    let nothing = of_messages(Vendor::Argo, vec![message(Role::System, json!("x")), message(Role::User, json!(""))]);
    assert_eq!(nothing.unwrap_err().param.as_deref(), Some("messages"));
}

#[test]
fn a_refusal_of_an_earlier_turn_is_what_the_assistant_said() {
    let words = raw(&json!("No."));
    let mut refused = message(Role::Assistant, json!(null));
    refused.rest.push("refusal".into(), &words);
    let hi = || message(Role::User, json!("Hi"));
    let body = of_messages(Vendor::Argo, vec![hi(), refused, hi()]).unwrap();
    assert_eq!(body["messages"][1]["content"], json!([{"type": "text", "text": "No."}]));
}

#[test]
fn images_and_documents_become_sources() {
    let image = |url: &str| json!([{"type": "image_url", "image_url": {"url": url, "detail": "low"}}]);
    let source = |media_type: &str| json!([{"type": "image", "source": {"type": "base64", "media_type": media_type, "data": "AA/+=="}}]);
    assert_eq!(user(image("data:image/png;base64,AA/+==")).unwrap(), source("image/png"));
    assert_eq!(user(image("DATA:image/JPG;charset=x;BASE64,AA/+==")).unwrap(), source("image/jpeg"));
    assert_eq!(
        user(json!([{"type": "image_url", "image_url": "data:image/gif;base64,AA/+=="}])).unwrap(),
        source("image/gif")
    );
    // Some programs escape every slash.
    let escaped =
        RawValue::from_string(r#"[{"type":"image_url","image_url":{"url":"data:image\/png;base64,AA\/+=="}}]"#.into())
            .unwrap();
    let escaped = Message::plain(Role::User, Cow::Owned(escaped), Fields::default());
    assert_eq!(of_messages(Vendor::Argo, vec![escaped]).unwrap()["messages"][0]["content"], source("image/png"));
    let file =
        json!([{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}}]);
    let document = json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "a.pdf"});
    assert_eq!(user(file).unwrap(), json!([document]));
    let own = json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]);
    assert_eq!(user(own.clone()).unwrap(), own);
}

#[test]
fn an_image_at_a_url_goes_only_to_vendors_that_fetch_it() {
    let parts = || {
        message(
            Role::User,
            json!([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}}]),
        )
    };
    let body = of_messages(Vendor::Other, vec![parts()]).unwrap();
    let expected = json!({"type": "image", "source": {"type": "url", "url": "https://a.test/b.png"}});
    assert_eq!(body["messages"][0]["content"][1], expected);
    let refused = of_messages(Vendor::Argo, vec![parts()]).unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.param.as_deref()), (400, Some("messages[0].content[1].image_url")));
}

#[test]
fn parts_without_a_block_are_refused_by_their_place() {
    let audio = json!({"type": "input_audio", "input_audio": {}});
    let part = |part: Value| user(json!([{"type": "text", "text": "a"}, part])).unwrap_err();
    for (given, param) in [
        (audio, "messages[0].content[1]"),
        (json!({"type": "refusal", "refusal": "no"}), "messages[0].content[1]"),
        (json!({"type": "thinking", "thinking": "a", "signature": "b"}), "messages[0].content[1]"),
        (json!({"type": "of_tomorrow"}), "messages[0].content[1]"),
        (json!({}), "messages[0].content[1]"),
        (json!("a"), "messages[0].content[1]"),
        (json!({"type": "text", "text": 5}), "messages[0].content[1].text"),
        (json!({"type": "image_url"}), "messages[0].content[1].image_url"),
        (json!({"type": "image_url", "image_url": {"url": "data:image/png,%20"}}), "messages[0].content[1].image_url"),
        (json!({"type": "file", "file": {"file_id": "f1"}}), "messages[0].content[1].file"),
        (
            json!({"type": "file", "file": {"file_data": "data:text/csv;base64,AA=="}}),
            "messages[0].content[1].file.file_data",
        ),
        (json!({"type": "file", "file": {"file_data": "AA=="}}), "messages[0].content[1].file.file_data"),
    ] {
        let failure = part(given.clone());
        assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some(param)), "{given}");
    }
    assert_eq!(user(json!(5)).unwrap_err().param.as_deref(), Some("messages[0].content"));
    let in_system = message(Role::System, json!([{"type": "image_url", "image_url": "data:image/png;base64,AA=="}]));
    let failure = of_messages(Vendor::Argo, vec![in_system]).unwrap_err();
    assert_eq!(failure.param.as_deref(), Some("messages[0].content[0]"));
}

#[test]
fn results_come_first_in_the_turn_after_their_calls() {
    let body = of_messages(
        Vendor::Argo,
        vec![
            message(Role::User, json!("go")),
            answer(json!("I call."), &[("a.1", "{\"x\": 1}"), ("a_1", "oops")]),
            message(Role::User, json!("meanwhile")),
            result("a_1", json!("")),
            result("a.1", json!([{"type": "text", "text": "r"}, {"type": "image_url", "image_url": "data:image/png;base64,AA=="}])),
            answer(json!(null), &[("a.1", "{}")]),
            result("a.1", json!("again")),
        ],
    )
    .unwrap();
    let call = |id: &str, input: Value| json!({"type": "tool_use", "id": id, "name": "f", "input": input});
    let result = |id: &str| json!({"type": "tool_result", "tool_use_id": id});
    let mut second = result("a_1");
    second["content"] = json!([{"type": "text", "text": "r"}, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}]);
    let mut third = result("a_1_3");
    third["content"] = json!("again");
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "go"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "I call."}, call("a_1", json!({"x": 1})), call("a_1_2", json!({"not_a_json_object": "oops"}))]},
        {"role": "user", "content": [result("a_1_2"), second, {"type": "text", "text": "meanwhile"}]},
        {"role": "assistant", "content": [call("a_1_3", json!({}))]},
        {"role": "user", "content": [third]},
    ]);
    assert_eq!(body["messages"], expected);
    // Earlier calls are refused without their tools.
    assert_eq!(body["tools"], json!([{"name": "f", "input_schema": {"type": "object", "properties": {}}}]));
    assert_eq!(body["tool_choice"], json!({"type": "none"}));
}

#[test]
fn tools_and_the_choice_among_them_are_in_the_vendors_form() {
    let (description, schema, strict) = (raw(&json!("d")), raw(&json!({"type": "object"})), raw(&json!(true)));
    let tool = |name: &'static str| Tool {
        name: name.into(),
        description: Some(Cow::Borrowed(&*description)),
        parameters: Some(Cow::Borrowed(&*schema)),
        strict: Some(&strict),
    };
    let body = |vendor, choice, parallel| {
        let tools = Some(Tools { offered: vec![tool("f"), tool("g")], choice, parallel });
        let messages = vec![message(Role::User, json!("Hi"))];
        encoded(vendor, &Conversation { messages, tools, ..Conversation::default() }, &Rules::default(), true).unwrap()
    };
    let plain = body(Vendor::Argo, None, None);
    assert_eq!(plain["tools"][1], json!({"name": "g", "description": "d", "input_schema": {"type": "object"}}));
    assert!(plain.get("tool_choice").is_none() && plain["stream"] == json!(true));
    assert_eq!(body(Vendor::Other, None, None)["tools"][0]["strict"], json!(true));
    for (choice, parallel, expected) in [
        (Some(ToolChoice::Auto), None, json!({"type": "auto"})),
        (Some(ToolChoice::Required), Some(true), json!({"type": "any"})),
        (
            Some(ToolChoice::Named("g".into())),
            Some(false),
            json!({"type": "tool", "name": "g", "disable_parallel_tool_use": true}),
        ),
        (None, Some(false), json!({"type": "auto", "disable_parallel_tool_use": true})),
        (Some(ToolChoice::None), Some(false), json!({"type": "none"})),
    ] {
        assert_eq!(body(Vendor::Argo, choice, parallel)["tool_choice"], expected);
    }
}

#[test]
fn parameters_have_the_vendors_names_and_others_stay_out() {
    let given = json!({"temperature": 0.5, "top_p": null, "top_k": 3, "stop": ["a", " \n", "b"], "seed": 1, "user": "u",
        "max_tokens": 7, "max_completion_tokens": 9, "metadata": {"user_id": "x"}, "frequency_penalty": 1});
    let body = with_params(Vendor::Argo, &given, &Rules::default(), false);
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = ["model", "max_tokens", "messages", "stop_sequences", "temperature", "top_k"];
    expected.sort_unstable();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!((&body["max_tokens"], &body["stop_sequences"]), (&json!(9), &json!(["a", "b"])));
    assert_eq!(
        with_params(Vendor::Argo, &json!({"stop": "x"}), &Rules::default(), false)["stop_sequences"],
        json!(["x"])
    );
    for blank in [json!(" "), json!([]), json!(["", "\t"])] {
        assert!(
            with_params(Vendor::Argo, &json!({"stop": blank}), &Rules::default(), false)
                .get("stop_sequences")
                .is_none()
        );
    }
    let dialect = of(Vendor::Argo);
    assert!(
        ["max_tokens", "max_completion_tokens", "stop", "temperature", "top_k", "reasoning_effort", "thinking"]
            .iter()
            .all(|name| dialect.takes(name))
    );
    assert!(["seed", "n", "logprobs", "user", "metadata", "response_format"].iter().all(|name| !dialect.takes(name)));
}

#[test]
fn a_request_without_a_limit_gets_the_most_that_the_table_knows() {
    let cap = |most: u64| {
        let json = raw(&json!(most)).into();
        vec![("max_tokens".to_owned(), Cap { most: most as f64, json })]
    };
    let facts = Facts { max_output_tokens: Some(64_000), ..Facts::default() };
    let rules = Rules { facts, stream_above: cap(21_000), ..Rules::default() };
    let limit =
        |given: Value, rules: &Rules, stream| with_params(Vendor::Argo, &given, rules, stream)["max_tokens"].clone();
    assert_eq!(limit(json!({}), &rules, true), json!(64_000));
    assert_eq!(limit(json!({"max_tokens": null}), &rules, false), json!(21_000));
    assert_eq!(limit(json!({"max_tokens": 30_000}), &rules, false), json!(30_000));
    assert_eq!(limit(json!({"max_tokens": "many"}), &rules, false), json!("many"));
    assert_eq!(limit(json!({}), &Rules::default(), true), json!(4096));
}

#[test]
fn every_call_says_which_version_of_the_api_it_speaks() {
    let head =
        |vendor| of(vendor).headers().into_iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
    for vendor in [Vendor::Argo, Vendor::Other] {
        assert_eq!(head(vendor).collect::<Vec<_>>(), ["anthropic-version: 2023-06-01"]);
    }
}

/// A message of a made-up conversation. Calls get their results right after them, in some order.
#[derive(Debug, Clone)]
enum Move {
    Say(Role, Value),
    Call(Value, Vec<(String, String)>, bool),
}

fn content() -> impl Strategy<Value = Value> {
    let text = prop_oneof![Just(String::new()), Just(" \n".to_owned()), "[a-z\\\\\"\n é\u{2028}]{1,8}"];
    let part = text.clone().prop_map(|text| json!({"type": "text", "text": text}));
    prop_oneof![text.prop_map(Value::from), prop::collection::vec(part, 0..3).prop_map(Value::from), Just(json!(null))]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let role = prop::sample::select(vec![Role::System, Role::User, Role::Assistant]);
    let say = (role, content()).prop_map(|(role, content)| Move::Say(role, content));
    let call = ("[a-c.:_]{0,2}", prop_oneof![Just("{\"a\":1}".to_owned()), "[{}\"a]{0,4}"]);
    let call = (content(), prop::collection::vec(call, 1..4), any::<bool>());
    let call = call.prop_map(|(content, calls, is_reversed)| Move::Call(content, calls, is_reversed));
    prop::collection::vec(prop_oneof![2 => say, 1 => call], 1..8)
}

fn messages_of(moves: &[Move]) -> Vec<Message<'static>> {
    let mut messages = Vec::new();
    for one in moves {
        match one {
            Move::Say(role, content) => messages.push(message(*role, content.clone())),
            Move::Call(content, calls, is_reversed) => {
                let pairs: Vec<(&str, &str)> =
                    calls.iter().map(|(id, arguments)| (id.as_str(), arguments.as_str())).collect();
                messages.push(answer(content.clone(), &pairs));
                let mut results: Vec<_> = calls.iter().map(|(id, _)| result(id, content.clone())).collect();
                if *is_reversed {
                    results.reverse();
                }
                messages.extend(results);
            }
        }
    }
    messages
}

proptest! {
    #[test]
    fn every_conversation_is_valid_json_of_turns_that_alternate(moves in moves(), is_argo in any::<bool>()) {
        let vendor = if is_argo { Vendor::Argo } else { Vendor::Other };
        let Ok(body) = of_messages(vendor, messages_of(&moves)) else {
            let says = |content: &Value| content.to_string().contains(['a', 'b', 'c']);
            prop_assert!(!moves.iter().any(|one| matches!(one, Move::Call(..)) || matches!(one, Move::Say(Role::User, content) if says(content))));
            return Ok(());
        };
        let turns = body["messages"].as_array().unwrap();
        let mut ids = std::collections::HashSet::new();
        for (index, turn) in turns.iter().enumerate() {
            let blocks = turn["content"].as_array().unwrap();
            prop_assert!(!blocks.is_empty());
            prop_assert!(blocks.iter().all(|block| block["text"].as_str().is_none_or(|text| !text.trim().is_empty())));
            if index > 0 {
                prop_assert_ne!(&turn["role"], &turns[index - 1]["role"]);
            }
            let calls: Vec<&str> = blocks.iter().filter_map(|block| block["id"].as_str()).collect();
            for id in &calls {
                prop_assert!(!id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'));
                prop_assert!(ids.insert((*id).to_owned()));
            }
            // The results of a turn's calls are the beginning of the next one.
            let results = turns.get(index + 1).map(|next| next["content"].as_array().unwrap().as_slice()).unwrap_or_default();
            let mut answered: Vec<&str> = results.iter().map_while(|block| block["tool_use_id"].as_str()).collect();
            let mut called = calls;
            answered.sort_unstable();
            called.sort_unstable();
            prop_assert_eq!(called, answered);
        }
    }
}
