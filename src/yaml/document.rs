//! One file being read: its text, its parsed nodes, and the place of each node.

use super::locate::PathStep;
use super::node::{self, Node, without_mark};
use super::span;
use super::spans::Parsed;
use crate::diagnostics::{Place, Spot};
use std::cell::OnceCell;

pub(super) struct Document<'a> {
    pub file: &'a str,
    text: &'a str,
    parsed: &'a Parsed,
    /// Cut when the first place is needed: each model and each row has one.
    lines: OnceCell<Vec<&'a str>>,
}

impl<'a> Document<'a> {
    /// Creates the document. `parsed` is the result of [`Parsed::of`] on `text`.
    pub fn new(file: &'a str, text: &'a str, parsed: &'a Parsed) -> Self {
        Document { file, text, parsed, lines: OnceCell::new() }
    }

    /// Returns the place of a node, or with `part` the place of that part of its word.
    pub fn place(&self, path: &[PathStep], part: Option<&str>) -> Place {
        let node = find(&self.parsed.root, path);
        // A missing value has no text of its own, so the place of its key helps people more.
        if let (Some(Node::Null), Some((PathStep::Value(index), above))) = (node, path.split_last()) {
            let key = [above, &[PathStep::Key(*index)]].concat();
            return self.place(&key, None);
        }
        match self.spot(path) {
            Some(at) => word(self.file, self.source(at), at, node, part),
            None => self.beginning(),
        }
    }

    /// Returns the line that a place is on.
    fn source(&self, (line, _): node::NodeSpot) -> &'a str {
        let lines = self.lines.get_or_init(|| lines(without_mark(self.text)).collect());
        lines.get(line.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Returns the place of the first word.
    pub fn beginning(&self) -> Place {
        spot(self.file, self.text, (1, 1), None, None)
    }

    /// Returns the line of a node, from 1.
    pub fn line(&self, path: &[PathStep]) -> Option<usize> {
        self.spot(path).map(|(line, _)| line)
    }

    fn spot(&self, path: &[PathStep]) -> Option<node::NodeSpot> {
        self.parsed.at(self.text, path)
    }
}

/// Returns the place of a word in a text.
pub(super) fn spot(file: &str, text: &str, at: node::NodeSpot, node: Option<&Node>, part: Option<&str>) -> Place {
    let source = lines(without_mark(text)).nth(at.0.saturating_sub(1)).unwrap_or_default();
    word(file, source, at, node, part)
}

/// Returns the place of a word in a line.
fn word(file: &str, source: &str, at: node::NodeSpot, node: Option<&Node>, part: Option<&str>) -> Place {
    let (line, column) = at;
    let (column, length) = span::word(source, column, node, part);
    Place::Spot(Box::new(Spot { file: file.to_owned(), line, column, length, source: source.to_owned() }))
}

/// Returns the lines of a text as YAML counts them. A carriage return alone ends a line, too, and so do three characters of Unicode.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.find(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).unwrap_or(text.len());
        let (line, after) = text.split_at_checked(end)?;
        let mut end = after.chars();
        rest = after.strip_prefix("\r\n").or_else(|| end.next().map(|_| end.as_str()));
        Some(line)
    })
}

/// Returns the node at the end of a path.
fn find<'n>(root: &'n Node, path: &[PathStep]) -> Option<&'n Node> {
    let mut node = root;
    for step in path {
        node = match (step, node) {
            (PathStep::Key(index), Node::Map(entries)) => &entries.get(*index)?.0,
            (PathStep::Value(index), Node::Map(entries)) => &entries.get(*index)?.1,
            (PathStep::Item(index), Node::List(items)) => items.get(*index)?,
            _ => return None,
        };
    }
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_shown_is_the_one_that_yaml_counts() {
        for end in ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("a: 1{end}# é{end}{end}b: x{end}");
            let parsed = Parsed::of(&text).unwrap();
            let place = Document::new("f.yaml", &text, &parsed).place(&[PathStep::Value(1)], None);
            let Place::Spot(spot) = place else { panic!("{place}") };
            assert_eq!((spot.line, spot.column, spot.source.as_str()), (4, 4, "b: x"), "{end:?}");
        }
    }
}
