//! The prompt `call NAME ARGUMENTS`: tool calls that the user's message spells out, so that a test decides each byte of them.

use serde_json::Value;

/// The word before each call.
pub(crate) const WORD: &str = "call";

/// A call that a message spells out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ScriptedCall<'a> {
    /// The name of an offered tool, or its end.
    pub name: &'a str,
    /// An object, or the text for a tool whose only argument is `input`.
    pub arguments: Value,
}

/// Returns the calls of a message, in their order. A message that holds anything else is no script.
pub(crate) fn read(message: &str) -> Option<Vec<ScriptedCall<'_>>> {
    let mut rest = message.trim();
    let mut calls = Vec::new();
    while !rest.is_empty() {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        if !word.eq_ignore_ascii_case(WORD) {
            return None;
        }
        let (name, after) = after.trim_start().split_once(char::is_whitespace)?;
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let arguments = values.next()?.ok().filter(|value| value.is_object() || value.is_string())?;
        calls.push(ScriptedCall { name, arguments });
        rest = after.get(values.byte_offset()..)?.trim_start();
    }
    if calls.is_empty() { None } else { Some(calls) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn script(message: &str) -> Option<Vec<(&str, Value)>> {
        read(message).map(|calls| calls.into_iter().map(|call| (call.name, call.arguments)).collect())
    }

    #[test]
    fn several_calls_follow_each_other() {
        let both = script("call add {\"a\": 1} Call  patch\n\"line\\nline\" ");
        assert_eq!(both, Some(vec![("add", json!({"a": 1})), ("patch", json!("line\nline"))]));
        assert_eq!(script("call add {}"), Some(vec![("add", json!({}))]));
    }

    #[test]
    fn other_messages_are_no_script() {
        for message in
            ["", "call", "call me", "call me later", "call add 7", "call add {", "call add {} please", "add {}"]
        {
            assert_eq!(script(message), None, "{message}");
        }
    }
}
