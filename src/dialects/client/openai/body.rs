//! Reads a chat request's body in one pass: the messages as lists of fields, everything else as raw values.

use crate::json::Fields;
use crate::json::fields::{NameText, bounded};
use crate::wire::Failure;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Returns the body's text.
///
/// # Errors
/// 400 when the body is empty or not UTF-8.
pub fn text(body: &[u8]) -> Result<&str, Failure> {
    if body.is_empty() {
        return Err(Failure::bad_request("The request has no body; a JSON object is expected."));
    }
    std::str::from_utf8(body).map_err(|e| {
        // PowerShell's `Out-File` writes such files.
        let is_utf16 = body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF");
        let found = if is_utf16 {
            "UTF-16; send it as UTF-8".to_owned()
        } else {
            format!("not valid UTF-8 (at byte {})", e.valid_up_to())
        };
        Failure::bad_request(format!("The request body is {found}."))
    })
}

/// Returns the failure for a body that could not be read.
pub fn unreadable(text: &str, e: &serde_json::Error) -> Failure {
    let kind = match text.trim_start().as_bytes().first() {
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b'{') | None => return Failure::bad_request(format!("The request body is not valid JSON: {e}.")),
        Some(_) if e.is_syntax() || e.is_eof() => {
            return Failure::bad_request(format!("The request body is not valid JSON: {e}."));
        }
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(_) => "a number",
    };
    Failure::bad_request(format!("The request body must be a JSON object, but it is {kind}."))
}

/// A chat request's body.
#[derive(Debug, Default)]
pub struct ChatBody<'a> {
    /// `messages`, if it is present.
    pub messages: Option<Messages<'a>>,
    /// All other fields, in order.
    pub fields: Fields<'a>,
}

/// The value of `messages`.
#[derive(Debug)]
pub enum Messages<'a> {
    /// A list; `None` stands for an element that is not an object.
    List(Vec<Option<Fields<'a>>>),
    /// Any other value.
    NotAList,
}

impl<'a> ChatBody<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 with the place of the mistake.
    pub fn parse(text: &'a str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|e| unreadable(text, &e))
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for ChatBody<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;
        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = ChatBody<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ChatBody<'de>, A::Error> {
                let mut body = ChatBody::default();
                while let Some(NameText(name)) = map.next_key()? {
                    if name == "messages" {
                        body.messages = Some(map.next_value()?);
                    } else {
                        body.fields.read::<A::Error>(name, map.next_value::<&'de RawValue>()?)?;
                    }
                }
                body.fields = body.fields.complete();
                Ok(body)
            }
        }
        deserializer.deserialize_map(BodyVisitor)
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Messages<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient(|seq| match seq {
            Composite::List(list) => Messages::List(list),
            _ => Messages::NotAList,
        }))
    }
}

/// One element of `messages`.
struct Element<'a>(Option<Fields<'a>>);

impl<'a, 'de: 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Lenient(|seq| match seq {
            Composite::Object(fields) => Element(Some(fields)),
            _ => Element(None),
        }))
    }
}

/// The kind of a value, as far as it matters here.
enum Composite<'a> {
    Object(Fields<'a>),
    List(Vec<Option<Fields<'a>>>),
    Scalar,
}

/// Accepts every kind of value, so that a wrong one is reported by its name instead of as a parse error.
struct Lenient<F>(F);

macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method<E: serde::de::Error>(self, _: $type) -> Result<T, E> { Ok((self.0)(Composite::Scalar)) })*
    };
}

impl<'de, T, F: FnOnce(Composite<'de>) -> T> Visitor<'de> for Lenient<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: serde::de::Error>(self) -> Result<T, E> {
        Ok((self.0)(Composite::Scalar))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut fields = Fields::default();
        while let Some(NameText(name)) = map.next_key()? {
            fields.read::<A::Error>(name, map.next_value::<&'de RawValue>()?)?;
        }
        Ok((self.0)(Composite::Object(fields.complete())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        let mut list = Vec::new();
        while let Some(Element(fields)) = seq.next_element()? {
            list.push(fields);
            bounded::<A::Error>(list.len(), "a list has more elements than are read")?;
        }
        Ok((self.0)(Composite::List(list)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_body_is_told_by_its_kind() {
        for (body, said) in [
            ("[]", "must be a JSON object, but it is an array"),
            ("\"x\"", "it is a string"),
            ("null", "it is null"),
            ("12", "it is a number"),
            ("true", "it is a boolean"),
            ("{\"a\":}", "not valid JSON"),
            ("nonsense", "not valid JSON"),
            ("{\"messages\": [{]}", "not valid JSON"),
        ] {
            let failure = ChatBody::parse(body).unwrap_err();
            assert!(failure.message.contains(said), "{body}: {}", failure.message);
            assert_eq!(failure.status.as_u16(), 400);
        }
        assert!(text(b"").unwrap_err().message.contains("no body"));
        assert!(text(b"{\"a\": \"\xff\"}").unwrap_err().message.contains("is not valid UTF-8 (at byte 7)"));
        assert!(text(b"\xff\xfe{\0}\0").unwrap_err().message.contains("is UTF-16; send it as UTF-8"));
    }

    #[test]
    fn messages_of_any_kind_are_told_apart() {
        let kinds = [("[]", Some(0)), ("[{}, 1, [2]]", Some(3)), ("\"x\"", None), ("{}", None), ("1.5", None)];
        for (messages, count) in kinds {
            let text = format!("{{\"messages\": {messages}, \"a\": 1}}");
            let body = ChatBody::parse(&text).unwrap();
            let list = match body.messages.unwrap() {
                Messages::List(list) => Some(list.len()),
                Messages::NotAList => None,
            };
            assert_eq!(list, count, "{messages}");
        }
    }

    #[test]
    fn deep_messages_are_an_error_not_a_crash() {
        let text = format!("{{\"messages\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(ChatBody::parse(&text).is_err());
    }
}
