//! A problem with a setting: what is wrong, where it was written, and what to do about it.

use std::fmt;

/// A word of a file. Lines and columns count from 1. Columns and lengths are in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The length of the part of the word in this line; at least 1.
    pub length: usize,
    /// The line's text, so that a report does not need the file.
    pub source: String,
}

/// The origin of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A word of a file.
    Spot(Box<Spot>),
    /// A whole file: it cannot be read, or the problem has no position.
    File(String),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl Place {
    /// Returns the file; `None` for a flag or an environment variable.
    pub fn file(&self) -> Option<&str> {
        match self {
            Place::Spot(spot) => Some(&spot.file),
            Place::File(file) => Some(file),
            Place::Variable(_) | Place::Flag(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Spot(spot) => write!(f, "{}:{}:{}", spot.file, spot.line, spot.column),
            Place::File(file) => f.write_str(file),
            Place::Variable(name) => write!(f, "environment variable {name}"),
            Place::Flag(name) => f.write_str(name),
        }
    }
}

/// How serious a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The program cannot serve.
    Error,
    /// The program can serve, but the setting probably does not do what its author wants.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One problem. `Display` writes `config.yaml:3:7: message`, with the remedy on a line of its own. [`super::report`]
/// adds the source line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub place: Place,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The value of a text with its warnings, or all its problems, of which at least one is an error. Problems are sorted
/// by place.
pub type Checked<T> = Result<(T, Vec<Problem>), Vec<Problem>>;

impl Problem {
    /// Creates an error: the program does not start.
    pub fn new(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        Problem { severity: Severity::Error, place, message: message.into(), help }
    }

    /// Creates a warning: the program works, but something looks wrong.
    pub fn warning(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::new(place, message, help) }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Returns the file with the problem; `None` for a flag or an environment variable.
    pub fn file(&self) -> Option<&str> {
        self.place.file()
    }

    /// Returns the word with the problem.
    pub fn spot(&self) -> Option<&Spot> {
        match &self.place {
            Place::Spot(spot) => Some(spot),
            _ => None,
        }
    }

    /// Returns the line, from 1.
    pub fn line(&self) -> Option<usize> {
        self.spot().map(|spot| spot.line)
    }

    /// Returns the column in characters, from 1.
    pub fn column(&self) -> Option<usize> {
        self.spot().map(|spot| spot.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
