//! A file as a load found it, so that a later look can tell whether it has changed.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::SystemTime;

/// A file, and what its metadata said. A file that was not there is a result too: it may appear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenFile {
    path: PathBuf,
    metadata: Option<FileVersion>,
}

/// The metadata in which a change shows. A replacement by rename changes the inode. Owner and mode decide whether the file counts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileVersion {
    modified: Option<SystemTime>,
    size: u64,
    inode: u64,
    owner: u32,
    mode: u32,
}

impl SeenFile {
    /// Looks at the file.
    pub fn now(path: PathBuf) -> Self {
        let metadata = std::fs::metadata(&path).ok().map(|metadata| FileVersion {
            modified: metadata.modified().ok(),
            size: metadata.len(),
            inode: metadata.ino(),
            owner: metadata.uid(),
            mode: metadata.mode(),
        });
        SeenFile { path, metadata }
    }

    /// Looks at the same file again.
    pub fn again(&self) -> Self {
        SeenFile::now(self.path.clone())
    }
}
