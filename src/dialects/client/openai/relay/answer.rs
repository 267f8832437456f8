//! A whole answer as its reply needs it. It is read in one pass, since its texts may be long.

use crate::dialects::upstream::openai::reading::given;
use crate::dialects::upstream::openai::screen;
use crate::dialects::upstream::{ChatDialect, error};
use crate::json::Fields;
use crate::json::fields::NameText;
use crate::wire::Failure;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A whole answer.
#[derive(Debug, Default)]
pub struct RelayedAnswer<'a> {
    /// Its fields, but for the choices.
    pub fields: Fields<'a>,
    /// Its choices.
    pub choices: Vec<RelayedChoice<'a>>,
}

/// A choice of a whole answer.
#[derive(Debug, Default)]
pub struct RelayedChoice<'a> {
    /// Its fields, but for the message.
    pub fields: Fields<'a>,
    /// Its message.
    pub message: Fields<'a>,
}

impl<'a> RelayedAnswer<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// For an error or a page in place of the answer, and for what is none of these.
    pub fn read(dialect: &dyn ChatDialect, text: &'a str) -> Result<Self, Failure> {
        match serde_json::from_str::<RelayedAnswer<'a>>(text) {
            Ok(answer) if !answer.choices.is_empty() && given(&answer.fields, "error").is_none() => Ok(answer),
            // What is not quite an answer is read field by field, to say what it is.
            _ => RelayedAnswer::by_fields(dialect, text),
        }
    }

    fn by_fields(dialect: &dyn ChatDialect, text: &'a str) -> Result<Self, Failure> {
        let mut fields = Fields::parse(text).map_err(|_| error::inside(dialect, text.as_bytes()))?;
        let no_answer = || Failure::upstream(format!("{} answered without a message.", dialect.name()));
        let choice = |choice: &'a RawValue| -> Result<RelayedChoice<'a>, Failure> {
            let mut fields = Fields::of(choice).ok_or_else(no_answer)?;
            let message = given(&fields, "message").and_then(Fields::of).ok_or_else(no_answer)?;
            fields.retain(|name, _| name != "message");
            Ok(RelayedChoice { fields, message })
        };
        let choices: Vec<_> =
            screen::choices(dialect, &fields, text)?.into_iter().map(choice).collect::<Result<_, Failure>>()?;
        if choices.is_empty() {
            return Err(no_answer());
        }
        fields.retain(|name, _| name != "choices");
        Ok(RelayedAnswer { fields, choices })
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for RelayedAnswer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnswerVisitor;
        impl<'de> Visitor<'de> for AnswerVisitor {
            type Value = RelayedAnswer<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an answer")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RelayedAnswer<'de>, A::Error> {
                let mut answer = RelayedAnswer::default();
                while let Some(NameText(name)) = map.next_key()? {
                    match name.as_ref() {
                        "choices" => answer.choices = map.next_value()?,
                        _ => answer.fields.read::<A::Error>(name, map.next_value()?)?,
                    }
                }
                answer.fields = answer.fields.complete();
                Ok(answer)
            }
        }
        deserializer.deserialize_map(AnswerVisitor)
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for RelayedChoice<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;
        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = RelayedChoice<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a choice with a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RelayedChoice<'de>, A::Error> {
                let (mut fields, mut message) = (Fields::default(), None);
                while let Some(NameText(name)) = map.next_key()? {
                    match name.as_ref() {
                        "message" => message = Some(map.next_value()?),
                        _ => fields.read::<A::Error>(name, map.next_value()?)?,
                    }
                }
                let message = message.ok_or_else(|| serde::de::Error::missing_field("message"))?;
                Ok(RelayedChoice { fields: fields.complete(), message })
            }
        }
        deserializer.deserialize_map(ChoiceVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::upstream::{Vendor, openai};

    fn shown(answer: &RelayedAnswer<'_>) -> Vec<String> {
        let of = |fields: &Fields<'_>| {
            fields.iter().map(|(name, value)| format!("{name}={}", value.get())).collect::<Vec<_>>()
        };
        let choices = answer.choices.iter().flat_map(|choice| [of(&choice.fields), of(&choice.message)].concat());
        of(&answer.fields).into_iter().chain(choices).collect()
    }

    #[test]
    fn one_pass_reads_what_is_read_field_by_field() {
        let dialect = openai::chat(Vendor::Argo);
        for text in [
            r#"{"id":"i","choices":[{"index":0,"message":{"role":"assistant","content":"a\n"},"finish_reason":"stop"}],"usage":{"x":[1]}}"#,
            r#"{"choices":[{"message":{"content":null,"tool_calls":[{}]}},{"message":{},"index":1}],"id":null}"#,
            r#"{"choices":[],"id":1,"choices":[{"message":{"content":"last"},"x":1,"x":2}]}"#,
            r#" { "\u0069d" : 1 , "choices" : [ { "message" : { "content" : [ ] } } ] } "#,
        ] {
            let one: RelayedAnswer<'_> = serde_json::from_str(text).unwrap();
            assert_eq!(shown(&one), shown(&RelayedAnswer::by_fields(dialect, text).unwrap()), "{text}");
        }
        for text in [
            r#"{"choices":[{"message":null}]}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[1]}"#,
            "[]",
            "{",
            r#"{"choices":[]}"#,
        ] {
            assert!(RelayedAnswer::read(dialect, text).is_err(), "{text}");
        }
        let both = r#"{"error":{"message":"no","type":"rate_limit_error"},"choices":[{"message":{"content":"x"}}]}"#;
        assert_eq!(RelayedAnswer::read(dialect, both).unwrap_err().status.as_u16(), 429);
    }
}
