use super::*;
use crate::access::Quota;
use std::num::NonZeroU32;

fn ann<'a>(hash: &'a Hash) -> NewCaller<'a> {
    NewCaller { name: "ann", hash, user: None, routes: &[], models: &[], limits: Limits::default(), watch: false }
}

fn add_ann(text: Option<&str>) -> Result<String, String> {
    add(text, &ann(&Hash::of(b"key")))
}

fn row(indent: &str) -> String {
    format!("{indent}- name: ann\n{indent}  key_sha256: \"{}\"\n", Hash::of(b"key"))
}

/// Lists in the forms that people write, each with a row of bob.
fn lists() -> [(String, &'static str); 5] {
    let hash = Hash::of(b"other");
    let one = format!("- {{ name: bob, key_sha256: \"{hash}\" }}");
    [
        (format!("# mine\r\ncallers: # all\n  {one} # first\n"), "  "),
        (format!("callers:\n{one}\n\n# the end\n"), ""),
        (format!("callers:\n    - name: bob\n      routes:\n        - /v1/*\n      key_sha256: \"{hash}\"\n"), "    "),
        (format!("callers:\n  -\n    # of the lab\n    name: bob\n\n    key_sha256: '{hash}'  # old\n"), "  "),
        (format!("---\ncallers:\n- {{ name: bob,\n    key_sha256: \"{hash}\" }}\n"), ""),
    ]
}

#[test]
fn everything_else_stays_byte_for_byte() {
    for (text, indent) in lists() {
        assert_eq!(add_ann(Some(&text)).unwrap(), format!("{text}{}", row(indent)));
    }
    let cut = format!("callers:\n  - {{ name: bob, key_sha256: \"{}\" }}", Hash::of(b"other"));
    assert_eq!(add_ann(Some(&cut)).unwrap(), format!("{cut}\n{}", row("  ")));
    assert_eq!(add_ann(Some("# none yet\n")).unwrap(), format!("# none yet\ncallers:\n{}", row("  ")));
    assert_eq!(add_ann(None).unwrap(), format!("callers:\n{}", row("  ")));
}

#[test]
fn a_row_goes_and_its_neighbours_stay_byte_for_byte() {
    for (text, _) in lists() {
        let with_ann = add_ann(Some(&text)).unwrap();
        assert_eq!(remove(&with_ann, "ann").unwrap(), text);
        let (start, end) = (text.find("bob").unwrap(), text.rfind("key_sha256").unwrap());
        let without = remove(&with_ann, "bob").unwrap();
        assert!(without.ends_with(&row("")) || without.contains("- name: ann"), "{without}");
        // What stood before the row's dash and after its last line is there still.
        let dash = text[..start].rfind("- ").or(text[..start].rfind("-\n")).unwrap();
        let line = text[..dash].rfind('\n').unwrap() + 1;
        let rest = end + text[end..].find('\n').unwrap() + 1;
        assert_eq!(without, with_ann[..line].to_owned() + &with_ann[rest..]);
        // The last row, and a new first one in its place.
        let none = remove(&without, "ann").unwrap();
        assert!(Callers::read("", &none).unwrap().0.rows.is_empty());
        add_ann(Some(&none)).unwrap();
    }
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one_and_nothing_else_changes() {
    let (old, new) = (Hash::of(b"other"), Hash::of(b"new"));
    for (text, _) in lists() {
        for text in [text.clone(), text.to_uppercase().replace("CALLERS", "callers").replace("BOB", "bob")] {
            let text = text.replace("NAME", "name").replace("KEY_SHA256", "key_sha256").replace("ROUTES", "routes");
            // A comment that names the hash is no key.
            let text = format!("# was {old}\n{text}");
            let after = rotate(&text, "bob", &new).unwrap();
            assert_eq!(Callers::read("", &after).unwrap().0.rows[0].hash, new);
            let (kept, line) = (after.lines().zip(text.lines()), new.to_string());
            assert!(kept.clone().all(|(now, before)| now == before || now.contains(&line)), "{after}");
            assert_eq!(kept.filter(|(now, before)| now != before).count(), 1, "{after}");
        }
    }
    let flow = format!("callers: [{{ name: bob, key_sha256: \"{old}\" }}]\n");
    assert_eq!(rotate(&flow, "bob", &new).unwrap(), flow.replace(&old.to_string(), &new.to_string()));
}

#[test]
fn names_that_yaml_takes_for_something_else_are_quoted() {
    for name in ["1234", "null", "true", "1e5", "ann", "0x1f", "-", "@lab", "a.b@c"] {
        let (hash, user) = (Hash::of(b"key"), Username::new("1234").unwrap());
        let caller = NewCaller { name, user: Some(&user), ..ann(&hash) };
        let text = add(None, &caller).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(Callers::read("", &text).unwrap().0.rows[0].name, name, "{text}");
        assert!(Callers::read("", &remove(&text, name).unwrap()).unwrap().0.rows.is_empty());
    }
}

#[test]
fn what_a_caller_may_use_is_written_as_the_file_has_it() {
    let hash = Hash::of(b"key");
    let (routes, models) = (["/v1/chat/*".to_owned()], ["argo:gpt-4o*".to_owned(), "a'b\"c".to_owned()]);
    let quota = |most| NonZeroU32::new(most).map(Quota::Most);
    let limits = Limits { requests_per_minute: quota(60), concurrent: quota(4), ..Limits::default() };
    let text = add(None, &NewCaller { routes: &routes, models: &models, limits, watch: true, ..ann(&hash) }).unwrap();
    let rows = Callers::read("", &text).unwrap().0.rows;
    assert_eq!(rows[0].limits, limits);
    assert_eq!(facts(&rows[0]).3[1], Some(vec!["argo:gpt-4o*", "a'b\"c"]));
    assert!(rows[0].watch);
    assert!(text.contains("  limits: { requests_per_minute: 60, concurrent: 4 }\n"), "{text}");
    for (routes, why) in [("v1/chat", "a path that begins with /"), ("/a b", "without spaces")] {
        let why_not = add(None, &NewCaller { routes: &[routes.to_owned()], ..ann(&hash) }).unwrap_err();
        assert!(why_not.contains(why), "{why_not}");
    }
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let with_ann = add_ann(None).unwrap();
    for (text, why) in [
        (with_ann.as_str(), "key rotate ann"),
        ("callers: [ ]\n", "lines that begin with"),
        ("callers: [\n", "mistakes"),
        ("collars: 1\n", "mistakes"),
    ] {
        assert!(add_ann(Some(text)).unwrap_err().contains(why), "{text}");
    }
    for name in ["", "a b", "a*", "é", "a\n", &"a".repeat(65)] {
        assert!(add(None, &NewCaller { name, ..ann(&Hash::of(b"key")) }).is_err(), "{name}");
    }
    let flow = format!("callers: [{{ name: ann, key_sha256: \"{}\" }}]\n", Hash::of(b"key"));
    let split = format!("callers:\n- name: ann\n  key_sha256: \"{}\\\n    {}\"\n", &"a".repeat(32), &"b".repeat(32));
    for (text, name, why) in [
        (with_ann.as_str(), "bob", "nobody is named 'bob'"),
        ("callers: [\n", "ann", "mistakes"),
        (flow.as_str(), "ann", "lines that begin with"),
    ] {
        assert!(remove(text, name).unwrap_err().contains(why), "{text}");
    }
    assert!(rotate(&with_ann, "bob", &Hash::of(b"new")).unwrap_err().contains("nobody is named 'bob'"));
    assert!(rotate(&split, "ann", &Hash::of(b"new")).unwrap_err().contains("64 digits"));
}
