//! Changes single values of a YAML text. All other bytes stay unchanged, so comments survive.

/// Returns the text with `key`, at the start of a line, set to `value` (already YAML). The line's comment stays.
/// A missing key is added at the end.
pub fn set_value(text: &str, key: &str, value: &str) -> String {
    let mut out = String::with_capacity(text.len() + value.len());
    let mut done = false;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let ending = line.strip_prefix(body).unwrap_or_default();
        let old = body.strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
        match old.filter(|old| !done && (old.is_empty() || old.starts_with([' ', '\t']))) {
            Some(old) => {
                let (_, comment) = split_comment(old);
                let gap = if comment.is_empty() { "" } else { " " };
                out.extend([key, ": ", value, gap, comment, ending]);
                done = true;
            }
            None => out.push_str(line),
        }
    }
    if !done {
        let gap = if out.is_empty() || out.ends_with('\n') { "" } else { "\n" };
        out.extend([gap, key, ": ", value, "\n"]);
    }
    out
}

/// Returns the lines that set one of `keys`, without comments.
pub fn only_keys(text: &str, keys: &[&str]) -> String {
    let is_shown = |line: &&str| line.split_once(':').is_some_and(|(key, _)| keys.contains(&key));
    text.lines().filter(is_shown).map(|line| split_comment(line).0).flat_map(|line| [line, "\n"]).collect()
}

/// Splits a line into its content (without trailing blanks) and its comment. `#` starts a comment only outside of
/// quotes and after a blank.
fn split_comment(line: &str) -> (&str, &str) {
    let mut quote = None;
    let mut escaped = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => {
                let (value, comment) = line.split_at(at);
                return (value.trim_end(), comment);
            }
            // A quote counts only at the start of a scalar.
            None if matches!(c, '"' | '\'') && matches!(before, ' ' | '\t' | '[' | ',' | '{') => {
                quote = Some(c);
            }
            None => {}
        }
        before = c;
    }
    (line.trim_end(), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::quote;
    use proptest::prelude::*;

    const TEXT: &str = "# port: 1 in a comment\nport: 0 # why\nsupport: 7\nuser: \"a # b\" # who\n\nname: it's # x\r\nlist:\n  port: 9\n";

    #[test]
    fn values_change_and_everything_else_stays() {
        assert_eq!(set_value(TEXT, "port", "44497"), TEXT.replace("port: 0 #", "port: 44497 #"));
        assert_eq!(set_value(TEXT, "user", "\"c\""), TEXT.replace("\"a # b\"", "\"c\""));
        assert_eq!(set_value(TEXT, "name", "y"), TEXT.replace("it's", "y"));
        assert_eq!(set_value("a: 1\na: 2", "a", "3"), "a: 3\na: 2");
        assert_eq!(set_value("a:\n", "a", "3"), "a: 3\n");
    }

    #[test]
    fn a_missing_key_is_added() {
        assert_eq!(set_value("a: 1", "b", "2"), "a: 1\nb: 2\n");
        assert_eq!(set_value("", "b", "2"), "b: 2\n");
        assert_eq!(set_value("b:c\n", "b", "2"), "b:c\nb: 2\n");
    }

    #[test]
    fn the_short_look_has_the_named_keys_without_comments() {
        assert_eq!(only_keys(TEXT, &["port", "user", "name"]), "port: 0\nuser: \"a # b\"\nname: it's\n");
        assert_eq!(only_keys("a: b#c\nd: [\"#\", '#'] # e\n", &["d"]), "d: [\"#\", '#']\n");
    }

    #[test]
    fn hostile_texts_come_back_from_yaml() {
        for text in [
            "null",
            "~",
            "yes",
            "1e3",
            "0x10",
            "a: b",
            "# no comment",
            "- x",
            "\"quoted\"",
            "it's",
            "back\\slash\\n",
            "{a}",
            "[b]",
            "&a *b !c",
            "line\nbreak\ttab",
            "\u{0}\u{7f}\u{85}\u{2028}\u{feff}é😀",
            "",
            " ",
        ] {
            let yaml = set_value("user: x # c\n", "user", &quote(text));
            assert!(yaml.ends_with(" # c\n") && yaml.lines().count() == 1, "{yaml}");
            let back: std::collections::BTreeMap<String, String> = serde_yaml::from_str(&yaml).unwrap();
            assert_eq!(back["user"], text);
        }
    }

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>()) {
            let yaml = set_value("user: \"x\" # c\n", "user", &quote(&text));
            let back: serde_yaml::Value = serde_yaml::from_str(&yaml).unwrap();
            prop_assert_eq!(back["user"].as_str(), Some(&*text));
            prop_assert_eq!(set_value(&yaml, "user", "\"x\""), "user: \"x\" # c\n");
        }
    }
}
