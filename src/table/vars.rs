//! Where `${key}` in a table comes from, and the files that it names.

use std::io;

/// What a table is read with: the values of variables, and files.
pub struct Variables<'a> {
    /// The keys of `config.yaml`; they go before the environment.
    pub config: &'a dyn Fn(&str) -> Option<String>,
    /// The environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Reads a file that the table names, relative to the table's own.
    pub files: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
}

/// For a table that lies in no folder.
///
/// # Errors
/// Always.
pub fn no_files(_: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this table lies in no folder"))
}
