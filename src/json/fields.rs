//! A JSON object as an ordered list of names and raw values. Unused values are passed on without being decoded.

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// Up to this many fields, a new name is compared with all names before it. Beyond, a map finds the repeated ones.
const FEW: usize = 16;

/// The most fields of an object and elements of a list that are read: each takes more memory than its text.
pub const MOST_ENTRIES: usize = 100_000;

/// A name in an object. It is borrowed unless it was written with escapes.
pub type Name<'a> = Cow<'a, str>;

/// The fields of one object in their original order. A repeated name has its last value, at its first place: so do
/// Python and JavaScript read such an object.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a> {
    list: Vec<(Name<'a>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// The error of serde_json, with line and column. A JSON text that is not an object is an error too, and so is one of too
    /// many fields.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Reads a value that may be no object; `None` if it is none. Then no error is made, which would take longer than reading.
    pub fn of(value: &'a RawValue) -> Option<Self> {
        if value.get().starts_with('{') { Fields::parse(value.get()).ok() } else { None }
    }

    /// Returns the value of a field.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.list.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Returns the name and value of each field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.list.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// Adds a field that was read.
    ///
    /// # Errors
    /// There are too many.
    pub fn read<E: serde::de::Error>(&mut self, name: Name<'a>, value: &'a RawValue) -> Result<(), E> {
        self.push(name, value);
        bounded(self.list.len(), "an object has more fields than are read")
    }

    /// Adds a field at the end. In a small object, a repeated name replaces the value. In a large one, `complete` does that.
    pub fn push(&mut self, name: Name<'a>, value: &'a RawValue) {
        let few = if self.list.len() > FEW { None } else { Some(&mut self.list) };
        match few.and_then(|list| list.iter_mut().find(|(known, _)| *known == name)) {
            Some((_, last)) => *last = value,
            None => self.list.push((name, value)),
        }
    }

    /// Returns the fields of an object whose last field was pushed. No name is repeated, however many there are.
    pub fn complete(mut self) -> Self {
        if self.list.len() > FEW {
            let once: IndexMap<_, _> = self.list.into_iter().collect();
            self.list = once.into_iter().collect();
        }
        self
    }

    /// Keeps only the fields for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &'a RawValue) -> bool) {
        self.list.retain(|(name, value)| keep(name, value));
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
                let mut fields = Fields { list: Vec::with_capacity(8) };
                while let Some(NameText(name)) = map.next_key()? {
                    fields.read::<A::Error>(name, map.next_value::<&'de RawValue>()?)?;
                }
                Ok(fields.complete())
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
/// The value is not an array, or has too many elements.
pub fn list_of(raw: &RawValue) -> Result<Vec<&RawValue>, serde_json::Error> {
    if !raw.get().starts_with('[') {
        return Err(serde_json::Error::custom("not an array"));
    }
    serde_json::from_str(raw.get()).map(|List(list)| list)
}

/// Reads a list of objects, all of it in one pass.
///
/// # Errors
/// The value is not an array, has too many elements, or one of them is no object.
pub fn objects_of(raw: &RawValue) -> Result<Vec<Fields<'_>>, serde_json::Error> {
    serde_json::from_str(raw.get()).map(|List(list)| list)
}

/// A list of raw values, or of objects.
struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(element) = seq.next_element()? {
                    list.push(element);
                    bounded::<A::Error>(list.len(), "a list has more elements than are read")?;
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// Checks how many entries were read.
///
/// # Errors
/// `why`, if there are too many.
pub fn bounded<E: serde::de::Error>(entries: usize, why: &'static str) -> Result<(), E> {
    if entries > MOST_ENTRIES { Err(E::custom(why)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_objects_is_read_whole_or_not_at_all() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let list = raw(r#"[{"a":[{}]}, {}]"#);
        let objects = objects_of(&list).unwrap();
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0].get("a").map(RawValue::get), Some("[{}]"));
        for text in ["[1]", "[{},null]", "{}", "null", "\"[]\""] {
            assert!(objects_of(&raw(text)).is_err(), "{text}");
        }
        let many = format!("[{}{{}}]", "{},".repeat(MOST_ENTRIES));
        assert!(objects_of(&raw(&many)).is_err());
    }

    #[test]
    fn order_and_escaped_names_are_kept() {
        let fields = Fields::parse(r#"{"b": 1e400, "a\n": [1, {"x": "\ud800", "x": 1}], "c" :2}"#).unwrap();
        let all: Vec<_> = fields.iter().map(|(name, value)| (name.to_owned(), value.get())).collect();
        let inside = r#"[1, {"x": "\ud800", "x": 1}]"#;
        assert_eq!(all, [("b".into(), "1e400"), ("a\n".into(), inside), ("c".into(), "2")]);
    }

    #[test]
    fn the_last_of_repeated_names_counts_once_in_small_and_large_objects() {
        for more in [0, FEW - 3, FEW - 2, FEW - 1, 1000] {
            let others: String = (0..more).map(|number| format!("\"{number}\":0,")).collect();
            let text = format!(r#"{{"a":1,"b":2,"\u0061":3,{others}"a":4,"c":5,"b":6}}"#);
            let fields = Fields::parse(&text).unwrap();
            let all: Vec<_> = fields.iter().map(|(name, value)| (name, value.get())).collect();
            assert_eq!(
                (all.len(), &all[..2], all[all.len() - 1]),
                (more + 3, &[("a", "4"), ("b", "6")][..], ("c", "5"))
            );
            let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
            let same = |((a, x), (b, y)): ((&str, &RawValue), (&String, &serde_json::Value))| {
                a == b && serde_json::from_str::<serde_json::Value>(x.get()).unwrap() == *y
            };
            assert!(fields.iter().zip(&expected).all(same));
        }
    }

    #[test]
    fn many_repeated_names_cost_no_more_than_many_names() {
        let text = format!("{{{}\"b\":2}}", "\"a\":1,\"b\":1,".repeat(MOST_ENTRIES / 2 - 1));
        assert_eq!(Fields::parse(&text).unwrap().iter().count(), 2);
    }

    #[test]
    fn what_has_too_many_entries_is_an_error() {
        let field = |number: usize| format!("\"{number}\":0");
        let object = |count: usize| format!("{{{}}}", (0..count).map(field).collect::<Vec<_>>().join(","));
        assert!(Fields::parse(&object(MOST_ENTRIES)).is_ok() && Fields::parse(&object(MOST_ENTRIES + 1)).is_err());
        let list = |count: usize| RawValue::from_string(format!("[{}0]", "0,".repeat(count - 1))).unwrap();
        assert_eq!(list_of(&list(MOST_ENTRIES)).unwrap().len(), MOST_ENTRIES);
        assert!(list_of(&list(MOST_ENTRIES + 1)).is_err());
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["[]", "\"x\"", "null", "", "{", "{\"a\"}", "{} x"] {
            assert!(Fields::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_object_has_no_fields() {
        for (text, has_fields) in [(r#"{"a":1}"#, true), ("{}", true), ("[{}]", false), ("\"{\"", false), ("7", false)]
        {
            let value: &RawValue = serde_json::from_str(text).unwrap();
            assert_eq!(Fields::of(value).is_some(), has_fields, "{text}");
        }
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Fields::parse(&text).unwrap().get("a").unwrap().get().len(), 200_000);
    }
}
