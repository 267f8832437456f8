//! The directory of a running instance, which only its user can enter. The instance holds a lock on a file in it, and listens at a
//! socket in it for a process that takes over. The lock tells a running instance from the remains of a dead one.

use super::unix::private_directory;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file with the process id, for people and scripts.
const PID: &str = "pid";
/// The socket at which another process asks for the listeners.
const UPGRADE: &str = "upgrade.sock";

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
        private_directory(directory)?;
        let path = directory.join(PID);
        let why = |e: std::io::Error| format!("{} cannot be written: {e}", path.display());
        let mut options = File::options();
        let mut lock =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(why)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            // The other process may be writing its id just now; the message then names none.
            let _ = lock.read_to_string(&mut pid);
            let pid = pid.trim();
            return Err(format!("{} belongs to another instance that is running (process {pid})", directory.display()));
        }
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(why)?;
        Ok(Instance { directory: directory.to_owned(), lock })
    }

    /// Returns the socket at which this process is asked for its listeners.
    pub fn upgrade_socket(&self) -> PathBuf {
        upgrade_socket(&self.directory)
    }

    /// Removes the traces of this process, before it ends.
    pub fn clear(&self) {
        // The next instance finds a leftover stale and removes it.
        let _ = std::fs::remove_file(self.upgrade_socket());
        let _ = self.lock.set_len(0);
    }
}

/// Returns the socket at which the instance in `directory` is asked for its listeners.
pub fn upgrade_socket(directory: &Path) -> PathBuf {
    directory.join(UPGRADE)
}

/// Returns the directory of an instance that configures none: the one that systemd made for the service, else one for each
/// configuration file in the user's runtime directory, else below the temporary directory.
pub fn usual_place(config: &Path, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name: &str| env(name).filter(|value| value.starts_with('/'));
    if let Some(made) = set("RUNTIME_DIRECTORY") {
        return made.split(':').next().unwrap_or_default().into();
    }
    let mut hasher = DefaultHasher::new();
    std::fs::canonicalize(config).unwrap_or_else(|_| config.to_owned()).hash(&mut hasher);
    let config = hasher.finish();
    match set("XDG_RUNTIME_DIR") {
        Some(runtime) => Path::new(&runtime).join(format!("argo-openai-proxy-{config:016x}")),
        None => {
            let user = rustix::process::geteuid().as_raw();
            std::env::temp_dir().join(format!("argo-openai-proxy-{user}-{config:016x}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_holder_at_a_time_and_tells_who_it_is() {
        let directory = std::env::temp_dir().join(format!("argo-instance-{}", std::process::id()));
        let held = Instance::claim(&directory).unwrap();
        let own = std::process::id().to_string();
        assert_eq!(std::fs::read_to_string(directory.join(PID)).unwrap().trim(), own);
        let why = Instance::claim(&directory).err().unwrap();
        assert!(why.contains("another instance") && why.contains(&own), "{why}");
        held.clear();
        assert_eq!(std::fs::read_to_string(directory.join(PID)).unwrap(), "");
        drop(held);
        drop(Instance::claim(&directory).unwrap());
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn each_configuration_has_a_place_of_its_own() {
        let env = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| "/run/user/7".to_owned());
        let [a, b] = ["/a/config.yaml", "/b/config.yaml"].map(|config| usual_place(Path::new(config), &env));
        assert!(a.starts_with("/run/user/7") && a != b);
        let env = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| "/run/argo:/run/more".to_owned());
        assert_eq!(usual_place(Path::new("x"), &env), Path::new("/run/argo"));
        let bare = usual_place(Path::new("/a/config.yaml"), &|_| None);
        assert!(bare.starts_with(std::env::temp_dir()), "{bare:?}");
    }
}
