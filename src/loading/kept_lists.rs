//! The lists of models that a process read last, and the file that keeps them for its next start.

use super::environment;
use super::state_place::state_file;
use crate::diagnostics::file_access::{read_deciding, unreadable};
use crate::diagnostics::file_trust::remedy_or;
use crate::diagnostics::{Place, Problem};
use crate::models::ModelLists;
use arc_swap::ArcSwap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The lists, and where they are kept.
#[derive(Default)]
pub struct KeptLists {
    file: Option<PathBuf>,
    lists: ArcSwap<ModelLists>,
}

impl KeptLists {
    /// Reads the lists that are kept for a configuration, with a warning if their file does not count. Serving does not depend on it.
    pub fn of(config: &Path) -> (Self, Option<Problem>) {
        let Some(file) = state_file(config, &environment) else { return (KeptLists::default(), None) };
        let (lists, problem) = match read(&file) {
            Ok(lists) => (lists, None),
            Err(problem) => (ModelLists::default(), Some(problem)),
        };
        (KeptLists { file: Some(file), lists: ArcSwap::from_pointee(lists) }, problem)
    }

    /// Returns the file that keeps them; `None` if they are kept in memory only.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Returns the lists.
    pub fn lists(&self) -> Arc<ModelLists> {
        self.lists.load_full()
    }

    /// Puts newer lists in their place, in memory.
    pub fn replace(&self, lists: ModelLists) {
        self.lists.store(Arc::new(lists));
    }
}

fn read(file: &Path) -> Result<ModelLists, Problem> {
    let wrong = |why: String, help: String| {
        let message = format!("the lists of models that are kept here do not count: {why}");
        Problem::warning(Place::File(file.display().to_string()), message, Some(help))
    };
    let help = "take the file away; the lists are read from the upstreams again";
    let bytes = match read_deciding(file).map_err(|e| unreadable(file, e)) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(ModelLists::default()),
        Err(e) => return Err(wrong(e.to_string(), remedy_or(&e, help))),
    };
    let text = String::from_utf8(bytes).map_err(|e| wrong(e.to_string(), help.to_owned()))?;
    ModelLists::from_text(&text).map_err(|why| wrong(why, help.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_is_missing_is_nothing_and_a_broken_or_foreign_one_is_a_warning() {
        let folder = std::env::temp_dir().join(format!("argo-kept-lists-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("models.json");
        assert!(read(&file).unwrap().is_empty());
        fs::write(&file, r#"{"version":1,"lists":{"u":{"read_at":1,"models":[{"name":"A","id":"a"}]}}}"#).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&file).unwrap().get("u").unwrap().models.len(), 1);
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        let problem = read(&file).unwrap_err();
        assert!(!problem.is_error() && problem.message.contains("bad owner or permissions"), "{problem}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, "{").unwrap();
        assert!(read(&file).unwrap_err().message.contains("do not count: EOF"));
        fs::remove_dir_all(folder).unwrap();
    }
}
