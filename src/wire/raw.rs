//! A JSON value as it was written, which is passed on or looked at, and decoded only where somebody wants what it says.

use super::scan;
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;

/// One JSON value, without white space around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// Reads a text that is one value.
    ///
    /// # Errors
    /// serde_json's, with line and column.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        match scan::value(text) {
            Some(raw) => Ok(raw),
            None => serde_json::from_str(text),
        }
    }

    /// What the scanner found to be a value.
    pub(super) fn found(text: &'a str) -> Self {
        Raw(text)
    }

    /// The value's text.
    pub fn get(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'a> From<&'a RawValue> for Raw<'a> {
    fn from(raw: &'a RawValue) -> Self {
        Raw(raw.get())
    }
}

impl<'a, 'de: 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(Raw::from)
    }
}

/// A value of its own, or somebody else's.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// It stands in a text that lives longer.
    Borrowed(Raw<'a>),
    /// It was made here.
    Own(Box<RawValue>),
}

impl Value<'_> {
    /// The value.
    pub fn raw(&self) -> Raw<'_> {
        match self {
            Value::Borrowed(raw) => *raw,
            Value::Own(raw) => Raw::from(&**raw),
        }
    }

    /// The value's text.
    pub fn get(&self) -> &str {
        self.raw().get()
    }
}

impl<'a> From<Raw<'a>> for Value<'a> {
    fn from(raw: Raw<'a>) -> Self {
        Value::Borrowed(raw)
    }
}
