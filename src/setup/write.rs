//! Writes a file atomically: a new one for its owner only, a replaced one with the owner and mode that it had.
//!
//! The folder is opened once, and all names are looked up in it. Root may write into a folder of somebody who swaps links and folders
//! meanwhile, and must write to no other place then.

use crate::diagnostics::file_trust::folder_of;
use rustix::fs::{AtFlags, Mode, OFlags, linkat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

/// Writes `text` to `path` with mode 0600.
///
/// # Errors
/// The file system's error. [`io::ErrorKind::AlreadyExists`] if there is a file and `overwrite` is not given, even if
/// the file was created only a moment ago.
pub fn write_private(path: &Path, text: &str, overwrite: bool) -> io::Result<()> {
    // Follow a symbolic link, so that the link itself stays.
    let target = if overwrite { fs::canonicalize(path).ok() } else { None };
    let place = Entry::open(target.unwrap_or_else(|| path.to_owned()))?;
    let (temporary, mut file) = place.beside()?;
    let placed = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| if overwrite { place.replace_by(&temporary) } else { place.become_new(&temporary) });
    if placed.is_err() || !overwrite {
        place.remove(&temporary);
    }
    placed
}

/// Replaces the file that was opened at `path`. The path must be no link. Owner, group and mode stay. If owner and group cannot
/// stay, the mode becomes 0600, because the old one might let others read it. The new file is given away by its descriptor, before
/// it has its name: a name may lead elsewhere a moment later.
///
/// # Errors
/// The file system's error, or that another file has taken its place.
pub fn replace(path: &Path, old: &File, text: &str) -> io::Result<()> {
    let place = Entry::open(path.to_owned())?;
    let was = old.metadata()?;
    if !place.is(&was)? {
        return Err(io::Error::other("another file has taken its place meanwhile; try again"));
    }
    let (temporary, mut file) = place.beside()?;
    let placed = file
        .write_all(text.as_bytes())
        .and_then(|()| match fchown(&file, Some(was.uid()), Some(was.gid())) {
            Ok(()) => file.set_permissions(was.permissions()),
            // Only root may give a file away.
            Err(_) => Ok(()),
        })
        .and_then(|()| file.sync_all())
        .and_then(|()| place.replace_by(&temporary));
    if placed.is_err() {
        place.remove(&temporary);
    }
    placed
}

/// A name in a folder that is open.
struct Entry {
    folder: OwnedFd,
    name: OsString,
}

impl Entry {
    fn open(path: PathBuf) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        let folder =
            rustix::fs::open(folder_of(&path), OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Entry { folder, name })
    }

    /// Returns true if the name is that of this file itself, and of no link to it.
    fn is(&self, file: &fs::Metadata) -> io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let there = match openat(&self.folder, &self.name, flags, Mode::empty()) {
            // A link.
            Err(Errno::LOOP) => return Ok(false),
            opened => File::from(opened?).metadata()?,
        };
        Ok((there.dev(), there.ino()) == (file.dev(), file.ino()))
    }

    /// Makes a file in the same folder, because only a rename within one folder is sure to be atomic.
    fn beside(&self) -> io::Result<(OsString, File)> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        loop {
            let mut hidden = OsString::from(".");
            hidden.push(&self.name);
            hidden.push(format!(".{:08x}", fastrand::u32(..)));
            match openat(&self.folder, &hidden, flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => {}
                opened => return Ok((hidden, File::from(opened?))),
            }
        }
    }

    fn replace_by(&self, temporary: &OsStr) -> io::Result<()> {
        Ok(renameat(&self.folder, temporary, &self.folder, &self.name)?)
    }

    /// Gives a file the name, if nothing has it.
    fn become_new(&self, temporary: &OsStr) -> io::Result<()> {
        match linkat(&self.folder, temporary, &self.folder, &self.name, AtFlags::empty()) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(io::ErrorKind::AlreadyExists.into()),
            // The file system has no hard links, so check first and then rename.
            Err(_) => match statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => self.replace_by(temporary),
            },
        }
    }

    /// Takes away a temporary file, which is ours. If that fails, nothing more can be done.
    fn remove(&self, temporary: &OsStr) {
        let _ = unlinkat(&self.folder, temporary, AtFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Folder;
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_file_is_private_and_alone() {
        let folder = Folder::new();
        let path = folder.path("my config: #1.yaml");
        write_private(&path, "a: 1\n", false).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a: 1\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(folder.names(), ["my config: #1.yaml"]);
    }

    #[test]
    fn an_existing_file_is_kept_unless_told() {
        let folder = Folder::new();
        let path = folder.path("c.yaml");
        fs::write(&path, "old").unwrap();
        let error = write_private(&path, "new", false).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(folder.names(), ["c.yaml"]);

        write_private(&path, "new", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(folder.names(), ["c.yaml"]);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = Folder::new();
        fs::write(folder.path("real.yaml"), "old").unwrap();
        symlink("real.yaml", folder.path("c.yaml")).unwrap();
        write_private(&folder.path("c.yaml"), "new", true).unwrap();
        assert_eq!(fs::read_to_string(folder.path("real.yaml")).unwrap(), "new");
        assert!(fs::symlink_metadata(folder.path("c.yaml")).unwrap().is_symlink());
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = Folder::new();
        fs::write(folder.path("real.yaml"), "old").unwrap();
        for mode in [0o640, 0o600, 0o644, 0o400] {
            fs::set_permissions(folder.path("real.yaml"), fs::Permissions::from_mode(mode)).unwrap();
            let old = File::open(folder.path("real.yaml")).unwrap();
            replace(&folder.path("real.yaml"), &old, "new").unwrap();
            assert_eq!(fs::read_to_string(folder.path("real.yaml")).unwrap(), "new");
            assert_eq!(fs::metadata(folder.path("real.yaml")).unwrap().permissions().mode() & 0o777, mode);
        }
        assert_eq!(folder.names(), ["real.yaml"]);
    }

    #[test]
    fn what_took_the_place_of_the_file_is_not_touched() {
        let folder = Folder::new();
        let path = folder.path("c.yaml");
        let names = |there: &[&str]| assert_eq!(folder.names(), there);
        fs::write(&path, "old").unwrap();
        fs::write(folder.path("victim"), "victim").unwrap();
        let old = File::open(&path).unwrap();
        // A link, another file, a folder.
        fs::remove_file(&path).unwrap();
        symlink("victim", &path).unwrap();
        assert!(replace(&path, &old, "new").is_err());
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another").unwrap();
        assert!(replace(&path, &old, "new").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "another");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, &old, "new").is_err());
        assert_eq!(fs::read_to_string(folder.path("victim")).unwrap(), "victim");
        names(&["c.yaml", "victim"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = Folder::new();
        assert!(replace(&folder.path("no.yaml"), &File::open("/dev/null").unwrap(), "x").is_err());
        assert!(write_private(&folder.path("no/c.yaml"), "x", false).is_err());
        assert!(write_private(Path::new("/"), "x", true).is_err());
    }
}
