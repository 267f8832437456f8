//! Text for people on standard error.

use std::io::Write;

/// Writes a text. An error is ignored: the terminal may be closed, the disk full or the reader of a pipe gone, and none of these is
/// a reason to stop a service or a command. `eprintln!` would panic.
pub fn write_stderr(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
