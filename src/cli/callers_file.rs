//! The file of callers while a command edits it. It is locked, so that of two commands at once neither is lost.

use crate::diagnostics::file_access::unreadable;
use crate::diagnostics::file_trust::is_trusted;
use crate::setup::{replace, write_private};
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file as it was found.
struct Found {
    /// Open, and locked until it is dropped.
    file: File,
    /// Where it is, without a link.
    path: PathBuf,
    text: String,
}

/// Changes the text of the file, and returns true if there was one. `change` may be asked twice, if another command makes the first
/// file at the same moment.
///
/// # Errors
/// What `change` says, or why the file cannot be read or written.
pub fn edit(path: &Path, change: impl Fn(Option<&str>) -> Result<String, String>) -> Result<bool, String> {
    loop {
        let found = locked(path).map_err(|e| format!("it cannot be read: {e}"))?;
        let text = change(found.as_ref().map(|found| found.text.as_str()))?;
        let written = match &found {
            Some(Found { file, path, .. }) => replace(path, file, &text),
            None => write_private(path, &text, false),
        };
        match written {
            Err(e) if found.is_none() && e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(format!("it cannot be written: {e}")),
            Ok(()) => return Ok(found.is_some()),
        }
    }
}

/// Waits until no other command edits the file, and reads it.
fn locked(path: &Path) -> io::Result<Option<Found>> {
    loop {
        let (real, guide) = match followed(path) {
            Err(e) if e.kind() == ErrorKind::NotFound && !path.is_symlink() => return Ok(None),
            // A link that leads nowhere is no place for a new file.
            followed => followed.map_err(|e| unreadable(path, e))?,
        };
        let mut file = match open(&real) {
            // Somebody has put something else in its place since.
            Err(e) if e.kind() == ErrorKind::NotFound || e.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                continue;
            }
            opened => opened?,
        };
        match retry_on_intr(|| flock(&file, FlockOperation::LockExclusive)) {
            // Some file systems of clusters have no locks. One command at a time is safe there, too.
            Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) => {}
            locked => locked?,
        }
        // The command that had the lock has put another file in the place of this one.
        if !is_at(&file, &real) {
            continue;
        }
        // Somebody in whose folder root makes a key must not lead it to a file of others.
        if guide.is_some_and(|owner| file.metadata().is_ok_and(|metadata| metadata.uid() != owner)) {
            return Err(io::Error::other("it is a link of another user, to a file that is not theirs"));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        return Ok(Some(Found { file, path: real, text }));
    }
}

/// Returns where a path leads, and the owner of the link that leads there, if that is another user. The path is followed once, so that
/// a link that is swapped in later is none that was looked at.
fn followed(path: &Path) -> io::Result<(PathBuf, Option<u32>)> {
    let link = path.symlink_metadata()?;
    if !link.is_symlink() {
        return Ok((path.to_owned(), None));
    }
    Ok((path.canonicalize()?, Some(link.uid()).filter(|owner| !is_trusted(*owner))))
}

/// Opens a file, and no link. Network file systems lock only what is open for writing.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::open(path, flags, Mode::empty()) {
        Err(Errno::ACCESS) => rustix::fs::open(path, OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()),
        opened => opened,
    };
    Ok(File::from(opened?))
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), path.symlink_metadata()) else { return false };
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

    #[test]
    fn a_link_that_is_swapped_in_meanwhile_leads_to_no_other_file() {
        let folder = std::env::temp_dir().join(format!("argo-callers-{:x}", fastrand::u64(..)));
        std::fs::create_dir(&folder).unwrap();
        let (path, victim) = (folder.join("callers.yaml"), folder.join("victim"));
        std::fs::write(&path, "mine\n").unwrap();
        std::fs::write(&victim, "theirs\n").unwrap();
        let before = victim.metadata().unwrap();
        let swap = |text: Option<&str>| {
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(&victim, &path).unwrap();
            Ok(format!("{}more\n", text.unwrap_or_default()))
        };
        let error = edit(&path, swap).unwrap_err();
        assert!(error.contains("another file has taken its place"), "{error}");
        let after = victim.metadata().unwrap();
        assert_eq!((after.ino(), after.uid(), after.mode()), (before.ino(), before.uid(), before.mode()));
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "theirs\n");
        // A link that leads nowhere is told of. It was tried for ever.
        std::fs::remove_file(&victim).unwrap();
        let error = edit(&path, |_| Ok("new\n".to_owned())).unwrap_err();
        assert!(error.contains("which is not there"), "{error}");
        assert!(!victim.exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
