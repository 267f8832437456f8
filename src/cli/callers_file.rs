//! The file of callers while a command edits it. It is locked, so that of two commands at once neither is lost.

use crate::setup::{replace, write_private};
use rustix::fs::{FlockOperation, flock};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Changes the text of the file, and returns true if there was one. `change` may be asked twice, if another command makes the first
/// file at the same moment.
///
/// # Errors
/// What `change` says, or why the file cannot be read or written.
pub fn edit(path: &Path, change: impl Fn(Option<&str>) -> Result<String, String>) -> Result<bool, String> {
    loop {
        let found = locked(path).map_err(|e| format!("it cannot be read: {e}"))?;
        let text = change(found.as_ref().map(|(_, text)| text.as_str()))?;
        let written = match &found {
            Some(_) => replace(path, &text),
            None => write_private(path, &text, false),
        };
        match written {
            Err(e) if found.is_none() && e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(format!("it cannot be written: {e}")),
            Ok(()) => return Ok(found.is_some()),
        }
    }
}

/// Waits until no other command edits the file, and reads it. The lock ends with the first value.
fn locked(path: &Path) -> io::Result<Option<(File, String)>> {
    loop {
        // Network file systems lock only what is open for writing.
        let mut file = match File::options().read(true).write(true).open(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) if e.kind() == ErrorKind::PermissionDenied => File::open(path)?,
            opened => opened?,
        };
        match retry_on_intr(|| flock(&file, FlockOperation::LockExclusive)) {
            // Some file systems of clusters have no locks. One command at a time is safe there, too.
            Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) => {}
            locked => locked?,
        }
        // The command that had the lock has put another file in the place of this one.
        if !is_at(&file, path) {
            continue;
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        return Ok(Some((file, text)));
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), path.metadata()) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn edits_at_the_same_time_are_all_there() {
        let folder = std::env::temp_dir().join(format!("argo-callers-{:x}", fastrand::u64(..)));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("callers.yaml");
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    for turn in 0..8 {
                        let add = |text: Option<&str>| Ok(format!("{}{number}.{turn}\n", text.unwrap_or_default()));
                        edit(path, add).unwrap();
                    }
                });
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: std::collections::HashSet<&str> = text.lines().collect();
        assert_eq!(lines.len(), 64, "{text}");
        assert_eq!(edit(&path, |_| Err("no".to_owned())), Err("no".to_owned()));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
