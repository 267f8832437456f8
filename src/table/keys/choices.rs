//! Names that a key accepts, with the values that they stand for.

use crate::yaml::KeyChoice;

/// A name, its value, and a description.
pub type NamedValue<T> = (&'static str, T, &'static str);

/// Returns the names as choices of a key.
pub fn choices<T>(named: &'static [NamedValue<T>]) -> Vec<KeyChoice> {
    named.iter().map(|(name, _, about)| KeyChoice { name, about }).collect()
}
