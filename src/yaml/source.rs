//! The texts being read. Knows the place of each node, and collects problems.

use super::document::{Document, spot};
use super::expand::Env;
use super::locate::{PathStep, file_of};
use super::node;
use super::spans::Parsed;
use crate::diagnostics::{Checked, Place, Problem, Severity};

/// A value and the path to it.
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

/// One file that was read.
pub struct File {
    /// The file's name.
    pub name: String,
    /// The file's text.
    pub text: String,
    /// The result of [`Parsed::of`] on the text.
    pub parsed: Parsed,
}

/// The texts that are read together, and the problems found so far.
pub struct Source<'a> {
    documents: Vec<Document<'a>>,
    /// Looks up `${…}` in values; `None` leaves values as they are.
    pub(super) env: Option<Env<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Source<'a> {
    /// Creates the source of one file. `parsed` is the result of [`Parsed::of`] on `text`.
    pub fn new(file: &'a str, text: &'a str, parsed: &'a Parsed, env: Option<Env<'a>>) -> Self {
        Source { documents: vec![Document::new(file, text, parsed)], env, problems: Vec::new() }
    }

    /// Creates the source of several files. [`PathStep::File`] in a path selects the file. Variables stay as they are.
    pub fn of(files: &'a [File]) -> Self {
        let documents = files.iter().map(|file| Document::new(&file.name, &file.text, &file.parsed)).collect();
        Source { documents, env: None, problems: Vec::new() }
    }

    /// Returns the name of a path's file.
    pub fn file(&self, path: &[PathStep]) -> &'a str {
        self.documents.get(file_of(path).0).map_or("", |document| document.file)
    }

    /// Returns the place of a node.
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

    /// Reports an error.
    pub fn error(&mut self, path: &[PathStep], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::new(place, message, help));
    }

    /// Like [`Source::error`], at a part of the word.
    pub fn error_in(&mut self, path: &[PathStep], part: &str, message: impl Into<String>, help: Option<String>) {
        let place = self.place_of(path, Some(part));
        self.problems.push(Problem::new(place, message, help));
    }

    /// Reports a warning.
    pub fn warn(&mut self, path: &[PathStep], message: impl Into<String>, help: Option<String>) {
        let place = self.place(path);
        self.problems.push(Problem::warning(place, message, help));
    }

    /// Adds a problem whose place is known.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Returns true if no error was reported so far.
    pub fn is_sound(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// Returns the line of a node, from 1.
    pub fn line(&self, path: &[PathStep]) -> Option<usize> {
        let (number, path) = file_of(path);
        self.documents.get(number)?.line(path)
    }

    /// Returns the file and line of a node: `routes.yaml:7`.
    pub fn file_and_line(&self, path: &[PathStep]) -> String {
        format!("{}:{}", self.file(path), self.line(path).unwrap_or(1))
    }

    /// Returns the name of a mapping in messages, with its file if that is not the first.
    pub fn called(&self, name: &str, path: &[PathStep]) -> String {
        if file_of(path).0 == 0 { name.to_owned() } else { format!("{name} of {}", self.file(path)) }
    }

    /// Returns the line of a node for a message about `other`: `line 7`, or `line 7 of routes.yaml` in another file.
    pub fn line_seen_from(&self, path: &[PathStep], other: &[PathStep]) -> String {
        let line = format!("line {}", self.line(path).unwrap_or(1));
        if file_of(path).0 == file_of(other).0 { line } else { format!("{line} of {}", self.file(path)) }
    }

    /// Returns all problems, sorted by file and place.
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        let file = |problem: &Problem| self.documents.iter().position(|known| Some(known.file) == problem.file());
        problems.sort_by_key(|problem| (file(problem), problem.line(), problem.column()));
        problems
    }

    /// Returns the value with the warnings, or all problems if one is an error, sorted by file and place.
    ///
    /// # Errors
    /// At least one error.
    pub fn finish<T>(self, value: Option<T>) -> Checked<T> {
        let sound = self.is_sound();
        let place = self.documents.first().map_or(Place::File(String::new()), Document::beginning);
        let mut problems = self.into_problems();
        match value {
            Some(value) if sound => Ok((value, problems)),
            None if sound => {
                problems.insert(0, Problem::new(place, "it could not be read", None));
                Err(problems)
            }
            _ => Err(problems),
        }
    }
}

/// Returns the problem of a text that is not YAML.
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
