//! Where lines of the log are written: standard error, standard output, or a file that lines are added to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// The end of the way of a line.
#[derive(Debug)]
pub enum LogTarget {
    Stderr,
    Stdout,
    File(File),
}

impl LogTarget {
    /// Opens a file to add lines to. Only its owner can read a file that is made here, since lines name people; a file that is
    /// there keeps its mode.
    ///
    /// # Errors
    /// The system's reason, or that it is no file.
    pub fn file(path: &Path) -> io::Result<Self> {
        // To open a pipe would wait for its reader.
        if let Ok(kind) = std::fs::metadata(path).map(|found| found.file_type())
            && !kind.is_file()
            && !kind.is_char_device()
        {
            return Err(io::Error::other("it is no file"));
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(LogTarget::File)
    }

    /// Writes a line as a whole.
    ///
    /// # Errors
    /// The system's reason. Then a part of the line may be written.
    pub fn write(&mut self, line: &[u8]) -> io::Result<()> {
        match self {
            LogTarget::Stderr => io::stderr().write_all(line),
            // Standard output is buffered by lines, and the buffer would keep the end of a long one.
            LogTarget::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line).and_then(|()| out.flush())
            }
            LogTarget::File(file) => file.write_all(line),
        }
    }
}
