//! Why a setup ended without a configuration, and what to do then.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::config::Problem;

/// See [`SetupError::exit_code`] for what each means to a shell.
#[derive(Debug)]
pub enum SetupError {
    /// There is nobody to ask, and `--yes` was not given.
    NeedsTerminal {
        config: PathBuf,
        exists: bool,
    },
    /// `--yes` without `--user`.
    NeedsUser,
    /// `--user` with a name that ARGO refuses; the text says why.
    BadUser(String),
    /// There is a configuration, and nobody allowed to replace it.
    Exists(PathBuf),
    /// The person said no.
    Declined(PathBuf),
    /// The input ended in the middle of the questions; nothing was written.
    InputEnded,
    /// The input ended at the review; the file is there.
    NotConfirmed(PathBuf),
    /// What would have been written is not a valid configuration.
    Invalid(Vec<Problem>),
    /// No free port was to be had.
    NoPort(io::Error),
    Write {
        config: PathBuf,
        error: io::Error,
    },
    Terminal(io::Error),
}

impl SetupError {
    /// 2 for a call that cannot work as it was made, 1 for everything else.
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
            SetupError::NoPort(error) => write!(f, "found no free port: {error}"),
            SetupError::Write { config, error } => {
                write!(f, "{} cannot be written: {error}", config.display())
            }
            SetupError::Terminal(error) => write!(f, "cannot talk to the terminal: {error}"),
        }
    }
}

impl std::error::Error for SetupError {}

/// A path as a shell takes it when pasted.
fn shell_quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
