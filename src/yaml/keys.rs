//! The description of a file's keys. The reader refuses all other keys, and the schema prints the description.

use std::ops::RangeInclusive;

/// A key that a mapping may have.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// One or two sentences for the author of the file.
    pub about: &'static str,
    /// True if the mapping needs the key.
    pub required: bool,
    /// True if a required key may be missing where the mapping adds to a mapping of another file.
    pub inherited: bool,
    pub kind: Kind,
}

impl Key {
    /// Creates an optional key.
    pub const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: false, inherited: false, kind }
    }

    /// Creates a required key.
    pub const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: true, inherited: false, kind }
    }

    /// Creates a key that is required unless the mapping adds to a mapping of another file.
    pub const fn inherited(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: true, inherited: true, kind }
    }
}

/// A named value and its description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChoice {
    pub name: &'static str,
    pub about: &'static str,
}

/// The type of value that a key accepts.
#[derive(Clone, Debug, Copy)]
pub enum Kind {
    /// true or false.
    Bool,
    /// true or false, or a text with a variable that yields one of them.
    Switch,
    /// A whole number.
    Whole(i64, i64),
    /// A whole number from 1 on, or `none`.
    Limit(i64),
    /// Any number.
    Number,
    /// Seconds, fractions allowed.
    Seconds,
    /// Seconds, or a text with a unit, as [`super::duration`] reads it.
    Duration,
    /// A number of bytes, or a text with a unit.
    Size,
    /// A port, or a text with host and port.
    Address,
    /// Any text.
    Text,
    /// One of a few names.
    OneOf(fn() -> Vec<KeyChoice>),
    /// One of a few names, or a mapping with these keys. The mapping has exactly one of the keys in the last list.
    Either(fn() -> Vec<KeyChoice>, &'static [Key], &'static [&'static str]),
    /// A list of values of one kind.
    List(&'static Kind),
    /// One value or a list of values.
    OneOrMany(&'static Kind),
    /// A mapping with these keys.
    Map(&'static [Key]),
    /// A mapping of free names to values of one kind.
    Names(&'static Kind),
    /// A mapping whose keys depend on the name in another key of the surrounding mapping.
    Settings(fn() -> Vec<(&'static str, &'static [Key])>),
    /// A mapping with any content, passed on as JSON.
    Json,
    /// Any value, passed on as JSON.
    Any,
}

impl Kind {
    /// Returns the range of a whole number.
    pub fn range(self) -> Option<RangeInclusive<i128>> {
        match self {
            Kind::Whole(low, high) => Some(i128::from(low)..=i128::from(high)),
            _ => None,
        }
    }
}

/// Returns the description of `name` among `keys`.
pub fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}
