//! One mapping of a file. It returns typed values by key, and reports wrong values, missing keys and unknown keys at
//! their places.

#[cfg(test)]
mod tests;

use super::foreign::Foreign;
use super::keys::{self, Key};
use super::locate::{PathStep, way_to};
use super::near::{did_you_mean, nearest};
use super::node::Node;
use super::readers::{extend, named, read_items, read_one, refuse};
use super::source::{At, Source};
use super::value::{Read, expected, text};
use crate::diagnostics::{Place, Problem};

/// A mapping and the path to it. Read all keys, then call [`Section::finish`].
pub struct Section<'n> {
    /// The mapping's name in messages; empty for the file itself.
    pub(super) name: String,
    pub(super) path: Vec<PathStep>,
    pub(super) entries: Entries<'n>,
    pub(super) keys: &'static [Key],
    /// True if it adds to a mapping of another file and may leave out what that mapping has.
    pub(super) adds: bool,
}

pub type Entries<'n> = &'n [(Node, Node)];

impl<'n> Section<'n> {
    /// Creates the section of a whole file.
    pub fn new(entries: &'n [(Node, Node)], keys: &'static [Key]) -> Self {
        Section::of_file(0, entries, keys)
    }

    /// Creates the section of the n-th of several files. The later files add to the first.
    pub fn of_file(number: usize, entries: &'n [(Node, Node)], keys: &'static [Key]) -> Self {
        Section { name: String::new(), path: way_to(number), entries, keys, adds: number > 0 }
    }

    /// Creates the section of a mapping whose keys are not described with those of its file.
    pub fn within(name: String, path: Vec<PathStep>, entries: Entries<'n>, keys: &'static [Key]) -> Self {
        Section { name, path, entries, keys, adds: false }
    }

    /// Returns the same section, which now must be complete by itself.
    pub fn alone(self) -> Self {
        Section { adds: false, ..self }
    }

    /// Returns the path to the mapping.
    pub fn path(&self) -> &[PathStep] {
        &self.path
    }

    /// Returns the mapping's name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the keys of the mapping, as written.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(key, _)| match key {
            Node::Text(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Reads the value of `key` with `read`; `None` when the key is missing, empty (`key:` or `key: ~`) or refused.
    pub fn get<T>(&mut self, source: &mut Source<'_>, key: &str, read: impl Fn(&Node) -> Read<T>) -> Option<T> {
        self.at(source, key, read).map(|found| found.value)
    }

    /// Like [`Section::get`], with the path to the value.
    pub fn at<T>(&mut self, source: &mut Source<'_>, key: &str, read: impl Fn(&Node) -> Read<T>) -> Option<At<T>> {
        let (path, node) = self.find(key)?;
        read_one(source, &self.full(key), path, node, &read)
    }

    /// Reads any text.
    pub fn text(&mut self, source: &mut Source<'_>, key: &str) -> Option<At<String>> {
        self.at(source, key, |node| text("a text", node).map(str::to_owned))
    }

    /// Reads a list item by item. Refused items are reported and left out.
    pub fn list<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &str,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<Vec<At<T>>> {
        let (path, node) = self.find(key)?;
        let Node::List(items) = node else {
            self.refuse(source, key, &path, "a list", node);
            return None;
        };
        Some(read_items(source, &self.full(key), &path, items, &read))
    }

    /// Reads one value or a list of values.
    pub fn one_or_many<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &str,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<At<Vec<At<T>>>> {
        let (path, node) = self.find(key)?;
        let values = match node {
            Node::List(items) => {
                let values = read_items(source, &self.full(key), &path, items, &read);
                if values.is_empty() && !items.is_empty() {
                    return None;
                }
                values
            }
            one => vec![read_one(source, &self.full(key), path.clone(), one, &read)?],
        };
        Some(At::new(values, path))
    }

    /// Reads a list or a list of lists. Refused items are reported and left out.
    pub fn list_or_lists<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &str,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Vec<At<Vec<At<T>>>> {
        let Some((path, node)) = self.find(key) else { return Vec::new() };
        let Node::List(items) = node else {
            self.refuse(source, key, &path, "a list", node);
            return Vec::new();
        };
        if !items.iter().any(|item| matches!(item, Node::List(_))) {
            return vec![At::new(read_items(source, &self.full(key), &path, items, &read), path)];
        }
        let mut lists = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let path = extend(&path, PathStep::Item(index));
            match item {
                Node::List(items) => {
                    lists.push(At::new(read_items(source, &self.full(key), &path, items, &read), path));
                }
                other => self.refuse(source, key, &path, "a list like those beside it", other),
            }
        }
        lists
    }

    /// Reads a mapping of free names. Refused entries are reported and left out.
    pub fn names<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &str,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Vec<(At<String>, At<T>)> {
        let Some((path, entries)) = self.mapping(source, key) else { return Vec::new() };
        let mut list = Vec::new();
        for (index, name, node) in named(source, &self.full(key), &path, entries) {
            let full = format!("{}.{}", self.full(key), name.value);
            let read = read_one(source, &full, extend(&path, PathStep::Value(index)), node, &read);
            list.extend(read.map(|value| (name, value)));
        }
        list
    }

