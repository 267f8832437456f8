use super::*;
use crate::models::Rule;
use std::sync::Arc;

fn json(text: &str) -> Json {
    RawValue::from_string(text.to_owned()).unwrap().into()
}

fn set_to(values: &[(&str, &str)]) -> Vec<(String, Json)> {
    values.iter().map(|(name, value)| ((*name).to_owned(), json(value))).collect()
}

fn cap(name: &str, most: &str) -> Vec<(String, Cap)> {
    vec![(name.into(), Cap { most: most.parse().unwrap(), json: json(most) })]
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

/// Returns the parameters after the rules, as `name=value`, and the reported effects.
fn applied(rules: &Rules, given: &[(&str, &str)]) -> (String, Vec<String>) {
    let given: Vec<(&str, Json)> = given.iter().map(|(name, value)| (*name, json(value))).collect();
    let params = given.iter().map(|(name, value)| (Cow::Borrowed(*name), value.as_ref())).collect();
    let mut chat = Conversation { params, ..Conversation::default() };
    let mut effect = Vec::new();
    rules.apply(&mut chat, |one| effect.push(one.to_string()));
    (listed(&chat), effect)
}

fn listed(chat: &Conversation<'_>) -> String {
    let params: Vec<String> = chat.params.iter().map(|(name, value)| format!("{name}={}", value.get())).collect();
    params.join(" ")
}

fn params(rules: &Rules, given: &[(&str, &str)]) -> String {
    applied(rules, given).0
}

/// Returns the messages after the rules, as `role:content`.
fn messages(rules: &Rules, given: &[(Role, &str)]) -> Vec<String> {
    let given: Vec<(Role, Json)> = given.iter().map(|(role, content)| (*role, json(content))).collect();
    let message = |(role, content): &(Role, Json)| {
        let content = Cow::Owned(RawValue::from_string(content.get().to_owned()).unwrap());
        Message::plain(*role, content, Fields::default())
    };
    let mut chat = Conversation { messages: given.iter().map(message).collect(), ..Conversation::default() };
    rules.apply(&mut chat, |_| {});
    chat.messages.iter().map(|message| format!("{}:{}", message.role.name(), message.content.get())).collect()
}

#[test]
fn renames_and_drops() {
    let rules = Rules { rename: vec![("a".into(), "b".into())], drop: texts(&["c"]), ..Rules::default() };
    for (given, left, told) in [
        (vec![("x", "1"), ("a", "2"), ("c", "3")], "x=1 b=2", vec!["'c' was left out", "'a' was renamed to 'b'"]),
        (vec![("a", "1"), ("b", "2")], "b=2", vec!["'a' was left out: 'b' was given as well"]),
        (vec![("b", "1"), ("d", "2")], "b=1 d=2", vec![]),
    ] {
        assert_eq!(applied(&rules, &given), (left.to_owned(), texts(&told)));
    }
    assert_eq!(params(&Rules::default(), &[("c", "1"), ("a", "2")]), "c=1 a=2");
}

#[test]
fn values_are_set_always_or_when_none_is_given() {
    let rules = Rules { fixed: set_to(&[("t", "1")]), default: set_to(&[("m", "9")]), ..Rules::default() };
    let told = |given: &[(&str, &str)]| applied(&rules, given);
    let both = texts(&["'t' was set to 1", "'m' was set to 9: none was given"]);
    assert_eq!(told(&[]), ("t=1 m=9".to_owned(), both.clone()));
    assert_eq!(told(&[("t", "0"), ("m", "null")]), ("t=1 m=9".to_owned(), both));
    assert_eq!(told(&[("m", "3"), ("t", "1")]), ("m=3 t=1".to_owned(), vec![]), "nothing changed, nothing is told");
    assert_eq!(params(&rules, &[("t", "1"), ("t", "2"), ("m", "3")]), "m=3 t=1", "a name that came twice goes once");
}

#[test]
fn numbers_above_the_cap_are_lowered_and_nothing_else() {
    let rules = Rules { cap: cap("m", "100"), ..Rules::default() };
    for (value, left) in
        [("50", "50"), ("500", "100"), ("1e3", "100"), ("null", "null"), ("\"500\"", "\"500\""), ("-500", "-500")]
    {
        assert_eq!(params(&rules, &[("m", value)]), format!("m={left}"), "{value}");
    }
    assert_eq!(params(&Rules { default: set_to(&[("m", "500")]), ..rules }, &[]), "m=100", "a default, too");
}

#[test]
fn a_call_for_more_than_comes_whole_is_streamed_and_lowered_only_where_it_cannot_be() {
    let rules = Rules { stream_above: cap("m", "10"), ..Rules::default() };
    let streamed = "the call is streamed and its answer collected: 'm' is above 10";
    let lowered = "'m' was lowered to 10: the call cannot be streamed";
    for (value, can_stream, must, left, told) in [
        ("11", true, true, "11", Some(streamed)),
        ("1e3", true, true, "1e3", Some(streamed)),
        ("10", true, false, "10", None),
        ("null", true, false, "null", None),
        ("\"11\"", true, false, "\"11\"", None),
        ("11", false, false, "10", Some(lowered)),
        ("10", false, false, "10", None),
    ] {
        let value = json(value);
        let mut chat = Conversation { params: vec![(Cow::Borrowed("m"), &*value)], ..Conversation::default() };
        let mut effects = Vec::new();
        let streams = rules.must_stream(&mut chat, can_stream, |effect| effects.push(effect.to_string()));
        assert_eq!((streams, listed(&chat)), (must, format!("m={left}")), "{value} {can_stream}");
        assert_eq!(effects, told.into_iter().collect::<Vec<_>>(), "{value} {can_stream}");
    }
}

#[test]
fn of_parameters_that_exclude_each_other_the_first_of_the_rule_goes() {
    let rules = Rules { only_one_of: vec![texts(&["t", "p", "k"])], ..Rules::default() };
    assert_eq!(params(&rules, &[("p", "1"), ("k", "2"), ("t", "3")]), "t=3");
    assert_eq!(params(&rules, &[("p", "1"), ("t", "null")]), "p=1 t=null", "null is not given");
    assert_eq!(params(&rules, &[("x", "1")]), "x=1");
    let rules = Rules { default: set_to(&[("t", "7")]), ..rules };
    assert_eq!(params(&rules, &[("p", "1")]), "p=1", "no default beside what excludes it");
    assert_eq!(params(&rules, &[]), "t=7");
    let rules = Rules { fixed: set_to(&[("p", "5")]), default: Vec::new(), ..rules };
    assert_eq!(params(&rules, &[("k", "1")]), "p=5");
}

#[test]
fn a_renamed_parameter_meets_the_rules_of_its_other_name() {
    let says = Rules {
        rename: vec![("old".into(), "new".into())],
        cap: cap("old", "10"),
        default: set_to(&[("old", "5")]),
        ..Rules::default()
    };
    let rule = Rule { place: String::new(), matches: texts(&["*"]), upstreams: Vec::new(), says };
    let rules = Rules::merged(&crate::models::Facts::default(), &[Arc::new(rule)], "id", None);
    assert_eq!(params(&rules, &[("old", "50")]), "new=10");
    assert_eq!(params(&rules, &[("new", "50")]), "new=10");
    assert_eq!(params(&rules, &[]), "new=5");
}

#[test]
fn system_messages_become_user_messages() {
    let rules = Rules { system_role: Some(SystemRole::User), ..Rules::default() };
    assert_eq!(messages(&rules, &[(Role::System, "\"s\"")]), ["user:\"s\""]);
    let keep = Rules { system_role: Some(SystemRole::Keep), ..Rules::default() };
    assert_eq!(messages(&keep, &[(Role::System, "\"s\"")]), ["system:\"s\""]);
}

#[test]
fn somebody_says_something() {
    let rules = Rules { user_filler: Some(json("\"go\"")), ..Rules::default() };
    let (system, user, model) = (Role::System, Role::User, Role::Assistant);
    assert_eq!(messages(&rules, &[(system, "\"s\"")]), ["system:\"s\"", "user:\"go\""]);
    assert_eq!(messages(&rules, &[(user, "\"\""), (model, "\"a\"")]), ["user:\"go\"", "assistant:\"a\""]);
    for nothing in ["\"\"", "\" \"", "\"\\n \\t\"", "[]", "[ ]"] {
        assert_eq!(messages(&rules, &[(user, nothing)]), ["user:\"go\""], "{nothing}");
    }
    for something in ["\"x\"", "\" \\n.\"", "\"\\u00e9\"", "[{}]"] {
        assert_eq!(messages(&rules, &[(user, something)]), [format!("user:{something}")]);
    }
    let twice = [(user, "\"x\""), (user, "\"\"")];
    assert_eq!(messages(&rules, &twice), ["user:\"x\"", "user:\"\""], "one that says something is enough");
    let as_user = Rules { system_role: Some(SystemRole::User), ..rules };
    assert_eq!(messages(&as_user, &[(system, "\"s\"")]), ["user:\"s\""]);
}

#[test]
fn numbers_below_their_floor_are_raised() {
    let rules = Rules { floor: cap("k", "5"), cap: cap("k", "9"), ..Rules::default() };
    for (given, left) in
        [("1", "k=5"), ("5", "k=5"), ("7", "k=7"), ("10", "k=9"), ("\"x\"", "k=\"x\""), ("null", "k=null")]
    {
        assert_eq!(params(&rules, &[("k", given)]), left);
    }
    assert_eq!(applied(&rules, &[("k", "1")]).1, ["'k' was raised to 5"]);
    assert_eq!(params(&rules, &[]), "", "what is not given is not raised");
}
