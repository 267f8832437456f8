//! A JSON object as an ordered list of names and raw values. Unused values are passed on without being decoded.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A name in an object. It is borrowed unless it was written with escapes.
pub type Name<'a> = Cow<'a, str>;

/// The fields of one object in their original order, duplicates included.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a> {
    list: Vec<(Name<'a>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// The error of serde_json, with line and column. A JSON text that is not an object is an error too.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns the value of a field. If a name is repeated, the last value counts, as in most JSON parsers.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.list.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Returns the name and value of each field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.list.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// Adds a field at the end.
    pub fn push(&mut self, name: Name<'a>, value: &'a RawValue) {
        self.list.push((name, value));
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut list = Vec::with_capacity(8);
                while let Some(NameText(name)) = map.next_key()? {
                    list.push((name, map.next_value::<&'de RawValue>()?));
                }
                Ok(Fields { list })
            }
        }
        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Name<'a>, &'a RawValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

/// A field name that borrows when it can (`Cow`'s own implementation never does).
pub struct NameText<'a>(pub Name<'a>);

impl<'a, 'de: 'a> Deserialize<'de> for NameText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = NameText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, name: &'de str) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Borrowed(name)))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Owned(name.to_owned())))
            }

            fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<NameText<'de>, E> {
                Err(E::custom("a field name must be text"))
            }
        }
        deserializer.deserialize_str(NameVisitor)
    }
}

/// Reads a list of raw values.
///
/// # Errors
/// The value is not an array.
pub fn list_of(raw: &RawValue) -> Result<Vec<&RawValue>, serde_json::Error> {
    if !raw.get().starts_with('[') {
        return Err(serde_json::Error::custom("not an array"));
    }
    serde_json::from_str(raw.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_duplicates_and_escaped_names_are_kept() {
        let fields = Fields::parse(r#"{"b": 1e400, "a\n": [1, {"x": "\ud800"}], "b" :2}"#).unwrap();
        let all: Vec<_> = fields.iter().map(|(name, value)| (name.to_owned(), value.get())).collect();
        assert_eq!(all, [("b".into(), "1e400"), ("a\n".into(), r#"[1, {"x": "\ud800"}]"#), ("b".into(), "2")]);
        assert_eq!(fields.get("b").unwrap().get(), "2");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["[]", "\"x\"", "null", "", "{", "{\"a\"}", "{} x"] {
            assert!(Fields::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Fields::parse(&text).unwrap().get("a").unwrap().get().len(), 200_000);
    }
}
