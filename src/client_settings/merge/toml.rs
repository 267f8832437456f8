//! TOML.

use toml_edit::{DocumentMut, Item, Table, TableLike};

/// Returns the text with the settings in it.
///
/// # Errors
/// It is no TOML, or has something else where a table belongs.
pub fn merged(old: &str, settings: &str) -> Result<String, String> {
    let read = |text: &str| text.parse::<DocumentMut>().map_err(|e| format!("it is not TOML: {}", e.message()));
    let (mut file, settings) = (read(old)?, read(settings)?);
    lay(file.as_table_mut(), settings.as_table(), "the file")?;
    Ok(file.to_string())
}

fn lay(old: &mut dyn TableLike, settings: &Table, path: &str) -> Result<(), String> {
    for (key, value) in settings {
        let Some(there) = old.get_mut(key) else {
            old.insert(key, value.clone());
            continue;
        };
        match value {
            Item::Table(table) => match there.as_table_like_mut() {
                Some(there) => lay(there, table, &format!("{path}: {key}"))?,
                None => return Err(format!("{path}: {key} is no table")),
            },
            Item::Value(value) => {
                // What surrounds the old value, such as a comment, stays.
                let mut value = value.clone();
                if let Some(old) = there.as_value() {
                    *value.decor_mut() = old.decor().clone();
                }
                *there = Item::Value(value);
            }
            other => *there = other.clone(),
        }
    }
    Ok(())
}
