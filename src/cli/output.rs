//! What a command prints, and how it fails.

use crate::diagnostics::{Problem, report};
use crate::loading::environment;
use crate::setup;
use crate::telemetry::process_log;
use crate::wire::Failure;
use std::io::{IsTerminal, Write};

/// Why a command did not do what it was asked to.
pub enum CommandEnd {
    /// Problems, each of which says what to do.
    Problems(Vec<Problem>),
    /// It has been told already.
    Told,
    /// One sentence.
    Because(String),
    /// The setup's own reason.
    Setup(setup::SetupError),
}

impl From<Vec<Problem>> for CommandEnd {
    fn from(problems: Vec<Problem>) -> Self {
        CommandEnd::Problems(problems)
    }
}

impl From<String> for CommandEnd {
    fn from(why: String) -> Self {
        CommandEnd::Because(why)
    }
}

impl From<Failure> for CommandEnd {
    fn from(failure: Failure) -> Self {
        CommandEnd::Because(failure.message)
    }
}

impl From<setup::SetupError> for CommandEnd {
    fn from(error: setup::SetupError) -> Self {
        CommandEnd::Setup(error)
    }
}

/// Shows problems on stderr.
pub fn tell(problems: &[Problem]) {
    let colours = report::colours(std::io::stderr().is_terminal(), &environment);
    process_log::on_stderr(&report::text(problems, colours));
}

/// Tells people a sentence on stderr, on a line of its own.
pub fn say(sentence: &str) {
    process_log::on_stderr(&format!("{sentence}\n"));
}

/// Prints a result. A reader that stops reading (`| head`) is no problem.
pub fn print(text: &str) -> Result<(), CommandEnd> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(CommandEnd::Because(format!("cannot print: {e}"))),
        _ => Ok(()),
    }
}
