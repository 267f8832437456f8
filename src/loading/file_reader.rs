//! Reads the files of one load and notes them: every file that decides what is served, but the configuration itself. Each file is looked at before it is read, so that no change between the two is missed.

use super::seen_file::SeenFile;
use crate::diagnostics::file_access;
use std::cell::RefCell;
use std::io;
use std::path::Path;

/// Reads files, and keeps which files these were and what the table's said.
#[derive(Default)]
pub struct FileReader {
    seen: RefCell<Vec<SeenFile>>,
    texts: RefCell<String>,
}

impl FileReader {
    /// Notes a file without reading it. The file need not be there.
    pub fn note(&self, path: &Path) {
        self.seen.borrow_mut().push(SeenFile::now(path.to_owned()));
    }

    /// Reads a file of the table.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.read_apart(path)?;
        self.texts.borrow_mut().push_str(&String::from_utf8_lossy(&bytes));
        Ok(bytes)
    }

    /// Reads a file that is no part of the table.
    pub fn read_apart(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.note(path);
        file_access::read_deciding(path).map_err(|e| file_access::unreadable(path, e))
    }

    /// Returns the text of all the table's files read so far, in order.
    pub fn texts(&self) -> String {
        self.texts.borrow().clone()
    }

    /// Returns all files that were noted or read.
    pub fn into_seen(self) -> Vec<SeenFile> {
        self.seen.into_inner()
    }
}
