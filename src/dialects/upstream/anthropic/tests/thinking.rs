//! What becomes of `reasoning_effort` and `thinking`, for each way in which a model is asked to think.

use super::requests::{answer, message, raw, result};
use crate::chat::conversation::Param;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::chat::{Conversation, Message, Role};
use crate::dialects::upstream::anthropic::of;
use crate::dialects::upstream::{CallTerms, ChatDialect, Vendor};
use crate::models::{Facts, Rules, Thinking};
use crate::wire::Failure;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

/// The fields of a request that thinking is about, and the remarks.
type Planned = (Value, Vec<String>);

fn planned(
    rule: Option<Thinking>,
    params: &Value,
    messages: Vec<Message<'_>>,
    choice: Option<ToolChoice<'_>>,
) -> Result<Planned, Failure> {
    let params: Vec<(String, Box<RawValue>)> =
        params.as_object().unwrap().iter().map(|(name, value)| (name.clone(), raw(value))).collect();
    let params: Vec<Param<'_>> =
        params.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), value.as_ref())).collect();
    let tool = Tool { name: "f".into(), description: None, parameters: None, strict: None };
    let tools = choice.map(|choice| Tools { offered: vec![tool], choice: Some(choice), parallel: None });
    let chat = Conversation { messages, tools, params };
    let facts = Facts { max_output_tokens: Some(32_000), ..Facts::default() };
    let rules = Rules { thinking: rule, facts, ..Rules::default() };
    let call = CallTerms { user: "ann", model: "m1", stream: true, rules: &rules };
    let body = of(Vendor::Argo).encode(&chat, call)?;
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| matches!(name.as_str(), "thinking" | "output_config" | "temperature" | "top_p" | "top_k"));
    Ok((body, of(Vendor::Argo).remarks(&chat, call)))
}

fn asked(rule: Option<Thinking>, params: Value) -> Planned {
    planned(rule, &params, vec![message(Role::User, json!("Hi"))], None).unwrap()
}

fn budget(tokens: u64) -> Value {
    json!({"thinking": {"type": "enabled", "budget_tokens": tokens}})
}

fn adaptive(effort: &str) -> Value {
    json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}})
}

#[test]
fn an_effort_becomes_a_budget_or_the_vendors_word() {
    for (effort, tokens, word, older) in [
        ("minimal", 1024, "low", "low"),
        ("low", 2048, "low", "low"),
        ("medium", 8192, "medium", "medium"),
        ("high", 16_000, "high", "high"),
        ("xhigh", 16_000, "xhigh", "high"),
        ("max", 16_000, "max", "max"),
    ] {
        let given = || json!({"reasoning_effort": effort});
        assert_eq!(asked(Some(Thinking::Budget), given()).0, budget(tokens), "{effort}");
        assert_eq!(asked(Some(Thinking::Adaptive), given()).0, adaptive(word), "{effort}");
        assert_eq!(asked(Some(Thinking::Either), given()).0, adaptive(older), "{effort}");
        let (body, remarks) = asked(Some(Thinking::None), given());
        assert!(body == json!({}) && remarks == ["'reasoning_effort' was left out: the model does not think"]);
        assert_eq!(asked(None, given()), (json!({}), Vec::new()));
    }
    for rule in [Thinking::Budget, Thinking::Adaptive, Thinking::Either] {
        let off = json!({"thinking": {"type": "disabled"}});
        assert_eq!(asked(Some(rule), json!({"reasoning_effort": "none"})).0, off);
        assert_eq!(asked(Some(rule), json!({})), (json!({}), Vec::new()));
        assert_eq!(asked(Some(rule), json!({"reasoning_effort": null})).0, json!({}));
        let hi = vec![message(Role::User, json!("Hi"))];
        let failure = planned(Some(rule), &json!({"reasoning_effort": "hard"}), hi, None).unwrap_err();
        assert_eq!((failure.status.as_u16(), failure.param.as_deref()), (400, Some("reasoning_effort")));
    }
}

