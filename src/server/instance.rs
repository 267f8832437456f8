//! The directory of a running instance, which only its user can enter. The instance holds a lock on a file in it, and listens at a
//! socket in it for a process that takes over. The lock tells a running instance from the remains of a dead one. A third file says
//! where the instance listens.

use super::addresses::Addresses;
use super::places::is_usual;
use super::unix::{check_private, private_directory};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file with the process id, for people and scripts.
const PID: &str = "pid";
/// The socket at which another process asks for the listeners.
const UPGRADE: &str = "upgrade.sock";
/// The file that says where the instance listens.
const LISTENING: &str = "listening.json";
/// How often to try to lock a directory that another process is just removing.
const TRIES: usize = 16;

/// An instance directory that this process has locked. Another process can lock it when this is dropped.
pub struct Instance {
    directory: PathBuf,
    lock: File,
}

impl Instance {
    /// Locks the directory.
    ///
    /// # Errors
    /// Another instance has it, or it cannot be written.
    pub fn claim(directory: &Path) -> Result<Self, String> {
        let path = directory.join(PID);
        let why = |e: io::Error| format!("{} cannot be written: {e}", path.display());
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        for _ in 0..TRIES {
            private_directory(directory)?;
            let mut lock = match options.open(&path) {
                Ok(lock) => lock,
                // The instance before has removed the directory just now.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(why(e)),
            };
            if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
                let mut pid = String::new();
                // The other process may be writing its id just now; the message then names none.
                let _ = lock.read_to_string(&mut pid);
                let (shown, pid) = (directory.display(), pid.trim());
                return Err(format!("{shown} belongs to another instance that is running (process {pid})"));
            }
            let instance = Instance { directory: directory.to_owned(), lock };
            // The instance before may have removed the file after it was opened here.
            if instance.is_there() {
                let mut lock = &instance.lock;
                lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(why)?;
                return Ok(instance);
            }
        }
        Err(format!("{} is removed by others while it is made", directory.display()))
    }

    /// Returns true if the directory still has the file that this instance locked.
    pub fn is_there(&self) -> bool {
        let found = std::fs::symlink_metadata(self.directory.join(PID));
        let own = self.lock.metadata();
        found.is_ok_and(|found| own.is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino())))
    }

    /// Returns the socket at which this process is asked for its listeners.
    pub fn upgrade_socket(&self) -> PathBuf {
        upgrade_socket(&self.directory)
    }

    /// Writes down where this process listens, for `health`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn record(&self, addresses: &Addresses) -> io::Result<()> {
        let (path, new) = (self.directory.join(LISTENING), self.directory.join("listening.new"));
        // By rename, so that no reader sees a part.
        std::fs::write(&new, serde_json::to_vec(addresses)?)?;
        std::fs::rename(new, path)
    }

    /// Removes the traces of this process, before it ends: its files, and the directory if it is a usual one.
    pub fn clear(&self) {
        if !self.is_there() {
            return;
        }
        // The next instance finds a leftover stale and removes it.
        for file in [UPGRADE, LISTENING, PID] {
            let _ = std::fs::remove_file(self.directory.join(file));
        }
        if is_usual(&self.directory) {
            let _ = std::fs::remove_dir(&self.directory);
        }
    }
}

/// Returns the socket at which the instance in `directory` is asked for its listeners.
pub fn upgrade_socket(directory: &Path) -> PathBuf {
    directory.join(UPGRADE)
}

/// A running instance, as its directory describes it.
pub struct RunningInstance {
    /// The process.
    pub process: i32,
    /// Where it listens, if it could write that down.
    pub addresses: Option<Addresses>,
}

impl RunningInstance {
    /// Returns the first instance that runs in one of these directories.
    // The lock is not tried: that could get in the way of a process that is starting.
    pub fn find(places: &[PathBuf]) -> Option<Self> {
        // A directory that others can write may lie.
        places.iter().filter(|directory| check_private(directory).is_ok()).find_map(|directory| {
            let process = std::fs::read_to_string(directory.join(PID)).ok()?.trim().parse().ok()?;
            test_kill_process(Pid::from_raw(process)?).ok()?;
            let addresses = std::fs::read(directory.join(LISTENING)).ok();
            let addresses = addresses.and_then(|text| serde_json::from_slice(&text).ok());
            Some(RunningInstance { process, addresses })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("argo-instance-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_place_has_one_holder_at_a_time_and_tells_who_it_is() {
        let directory = directory("holder");
        let held = Instance::claim(&directory).unwrap();
        let own = std::process::id().to_string();
        assert_eq!(std::fs::read_to_string(directory.join(PID)).unwrap().trim(), own);
        let why = Instance::claim(&directory).err().unwrap();
        assert!(why.contains("another instance") && why.contains(&own), "{why}");
        held.clear();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0, "a named directory stays, without files");
        drop(held);
        drop(Instance::claim(&directory).unwrap());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_usual_directory_goes_with_its_instance_and_a_strangers_files_stay() {
        let directory = std::env::temp_dir().join(format!("argo-openai-proxy-test-{}", std::process::id()));
        let first = Instance::claim(&directory).unwrap();
        assert!(first.is_there());
        first.clear();
        assert!(!directory.exists() && !first.is_there());
        // Another process has the path by now: the first one must not touch it.
        let second = Instance::claim(&directory).unwrap();
        first.clear();
        assert!(second.is_there());
        std::fs::write(directory.join("other"), "x").unwrap();
        second.clear();
        assert!(directory.join("other").exists());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_running_instance_is_found_with_its_addresses() {
        let (none, held) = (directory("none"), directory("found"));
        assert!(RunningInstance::find(std::slice::from_ref(&none)).is_none());
        let instance = Instance::claim(&held).unwrap();
        let addresses = Addresses { urls: vec!["http://127.0.0.1:7".to_owned()], socket: None, ready: None };
        instance.record(&addresses).unwrap();
        let found = RunningInstance::find(&[none, held.clone()]).unwrap();
        assert_eq!(found.process.unsigned_abs(), std::process::id());
        assert_eq!(found.addresses.unwrap().urls, addresses.urls);
        std::fs::remove_dir_all(held).unwrap();
    }
}
