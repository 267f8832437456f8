//! A program's own file of settings: where it is, and how it is changed. What changes is shown first, and a copy of the file is kept.

use super::output::{CommandEnd, print, say};
use crate::client_settings::{Language, SettingsFile, merge};
use crate::diagnostics::file_access;
use crate::setup::{self, Terminal};
use similar::TextDiff;
use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};

/// So many copies of a file are kept at most.
const MOST_COPIES: usize = 100;

/// A file, as it is.
pub struct ClientFile {
    path: PathBuf,
    /// `None` where there is none.
    text: Option<String>,
}

impl ClientFile {
    /// Returns where the file is: the first place whose variable is set.
    pub fn path_of(file: &SettingsFile, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
        let place = file.places.iter().find_map(|(variable, path)| {
            let folder = env(variable).filter(|folder| folder.starts_with('/'))?;
            Some(Path::new(&folder).join(path))
        });
        place.unwrap_or_else(|| file.places.last().map(|(_, path)| PathBuf::from(path)).unwrap_or_default())
    }

    /// Returns a path as people write it.
    pub fn shown(path: &Path) -> String {
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
        match home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned)) {
            Some(below) => format!("~/{}", below.display()),
            None => path.display().to_string(),
        }
    }

    /// Reads a program's file.
    ///
    /// # Errors
    /// It is there and cannot be read, or nothing says where it would be.
    pub fn read(file: &SettingsFile, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, CommandEnd> {
        let path = Self::path_of(file, env);
        let because = |e: io::Error| CommandEnd::Because(format!("{} cannot be read: {e}", path.display()));
        if path.is_relative() {
            return Err(CommandEnd::Because("HOME is not set, so that there is no folder for settings".to_owned()));
        }
        let text = match fs::read(&path) {
            Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| because(io::Error::other("it is not UTF-8 text")))?),
            Err(e) if e.kind() == ErrorKind::NotFound && path.symlink_metadata().is_err() => None,
            Err(e) => return Err(because(file_access::unreadable(&path, e))),
        };
        Ok(ClientFile { path, text })
    }

    /// Puts settings into the file, after a look at what changes.
    ///
    /// # Errors
    /// They cannot be put there, nobody can be asked, the answer is no, or the file cannot be written.
    pub fn set(self, language: Language, settings: &str, keeps: &[&str], yes: bool) -> Result<(), CommandEnd> {
        let shown = Self::shown(&self.path);
        let old = self.text.as_deref().unwrap_or_default();
        let new = merge::merged(language, old, settings, keeps).map_err(|why| {
            CommandEnd::Because(format!(
                "{shown} was left as it is: {why}. Put these lines into it by hand:\n\n{settings}"
            ))
        })?;
        if new == old {
            say(&format!("{shown} has these settings already"));
            return Ok(());
        }
        let diff = TextDiff::from_lines(old, &new);
        print(&format!("{}\n", diff.unified_diff().header(&shown, &shown)))?;
        if !yes && !agreed(&shown)? {
            return Err(CommandEnd::Because(format!("{shown} was left as it is")));
        }
        let failed = |e: io::Error| CommandEnd::Because(format!("{shown} cannot be written: {e}"));
        let copy = self.text.as_ref().map(|old| self.copy(old)).transpose().map_err(failed)?;
        self.write(&new).map_err(failed)?;
        say(&match copy {
            Some(copy) => format!("{shown} is written; what it was is in {}", Self::shown(&copy)),
            None => format!("{shown} is written"),
        });
        Ok(())
    }

    /// Keeps what the file was, beside it.
    fn copy(&self, old: &str) -> io::Result<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for number in 1..=MOST_COPIES {
            let end = if number == 1 { "bak".to_owned() } else { format!("bak{number}") };
            let copy = self.path.with_file_name(format!("{name}.{end}"));
            match setup::write_private(&copy, old, false) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                done => return done.map(|()| copy),
            }
        }
        Err(io::Error::other(format!("{name}.bak and {MOST_COPIES} more are there already")))
    }

    /// Writes the file: a new one for its owner only, one that is there with the owner and mode that it had.
    fn write(&self, text: &str) -> io::Result<()> {
        if self.text.is_some() {
            let path = fs::canonicalize(&self.path)?;
            return setup::replace(&path, &File::open(&path)?, text);
        }
        self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
        setup::write_private(&self.path, text, false)
    }
}

/// Asks on a terminal.
fn agreed(shown: &str) -> Result<bool, CommandEnd> {
    let (input, interactive) = (io::stdin(), io::stdin().is_terminal());
    if !interactive {
        return Err(CommandEnd::Because(format!(
            "there is no terminal to ask on, so {shown} was left as it is; --yes writes it"
        )));
    }
    let mut terminal = Terminal { input: &mut input.lock(), output: &mut io::stdout(), interactive };
    Ok(terminal.yes_or_no(&format!("Write {shown}?"), false)?)
}
