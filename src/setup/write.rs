//! Writes a file atomically, readable by its owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// Writes `text` to `path` with mode 0600.
///
/// # Errors
/// The file system's error. [`io::ErrorKind::AlreadyExists`] if there is a file and `overwrite` is not given, even if
/// the file was created only a moment ago.
pub fn write_private(path: &Path, text: &str, overwrite: bool) -> io::Result<()> {
    // Follow a symbolic link, so that the link itself stays.
    let target = if overwrite { fs::canonicalize(path).ok() } else { None };
    let target = target.unwrap_or_else(|| path.to_owned());
    let (temporary, mut file) = beside(&target)?;
    let placed = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| place(&temporary, &target, overwrite));
    if placed.is_err() || !overwrite {
        // The temporary file is ours. If removing it fails, nothing more can be done.
        let _ = fs::remove_file(&temporary);
    }
    placed
}

/// Replaces a file and keeps its owner, group and mode. The mode becomes 0600 if the new file cannot have the same owner and
/// group, because it might let others read it then.
///
/// # Errors
/// The file system's error.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let old = fs::metadata(&target)?;
    let (temporary, mut file) = beside(&target)?;
    let placed = file
        .write_all(text.as_bytes())
        .and_then(|()| match fchown(&file, Some(old.uid()), Some(old.gid())) {
            Ok(()) => file.set_permissions(old.permissions()),
            // Only root may give a file away.
            Err(_) => Ok(()),
        })
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, &target));
    if placed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    placed
}

fn place(temporary: &Path, target: &Path, overwrite: bool) -> io::Result<()> {
    if overwrite {
        return fs::rename(temporary, target);
    }
    match fs::hard_link(temporary, target) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // The file system has no hard links, so check first and then rename.
            match fs::symlink_metadata(target) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(_) => fs::rename(temporary, target),
            }
        }
        linked => linked,
    }
}

/// Makes a file in the folder of `target`, because only a rename within one folder is sure to be atomic.
fn beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    loop {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:08x}", fastrand::u32(..)));
        let path = target.with_file_name(hidden);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
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
    fn a_replaced_file_keeps_its_mode_and_its_link() {
        let folder = Folder::new();
        fs::write(folder.path("real.yaml"), "old").unwrap();
        symlink("real.yaml", folder.path("c.yaml")).unwrap();
        for mode in [0o640, 0o600, 0o644, 0o400] {
            fs::set_permissions(folder.path("real.yaml"), fs::Permissions::from_mode(mode)).unwrap();
            replace(&folder.path("c.yaml"), "new").unwrap();
            assert_eq!(fs::read_to_string(folder.path("real.yaml")).unwrap(), "new");
            assert_eq!(fs::metadata(folder.path("real.yaml")).unwrap().permissions().mode() & 0o777, mode);
        }
        assert!(fs::symlink_metadata(folder.path("c.yaml")).unwrap().is_symlink());
        assert_eq!(folder.names(), ["c.yaml", "real.yaml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = Folder::new();
        assert!(replace(&folder.path("no.yaml"), "x").is_err());
        assert!(write_private(&folder.path("no/c.yaml"), "x", false).is_err());
        assert!(write_private(Path::new("/"), "x", true).is_err());
    }
}
