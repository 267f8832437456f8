//! One mapping of the file: hands out typed values by key and reports, with their places, every value that is wrong
//! and every key that nobody asked for.

use super::expand::{Env, expand};
use super::locate::{Step, locate};
use super::value::{Read, Reason, expected};
use super::yaml::Node;
use crate::problem::{Place, Problem};

/// The text being read and what was found wrong with it so far.
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub env: Env<'a>,
    pub problems: Vec<Problem>,
}

impl Source<'_> {
    pub fn place(&self, path: &[Step]) -> Place {
        match locate(self.text, path) {
            Some((line, column)) => Place::Spot { file: self.file.to_owned(), line, column },
            None => Place::File(self.file.to_owned()),
        }
    }

    pub fn report(&mut self, path: &[Step], message: String, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::new(place, message, help));
    }
}

/// A mapping and the way to it. Call [`Section::get`] for every key there is, then [`Section::finish`].
pub(super) struct Section<'n> {
    /// Names the mapping in messages: empty for the file itself, else with a final dot.
    prefix: String,
    path: Vec<Step>,
    entries: &'n [(Node, Node)],
    known: Vec<&'static str>,
}

impl<'n> Section<'n> {
    pub fn new(entries: &'n [(Node, Node)]) -> Self {
        Section { prefix: String::new(), path: Vec::new(), entries, known: Vec::new() }
    }

    /// The value of `key`, read by `read`; `None` when the key is missing, empty (`key:` or `key: ~`) or refused.
    pub fn get<T>(&mut self, source: &mut Source<'_>, key: &'static str, read: impl Fn(&Node) -> Read<T>) -> Option<T> {
        let (path, node) = self.find(key)?;
        self.read(source, key, &path, node, read)
    }

    /// A list, item by item; refused items are reported and left out.
    pub fn list<T>(
        &mut self,
        source: &mut Source<'_>,
        key: &'static str,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<Vec<T>> {
        let (path, node) = self.find(key)?;
        let Node::List(items) = node else {
            let reason = expected("a list", node);
            self.refuse(source, key, &path, reason);
            return None;
        };
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let path = extend(&path, Step::Item(index));
            list.extend(self.read(source, key, &path, item, &read));
        }
        Some(list)
    }

    /// A mapping inside this one.
    pub fn section(&mut self, source: &mut Source<'_>, key: &'static str) -> Option<Section<'n>> {
        let (path, node) = self.find(key)?;
        let Node::Map(entries) = node else {
            let reason = expected("a mapping", node);
            self.refuse(source, key, &path, reason);
            return None;
        };
        Some(Section { prefix: format!("{}{key}.", self.prefix), path, entries, known: Vec::new() })
    }

    /// Where the value of `key` stands; the file as a whole when there is none.
    pub fn place(&self, source: &Source<'_>, key: &str) -> Place {
        match self.position(key) {
            Some(index) => source.place(&extend(&self.path, Step::Value(index))),
            None => Place::File(source.file.to_owned()),
        }
    }

    /// Reports keys that nobody asked for and keys that are there twice.
    pub fn finish(self, source: &mut Source<'_>) {
        for (index, (key, _)) in self.entries.iter().enumerate() {
            let path = extend(&self.path, Step::Key(index));
            let Node::Text(name) = key else {
                let reason = expected("the name of a setting", key);
                source.report(&path, reason.message, reason.help);
                continue;
            };
            if !self.known.contains(&name.as_str()) {
                let (message, help) = self.unknown(name);
                source.report(&path, message, Some(help));
            } else if let Some(first) = self.position(name).filter(|first| *first != index) {
                let line = locate(source.text, &extend(&self.path, Step::Key(first)))
                    .map_or_else(String::new, |(line, _)| format!(" (first in line {line})"));
                let message = format!("{}{name}: set twice{line}", self.prefix);
                source.report(&path, message, Some("keep one of the two".to_owned()));
            }
        }
    }

    fn unknown(&self, name: &str) -> (String, String) {
        let help = match nearest(name, &self.known) {
            Some(known) => format!("did you mean {known}?"),
            None => format!("known keys: {}", self.known.join(", ")),
        };
        (format!("{}{name}: unknown key", self.prefix), help)
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|(name, _)| matches!(name, Node::Text(name) if name == key))
    }

    fn find(&mut self, key: &'static str) -> Option<(Vec<Step>, &'n Node)> {
        self.known.push(key);
        let index = self.position(key)?;
        let (_, node) = self.entries.get(index)?;
        (*node != Node::Null).then(|| (extend(&self.path, Step::Value(index)), node))
    }

    fn read<T>(
        &self,
        source: &mut Source<'_>,
        key: &str,
        path: &[Step],
        node: &Node,
        read: impl Fn(&Node) -> Read<T>,
    ) -> Option<T> {
        substitute(node, source.env)
            .and_then(|node| read(&node))
            .map_err(|reason| self.refuse(source, key, path, reason))
            .ok()
    }

    fn refuse(&self, source: &mut Source<'_>, key: &str, path: &[Step], reason: Reason) {
        let message = format!("{}{key}: {}", self.prefix, reason.message);
        source.report(path, message, reason.help);
    }
}

fn substitute(node: &Node, env: Env<'_>) -> Read<Node> {
    let Node::Text(text) = node else {
        return Ok(node.clone());
    };
    let expanded = expand(text, env)
        .map_err(|message| Reason { message, help: Some("set it, or give a default: ${NAME:-default}".to_owned()) })?;
    Ok(match expanded {
        std::borrow::Cow::Borrowed(text) => Node::Text(text.to_owned()),
        std::borrow::Cow::Owned(text) => Node::Substituted(text),
    })
}

/// The known key that was probably meant; another spelling (`argo-url`, `argoUrl`) counts as near.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |key: &str| key.to_lowercase().replace(['_', '-', ' ', '.'], "");
    let name = plain(name);
    known
        .iter()
        .map(|key| (strsim::jaro_winkler(&name, &plain(key)), *key))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, key)| key)
}

fn extend(path: &[Step], step: Step) -> Vec<Step> {
    let mut path = path.to_vec();
    path.push(step);
    path
}
