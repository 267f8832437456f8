//! Finds and reads the file that lists callers, where the configuration asks for keys.

use super::file_reader::FileReader;
use crate::access::Mode;
use crate::callers::Callers;
use crate::config::Config;
use crate::diagnostics::file_access::is_there;
use crate::diagnostics::file_trust::remedy_or;
use crate::diagnostics::{Checked, Place, Problem};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The usual name of the file, for when a broken configuration cannot say which one it is.
const USUAL: &str = "callers.yaml";

/// Returns the path of the file; `beside` is the configuration's folder.
pub fn path(config: &Config, beside: Option<&Path>) -> PathBuf {
    beside.map_or_else(|| PathBuf::from(&config.callers), |folder| folder.join(&config.callers))
}

/// Returns the callers, where callers have keys. Beside a broken configuration the usual file is checked too, so that one run
/// reports everything.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn load(config: Option<&Config>, beside: Option<&Path>, reader: &FileReader) -> Checked<Option<Callers>> {
    match config {
        Some(config) if config.access == Mode::Keys => read(&path(config, beside), reader),
        Some(_) => Ok((None, Vec::new())),
        None => {
            let Some(path) = beside.map(|folder| folder.join(USUAL)) else { return Ok((None, Vec::new())) };
            match is_there(&path) {
                Ok(true) => read(&path, reader),
                Ok(false) => Ok((None, Vec::new())),
                Err(problem) => Err(vec![problem]),
            }
        }
    }
}

fn read(path: &Path, reader: &FileReader) -> Checked<Option<Callers>> {
    let file = path.display().to_string();
    let text = reader.read_apart(path).map_err(|error| {
        let (message, help) = match error.kind() {
            ErrorKind::NotFound => (
                "`access: keys` needs a list of callers, and there is no such file".to_owned(),
                "make it with the first caller's key: argo-openai-proxy key new NAME",
            ),
            _ => (format!("it cannot be read: {error}"), "make it readable for the user who runs the proxy"),
        };
        vec![Problem::new(Place::File(file.clone()), message, Some(remedy_or(&error, help)))]
    })?;
    let text = String::from_utf8(text)
        .map_err(|_| vec![Problem::new(Place::File(file.clone()), "it is not UTF-8 text", None)])?;
    let (callers, mut warnings) = Callers::read(&file, &text)?;
    warnings.extend(is_shown(path, &file));
    Ok((Some(callers), warnings))
}

/// Warns if other users can read the file. The hashes are of little use to them, but names, usernames and permissions are private.
fn is_shown(path: &Path, file: &str) -> Option<Problem> {
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let help = format!("chmod 600 {file}");
        Problem::warning(Place::File(file.to_owned()), "users other than its owner can read it", Some(help))
    })
}
