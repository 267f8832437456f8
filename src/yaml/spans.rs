//! Reads a YAML text and finds the start of every node in one pass.
//!
//! serde_yaml gives a position only in errors. A request for an enum fails with the position of the next node and does
//! not consume it, because none of our nodes is an enum. An alias is consumed before the request fails, so texts that
//! may have aliases are excluded (see [`Parsed::of`]).

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};
use std::cell::OnceCell;
use std::fmt;

use super::locate::{PathStep, locate};
use super::node::{Node, NodeFault, NodeSpot, NodeVisitor, parse, without_mark};

/// A text that was read, with the starts of its nodes.
#[derive(Debug)]
pub struct Parsed {
    pub root: Node,
    /// The starts of all nodes below the root, whose own is asked for only when a text is wrong as a whole. `None` for a text that may
    /// have aliases.
    below: OnceCell<Option<Below>>,
}

/// The start of a node and of all nodes below it.
#[derive(Debug)]
struct Span {
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

impl Parsed {
    /// Parses one YAML document. A text without content is [`Node::Null`].
    ///
    /// # Errors
    /// It is not YAML, or uses what a configuration cannot have.
    pub fn of(text: &str) -> Result<Self, NodeFault> {
        match walk(text) {
            Some((root, below)) => Ok(Parsed { root, below: OnceCell::from(Some(below)) }),
            // What a walk cannot read has its fault from a reading without places.
            None => Ok(Parsed { root: parse(text)?, below: OnceCell::from(None) }),
        }
    }

    /// Like [`Parsed::of`], for a text of which few places or none are asked for: they are found when the first one is.
    ///
    /// # Errors
    /// The same as for [`Parsed::of`].
    pub fn without_places(text: &str) -> Result<Self, NodeFault> {
        Ok(Parsed { root: parse(text)?, below: OnceCell::new() })
    }

    /// Returns the start of the node at the end of a path in the same text.
    pub(super) fn at(&self, text: &str, path: &[PathStep]) -> Option<NodeSpot> {
        match self.below.get_or_init(|| walk(text).map(|(_, below)| below)) {
            Some(below) if !path.is_empty() => below.at(path),
            _ => locate(text, path),
        }
    }
}

/// Reads a text with its places; `None` for one that may have aliases, or is at fault.
fn walk(text: &str) -> Option<(Node, Below)> {
    if text.contains('&') {
        return None;
    }
    Walk.deserialize(serde_yaml::Deserializer::from_str(without_mark(text))).ok()
}

impl Below {
    fn at(&self, path: &[PathStep]) -> Option<NodeSpot> {
        let (step, rest) = path.split_first()?;
        match (step, self) {
            (PathStep::Item(index), Below::Items(items)) => items.get(*index)?.at(rest),
            (PathStep::Key(index), Below::Entries(entries)) => entries.get(*index).map(|(key, _)| *key),
            (PathStep::Value(index), Below::Entries(entries)) => entries.get(*index)?.1.at(rest),
            _ => None,
        }
    }
}

impl Span {
    fn at(&self, path: &[PathStep]) -> Option<NodeSpot> {
        if path.is_empty() { Some(self.spot) } else { self.below.at(path) }
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

/// Reads a node, and where those below it start.
struct Walk;

impl<'de> DeserializeSeed<'de> for Walk {
    type Value = (Node, Below);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Returns a node that has none below it.
fn alone(node: Node) -> (Node, Below) {
    (node, Below::Nothing)
}

macro_rules! scalars {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E: de::Error>(self, value: $kind) -> Result<Self::Value, E> {
            NodeVisitor.$visit(value).map(alone)
        })*
    };
}

impl<'de> Visitor<'de> for Walk {
    type Value = (Node, Below);

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_i128: i128, visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NodeVisitor.expecting(f)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        NodeVisitor.visit_none().map(alone)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        NodeVisitor.visit_unit().map(alone)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Self::Value, A::Error> {
        NodeVisitor.visit_enum(tagged).map(alone)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let (mut list, mut spans) = (Vec::new(), Vec::new());
        while let Some(spot) = items.next_element_seed(SpanProbe)? {
            let Some((node, below)) = items.next_element_seed(Walk)? else { break };
            list.push(node);
            spans.push(Span { spot, below });
        }
        Ok((Node::List(list), Below::Items(spans)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let (mut map, mut spans) = (Vec::new(), Vec::new());
        while let Some(key_spot) = entries.next_key_seed(SpanProbe)? {
            let Some(key) = entries.next_key()? else { break };
            let spot = entries.next_value_seed(SpanProbe)?;
            let (node, below) = entries.next_value_seed(Walk)?;
            map.push((key, node));
            spans.push((key_spot, Span { spot, below }));
        }
        Ok((Node::Map(map), Below::Entries(spans)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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

    /// Asserts that a text is read as without places, and that `locate` finds every node at the same place.
    fn assert_same(text: &str) {
        let (root, parsed) = match (parse(text), Parsed::of(text)) {
            (Ok(root), Ok(parsed)) => (root, parsed),
            (Err(one), Err(other)) => {
                assert_eq!((one.message, one.spot), (other.message, other.spot), "{text:?}");
                return;
            }
            (one, other) => panic!("{text:?}: {one:?} {other:?}"),
        };
        // A number that is none is not equal to itself.
        assert_eq!(format!("{root:?}"), format!("{:?}", parsed.root));
        let later = Parsed::without_places(text).unwrap();
        let mut all = Vec::new();
        ways(&root, &[], &mut all);
        for path in all {
            assert_eq!(parsed.at(text, &path), locate(text, &path), "{path:?} of {text:?}");
            assert_eq!(later.at(text, &path), parsed.at(text, &path), "{path:?} of {text:?}");
        }
    }

    #[test]
    fn every_node_of_the_shipped_table_is_found() {
        let text = crate::table::BUILT_IN;
        assert!(walk(text).is_some());
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
            assert!(walk(text).is_some(), "{text}");
            assert_same(text);
        }
        assert!(walk("a: &x 1\nb: *x\n").is_none());
        for text in
            ["a: &x 1\nb: *x\n", "a: !secret 1\nb: [x, y]\n", "- !x\n- 1\n", "!x {a: 1}", "a: [1", "a: 1\n---\nb: 1\n"]
        {
            assert_same(text);
        }
    }

    const PIECES: &[&str] = &[
        "a: ", "b", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "\"", "? ", "|\n", "~", "1", "# c\n", "é", "---\n",
        "!x ",
    ];

    proptest! {
        #[test]
        fn whatever_is_parsed_is_the_same_and_found(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
            assert_same(&pieces.concat());
        }
    }
}
