//! The `messages` of a call, read in one pass that keeps only the current turn of the conversation.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::content::holds_tool_result;

/// The `messages` of a call.
#[derive(Default)]
pub(crate) enum Messages<'a> {
    #[default]
    Absent,
    NotAList,
    List(Turn<'a>),
}

/// The current turn of a conversation.
#[derive(Clone, Copy, Default)]
pub(crate) struct Turn<'a> {
    /// The content of the last user message.
    pub asked: Option<&'a RawValue>,
    /// The result of a tool after that message.
    pub result: Option<&'a RawValue>,
    /// The number of messages.
    pub messages: usize,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Messages<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(MessagesVisitor)
    }
}

struct MessagesVisitor;

/// Accepts any JSON, so that a wrong type becomes a violation with its place, and not an error of the parser.
impl<'de> Visitor<'de> for MessagesVisitor {
    type Value = Messages<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut turn = Turn::default();
        while let Some(message) = items.next_element::<Message<'de>>()? {
            turn.messages += 1;
            match message.role.map(RawValue::get) {
                Some("\"user\"") if message.content.is_some_and(holds_tool_result) => {
                    turn.result = message.content;
                }
                Some("\"user\"") => {
                    turn.asked = message.content;
                    turn.result = None;
                }
                Some("\"tool\"") => turn.result = message.content,
                _ => {}
            }
        }
        Ok(Messages::List(turn))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Messages::NotAList)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Messages::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Messages::NotAList)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Messages::NotAList)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Messages::NotAList)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Messages::NotAList)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Messages::NotAList)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(messages: &str) -> (Option<String>, Option<String>) {
        let Messages::List(turn) = serde_json::from_str(messages).unwrap() else {
            panic!("not a list");
        };
        let owned = |raw: Option<&RawValue>| raw.map(|raw| raw.get().to_owned());
        (owned(turn.asked), owned(turn.result))
    }

    #[test]
    fn the_last_user_message_counts() {
        let (asked, result) = turn(
            r#"[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},
               {"role":"system","content":"d"}]"#,
        );
        assert_eq!(asked.as_deref(), Some("\"c\""));
        assert_eq!(result, None);
    }

    #[test]
    fn a_tool_result_counts_until_the_next_question() {
        let tool = r#"{"role":"user","content":"add"},{"role":"tool","tool_call_id":"c","content":"13"}"#;
        assert_eq!(turn(&format!("[{tool}]")).1.as_deref(), Some("\"13\""));
        let (asked, result) = turn(&format!(r#"[{tool},{{"role":"user","content":"thanks"}}]"#));
        assert_eq!(asked.as_deref(), Some("\"thanks\""));
        assert_eq!(result, None);
    }

    #[test]
    fn other_types_are_told_from_a_list() {
        for other in ["{}", "\"a\"", "7", "-7", "7.5", "true", "{\"a\":[1]}"] {
            let messages: Messages<'_> = serde_json::from_str(other).unwrap();
            assert!(matches!(messages, Messages::NotAList), "{other}");
        }
        let absent: Messages<'_> = serde_json::from_str("null").unwrap();
        assert!(matches!(absent, Messages::Absent));
    }
}