#[test]
fn a_budget_leaves_room_for_the_answer_and_without_room_nothing_is_thought() {
    for (limit, expected) in [(1025, 1024), (2047, 1024), (4096, 2048), (20_000, 10_000), (64_000, 16_384)] {
        let (body, remarks) = asked(Some(Thinking::Budget), json!({"reasoning_effort": "high", "max_tokens": limit}));
        assert_eq!(body, budget(expected), "{limit}");
        assert!(remarks[0].contains(&format!("a budget of {expected} tokens")), "{remarks:?}");
    }
    for limit in [0, 1, 1024] {
        let (body, remarks) = asked(Some(Thinking::Budget), json!({"reasoning_effort": "low", "max_tokens": limit}));
        assert!(body == json!({}) && remarks[0].starts_with("thinking was left out: it takes 1024"), "{remarks:?}");
    }
}

#[test]
fn the_clients_own_parameter_gets_the_type_that_the_model_takes() {
    let enabled = |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens, "display": "omitted"}});
    let flexible = json!({"thinking": {"type": "adaptive", "display": "omitted"}});
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    // What fits stays.
    for (rule, own) in [
        (Thinking::Budget, enabled(5000)),
        (Thinking::Either, enabled(5000)),
        (Thinking::Either, flexible.clone()),
        (Thinking::Adaptive, flexible.clone()),
    ] {
        assert_eq!(asked(Some(rule), own.clone()), (own, Vec::new()));
    }
    for (tokens, word) in [(1024, "low"), (4096, "medium"), (31_999, "high")] {
        let expected = with(flexible.clone(), "output_config", json!({"effort": word}));
        let (body, remarks) = asked(Some(Thinking::Adaptive), enabled(tokens));
        assert!(body == expected && remarks.len() == 1, "{body} {remarks:?}");
    }
    let both = with(enabled(31_999), "reasoning_effort", json!("low"));
    assert_eq!(asked(Some(Thinking::Adaptive), both).0["output_config"]["effort"], json!("low"));
    let (body, remarks) = asked(Some(Thinking::Budget), flexible.clone());
    assert!(body == enabled(31_999) && remarks.len() == 1, "{body} {remarks:?}");
    let small = with(flexible.clone(), "max_tokens", json!(5000));
    assert_eq!(asked(Some(Thinking::Budget), small).0, enabled(4999));
    // A budget that does not fit is made to.
    for (tokens, limit, expected) in [(500, 9000, 1024), (9000, 9000, 8999), (64_000, 64_001, 64_000)] {
        let (body, remarks) = asked(Some(Thinking::Budget), with(enabled(tokens), "max_tokens", json!(limit)));
        assert_eq!((body, remarks.len()), (enabled(expected), usize::from(tokens != expected)));
    }
    // An adaptive one has no budget.
    let odd = json!({"thinking": {"type": "adaptive", "budget_tokens": 7, "display": "omitted"}});
    assert_eq!(asked(Some(Thinking::Adaptive), odd).0, flexible);
    for own in [
        json!({"thinking": {"type": "disabled"}}),
        json!({"thinking": {"type": "between_tools"}}),
        json!({"thinking": 5}),
    ] {
        for rule in [Some(Thinking::Budget), Some(Thinking::Adaptive), Some(Thinking::Either), None] {
            assert_eq!(asked(rule, own.clone()).0, own, "{rule:?}");
        }
        assert_eq!(asked(Some(Thinking::None), own).0, json!({}));
    }
    assert_eq!(asked(None, enabled(3)).0, enabled(3));
}

