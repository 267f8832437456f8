//! Questions and answers on a terminal, or on anything that reads and writes lines.

use std::io::{self, BufRead, Write};

use super::SetupError;
use crate::config::check_username;

/// The input and the output of a dialogue.
pub struct Terminal<'t> {
    pub input: &'t mut dyn BufRead,
    pub output: &'t mut dyn Write,
    /// True if a person can answer. Otherwise the setup asks nothing.
    pub interactive: bool,
}

impl Terminal<'_> {
    pub(super) fn say(&mut self, text: &str) -> Result<(), SetupError> {
        writeln!(self.output, "{text}").map_err(SetupError::Terminal)
    }

    /// Asks until the answer is yes or no. An empty answer means `default`.
    pub fn yes_or_no(&mut self, question: &str, default: bool) -> Result<bool, SetupError> {
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        loop {
            let answer = self.ask(&format!("{question} {choice} "))?;
            match answer.to_ascii_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("Please answer y or n.")?,
            }
        }
    }

    /// Asks until the username is valid for ARGO, and displays what is wrong with each other answer.
    pub(super) fn username(&mut self) -> Result<String, SetupError> {
        loop {
            let name = self.ask("Enter your username: ")?;
            match check_username(&name) {
                Ok(()) => return Ok(name),
                Err(reason) => self.say(&format!("Not accepted: {reason}."))?,
            }
        }
    }

    /// Reads one line, without surrounding blanks. The end of the input is an error, so that no question loops forever.
    pub(super) fn ask(&mut self, prompt: &str) -> Result<String, SetupError> {
        write!(self.output, "{prompt}").and_then(|()| self.output.flush()).map_err(SetupError::Terminal)?;
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) => {
                // The cursor is still on the prompt's line.
                self.say("")?;
                Err(SetupError::InputEnded)
            }
            Ok(_) => Ok(String::from_utf8_lossy(&line).trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(SetupError::InputEnded),
            Err(error) => Err(SetupError::Terminal(error)),
        }
    }
}
