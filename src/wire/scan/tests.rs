use super::*;
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

fn serde(text: &str) -> Option<&str> {
    serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
}

fn agree(text: &str) {
    assert_eq!(value(text).map(Raw::get), serde(text), "{text}");
    let list_of = serde_json::from_str::<Vec<&RawValue>>(text).ok();
    let scanned = list(text).map(|list| list.into_iter().map(Raw::get).collect::<Vec<_>>());
    assert_eq!(scanned, list_of.map(|list| list.into_iter().map(RawValue::get).collect()), "{text}");
    let map_of = serde_json::from_str::<BTreeMap<String, &RawValue>>(text).ok();
    let scanned =
        object(text).map(|fields| fields.into_iter().map(|(name, raw)| (name.into_owned(), raw.get())).collect());
    assert_eq!(
        scanned,
        map_of.map(|map| map.into_iter().map(|(name, raw)| (name, raw.get())).collect::<BTreeMap<_, _>>()),
        "{text}"
    );
}

#[test]
fn it_takes_what_serde_json_takes() {
    for text in [
        "",
        " ",
        "1",
        "-",
        "-1",
        "01",
        "-0",
        "0.5",
        "1.",
        ".5",
        "1e5",
        "1E+5",
        "1e-",
        "1e400",
        "+1",
        "1 2",
        "tru",
        "true",
        "truer",
        " null ",
        "nul",
        "falsefalse",
        "\"\"",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\q\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\t\"",
        "\"\u{7f}\"",
        "\"é\u{2028}\"",
        "[]",
        "[ ]",
        "[1,]",
        "[,]",
        "[1 2]",
        "[1,2 ]",
        "[",
        "]",
        "[[[]",
        "[[],{}]",
        "{}",
        "{ }",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" : [ 1 , {\"b\":null} ] }",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\\u0041\":1}",
        "{\"\\ud800\":1}",
        "{\"a\":1,\"a\":2}",
        "{}x",
        "{]",
        "[}",
        "\u{feff}{}",
        "{\"a\":\"x\\\\\"}",
        "\u{a0}1",
        "[1]\u{0}",
    ] {
        agree(text);
    }
    agree(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
}

#[test]
fn strings_end_where_they_end_wherever_that_is() {
    for before in 0..70 {
        for end in ["\"", "\\n\"", "\\\"\"", "\u{1f}\"", "\\", "é\"", ""] {
            agree(&format!("\"{}{end}", "x".repeat(before)));
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_taken_or_not_as_by_serde_json(text in r#"[\[\]{},: "\\a0-9eE+.\-tnul\n\t\x00-\x1fé]{0,40}"#) {
        agree(&text);
    }

    #[test]
    fn any_json_that_was_cut_or_changed(
        json in prop::collection::vec((any::<String>(), any::<f64>(), prop::option::of(any::<bool>())), 0..4),
        at in any::<prop::sample::Index>(),
        with in prop::sample::select(vec!["", " ", "\"", "\\", ",", "}", "]", "1", "x"]),
    ) {
        let text = serde_json::to_string(&serde_json::json!({"a": json, "b": [json], "c": {"d": json}})).unwrap();
        agree(&text);
        let mut at = at.index(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        agree(&text[..at]);
        agree(&format!("{}{with}{}", &text[..at], &text[at..]));
    }
}
