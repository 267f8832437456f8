//! Where an instance has its directory when the configuration names none.

use crate::loading::{absolute, config_number, made_by_systemd};
use std::path::{Path, PathBuf};

/// How the names of usual directories begin.
const PREFIX: &str = "argo-openai-proxy-";

/// Returns the directory of an instance that configures none: the one that systemd made for the service, else one for each
/// configuration file in the user's runtime directory, else below the temporary directory.
pub fn usual_place(config: &Path, env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let runtime = made_by_systemd(env, "RUNTIME_DIRECTORY")
        .or_else(|| Some(in_runtime(&absolute(env, "XDG_RUNTIME_DIR")?, config)));
    runtime.unwrap_or_else(|| in_temporary(&std::env::temp_dir(), config))
}

/// Returns the directories in which an instance of this configuration may run, whatever environment it was started in. cron, su and
/// nohup set no `XDG_RUNTIME_DIR`, a login shell does.
pub fn usual_places(config: &Path, env: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = PathBuf::from(format!("/run/user/{user}"));
    let mut places = vec![usual_place(config, env)];
    places.extend(absolute(env, "XDG_RUNTIME_DIR").map(|runtime| in_runtime(&runtime, config)));
    places.push(in_runtime(&runtime, config));
    places.push(in_temporary(&std::env::temp_dir(), config));
    places.push(in_temporary(Path::new("/tmp"), config));
    let mut known = Vec::new();
    places.retain(|place| {
        !known.contains(place) && {
            known.push(place.clone());
            true
        }
    });
    places
}

/// Returns true for a directory that was named here and not by the user.
pub fn is_usual(directory: &Path) -> bool {
    directory.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
}

fn in_runtime(runtime: &Path, config: &Path) -> PathBuf {
    runtime.join(format!("{PREFIX}{:016x}", config_number(config)))
}

fn in_temporary(folder: &Path, config: &Path) -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    folder.join(format!("{PREFIX}{user}-{:016x}", config_number(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_configuration_has_a_place_of_its_own() {
        let env = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| "/run/user/7".to_owned());
        let [a, b] = ["/a/config.yaml", "/b/config.yaml"].map(|config| usual_place(Path::new(config), &env));
        assert!(a.starts_with("/run/user/7") && a != b && is_usual(&a));
        let env = |name: &str| (name == "RUNTIME_DIRECTORY").then(|| "/run/argo:/run/more".to_owned());
        assert_eq!(usual_place(Path::new("x"), &env), Path::new("/run/argo"));
        assert!(!is_usual(Path::new("/run/argo")));
        let bare = usual_place(Path::new("/a/config.yaml"), &|_| None);
        assert!(bare.starts_with(std::env::temp_dir()), "{bare:?}");
    }

    #[test]
    fn an_instance_is_found_from_every_environment() {
        let config = Path::new("/a/config.yaml");
        let user = rustix::process::geteuid().as_raw();
        let login = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| format!("/run/user/{user}"));
        let other = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| "/somewhere".to_owned());
        for here in [&login as &dyn Fn(&str) -> Option<String>, &other, &|_| None] {
            let places = usual_places(config, here);
            assert_eq!(places[0], usual_place(config, here));
            assert!(places.contains(&usual_place(config, &login)), "{places:?}");
            assert!(places.contains(&usual_place(config, &|_| None)), "{places:?}");
        }
        assert_eq!(
            usual_places(config, &|_| None).len(),
            if std::env::temp_dir() == Path::new("/tmp") { 2 } else { 3 }
        );
    }

    #[test]
    fn a_file_that_has_gone_and_a_link_keep_their_place() {
        let folder = std::env::temp_dir().join(format!("argo-places-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("config.yaml");
        let place = || usual_place(&config, &|_| None);
        let before = place();
        std::fs::write(&config, "").unwrap();
        assert_eq!(place(), before);
        std::fs::rename(&config, folder.join("target")).unwrap();
        std::os::unix::fs::symlink("target", &config).unwrap();
        assert_eq!(place(), before);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
