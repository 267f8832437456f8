use super::*;
use crate::models::{How, Models, Patterns};
use proptest::prelude::*;

fn model(name: &str, id: &str) -> Model {
    Model { name: name.into(), id: id.into(), ..Model::default() }
}

fn group(list: &[(&str, &str)]) -> Models {
    Models::new(list.iter().map(|(name, id)| model(name, id)).collect(), None, Patterns::default())
}

/// Returns the id and how it was found.
fn ask(group: &Models, asked: &str) -> Option<(String, How)> {
    group.choose(Some(asked)).ok().map(|chosen| (chosen.model.id.clone(), chosen.how))
}

#[test]
fn vendors_spellings_find_the_model_that_is_meant() {
    let group = group(&[("lab:big-4.5", "big45"), ("lab:big-4", "big4"), ("lab:big-4-latest", "big4new")]);
    for (asked, id, spelling) in [
        ("big-4-5", "big45", Spelling::Written),
        ("BIG_4_5", "big45", Spelling::Written),
        ("maker/big-4.5", "big45", Spelling::Written),
        ("router/maker/big-4-5", "big45", Spelling::Written),
        ("maker:big-4-5", "big45", Spelling::Written),
        ("maker/lab:big-4.5", "big45", Spelling::Written),
        ("lab/big-4.5", "big45", Spelling::Written),
        ("big-4-5-20250929", "big45", Spelling::Dated),
        ("big-4.5-2025-09-29", "big45", Spelling::Dated),
        ("maker/big-4-5@20250929", "big45", Spelling::Dated),
        ("big-4-20250514", "big4", Spelling::Dated),
        ("big-4-5:latest", "big45", Spelling::Latest),
        ("big-4-5-latest", "big45", Spelling::Latest),
        ("big-4:latest", "big4new", Spelling::Written),
    ] {
        assert_eq!(ask(&group, asked), Some((id.to_owned(), How::Spelled(spelling))), "{asked}");
    }
}

#[test]
fn what_may_be_another_model_is_not_taken() {
    let dated = [("lab:a", "a"), ("lab:a-2025-01-01", "a1"), ("lab:b-2025-01-01", "b1"), ("other:c", "c")];
    let group = group(&dated);
    for asked in [
        "a-2024-05-05", // The table tells the snapshots of `a` apart.
        "b-2024-05-05", // It has another snapshot only.
        "a-latest",     // Either of the two.
        "a-0613",       // A snapshot or a version.
        "a-2025-13-01", // No date.
        "a-mini",       // Another model.
        "a-mini-2025-01-01",
        "lab:c", // The prefix is one of the table's own.
        "lab/c",
        "-20250101",
        "latest",
        "/",
        "",
    ] {
        assert_eq!(ask(&group, asked), None, "{asked}");
    }
    assert_eq!(ask(&group, "A_2025_01_01").map(|(id, _)| id), Some("a1".to_owned()));
}

#[test]
fn names_that_are_spelled_alike_are_told_apart_or_refused() {
    let group = group(&[("lab:x-1", "one"), ("lab:x.1", "two"), ("lab:y-1", "three"), ("lab:y.1", "three")]);
    assert_eq!(ask(&group, "x-1").unwrap().0, "one");
    assert_eq!(ask(&group, "x.1").unwrap().0, "two");
    assert_eq!(ask(&group, "x_1"), None);
    assert_eq!(ask(&group, "y_1").unwrap().0, "three");
    assert!(group.near("x_1").starts_with(&["lab:x-1", "lab:x.1"]));
}

#[test]
fn digits_stay_apart() {
    for (name, form) in [("A-4.5", "a4.5"), ("a_4--5", "a4.5"), ("a45", "a45"), ("4.a.5", "4a5"), ("É-1", "é1")] {
        assert_eq!(plain(name), form, "{name}");
    }
    assert_eq!(core("maker/big-4-5-20250929"), "big4.5");
}

#[test]
fn the_nearest_name_is_found_whatever_it_is_spelled_like() {
    let group = group(&[("lab:big-5", "big5"), ("lab:big-4", "big4"), ("lab:big-4.5", "big45")]);
    assert_eq!(group.near("maker/big-4-5-pro-20250929").first(), Some(&"lab:big-4.5"));
    assert_eq!(group.near("maker/big-4-5-v2").first(), Some(&"lab:big-4.5"));
}

/// Another spelling of a name: other separators, another case, something before it or after it.
fn respelled(name: &str, separators: &[char], upper: bool, before: &str, after: &str) -> String {
    let mut next = separators.iter().cycle();
    let swap = |c: char| if c.is_alphanumeric() { c } else { next.next().copied().unwrap_or(c) };
    let name: String = name.chars().map(swap).collect();
    format!("{before}{}{after}", if upper { name.to_uppercase() } else { name })
}

proptest! {
    #[test]
    fn a_spelling_finds_the_same_model_or_none(
        names in proptest::collection::vec("[ab][ab14.-]{0,4}(-2025-01-0[12])?", 1..6),
        separators in proptest::collection::vec(prop_oneof![Just('-'), Just('.'), Just('_')], 1..4),
        upper in any::<bool>(), before in "(x/|y:|x/y/)?", after in "(-2025-01-01|-20240506|:latest|-latest)?",
    ) {
        let list: Vec<Model> = names.iter().map(|name| model(&format!("lab:{name}"), &format!("id of {name}"))).collect();
        let group = Models::new(list, None, Patterns::default());
        for name in &names {
            let asked = respelled(name, &separators, upper, &before, &after);
            let bare = plain(asked.strip_prefix(&before).unwrap_or(&asked));
            // A name that another model has, date and all, means that model.
            if group.find(&asked).is_some() || names.iter().any(|other| plain(other) == bare) {
                continue;
            }
            if let Some(chosen) = group.spelled(&asked) {
                prop_assert_eq!(plain(&chosen.model.name), format!("lab{}", plain(name)), "{}", asked);
            }
        }
    }

    #[test]
    fn no_name_of_the_table_changes_its_meaning(names in proptest::collection::hash_set("[ab][ab1.-]{0,3}", 1..6)) {
        let list: Vec<Model> = names.iter().map(|name| model(&format!("lab:{name}"), &format!("id of {name}"))).collect();
        let group = Models::new(list, None, Patterns::default());
        for name in &names {
            let found = ask(&group, &format!("lab:{name}"));
            prop_assert_eq!(found.map(|(id, _)| id), Some(format!("id of {name}")));
        }
    }

    #[test]
    fn any_text_can_be_asked(asked in any::<String>()) {
        let group = group(&[("lab:big-4.5", "big45")]);
        let _ = (group.choose(Some(&asked)), group.near(&asked));
    }
}
