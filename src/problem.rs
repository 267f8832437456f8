//! What is wrong with a setting, where it was written, and what to do about it.

use std::fmt;

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A spot in a file; line and column count from 1, columns in characters.
    Spot { file: String, line: usize, column: usize },
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
            Place::Spot { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Place::File(file) => f.write_str(file),
            Place::Variable(name) => write!(f, "environment variable {name}"),
            Place::Flag(name) => f.write_str(name),
        }
    }
}

/// A reason not to start. Displays as `config.yaml:3:7: message`, with the remedy on a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    pub fn new(place: Place, message: impl Into<String>, help: Option<String>) -> Self {
        Problem { place, message: message.into(), help }
    }

    /// The file at fault; `None` for a flag or an environment variable.
    pub fn file(&self) -> Option<&str> {
        match &self.place {
            Place::Spot { file, .. } | Place::File(file) => Some(file),
            Place::Variable(_) | Place::Flag(_) => None,
        }
    }

    /// From 1.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Place::Spot { line, .. } => Some(line),
            _ => None,
        }
    }

    /// From 1, in characters.
    pub fn column(&self) -> Option<usize> {
        match self.place {
            Place::Spot { column, .. } => Some(column),
            _ => None,
        }
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

/// A setting that works but probably does not do what its writer wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(pub Problem);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
