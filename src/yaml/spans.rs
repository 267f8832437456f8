//! Finds the start of every node of a YAML text in one pass.
//!
//! serde_yaml gives a position only in errors. A request for an enum fails with the position of the next node and does
//! not consume it, because none of our nodes is an enum. An alias is consumed before the request fails, so texts that
//! may have aliases are excluded (see [`Span::of`]).

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

use super::locate::{PathStep, locate};
use super::node::{NodeSpot, without_mark};

/// The start of a node and of all nodes below it.
#[derive(Debug)]
pub struct Span {
    spot: NodeSpot,
    below: Below,
}

#[derive(Debug)]
enum Below {
    Nothing,
    Items(Vec<Span>),
    /// Keys and values. Nodes inside keys are not recorded.
    Entries(Vec<(NodeSpot, Span)>),
}

impl Span {
    /// Returns the spans of a valid text; `None` when it may have aliases.
    pub fn of(text: &str) -> Option<Span> {
        if text.contains('&') {
            return None;
        }
        let spot = locate(text, &[])?;
        let below = Walk.deserialize(serde_yaml::Deserializer::from_str(without_mark(text))).ok()?;
        Some(Span { spot, below })
    }

    /// Returns the start of the node at the end of a path.
    pub fn at(&self, path: &[PathStep]) -> Option<NodeSpot> {
        let Some((step, rest)) = path.split_first() else { return Some(self.spot) };
        match (step, &self.below) {
            (PathStep::Item(index), Below::Items(items)) => items.get(*index)?.at(rest),
            (PathStep::Key(index), Below::Entries(entries)) => entries.get(*index).map(|(key, _)| *key),
            (PathStep::Value(index), Below::Entries(entries)) => entries.get(*index)?.1.at(rest),
            _ => None,
        }
    }
}

/// Requests an enum. This fails at the start of the next node and consumes nothing.
struct SpanProbe;

impl<'de> DeserializeSeed<'de> for SpanProbe {
    type Value = NodeSpot;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<NodeSpot, D::Error> {
        let told = deserializer.deserialize_enum("", &[], SpanProbe).err().map(|error| error.to_string());
        told.map(|told| spot_in(&told)).ok_or_else(|| de::Error::custom("an enum was found"))
    }
}

impl<'de> Visitor<'de> for SpanProbe {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(de::Error::custom("here"))
    }
}

/// Parses line and column from the end of an error's text. An error at the start of the text has none.
fn spot_in(told: &str) -> NodeSpot {
    let spot = told.rsplit_once(" at line ").and_then(|(_, spot)| {
        let (line, column) = spot.split_once(" column ")?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    spot.unwrap_or((1, 1))
}

/// Reads the nodes below a node.
struct Walk;

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = Below;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Below, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! scalars {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, _: $kind) -> Result<Below, E> {
            Ok(Below::Nothing)
        })*
    };
}

impl<'de> Visitor<'de> for Walk {
    type Value = Below;

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain YAML value")
    }

    fn visit_none<E>(self) -> Result<Below, E> {
        Ok(Below::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Below, E> {
        Ok(Below::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Below, A::Error> {
        let mut list = Vec::new();
        while let Some(spot) = items.next_element_seed(SpanProbe)? {
            let below = items.next_element_seed(Walk)?.unwrap_or(Below::Nothing);
            list.push(Span { spot, below });
        }
        Ok(Below::Items(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Below, A::Error> {
        let mut list = Vec::new();
        while let Some(key) = entries.next_key_seed(SpanProbe)? {
            entries.next_key::<IgnoredAny>()?;
            let spot = entries.next_value_seed(SpanProbe)?;
            let below = entries.next_value_seed(Walk)?;
            list.push((key, Span { spot, below }));
        }
        Ok(Below::Entries(list))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::node::{Node, parse};
    use proptest::prelude::*;

    fn ways(node: &Node, path: &[PathStep], all: &mut Vec<Vec<PathStep>>) {
        all.push(path.to_vec());
        let below = |step| [path, &[step]].concat();
        match node {
            Node::List(items) => {
                items.iter().enumerate().for_each(|(index, item)| ways(item, &below(PathStep::Item(index)), all));
            }
            Node::Map(entries) => {
                for (index, (_, value)) in entries.iter().enumerate() {
                    all.push(below(PathStep::Key(index)));
                    ways(value, &below(PathStep::Value(index)), all);
                }
            }
            _ => {}
        }
    }

    /// Asserts that `locate` finds every node of a text at the same place.
    fn assert_same(text: &str) {
        let (Ok(root), Some(spans)) = (parse(text), Span::of(text)) else { return };
        let mut all = Vec::new();
        ways(&root, &[], &mut all);
        for path in all {
            assert_eq!(spans.at(&path), locate(text, &path), "{path:?} of {text:?}");
        }
    }

    #[test]
    fn every_node_of_the_shipped_table_is_found() {
        let text = crate::table::BUILT_IN;
        assert!(Span::of(text).is_some());
        assert_same(text);
    }

    #[test]
    fn every_kind_of_node_is_found() {
        for text in [
            "# x\na: 1\nb: [1, {c: ~, d: [], e: {}}, \"é\"]\n'f':\n  - g: |\n      text\n    h:\n  -\n? [k]\n: 2\n",
            "\u{feff}a: x\r\nb: [y]\r\n",
            "[]",
            "x",
            "a: {1: 2, ~: 3, true: .nan}\n",
        ] {
            assert!(Span::of(text).is_some(), "{text}");
            assert_same(text);
        }
        assert!(Span::of("a: &x 1\nb: *x\n").is_none());
    }

    const PIECES: &[&str] =
        &["a: ", "b", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "\"", "? ", "|\n", "~", "1", "# c\n", "é", "---\n"];

    proptest! {
        #[test]
        fn whatever_can_be_parsed_is_found(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
            assert_same(&pieces.concat());
        }
    }
}
