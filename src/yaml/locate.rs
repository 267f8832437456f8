//! Finds the line and column of one node of a YAML text.
//!
//! serde_yaml gives a position only in the error that ends a parse. To locate a node, the text is parsed again and
//! fails on purpose at that node. Each node costs one parse. `spans` finds all nodes in one parse where it can.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::node::{NodeSpot, spot_of, without_mark};

/// One step down into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// The key of the mapping's n-th entry. It is always the last step of a path.
    Key(usize),
    /// The value of the mapping's n-th entry.
    Value(usize),
    /// The n-th item of a list.
    Item(usize),
    /// The n-th of several files. It is always the first step of a path; the first file has no such step.
    File(usize),
}

/// Returns the number of a path's file, and the path within that file.
pub fn file_of(path: &[PathStep]) -> (usize, &[PathStep]) {
    match path.split_first() {
        Some((PathStep::File(number), rest)) => (*number, rest),
        _ => (0, path),
    }
}

/// Returns the path to the n-th file.
pub fn way_to(file: usize) -> Vec<PathStep> {
    if file == 0 { Vec::new() } else { vec![PathStep::File(file)] }
}

/// Returns the start of the node at `path`; `None` when the text has no such node.
pub fn locate(text: &str, path: &[PathStep]) -> Option<NodeSpot> {
    let error = Locate(path).deserialize(serde_yaml::Deserializer::from_str(without_mark(text))).err()?;
    spot_of(&error)
}

/// Follows the path and fails on purpose at its end.
struct Locate<'p>(&'p [PathStep]);

const HERE: &str = "here";

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    /// Writes the error for a scalar at the end of the path, which this visitor refuses.
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((PathStep::Item(index), rest)) = self.0.split_first() else {
            return Err(de::Error::custom(HERE));
        };
        for _ in 0..*index {
            items.next_element::<IgnoredAny>()?;
        }
        items.next_element_seed(Locate(rest))?;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let (index, is_key, rest) = match self.0.split_first() {
            Some((PathStep::Key(index), rest)) => (*index, true, rest),
            Some((PathStep::Value(index), rest)) => (*index, false, rest),
            _ => return Err(de::Error::custom(HERE)),
        };
        for _ in 0..index {
            entries.next_entry::<IgnoredAny, IgnoredAny>()?;
        }
        if is_key {
            entries.next_key_seed(Locate(rest))?;
        } else if entries.next_key::<IgnoredAny>()?.is_some() {
            entries.next_value_seed(Locate(rest))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\nport: 1\nport: x\ncors:\n  origins: [a, \"b\"]\n  other:\n    - é: 1\n";

    #[test]
    fn every_kind_of_node_is_located() {
        use PathStep::{Item, Key, Value};
        let cases: &[(&[PathStep], NodeSpot)] = &[
            (&[], (2, 1)),
            (&[Key(0)], (2, 1)),
            (&[Value(0)], (2, 7)),
            (&[Key(1)], (3, 1)),
            (&[Value(1)], (3, 7)),
            (&[Value(2), Key(0)], (5, 3)),
            (&[Value(2), Value(0)], (5, 12)),
            (&[Value(2), Value(0), Item(1)], (5, 16)),
            (&[Value(2), Value(1), Item(0), Value(0)], (7, 10)),
        ];
        for (path, spot) in cases {
            assert_eq!(locate(TEXT, path), Some(*spot), "{path:?}");
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_has_no_spot() {
        assert_eq!(locate("a: 1\n", &[PathStep::Value(3)]), None);
        assert_eq!(locate("[1]", &[PathStep::Item(3)]), None);
    }

    #[test]
    fn null_values_are_located_too() {
        assert_eq!(locate("a: ~\nb:\nc: 1\n", &[PathStep::Value(0)]), Some((1, 4)));
        assert!(locate("a: ~\nb:\nc: 1\n", &[PathStep::Value(1)]).is_some());
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = "\u{feff}a: 1\r\nb: x\r\n";
        assert_eq!(locate(text, &[PathStep::Key(0)]), Some((1, 1)));
        assert_eq!(locate(text, &[PathStep::Value(1)]), Some((2, 4)));
    }
}
