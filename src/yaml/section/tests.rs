//! Tests of the values that a section returns and refuses.

use super::*;
use crate::yaml::{Kind, Parsed};

const KEYS: &[Key] = &[Key::optional("known", Kind::Text, "A text.")];

#[test]
fn a_key_that_is_not_described_is_not_read() {
    let text = "known: a\nforgotten: b\n";
    let parsed = Parsed::of(text).unwrap();
    let Node::Map(entries) = &parsed.root else { panic!("no mapping") };
    let mut source = Source::new("t.yaml", text, &parsed, None);
    let mut section = Section::new(entries, KEYS);
    assert_eq!(section.text(&mut source, "known").map(|found| found.value).as_deref(), Some("a"));
    assert!(section.text(&mut source, "forgotten").is_none());
    section.finish(&mut source);
    let problems = source.finish(Some(())).unwrap_err();
    assert_eq!(problems[0].to_string(), "t.yaml:2:1: forgotten: unknown key\n  help: known keys: known");
}
