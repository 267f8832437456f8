//! Where a process keeps what it finds out, for its next start: a file for each configuration, in a folder that the environment names.

use crate::diagnostics::file_trust::folder_of;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The program's folder in a user's folder for state.
const FOLDER: &str = env!("CARGO_PKG_NAME");

/// Returns the file for the lists of models: in the folder that systemd made for the service, else in the user's folder for state;
/// `None` if there is neither.
pub fn state_file(config: &Path, env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let of_user = || {
        let state = absolute(env, "XDG_STATE_HOME");
        let state = state.or_else(|| Some(absolute(env, "HOME")?.join(".local/state")));
        state.map(|state| state.join(FOLDER))
    };
    Some(
        made_by_systemd(env, "STATE_DIRECTORY")
            .or_else(of_user)?
            .join(format!("models-{:016x}.json", config_number(config))),
    )
}

/// Returns the folder that systemd made for the service, and put into this variable: the first of several.
pub fn made_by_systemd(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<PathBuf> {
    let made = absolute(env, name)?;
    Some(made.to_string_lossy().split(':').next().unwrap_or_default().into())
}

/// Returns the folder that a variable names, if it is an absolute path.
pub fn absolute(env: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<PathBuf> {
    env(name).filter(|value| value.starts_with('/')).map(PathBuf::from)
}

/// Returns a number for the path of a configuration. The file itself may be missing for a moment, or be a link to a new place each
/// time.
pub fn config_number(config: &Path) -> u64 {
    let folder = folder_of(config);
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let mut hasher = DefaultHasher::new();
    folder.join(config.file_name().unwrap_or_default()).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_configuration_has_a_file_of_its_own_where_the_environment_says() {
        let file = |config: &str, set: &[(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            state_file(Path::new(config), &value)
        };
        let home = [("HOME", "/home/ann")];
        let (a, b) = (file("/a/config.yaml", &home).unwrap(), file("/b/config.yaml", &home).unwrap());
        assert!(a != b && a.starts_with("/home/ann/.local/state/argo-openai-proxy"), "{}", a.display());
        let state = [("HOME", "/home/ann"), ("XDG_STATE_HOME", "/state")];
        assert!(file("/a/config.yaml", &state).unwrap().starts_with("/state/argo-openai-proxy"));
        let service = [("HOME", "/"), ("STATE_DIRECTORY", "/var/lib/argo:/var/lib/more")];
        assert_eq!(file("/a/config.yaml", &service).unwrap().parent(), Some(Path::new("/var/lib/argo")));
        assert_eq!(file("/a/config.yaml", &[("HOME", "here")]), None);
        assert_eq!(file("/a/config.yaml", &[]), None);
    }
}
