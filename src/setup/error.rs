//! Why a setup ended without a configuration, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::client_settings::shell_quote;
use crate::config::Problem;

/// Why a setup failed. See [`SetupError::exit_code`] for the exit codes.
#[derive(Debug)]
pub enum SetupError {
    /// There is no terminal to ask on, and `--yes` was not given.
    NeedsTerminal {
        config: PathBuf,
        exists: bool,
    },
    /// `--yes` without `--user`.
    NeedsUser,
    /// `--user` with a name that ARGO refuses. Holds the reason.
    BadUser(String),
    /// There is a configuration already, and no permission to replace it.
    Exists(PathBuf),
    /// The person answered no.
    Declined(PathBuf),
    /// The input ended during the questions. Nothing was written.
    InputEnded,
    /// The input ended at the review. The file was written.
    NotConfirmed(PathBuf),
    /// The new text is not a valid configuration.
    Invalid(Vec<Problem>),
    /// A configuration of another program cannot be taken over. Holds the reason.
    NotTakenOver(PathBuf, String),
    /// No free port was found.
    NoPort(io::Error),
    Write {
        config: PathBuf,
        error: io::Error,
    },
    Terminal(io::Error),
}

impl SetupError {
    /// Returns 2 if the command cannot work as called, and 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            SetupError::NeedsTerminal { .. } | SetupError::NeedsUser | SetupError::BadUser(_) => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetupError::NeedsTerminal { config, exists } => {
                let (state, force) = if *exists { ("already exists", " --force") } else { ("file not found", "") };
                write!(
                    f,
                    "{config} {state}, and there is no terminal to ask on.\n\
                     Create it with:   argo-openai-proxy init --yes --user YOUR_ARGONNE_USERNAME --config {quoted}{force}\n\
                     Or try a demo:    argo-openai-proxy serve --demo",
                    config = config.display(),
                    quoted = shell_quote(&config.display().to_string()),
                )
            }
            SetupError::NeedsUser => f.write_str(
                "--yes needs --user: ARGO answers nobody without a username.\n\
                 For example: argo-openai-proxy init --yes --user jdoe",
            ),
            SetupError::BadUser(reason) => write!(f, "--user: {reason}"),
            SetupError::Exists(config) => {
                write!(f, "{} already exists and was left as it is; --force replaces it", config.display())
            }
            SetupError::Declined(config) => write!(f, "{} was not written", config.display()),
            SetupError::InputEnded => f.write_str("the input ended: nothing was written"),
            SetupError::NotConfirmed(config) => write!(
                f,
                "not confirmed; {} stays as shown: edit it, or replace it with: argo-openai-proxy init --force",
                config.display()
            ),
            SetupError::Invalid(problems) => {
                f.write_str("the new configuration is not valid:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
            }
            SetupError::NotTakenOver(from, why) => {
                write!(f, "{} cannot be taken over: {why}. Nothing was written", from.display())
            }
            SetupError::NoPort(error) => write!(f, "found no free port: {error}"),
            SetupError::Write { config, error } => {
                write!(f, "{} cannot be written: {error}", config.display())
            }
            SetupError::Terminal(error) => write!(f, "cannot talk to the terminal: {error}"),
        }
    }
}

impl std::error::Error for SetupError {}