#[test]
fn a_forced_call_switches_thinking_off() {
    for choice in [ToolChoice::Required, ToolChoice::Named("f".into())] {
        for (rule, expected) in [
            (Thinking::Budget, json!({})),
            (Thinking::Either, json!({})),
            (Thinking::Adaptive, json!({"thinking": {"type": "disabled"}})),
        ] {
            let forced = |params: Value| {
                planned(Some(rule), &params, vec![message(Role::User, json!("Hi"))], Some(choice.clone())).unwrap()
            };
            let (body, remarks) = forced(json!({"reasoning_effort": "high", "temperature": 0.5}));
            let mut with_temperature = expected.clone();
            with_temperature["temperature"] = json!(0.5);
            assert!(body == with_temperature && remarks[0].contains("has to call a tool"), "{body} {remarks:?}");
            // A model that thinks unasked would be refused as well.
            assert_eq!(forced(json!({})), (expected.clone(), Vec::new()));
        }
    }
    let hi = vec![message(Role::User, json!("Hi"))];
    let free =
        planned(Some(Thinking::Adaptive), &json!({"reasoning_effort": "low"}), hi, Some(ToolChoice::Auto)).unwrap();
    assert_eq!(free.0, adaptive("low"));
}

#[test]
fn calls_without_their_thinking_allow_no_budget() {
    let history = |content: Value| {
        vec![
            message(Role::User, json!("Hi")),
            answer(content, &[("c", "{}")]),
            result("c", json!("r")),
            message(Role::User, json!("and?")),
        ]
    };
    let low = json!({"reasoning_effort": "low"});
    let plan = |rule, content: Value| planned(Some(rule), &low, history(content), None).unwrap();
    let (body, remarks) = plan(Thinking::Budget, json!(null));
    assert!(body == json!({}) && remarks[0].contains("which a budget requires"), "{remarks:?}");
    assert_eq!(
        plan(Thinking::Budget, json!([{"type": "thinking", "thinking": "t", "signature": "s"}])).0,
        budget(2048)
    );
    assert_eq!(plan(Thinking::Either, json!(null)).0, adaptive("low"));
    // An answer without calls ends the turn that must have its thinking.
    let mut done = history(json!(null));
    done.extend([answer(json!("done"), &[]), message(Role::User, json!("more"))]);
    assert_eq!(planned(Some(Thinking::Budget), &low, done, None).unwrap().0, budget(2048));
}

#[test]
fn sampling_is_left_out_beside_thinking() {
    let sampling = |effort: &str| json!({"reasoning_effort": effort, "temperature": 0.5, "top_p": 0.5, "top_k": 5});
    let (body, remarks) = asked(Some(Thinking::Budget), sampling("low"));
    assert_eq!((body, remarks.len()), (budget(2048), 4));
    assert!(remarks[1] == "'temperature' was left out: the model thinks", "{remarks:?}");
    let kept = asked(Some(Thinking::Adaptive), json!({"reasoning_effort": "low", "temperature": 1.0, "top_p": 0.99})).0;
    assert_eq!((&kept["temperature"], &kept["top_p"]), (&json!(1.0), &json!(0.99)));
    let off = asked(Some(Thinking::Adaptive), sampling("none")).0;
    assert_eq!((&off["temperature"], &off["top_k"]), (&json!(0.5), &json!(5)));
}

#[test]
fn the_other_way_of_thinking_gives_another_request() {
    let rules = |thinking| Rules { thinking, ..Rules::default() };
    let flipped = |thinking| rules(thinking).with_other_thinking().map(|other| other.thinking);
    assert_eq!(flipped(Some(Thinking::Budget)), Some(Some(Thinking::Adaptive)));
    assert_eq!(flipped(Some(Thinking::Adaptive)), Some(Some(Thinking::Budget)));
    assert_eq!(flipped(Some(Thinking::Either)), Some(Some(Thinking::Budget)));
    assert_eq!((flipped(Some(Thinking::None)), flipped(None)), (None, None));
    let given = || json!({"reasoning_effort": "low"});
    for rule in [Thinking::Budget, Thinking::Adaptive, Thinking::Either] {
        assert_ne!(asked(Some(rule), given()).0, asked(rule.other(), given()).0);
    }
}
