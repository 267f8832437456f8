//! Reads one node, the items of a list and the names of a mapping, and reports the mistakes of each.

use super::expand::expand;
use super::locate::PathStep;
use super::node::Node;
use super::source::{At, Source};
use super::value::{Read, Reason, text};
use std::borrow::Cow;
use std::collections::HashMap;

/// Returns the entries whose keys are names. Other keys and duplicates are reported.
pub(super) fn named<'n>(
    source: &mut Source<'_>,
    mapping: &str,
    path: &[PathStep],
    entries: &'n [(Node, Node)],
) -> Vec<(usize, At<String>, &'n Node)> {
    let mut list: Vec<(usize, At<String>, &Node)> = Vec::with_capacity(entries.len());
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    let full = |name: &str| if mapping.is_empty() { name.to_owned() } else { format!("{mapping}.{name}") };
    for (index, (key, value)) in entries.iter().enumerate() {
        let at = extend(path, PathStep::Key(index));
        let name = match text("a name", key) {
            Ok("") => Err(Reason::from("the name is empty".to_owned())),
            Ok(name) => Ok(name),
            Err(reason) => Err(reason),
        };
        match name {
            Err(reason) => refuse(source, mapping, &at, reason),
            Ok(name) => match seen.get(name).copied() {
                Some(first) => {
                    let line = source.line(&extend(path, PathStep::Key(first)));
                    let line = line.map_or_else(String::new, |line| format!(" (first in line {line})"));
                    let message = format!("{}: set twice{line}", full(name));
                    source.error(&at, message, Some("keep one of the two".to_owned()));
                }
                None => {
                    seen.insert(name, index);
                    list.push((index, At::new(name.to_owned(), at), value));
                }
            },
        }
    }
    list
}

pub(super) fn read_items<T>(
    source: &mut Source<'_>,
    name: &str,
    path: &[PathStep],
    items: &[Node],
    read: &impl Fn(&Node) -> Read<T>,
) -> Vec<At<T>> {
    let paths = (0..).map(|index| extend(path, PathStep::Item(index)));
    items.iter().zip(paths).filter_map(|(item, path)| read_one(source, name, path, item, read)).collect()
}

pub(super) fn read_one<T>(
    source: &mut Source<'_>,
    name: &str,
    path: Vec<PathStep>,
    node: &Node,
    read: &impl Fn(&Node) -> Read<T>,
) -> Option<At<T>> {
    let expanded;
    let node = match (node, source.env) {
        (Node::Text(text), Some(env)) => match expand(text, env) {
            Ok(done) => {
                expanded = match done.text {
                    Cow::Borrowed(text) => Node::Text(text.to_owned()),
                    // A variable always yields text, so mark it: the reader may then accept it as a number.
                    Cow::Owned(text) => Node::Substituted(text),
                };
                &expanded
            }
            Err(fault) => {
                let help = "set it, or give a default: ${NAME:-default}".to_owned();
                source.error_in(&path, fault.part, format!("{name}: {}", fault.message), Some(help));
                return None;
            }
        },
        _ => node,
    };
    match read(node) {
        Ok(value) => Some(At::new(value, path)),
        Err(reason) => {
            refuse(source, name, &path, reason);
            None
        }
    }
}

pub(super) fn refuse(source: &mut Source<'_>, name: &str, path: &[PathStep], reason: Reason) {
    let message = if name.is_empty() { reason.message } else { format!("{name}: {}", reason.message) };
    source.error(path, message, reason.help);
}

/// Returns a path with one more step.
pub(super) fn extend(path: &[PathStep], step: PathStep) -> Vec<PathStep> {
    let mut path = path.to_vec();
    path.push(step);
    path
}
