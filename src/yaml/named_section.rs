//! Reads mappings inside a mapping: a single one, a list of them, or several by name.

use super::keys::{self, Key, Kind};
use super::locate::PathStep;
use super::node::Node;
use super::readers::{extend, named, refuse};
use super::section::Section;
use super::source::{At, Source};
use super::value::expected;

/// A name with its mapping; `None` when the value is not a mapping.
pub type NamedSection<'n> = (At<String>, Option<Section<'n>>);

impl<'n> Section<'n> {
    /// Returns true if the value of `key` is a mapping.
    pub fn is_mapping(&self, key: &str) -> bool {
        matches!(self.find(key), Some((_, Node::Map(_))))
    }

    /// Reads a mapping inside this one.
    pub fn section(&mut self, source: &mut Source<'_>, key: &str) -> Option<Section<'n>> {
        let (path, entries) = self.mapping(source, key)?;
        Some(Section { name: self.full(key), path, entries, keys: self.keys_below(key), adds: self.adds })
    }

    /// Reads a list of mappings; `None` when there is no list.
    pub fn sections(&mut self, source: &mut Source<'_>, key: &str) -> Option<Vec<Section<'n>>> {
        let (path, node) = self.find(key)?;
        let Node::List(items) = node else {
            self.refuse(source, key, &path, "a list", node);
            return None;
        };
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let name = format!("{}[{index}]", self.full(key));
            let path = extend(&path, PathStep::Item(index));
            match item {
                Node::Map(entries) => {
                    list.push(Section { name, path, entries, keys: self.keys_below(key), adds: self.adds })
                }
                other => refuse(source, &name, &path, expected("a mapping", other)),
            }
        }
        Some(list)
    }

    /// Reads a mapping of free names to mappings; `None` when there is none.
    pub fn named_sections(&mut self, source: &mut Source<'_>, key: &str) -> Option<Vec<NamedSection<'n>>> {
        let (path, entries) = self.mapping(source, key)?;
        let mut list = Vec::new();
        for (index, at, node) in named(source, &self.full(key), &path, entries) {
            let name = format!("{}.{}", self.full(key), at.value);
            let path = extend(&path, PathStep::Value(index));
            match node {
                Node::Map(entries) => {
                    list.push((at, Some(Section { name, path, entries, keys: self.keys_below(key), adds: self.adds })));
                }
                other => {
                    refuse(source, &name, &path, expected("a mapping", other));
                    list.push((at, None));
                }
            }
        }
        Some(list)
    }

    fn keys_below(&self, key: &str) -> &'static [Key] {
        fn keys_of(kind: Kind) -> &'static [Key] {
            match kind {
                Kind::Map(keys) | Kind::Either(_, keys, _) => keys,
                Kind::List(kind) | Kind::Names(kind) => keys_of(*kind),
                _ => &[],
            }
        }
        keys::find(self.keys, key).map_or(&[], |key| keys_of(key.kind))
    }
}
