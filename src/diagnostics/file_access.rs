//! Whether a file is there, and why it cannot be read: what it is instead, or who may read it and who asks.

use super::file_trust;
use super::problem::{Place, Problem};
use super::system_users::user;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most links that are followed to find out where a path leads.
const MOST_LINKS: usize = 16;

/// Returns true if something has this name, whatever it is. Only "not found" of the name itself means that nothing has it: a link
/// that leads nowhere and a folder that cannot be entered are mistakes to report, and no reason to go on without the file.
///
/// # Errors
/// It cannot be known.
pub fn is_there(path: &Path) -> Result<bool, Problem> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(unreadable_problem(path, e)),
    }
}

/// Reads a file. An error says what stands in its place, or whose it is.
///
/// # Errors
/// `NotFound` only if nothing has this name.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| unreadable(path, e))
}

/// Reads a file that decides what this program does, which others may not be able to change. Pass its error to [`unreadable`].
///
/// # Errors
/// The system's error, or that of [`file_trust::check`].
pub fn read_deciding(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file_trust::check(path, &file)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the error of a file that cannot be read, with the reason.
pub fn unreadable(path: &Path, error: io::Error) -> io::Error {
    let why = match error.kind() {
        ErrorKind::NotFound => std::fs::read_link(path).ok().map(|to| {
            let why = format!("it is a link to {}, which is not there", to.display());
            (ErrorKind::Other, why)
        }),
        ErrorKind::IsADirectory => Some((ErrorKind::IsADirectory, "it is a directory".to_owned())),
        ErrorKind::PermissionDenied => denied(path).map(|why| (ErrorKind::PermissionDenied, format!("{error}: {why}"))),
        _ => None,
    };
    why.map_or(error, |(kind, why)| io::Error::new(kind, why))
}

/// Returns the problem of a file that cannot be read.
pub fn unreadable_problem(path: &Path, error: io::Error) -> Problem {
    let error = unreadable(path, error);
    if let Some(help) = file_trust::remedy(&error) {
        return Problem::new(Place::File(path.display().to_string()), error.to_string(), Some(help));
    }
    let help = match error.kind() {
        ErrorKind::PermissionDenied => Some("make it readable for the user who runs the proxy"),
        ErrorKind::IsADirectory => {
            Some("put a file there; docker makes a directory where the file to mount is missing")
        }
        _ => None,
    };
    Problem::new(Place::File(path.display().to_string()), format!("cannot be read: {error}"), help.map(str::to_owned))
}

/// Returns what denies access, whose it is, and who asks.
fn denied(path: &Path) -> Option<String> {
    let obstacle = obstacle(path, MOST_LINKS)?;
    let metadata = obstacle.metadata().ok()?;
    let what = if metadata.is_dir() { "the folder " } else { "" };
    Some(format!(
        "{what}{} has mode {:04o} and belongs to {}; this program runs as {}",
        obstacle.display(),
        metadata.mode() & 0o7777,
        user(metadata.uid()),
        user(rustix::process::geteuid().as_raw())
    ))
}

/// Returns the first folder on the way to a file that cannot be entered, or else the file itself.
fn obstacle(path: &Path, links: usize) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    let mut ways: Vec<&Path> = path.ancestors().collect();
    ways.reverse();
    for (folder, child) in ways.iter().zip(ways.iter().skip(1)) {
        match child.symlink_metadata() {
            Err(e) if e.kind() == ErrorKind::PermissionDenied => return Some(folder.to_path_buf()),
            Err(_) => return None,
            Ok(metadata) if metadata.is_symlink() && child.metadata().is_err() => {
                let target = folder.join(std::fs::read_link(child).ok()?);
                return obstacle(&target, links.checked_sub(1)?);
            }
            Ok(_) => {}
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("argo-file-access-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_name_is_there_whatever_it_is() {
        let folder = Folder::new("there");
        let path = |name: &str| folder.0.join(name);
        std::fs::write(path("file"), "x").unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        symlink("/nowhere/at/all", path("dangling")).unwrap();
        for (name, there) in [("file", true), ("folder", true), ("dangling", true), ("nothing", false)] {
            assert_eq!(is_there(&path(name)), Ok(there), "{name}");
        }
        assert!(is_there(&path("file/below")).unwrap_err().message.contains("cannot be read"));
    }

    #[test]
    fn an_error_says_what_is_there_instead() {
        let folder = Folder::new("instead");
        let path = |name: &str| folder.0.join(name);
        std::fs::create_dir(path("folder")).unwrap();
        symlink("/nowhere/at/all", path("dangling")).unwrap();
        let text = |name: &str| read(&path(name)).unwrap_err();
        assert_eq!(text("dangling").to_string(), "it is a link to /nowhere/at/all, which is not there");
        assert_ne!(text("dangling").kind(), ErrorKind::NotFound);
        assert_eq!(text("folder").to_string(), "it is a directory");
        assert_eq!(text("nothing").kind(), ErrorKind::NotFound);
    }
}