    /// Returns a mapping as it is.
    pub fn map(&mut self, source: &mut Source<'_>, key: &str) -> Option<At<&'n Node>> {
        let (path, _) = self.mapping(source, key)?;
        let (_, node) = self.find(key)?;
        Some(At::new(node, path))
    }

    /// Returns any value as it is.
    pub fn any(&mut self, key: &str) -> Option<At<&'n Node>> {
        self.find(key).map(|(path, node)| At::new(node, path))
    }

    /// Returns the place of the value of `key`; the whole file when the key is missing.
    pub fn place(&self, source: &Source<'_>, key: &str) -> Place {
        match self.position(key) {
            Some(index) => source.place(&extend(&self.path, PathStep::Value(index))),
            None => Place::File(source.file(&self.path).to_owned()),
        }
    }

    /// Returns the path to the value of `key`; `None` when the key is missing.
    pub fn value_path(&self, key: &str) -> Option<Vec<PathStep>> {
        self.position(key).map(|index| extend(&self.path, PathStep::Value(index)))
    }

    /// Returns the path to `key` itself; `None` when the key is missing.
    pub fn key_path(&self, key: &str) -> Option<Vec<PathStep>> {
        self.position(key).map(|index| extend(&self.path, PathStep::Key(index)))
    }

    /// Reports unknown, duplicate and missing keys.
    pub fn finish(self, source: &mut Source<'_>) {
        self.finish_knowing(source, &|_, _| None);
    }

    /// Like [`Section::finish`]; `foreign` says what keys of other programs are here.
    pub fn finish_knowing(self, source: &mut Source<'_>, foreign: &dyn Fn(&str, &Node) -> Option<Foreign>) {
        let mut has_listed = false;
        for (index, name, value) in named(source, &self.name, &self.path, self.entries) {
            if keys::find(self.keys, &name.value).is_some() {
                continue;
            }
            let path = extend(&self.path, PathStep::Key(index));
            let full = self.full(&name.value);
            if let Some(Foreign { program, help, is_harmless }) = foreign(&name.value, value) {
                let message = format!("{full}: a key of {program}");
                match source.place(&path) {
                    place if is_harmless => source.add(Problem::warning(place, message, Some(help))),
                    place => source.add(Problem::new(place, message, Some(help))),
                }
                continue;
            }
            let known = self.keys.iter().map(|key| key.name);
            let near = nearest(&name.value, known.clone());
            // The whole list once is enough.
            let is_repeated = near.is_none() && std::mem::replace(&mut has_listed, true);
            let help = (!is_repeated).then(|| did_you_mean(&name.value, "keys", known));
            source.error(&path, format!("{full}: unknown key"), help);
        }
        self.report_missing(source);
    }

    fn report_missing(&self, source: &mut Source<'_>) {
        for key in self.keys.iter().filter(|key| key.required) {
            match self.position(key.name).and_then(|index| Some((index, self.entries.get(index)?))) {
                None if key.inherited && self.adds => {}
                None => {
                    let whole = if self.name.is_empty() { String::new() } else { format!("{}: ", self.name) };
                    let message = format!("{whole}it needs '{}'", key.name);
                    source.error(&own_name(&self.path), message, Some(format!("{}: {}", key.name, key.about)));
                }
                Some((index, (_, Node::Null))) => {
                    let path = extend(&self.path, PathStep::Key(index));
                    source.error(
                        &path,
                        format!("{}: it has no value", self.full(key.name)),
                        Some(key.about.to_owned()),
                    );
                }
                Some(_) => {}
            }
        }
    }

    pub(super) fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(name, _)| matches!(name, Node::Text(name) if name == key))
    }

    /// Finds a described key. Other keys yield `None`, so that no reader accepts a key that the schema lacks.
    pub(super) fn find(&self, key: &str) -> Option<(Vec<PathStep>, &'n Node)> {
        keys::find(self.keys, key)?;
        let index = self.position(key)?;
        let (_, node) = self.entries.get(index)?;
        (*node != Node::Null).then(|| (extend(&self.path, PathStep::Value(index)), node))
    }

    pub(super) fn mapping(&self, source: &mut Source<'_>, key: &str) -> Option<(Vec<PathStep>, Entries<'n>)> {
        let (path, node) = self.find(key)?;
        let Node::Map(entries) = node else {
            self.refuse(source, key, &path, "a mapping", node);
            return None;
        };
        Some((path, entries))
    }

    pub(super) fn refuse(&self, source: &mut Source<'_>, key: &str, path: &[PathStep], what: &str, found: &Node) {
        refuse(source, &self.full(key), path, expected(what, found));
    }
}

/// Returns the path to a mapping's name, or to its start if it has no name.
fn own_name(path: &[PathStep]) -> Vec<PathStep> {
    match path.split_last() {
        Some((PathStep::Value(index), above)) => extend(above, PathStep::Key(*index)),
        _ => path.to_vec(),
    }
}
