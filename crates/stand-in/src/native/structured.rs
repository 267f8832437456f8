//! Answers in a format that the client asks for: JSON that fits its schema.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::arguments;

#[derive(Deserialize)]
struct Format<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    json_schema: Option<Inner<'a>>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(borrow, default)]
    schema: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow, default)]
    format: Option<Format<'a>>,
}

/// Reads `response_format` of a chat.
pub(crate) fn of_chat(raw: Option<&RawValue>) -> Option<String> {
    answer(serde_json::from_str(raw?.get()).ok()?)
}

/// Reads `text` of Responses.
pub(crate) fn of_responses(raw: Option<&RawValue>) -> Option<String> {
    let text: Text<'_> = serde_json::from_str(raw?.get()).ok()?;
    answer(text.format?)
}

fn answer(format: Format<'_>) -> Option<String> {
    match format.r#type?.get() {
        r#""json_schema""# => {
            let schema = format.schema.or(format.json_schema.and_then(|inner| inner.schema));
            Some(arguments::plausible(schema).to_string())
        }
        r#""json_object""# => Some(r#"{"answer":"sample answer"}"#.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_fits_the_schema_wherever_it_is() {
        let raw = |json| Some(serde_json::from_str::<&RawValue>(json).unwrap());
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer"}}}"#;
        let chat = format!(r#"{{"type":"json_schema","json_schema":{{"name":"s","schema":{schema}}}}}"#);
        assert_eq!(of_chat(raw(&chat)).as_deref(), Some(r#"{"n":1}"#));
        let responses = format!(r#"{{"format":{{"type":"json_schema","name":"s","schema":{schema}}}}}"#);
        assert_eq!(of_responses(raw(&responses)).as_deref(), Some(r#"{"n":1}"#));
        assert!(of_chat(raw(r#"{"type":"json_object"}"#)).is_some());
        assert!(of_chat(raw(r#"{"type":"text"}"#)).is_none() && of_chat(None).is_none());
    }
}
