use super::*;

fn model(name: &str, id: &str) -> Model {
    Model { name: name.into(), id: id.into(), ..Model::default() }
}

fn group() -> Models {
    let list = vec![model("lab:big-1", "big1"), model("lab:small-1", "small1"), model("big1", "other")];
    Models::new(list, Some(1), Patterns::default())
}

#[test]
fn every_form_of_a_name_finds_its_model() {
    let group = group();
    for name in ["lab:big-1", "LAB:Big-1", "big-1", "lab:big1"] {
        assert_eq!(group.find(name).unwrap().model.id, "big1", "{name}");
    }
    assert_eq!(group.find("BIG1").unwrap().model.id, "other", "a full name goes before an id");
    assert_eq!(group.choose(None).unwrap().asked, "lab:small-1");
}

#[test]
fn the_form_that_matched_is_told() {
    let group = group();
    for (name, form) in [
        ("LAB:big-1", Form::Name),
        ("small1", Form::Id),
        ("lab:big1", Form::PrefixedId),
        ("Small-1", Form::ShortName),
        ("big1", Form::Name),
    ] {
        assert_eq!(group.choose(Some(name)).unwrap().how, How::Named(form), "{name}");
    }
    assert_eq!(group.choose(None).unwrap().how, How::Default);
}

#[test]
fn several_names_may_have_one_id_and_the_first_is_shown_for_it() {
    let group = Models::new(vec![model("lab:x", "one"), model("lab:y", "one")], None, Patterns::default());
    for (asked, name) in [("lab:y", "lab:y"), ("Y", "lab:y"), ("one", "lab:x"), ("lab:one", "lab:x")] {
        assert_eq!(group.find(asked).unwrap().model.name, name, "{asked}");
    }
}

#[test]
fn names_go_before_patterns_and_patterns_in_their_order() {
    let rule = Rule {
        place: "here".into(),
        matches: vec!["made-*".into()],
        upstreams: Vec::new(),
        says: Rules { drop: vec!["x".into()], ..Rules::default() },
    };
    let patterns = Patterns {
        names: [("lab:*-test", "made-*"), ("lab:*", "*")]
            .map(|(name, id)| NamePattern::parse(name, id).unwrap())
            .to_vec(),
        rules: vec![Arc::new(rule)],
        facts: Facts { created: Some(7), ..Facts::default() },
        deprecated: vec!["*-old".into()],
        upstream: None,
    };
    let group = Models::new(vec![model("lab:a-test", "a")], None, patterns);
    for (asked, id, pattern) in [
        ("lab:a-test", "a", None),
        ("LAB:A-test", "a", None),
        ("lab:b-test", "made-b", Some("lab:*-test")),
        ("lab:B", "B", Some("lab:*")),
    ] {
        let chosen = group.choose(Some(asked)).unwrap();
        let by = if let How::Pattern(pattern) = &chosen.how { Some(&**pattern) } else { None };
        assert_eq!((chosen.model.id.as_str(), by, chosen.asked), (id, pattern, asked), "{asked}");
        assert_eq!(chosen.model.rules.drop.is_empty(), !id.starts_with("made-"), "{asked}");
    }
    let made = group.make("lab:c-old").unwrap().model;
    assert!(made.deprecated && made.rules.facts.created == Some(7));
    assert_eq!(group.choose(Some("lab:é")).unwrap_err().status.as_u16(), 404);
}

#[test]
fn unknown_names_are_told_with_near_ones() {
    let failure = group().choose(Some("lab:bigg-1")).unwrap_err();
    assert_eq!((failure.status.as_u16(), failure.code.as_deref()), (404, Some("model_not_found")));
    assert!(failure.message.contains("lab:big-1"), "{}", failure.message);
    assert!(group().choose(Some("1")).unwrap_err().message.contains("The model list"));
    assert!(group().choose(Some("big-1-2026-01-01")).unwrap_err().message.contains("lab:big-1"));
    assert!(group().choose(Some("zzzzzz")).unwrap_err().message.contains("The model list"));
}

#[test]
fn hidden_models_are_found_and_not_proposed() {
    let hidden = Model { hidden: true, ..model("lab:secret", "secret") };
    let group = Models::new(vec![hidden], None, Patterns::default());
    assert_eq!(group.find("secret").unwrap().model.id, "secret");
    assert!(group.near("lab:secrets").is_empty());
}

#[test]
fn a_list_takes_no_name_away_from_the_table() {
    let listed = |name: &str, id: &str| Model { is_listed: true, ..model(name, id) };
    let list = vec![listed("lab:small", "big-1"), model("lab:big-1", "big1"), listed("lab:new-3", "new3")];
    let group = Models::new(list, None, Patterns::default());
    for (asked, id) in
        [("big-1", "big1"), ("lab:big-1", "big1"), ("Big 1", "big1"), ("new3", "new3"), ("lab/new 3", "new3")]
    {
        assert_eq!(group.choose(Some(asked)).unwrap().model.id, id, "{asked}");
    }
    assert_eq!(group.choose(Some("small")).unwrap().model.id, "big-1");
}
