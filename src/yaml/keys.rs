//! The one description of a file's keys: the reader refuses what it does not say, the schema prints it.

use std::ops::RangeInclusive;

/// A key that a mapping may have.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// One or two sentences for the person who writes the file.
    pub about: &'static str,
    /// Whether the mapping needs it.
    pub required: bool,
    /// Whether it may be left out all the same where the mapping adds to one of another file.
    pub inherited: bool,
    pub kind: Kind,
}

impl Key {
    /// A key that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: false, inherited: false, kind }
    }

    /// A key that must be there.
    pub const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: true, inherited: false, kind }
    }

    /// A key that must be there, unless the mapping adds to one of another file.
    pub const fn inherited(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Key { name, about, required: true, inherited: true, kind }
    }
}

/// A value with a name, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChoice {
    pub name: &'static str,
    pub about: &'static str,
}

/// What a key takes.
#[derive(Clone, Debug, Copy)]
pub enum Kind {
    /// true or false.
    Bool,
    /// true or false, or a text with a variable that says so.
    Switch,
    /// A whole number.
    Whole(i64, i64),
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
    /// One of a few names, or a mapping with these keys, of which it has exactly one of those that are named.
    Either(fn() -> Vec<KeyChoice>, &'static [Key], &'static [&'static str]),
    /// A list of the same kind.
    List(&'static Kind),
    /// One value, or a list of them.
    OneOrMany(&'static Kind),
    /// A mapping with these keys.
    Map(&'static [Key]),
    /// A mapping of free names to the same kind.
    Names(&'static Kind),
    /// A mapping whose keys are those of what another key of the same mapping names.
    Settings(fn() -> Vec<(&'static str, &'static [Key])>),
    /// A mapping with anything in it, passed on as JSON.
    Json,
    /// Anything, passed on as JSON.
    Any,
}

impl Kind {
    /// The range of a whole number.
    pub fn range(self) -> Option<RangeInclusive<i128>> {
        match self {
            Kind::Whole(low, high) => Some(i128::from(low)..=i128::from(high)),
            _ => None,
        }
    }
}

/// The description of `name` among `keys`.
pub fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}
