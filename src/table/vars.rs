//! The sources of `${key}` in a table, and of the files that a table names.

use std::io;

/// The sources of variables and files for reading a table.
pub struct Variables<'a> {
    /// Looks up a key of `config.yaml`. These keys go before the environment.
    pub config: &'a dyn Fn(&str) -> Option<String>,
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file that the table names. The path is relative to the table's file.
    pub files: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
}

impl Variables<'_> {
    /// Returns true if a variable is set and not empty.
    pub fn has(&self, name: &str) -> bool {
        let value = (self.config)(name).or_else(|| (self.environment)(name));
        value.is_some_and(|value| !value.trim().is_empty())
    }
}

/// Refuses to read a file, for a table without a folder.
///
/// # Errors
/// Always.
pub fn no_files(_: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this table lies in no folder"))
}
