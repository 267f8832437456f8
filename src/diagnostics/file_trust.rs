//! Whether a file may decide what this program does. As ssh asks of its files, only the user who runs the program and root may be
//! able to change it: whoever writes a table gets what callers send, and may spend their account.

use super::system_users::{is_own_group, user};
use rustix::fs::{StatVfsMountFlags, fstatvfs};
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// Why a file does not count, and what mends that.
#[derive(Debug)]
struct Untrusted {
    why: String,
    help: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Untrusted {}

/// Returns what mends the file that this error is about, if it is one of [`check`].
pub fn remedy(error: &io::Error) -> Option<String> {
    error.get_ref()?.downcast_ref::<Untrusted>().map(|untrusted| untrusted.help.clone())
}

/// Returns what mends the file that this error is about: what [`check`] says, else the usual remedy.
pub fn remedy_or(error: &io::Error, usual: &str) -> String {
    remedy(error).unwrap_or_else(|| usual.to_owned())
}

/// Checks an open file: its owner, its mode, the link that leads to it, and the folders where its name and the file itself are. The
/// file is open already, so that nobody can put another one in its place between check and reading.
///
/// Nothing is asked of a file on a file system that is mounted read-only here, as a container's configuration is. Nobody changes it
/// from here, and its numbers of users may be those of another machine.
///
/// # Errors
/// Others may change it.
pub fn check(path: &Path, file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    // A directory is told of when it is read. A device such as /dev/null has no content that somebody could put there.
    if kind.is_dir() || kind.is_char_device() || is_read_only(file) {
        return Ok(());
    }
    match file_fault(path, &metadata).or_else(|| link_fault(path)).or_else(|| folder_fault(path)) {
        Some(untrusted) => Err(io::Error::other(untrusted)),
        None => Ok(()),
    }
}

/// Returns whose a file is, or the link that has its name, if it is neither ours nor root's.
pub fn foreign_owner(path: &Path) -> Option<String> {
    let found = [path.symlink_metadata().ok(), path.metadata().ok()];
    found.into_iter().flatten().map(|found| found.uid()).find(|owner| !is_trusted(*owner)).map(user)
}

/// Returns true for the user who runs this program, and for root.
pub fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

fn is_read_only(file: &File) -> bool {
    fstatvfs(file).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}

fn file_fault(path: &Path, metadata: &Metadata) -> Option<Untrusted> {
    let (mode, owner, group) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
    let us = rustix::process::geteuid().as_raw();
    let is_shared = mode & OTHERS_WRITE != 0 || (mode & GROUP_WRITES != 0 && !is_own_group(group, [owner, us]));
    let mut commands = Vec::new();
    if !is_trusted(owner) {
        commands.push(format!("chown {us} {}", path.display()));
    }
    if is_shared {
        commands.push(format!("chmod go-w {}", path.display()));
    }
    let who = match (is_trusted(owner), is_shared) {
        (true, false) => return None,
        (false, _) => format!("; only {} and root may be able to change it", user(us)),
        (true, true) => ", so that others can change it".to_owned(),
    };
    let why = format!("bad owner or permissions: it has mode {mode:04o} and belongs to {}{who}", user(owner));
    let other = if is_trusted(owner) { "" } else { " (as root), or run the program as its owner" };
    Some(Untrusted { why, help: format!("run: {}{other}", commands.join(" && ")) })
}

fn link_fault(path: &Path) -> Option<Untrusted> {
    let link = path.symlink_metadata().ok().filter(Metadata::is_symlink)?;
    let why = format!("bad owner: the link belongs to {}, who can lead it elsewhere", user(link.uid()));
    let help = "put the file itself, or a link of your own, in its place".to_owned();
    (!is_trusted(link.uid())).then_some(Untrusted { why, help })
}

/// Returns the folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// In a folder that everybody may write, everybody can take a file away, or give its name to another file of the same owner.
fn folder_fault(path: &Path) -> Option<Untrusted> {
    let real = std::fs::canonicalize(path).ok();
    [Some(path), real.as_deref()].into_iter().flatten().map(folder_of).find_map(|folder| {
        let mode = folder.metadata().ok()?.mode() & 0o7777;
        let why = format!(
            "bad permissions: its folder {} has mode {mode:04o}, so that every user can put another file in its place",
            folder.display()
        );
        let help = format!("run: chmod o-w {}", folder.display());
        (mode & (OTHERS_WRITE | STICKY) == OTHERS_WRITE).then_some(Untrusted { why, help })
    })
}
