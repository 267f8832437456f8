//! JSON in Python's notation, in which ARGO leaks dicts into text.

use std::fmt::Write;

use serde_json::Value;

/// Returns the `repr()` of a value.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (i, (key, member)) in members.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                write_text(out, key);
                out.push_str(": ");
                write_value(out, member);
            }
            out.push('}');
        }
    }
}

/// Appends a string in quotes: `"` if the text has `'` and no `"`, or else `'`.
fn write_text(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_look_like_python() {
        let value = json!({"a": [1, 2.5, null], "b": {"c": true, "d": false}, "e": {}});
        assert_eq!(repr(&value), "{'a': [1, 2.5, None], 'b': {'c': True, 'd': False}, 'e': {}}");
    }

    #[test]
    fn quotes_follow_the_text() {
        assert_eq!(repr(&json!("plain")), "'plain'");
        assert_eq!(repr(&json!("it's")), "\"it's\"");
        assert_eq!(repr(&json!("\"it's\"")), "'\"it\\'s\"'");
        assert_eq!(repr(&json!("a\\b\n")), "'a\\\\b\\n'");
    }
}
