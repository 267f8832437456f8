//! The `messages` of a call, read in one pass that keeps only the current turn of the conversation.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::content::{self, holds_tool_result};
use crate::request::present;

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
    /// The place of the first message by a developer.
    pub developer: Option<usize>,
    /// Whether the content of a message is null.
    pub has_null: bool,
    /// Whether a tool was called or answered.
    pub has_calls: bool,
}

impl<'a> Turn<'a> {
    /// Returns the text to answer.
    pub(crate) fn input(&self) -> Input<'a> {
        match self.result {
            Some(result) => Input::read(Author::Tool, Some(result)),
            None => Input::read(Author::User, self.asked),
        }
    }
}

/// What to answer. It is displayed as an echo repeats it: the text, and how many images are with it.
pub(crate) struct Input<'a> {
    pub by: Author,
    pub text: Cow<'a, str>,
    /// The last of several texts.
    last: Option<Cow<'a, str>>,
    pub images: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    User,
    Tool,
}

impl<'a> Input<'a> {
    /// Returns the input in the content of a message. Without content, it is empty.
    pub(crate) fn read(by: Author, content: Option<&'a RawValue>) -> Self {
        Self {
            by,
            text: content.map(content::text).unwrap_or_default(),
            last: content.and_then(content::last_text),
            images: content.map_or(0, content::images),
        }
    }

    /// Returns a user's text.
    pub(crate) fn of_user(text: Cow<'a, str>) -> Self {
        Self { by: Author::User, text, last: None, images: 0 }
    }

    /// Returns what can be a prompt: the last text, because clients and proxies put others before it.
    pub(crate) fn prompt(&self) -> &str {
        self.last.as_deref().unwrap_or(&self.text)
    }
}

impl fmt::Display for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.images {
            0 => Ok(()),
            1 => f.write_str(" (1 image)"),
            several => write!(f, " ({several} images)"),
        }
    }
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<&'a RawValue>,
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
            if turn.developer.is_none() && message.role.map(RawValue::get) == Some("\"developer\"") {
                turn.developer = Some(turn.messages);
            }
            turn.has_null |= message.content.is_some_and(|content| content.get() == "null");
            turn.has_calls |= message.tool_calls.is_some();
            turn.messages += 1;
            match message.role.map(RawValue::get) {
                Some("\"user\"") if message.content.is_some_and(holds_tool_result) => {
                    turn.result = message.content;
                }
                Some("\"user\"") => {
                    turn.asked = message.content;
                    turn.result = None;
                }
                Some("\"tool\"") => {
                    turn.result = message.content;
                    turn.has_calls = true;
                }
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
