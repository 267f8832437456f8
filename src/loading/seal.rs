//! Reads the secret of `seal_file` in config.yaml, by which instances read each other's sealed texts.

use super::file_reader::FileReader;
use crate::config::Config;
use crate::diagnostics::file_trust::remedy_or;
use crate::diagnostics::{Checked, Problem};
use crate::wire::Seal;
use std::path::Path;
use std::sync::Arc;

/// The shortest secret that nobody guesses, in bytes.
const SHORTEST: usize = 32;

/// Returns the seal of the file that the configuration names, or that of this process; `beside` is the configuration's folder.
///
/// # Errors
/// The file cannot be read, or is too short.
pub fn load(config: Option<&Config>, beside: Option<&Path>, reader: &FileReader) -> Checked<Arc<Seal>> {
    let Some(file) = config.and_then(|config| config.seal_file.as_ref()) else {
        return Ok((Seal::of_instance(), Vec::new()));
    };
    let wrong = |why: &str, help: String| {
        let message = format!("seal_file: '{}' cannot be used: {why}", file.as_str());
        vec![Problem::new(file.place.clone(), message, Some(help))]
    };
    let path = beside.unwrap_or(Path::new("")).join(file.as_str());
    let help = "name a file that can be read; a relative path begins where config.yaml lies";
    let secret =
        reader.read_apart(&path).map_err(|e| wrong(&format!("it cannot be read: {e}"), remedy_or(&e, help)))?;
    let secret = secret.trim_ascii();
    if secret.len() < SHORTEST {
        let why = format!("it has {} bytes, and {SHORTEST} or more are needed", secret.len());
        return Err(wrong(&why, format!("make one: openssl rand -hex 32 > {}", path.display())));
    }
    Ok((Arc::new(Seal::of(secret)), Vec::new()))
}
