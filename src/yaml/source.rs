//! A text being read: knows where each node stands, and collects what is wrong with it.

use super::expand::Env;
use super::locate::{Step, locate};
use super::node::{self, Node, without_mark};
use super::span;
use crate::problem::{Checked, Place, Problem, Severity, Spot};

/// A value and the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub path: Vec<Step>,
}

impl<T> At<T> {
    pub fn new(value: T, path: Vec<Step>) -> Self {
        At { value, path }
    }
}

/// The text and what was found so far.
pub struct Source<'a> {
    pub file: &'a str,
    text: &'a str,
    root: &'a Node,
    /// Where `${…}` in values comes from; `None` leaves them as they are.
    pub(super) env: Option<Env<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    /// `root` is what [`node::parse`] made of `text`.
    pub fn new(file: &'a str, text: &'a str, root: &'a Node, env: Option<Env<'a>>) -> Self {
        Source { file, text, root, env, problems: Vec::new() }
    }

    /// Where a node stands.
    pub fn place(&self, path: &[Step]) -> Place {
        self.place_of(path, None)
    }

    fn place_of(&self, path: &[Step], part: Option<&str>) -> Place {
        let node = find(self.root, path);
        // Nothing stands where a value is missing, so that its key is what people look for.
        if let (Some(Node::Null), Some((Step::Value(index), above))) = (node, path.split_last()) {
            let key = [above, &[Step::Key(*index)]].concat();
            return self.place_of(&key, None);
        }
        match locate(self.text, path) {
            Some((line, column)) => spot(self.file, self.text, (line, column), node, part),
            None => spot(self.file, self.text, (1, 1), None, None),
        }
    }

    /// Reports a reason not to start.
    pub fn error(&mut self, path: &[Step], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::new(place, message, help));
    }

    /// Like [`Source::error`], at a part of the word.
    pub fn error_in(&mut self, path: &[Step], part: &str, message: impl Into<String>, help: Option<String>) {
        let place = self.place_of(path, Some(part));
        self.problems.push(Problem::new(place, message, help));
    }

    /// Reports something odd that works.
    pub fn warn(&mut self, path: &[Step], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::warning(place, message, help));
    }

    /// Whether nothing so far keeps the program from serving.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// The line of a node, from 1.
    pub fn line(&self, path: &[Step]) -> Option<usize> {
        locate(self.text, path).map(|(line, _)| line)
    }

    /// The value with the warnings when nothing is wrong, else everything that is; sorted by place.
    ///
    /// # Errors
    /// At least one error.
    pub fn finish<T>(self, value: Option<T>) -> Checked<T> {
        let sound = self.is_sound();
        let mut problems = self.problems;
        problems.sort_by_key(|problem| (problem.line(), problem.column()));
        match value {
            Some(value) if sound => Ok((value, problems)),
            None if sound => {
                let place = spot(self.file, self.text, (1, 1), None, None);
                problems.insert(0, Problem::new(place, "it could not be read", None));
                Err(problems)
            }
            _ => Err(problems),
        }
    }
}

/// The problem of a text that is no YAML.
pub fn syntax(file: &str, text: &str, fault: &node::Fault, otherwise: &str) -> Problem {
    let help = match fault.message.as_str() {
        message if message.contains("cannot start any token") => {
            "indent with spaces, and put text that starts with a tab, @, ` or % in double quotes"
        }
        message if message.contains("mapping values are not allowed") => {
            "check the indentation, and put text with a colon and a space in it in double quotes"
        }
        message if message.contains("anchor") || message.contains("alias") => {
            "put text that starts with * or & in double quotes"
        }
        _ => otherwise,
    };
    let place = spot(file, text, fault.spot.unwrap_or((1, 1)), None, None);
    Problem::new(place, format!("not valid YAML: {}", fault.message), Some(help.to_owned()))
}

fn spot(file: &str, text: &str, at: node::Spot, node: Option<&Node>, part: Option<&str>) -> Place {
    let (line, column) = at;
    let source = without_mark(text).lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let (column, length) = span::word(source, column, node, part);
    Place::Spot(Box::new(Spot { file: file.to_owned(), line, column, length, source: source.to_owned() }))
}

/// The node at the end of a path.
fn find<'n>(root: &'n Node, path: &[Step]) -> Option<&'n Node> {
    let mut node = root;
    for step in path {
        node = match (step, node) {
            (Step::Key(index), Node::Map(entries)) => &entries.get(*index)?.0,
            (Step::Value(index), Node::Map(entries)) => &entries.get(*index)?.1,
            (Step::Item(index), Node::List(items)) => items.get(*index)?,
            _ => return None,
        };
    }
    Some(node)
}
