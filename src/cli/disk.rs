//! What is read from the disk for one load: each file is looked at before it is read, so that no change is missed.

use crate::server::reload::Seen;
use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

/// Reads files, and remembers them.
#[derive(Default)]
pub struct Disk {
    seen: RefCell<Vec<Seen>>,
    texts: RefCell<String>,
}

impl Disk {
    /// Looks at a file that may come and go.
    pub fn look(&self, path: &Path) {
        self.seen.borrow_mut().push(Seen::now(path.to_owned()));
    }

    /// Reads a file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.look(path);
        let bytes = std::fs::read(path)?;
        self.texts.borrow_mut().push_str(&String::from_utf8_lossy(&bytes));
        Ok(bytes)
    }

    /// Reads a file that is no part of the table.
    pub fn read_apart(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.look(path);
        std::fs::read(path)
    }

    /// Reads a file that lies beside another.
    pub fn read_beside(&self, other: &str, name: &str) -> io::Result<Vec<u8>> {
        self.read(&Path::new(other).parent().map_or_else(|| PathBuf::from(name), |folder| folder.join(name)))
    }

    /// All that was read so far, in order.
    pub fn texts(&self) -> String {
        self.texts.borrow().clone()
    }

    /// All files that were looked at.
    pub fn into_seen(self) -> Vec<Seen> {
        self.seen.into_inner()
    }
}
