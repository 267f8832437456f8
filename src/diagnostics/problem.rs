//! What is wrong with a setting, where it was written, and what to do about it.

use std::fmt;

/// A word of a file. Lines and columns count from 1, columns and lengths in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// Of the word at fault, as far as it stands in this line; at least 1.
    pub length: usize,
    /// The line's text, so that a report needs no file.
    pub source: String,
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A word of a file.
    Spot(Box<Spot>),
    /// A whole file: it cannot be read, or the fault has no spot.
    File(String),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
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

/// Whether a problem keeps the program from serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but the setting probably does not do what its writer wants.
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

/// One thing that is wrong. Displays as `config.yaml:3:7: message`, with the remedy on a line of its own;
/// [`super::report`] shows it with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub place: Place,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// What was made of a text beside its warnings, or what is wrong with it: at least one error, and the warnings too.
/// Sorted by place.
pub type Checked<T> = Result<(T, Vec<Problem>), Vec<Problem>>;

impl Problem {
    /// A reason not to start.
    pub fn new(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        Problem { severity: Severity::Error, place, message: message.into(), help }
    }

    /// Something odd that works.
    pub fn warning(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::new(place, message, help) }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The file at fault; `None` for a flag or an environment variable.
    pub fn file(&self) -> Option<&str> {
        match &self.place {
            Place::Spot(spot) => Some(&spot.file),
            Place::File(file) => Some(file),
            Place::Variable(_) | Place::Flag(_) => None,
        }
    }

    /// The word at fault.
    pub fn spot(&self) -> Option<&Spot> {
        match &self.place {
            Place::Spot(spot) => Some(spot),
            _ => None,
        }
    }

    /// From 1.
    pub fn line(&self) -> Option<usize> {
        self.spot().map(|spot| spot.line)
    }

    /// From 1, in characters.
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
