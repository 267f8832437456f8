//! Puts settings into a file that has others: what is there stays, comments and all, and what the settings name is set.
//!
//! In a list, an element replaces the one of the same name, or is added. A text of another form than expected is refused: the user then
//! edits the file by hand.

mod env;
mod json;
mod names;
#[cfg(test)]
mod tests;
mod toml;
mod yaml;

use super::Language;

/// Returns the text of a file with the settings in it. `keeps` are top-level keys that stay where the file has them.
///
/// # Errors
/// The file cannot be read as what it should be, or it has something else where the settings belong.
pub fn merged(language: Language, old: &str, settings: &str, keeps: &[&str]) -> Result<String, String> {
    if old.trim().is_empty() {
        return Ok(settings.to_owned());
    }
    match language {
        Language::Json => json::merged(old, settings),
        Language::Toml => toml::merged(old, settings),
        Language::Yaml => yaml::merged(old, settings, keeps),
        Language::Env => Ok(env::merged(old, settings)),
        other => Err(format!("settings in {} cannot be put into a file", other.name())),
    }
}
