//! Unix sockets that only this user can reach: mode 0600, in a directory that no other user can enter.

use crate::diagnostics::file_trust::folder_of;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Makes a directory that only this user can enter, or checks that an existing one is.
///
/// # Errors
/// Why it is not, with the remedy.
pub fn private_directory(directory: &Path) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).recursive(true).create(directory) {
        Err(e) if !directory.is_dir() => Err(format!("the directory {} cannot be made: {e}", directory.display())),
        _ => check_private(directory),
    }
}

/// Checks that a directory is one that only this user can enter.
///
/// # Errors
/// Why it is not, with the remedy.
pub fn check_private(directory: &Path) -> Result<(), String> {
    let shown = directory.display();
    let found =
        fs::symlink_metadata(directory).map_err(|e| format!("the directory {shown} cannot be looked at: {e}"))?;
    if found.file_type().is_symlink() {
        return Err(format!("{shown} is a symbolic link; name the directory itself"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(format!("the directory {shown} belongs to another user; name one of your own"));
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "others can enter the directory {shown} (mode {mode:04o}); name a directory of its own, or run: chmod 700 {shown}"
        ));
    }
    Ok(())
}

/// Listens at a path. Removes the socket file of a dead process there, but not that of a running one.
///
/// # Errors
/// Why that does not work, with the remedy.
pub fn listen(path: &Path) -> Result<UnixListener, String> {
    let shown = path.display();
    private_directory(folder_of(path)).map_err(|why| format!("cannot listen on {shown}: {why}"))?;
    remove_stale(path)?;
    let why = |e: io::Error| match e.kind() {
        io::ErrorKind::InvalidInput => {
            format!("cannot listen on {shown}: the path is too long for a socket; name a shorter one")
        }
        _ => format!("cannot listen on {shown}: {e}"),
    };
    let listener = UnixListener::bind(path).map_err(why)?;
    fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(why)?;
    Ok(listener)
}

/// A socket file that this process made or took over. Another process may have replaced the file at the path since.
pub struct SocketFile {
    pub path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// Notes the file at a path.
    pub fn at(path: &Path) -> Option<Self> {
        let found = fs::symlink_metadata(path).ok().filter(|found| found.file_type().is_socket())?;
        Some(SocketFile { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// Returns true if the same file is still at the path.
    pub fn is_there(&self) -> bool {
        SocketFile::at(&self.path).is_some_and(|now| (now.device, now.inode) == (self.device, self.inode))
    }

    /// Removes the file, unless the path is another one's by now.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self) -> io::Result<()> {
        if self.is_there() { fs::remove_file(&self.path) } else { Ok(()) }
    }

    /// Removes the file if no process listens there any more.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove_if_dead(&self) -> io::Result<()> {
        match UnixStream::connect(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => self.remove(),
            _ => Ok(()),
        }
    }
}

/// Removes the socket file of a dead process. A connection attempt shows whether the process is dead.
fn remove_stale(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(format!("cannot listen on {shown}: it is a file, not a socket; name another path"));
    }
    match UnixStream::connect(path) {
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path)
            .map_err(|e| format!("cannot listen on {shown}: the old socket cannot be removed: {e}")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(format!("cannot listen on {shown}: whether somebody listens there cannot be told: {e}")),
        Ok(_) => Err(format!(
            "{shown} is in use by a program that answers; stop it, name another path, or take over with: serve --upgrade"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own below the system's, and removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("argo-unix-{name}-{}", std::process::id()));
            DirBuilder::new().mode(0o700).recursive(true).create(&folder).unwrap();
            Folder(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_socket_is_its_users_alone_and_so_is_a_directory_made_for_it() {
        let folder = Folder::new("modes");
        let path = folder.0.join("new/proxy.sock");
        let _listener = listen(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_live_server_is_left_alone_and_a_dead_ones_file_is_replaced() {
        let folder = Folder::new("stale");
        let path = folder.0.join("proxy.sock");
        let first = listen(&path).unwrap();
        assert!(listen(&path).unwrap_err().contains("program that answers"));
        drop(first);
        assert!(path.exists());
        listen(&path).unwrap();
    }

    #[test]
    fn what_is_in_the_way_is_told_with_the_remedy() {
        let folder = Folder::new("wrong");
        let open = folder.0.join("open");
        DirBuilder::new().create(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.0.join("file"), "x").unwrap();
        std::os::unix::fs::symlink(&folder.0, folder.0.join("link")).unwrap();
        for (path, part) in [
            ("open/a.sock", "others can enter the directory"),
            ("open/a.sock", "chmod 700"),
            ("file", "not a socket"),
            ("file/a.sock", "cannot be made"),
            ("link/a.sock", "symbolic link"),
            (&format!("{}.sock", "x".repeat(120)), "too long"),
        ] {
            let why = listen(&folder.0.join(path)).unwrap_err();
            assert!(why.contains(part), "{path}: {why}");
        }
        assert!(folder.0.join("file").is_file());
    }
}
