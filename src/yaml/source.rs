//! Texts being read: knows where each node stands, and collects what is wrong.

use super::document::{Document, spot};
use super::expand::Env;
use super::locate::{PathStep, file_of};
use super::node::{self, Node};
use crate::diagnostics::{Checked, Place, Problem, Severity};

/// A value and the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub path: Vec<PathStep>,
}

impl<T> At<T> {
    pub fn new(value: T, path: Vec<PathStep>) -> Self {
        At { value, path }
    }
}

/// What was read of one file.
pub struct File {
    /// What the file is called.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What [`node::parse`] made of that.
    pub root: Node,
}

/// The texts that are read together, and what was found so far.
pub struct Source<'a> {
    documents: Vec<Document<'a>>,
    /// Where `${…}` in values comes from; `None` leaves them as they are.
    pub(super) env: Option<Env<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    /// `root` is what [`node::parse`] made of `text`.
    pub fn new(file: &'a str, text: &'a str, root: &'a Node, env: Option<Env<'a>>) -> Self {
        Source { documents: vec![Document::new(file, text, root)], env, problems: Vec::new() }
    }

    /// Several files, of which paths tell apart by [`PathStep::File`]; variables stay as they are.
    pub fn of(files: &'a [File]) -> Self {
        let documents = files.iter().map(|file| Document::new(&file.name, &file.text, &file.root)).collect();
        Source { documents, env: None, problems: Vec::new() }
    }

    /// The name of the file that a path leads through.
    pub fn file(&self, path: &[PathStep]) -> &'a str {
        self.documents.get(file_of(path).0).map_or("", |document| document.file)
    }

    /// Where a node stands.
    pub fn place(&self, path: &[PathStep]) -> Place {
        self.place_of(path, None)
    }

    fn place_of(&self, path: &[PathStep], part: Option<&str>) -> Place {
        let (number, path) = file_of(path);
        match self.documents.get(number) {
            Some(document) => document.place(path, part),
            None => Place::File(String::new()),
        }
    }

    /// Reports a reason not to start.
    pub fn error(&mut self, path: &[PathStep], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::new(place, message, help));
    }

    /// Like [`Source::error`], at a part of the word.
    pub fn error_in(&mut self, path: &[PathStep], part: &str, message: impl Into<String>, help: Option<String>) {
        let place = self.place_of(path, Some(part));
        self.problems.push(Problem::new(place, message, help));
    }

    /// Reports something odd that works.
    pub fn warn(&mut self, path: &[PathStep], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::warning(place, message, help));
    }

    /// Adds a problem whose place is known.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Whether nothing so far keeps the program from serving.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// The line of a node, from 1.
    pub fn line(&self, path: &[PathStep]) -> Option<usize> {
        let (number, path) = file_of(path);
        self.documents.get(number)?.line(path)
    }

    /// File and line of a node: `routes.yaml:7`.
    pub fn file_and_line(&self, path: &[PathStep]) -> String {
        format!("{}:{}", self.file(path), self.line(path).unwrap_or(1))
    }

    /// What a mapping is called in messages, with its file where that is not the first.
    pub fn called(&self, name: &str, path: &[PathStep]) -> String {
        if file_of(path).0 == 0 { name.to_owned() } else { format!("{name} of {}", self.file(path)) }
    }

    /// Where a node stands, for a message about `other`: `line 7`, or `line 7 of routes.yaml` where that is another file.
    pub fn line_seen_from(&self, path: &[PathStep], other: &[PathStep]) -> String {
        let line = format!("line {}", self.line(path).unwrap_or(1));
        if file_of(path).0 == file_of(other).0 { line } else { format!("{line} of {}", self.file(path)) }
    }

    /// The value with the warnings when nothing is wrong, else everything that is; sorted by file and place.
    ///
    /// # Errors
    /// At least one error.
    pub fn finish<T>(self, value: Option<T>) -> Checked<T> {
        let sound = self.is_sound();
        let mut problems = self.problems;
        let file = |problem: &Problem| self.documents.iter().position(|known| Some(known.file) == problem.file());
        problems.sort_by_key(|problem| (file(problem), problem.line(), problem.column()));
        match value {
            Some(value) if sound => Ok((value, problems)),
            None if sound => {
                let place = self.documents.first().map_or(Place::File(String::new()), Document::beginning);
                problems.insert(0, Problem::new(place, "it could not be read", None));
                Err(problems)
            }
            _ => Err(problems),
        }
    }
}

/// The problem of a text that is no YAML.
pub fn syntax(file: &str, text: &str, fault: &node::NodeFault, otherwise: &str) -> Problem {
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
