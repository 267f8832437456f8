//! Reads YAML into plain nodes. They have no positions: serde_yaml gives positions only in errors (see `locate`).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

/// A YAML value. Mappings keep order and duplicates; serde_yaml's own value type refuses or loses them.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    /// Text in which a variable was replaced. Its value may be meant as a number, as in `${PORT}`.
    Substituted(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// Line and column, both from 1.
pub type NodeSpot = (usize, usize);

/// The fault of a text that is not YAML, or that uses YAML features which a configuration cannot have.
#[derive(Debug)]
pub struct NodeFault {
    pub message: String,
    pub spot: Option<NodeSpot>,
}

/// Parses one YAML document. A text without content is [`Node::Null`].
pub fn parse(text: &str) -> Result<Node, NodeFault> {
    serde_yaml::from_str(without_mark(text)).map_err(|error| {
        let spot = spot_of(&error);
        let mut message = error.to_string();
        if let Some((line, column)) = spot {
            message = message.replacen(&format!(" at line {line} column {column}"), "", 1);
        }
        let spot = spot.or_else(|| second_document(text, &message));
        NodeFault { message, spot }
    })
}

/// Locates a second document: the only mistake that serde_yaml reports without a position.
fn second_document(text: &str, message: &str) -> Option<NodeSpot> {
    if !message.contains("more than one document") {
        return None;
    }
    let begun = text.lines().position(|line| !line.trim().is_empty() && !line.starts_with(['#', '%']))?;
    let next = text.lines().enumerate().skip(begun + 1).find(|(_, line)| line.starts_with("---"))?.0;
    Some((next + 1, 1))
}

/// Removes the byte order mark that some editors write. serde_yaml would read it as a document of its own.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

pub(super) fn spot_of(error: &serde_yaml::Error) -> Option<NodeSpot> {
    error.location().map(|at| (at.line(), at.column()))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

pub(super) struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain YAML value")
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Int(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Int(i128::try_from(value).unwrap_or(i128::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Node::Map(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Node, A::Error> {
        Err(de::Error::custom("YAML tags (`!name`) mean nothing here"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# comment\nport: 1\nport: x\ncors:\n  origins: [a, \"b\"]\n  other:\n    - é: 1\n";

    #[test]
    fn empty_texts_are_null() {
        for text in ["", "\n\n", "# only a comment\n", "---\n", "~", "\u{feff}"] {
            assert_eq!(parse(text).unwrap(), Node::Null, "{text:?}");
        }
    }

    #[test]
    fn order_and_duplicates_are_kept() {
        let Node::Map(entries) = parse(TEXT).unwrap() else { panic!("not a mapping") };
        assert_eq!(entries[0], (Node::Text("port".to_owned()), Node::Int(1)), "{entries:?}");
        assert_eq!(entries[1].1, Node::Text("x".to_owned()));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn a_byte_order_mark_is_not_content() {
        let text = "\u{feff}a: 1\r\nb: x\r\n";
        assert!(matches!(parse(text), Ok(Node::Map(entries)) if entries.len() == 2));
    }

    #[test]
    fn faults_name_their_spot_once() {
        let fault = parse("port: 1\n  host: x\n").unwrap_err();
        assert_eq!(fault.spot, Some((2, 7)));
        assert!(!fault.message.contains("line 2"), "{}", fault.message);
        let fault = parse("port: !secret 1\n").unwrap_err();
        assert!(fault.message.contains("tags"), "{}", fault.message);
        assert_eq!(fault.spot, Some((1, 7)));
    }
}
