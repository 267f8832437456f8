//! One mapping of a file: hands out typed values by key and reports, with their places, every value that is wrong,
//! every key that is missing and every key that nobody knows.

#[cfg(test)]
mod tests;

use super::keys::{self, Key};
use super::locate::{PathStep, way_to};
use super::near::did_you_mean;
use super::node::Node;
use super::reading::{extend, named, read_items, read_one, refuse};
use super::source::{At, Source};
use super::value::{Read, expected, text};
use crate::diagnostics::Place;

/// A mapping and the way to it. Read every key there is, then call [`Section::finish`].
pub struct Section<'n> {
    /// Names the mapping in messages; empty for the file itself.
    pub(super) name: String,
    pub(super) path: Vec<PathStep>,
    pub(super) entries: Entries<'n>,
    pub(super) keys: &'static [Key],
    /// Whether it adds to a mapping of another file, which has what it leaves out.
    pub(super) adds: bool,
}

pub type Entries<'n> = &'n [(Node, Node)];

impl<'n> Section<'n> {
    /// The file itself.
    pub fn new(entries: &'n [(Node, Node)], keys: &'static [Key]) -> Self {
        Section::of_file(0, entries, keys)
    }

    /// The n-th of several files; those after the first add to it.
    pub fn of_file(number: usize, entries: &'n [(Node, Node)], keys: &'static [Key]) -> Self {
        Section { name: String::new(), path: way_to(number), entries, keys, adds: number > 0 }
    }

    /// A mapping whose keys are described elsewhere than those of the file around it.
    pub fn within(name: String, path: Vec<PathStep>, entries: Entries<'n>, keys: &'static [Key]) -> Self {
        Section { name, path, entries, keys, adds: false }
    }

    /// The same, with nothing that it could add to.
    pub fn alone(self) -> Self {
        Section { adds: false, ..self }
    }

    /// The way to the mapping.
    pub fn path(&self) -> &[PathStep] {
        &self.path
    }

    /// What the mapping is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The keys that it has, as they are written.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(key, _)| match key {
            Node::Text(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The value of `key`, read by `read`; `None` when the key is missing, empty (`key:` or `key: ~`) or refused.
    pub fn get<T>(&mut self, source: &mut Source<'_>, key: &str, read: impl Fn(&Node) -> Read<T>) -> Option<T> {
        self.at(source, key, read).map(|found| found.value)
    }

    /// Like [`Section::get`], with the way to the value.
    pub fn at<T>(&mut self, source: &mut Source<'_>, key: &str, read: impl Fn(&Node) -> Read<T>) -> Option<At<T>> {
        let (path, node) = self.find(key)?;
        read_one(source, &self.full(key), path, node, &read)
    }

    /// Any text.
    pub fn text(&mut self, source: &mut Source<'_>, key: &str) -> Option<At<String>> {
        self.at(source, key, |node| text("a text", node).map(str::to_owned))
    }

    /// A list, item by item; refused items are reported and left out.
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

    /// One value, or a list of them.
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

    /// A list, or a list of lists; refused items are reported and left out.
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

    /// A mapping of free names; refused entries are reported and left out.
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

    /// A mapping that is passed on as it is.
    pub fn map(&mut self, source: &mut Source<'_>, key: &str) -> Option<At<&'n Node>> {
        let (path, _) = self.mapping(source, key)?;
        let (_, node) = self.find(key)?;
        Some(At::new(node, path))
    }

    /// Anything.
    pub fn any(&mut self, key: &str) -> Option<At<&'n Node>> {
        self.find(key).map(|(path, node)| At::new(node, path))
    }

    /// Where the value of `key` stands; the file as a whole when there is none.
    pub fn place(&self, source: &Source<'_>, key: &str) -> Place {
        match self.position(key) {
            Some(index) => source.place(&extend(&self.path, PathStep::Value(index))),
            None => Place::File(source.file(&self.path).to_owned()),
        }
    }

    /// The way to the value of `key`, where the mapping has it.
    pub fn value_path(&self, key: &str) -> Option<Vec<PathStep>> {
        self.position(key).map(|index| extend(&self.path, PathStep::Value(index)))
    }

    /// The way to `key` itself, where the mapping has it.
    pub fn key_path(&self, key: &str) -> Option<Vec<PathStep>> {
        self.position(key).map(|index| extend(&self.path, PathStep::Key(index)))
    }

    /// Reports keys that are not known, that are there twice, or that are missing.
    pub fn finish(self, source: &mut Source<'_>) {
        for (index, name, _) in named(source, &self.name, &self.path, self.entries) {
            if keys::find(self.keys, &name.value).is_none() {
                let known = self.keys.iter().map(|key| key.name);
                let help = did_you_mean(&name.value, "keys", known);
                let path = extend(&self.path, PathStep::Key(index));
                source.error(&path, format!("{}: unknown key", self.full(&name.value)), Some(help));
            }
        }
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

    /// Nothing for a key that is not described, so that no reader can know more than the schema says.
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

/// The name of a mapping that has one, else where it begins.
fn own_name(path: &[PathStep]) -> Vec<PathStep> {
    match path.split_last() {
        Some((PathStep::Value(index), above)) => extend(above, PathStep::Key(*index)),
        _ => path.to_vec(),
    }
}
