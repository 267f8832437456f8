//! Usage limits as files state them: for all callers, for one caller, or for a row.

use crate::yaml::value::{Read, narrow, whole};
use crate::yaml::{Key, Kind, Node, Section, Source};
use std::num::NonZeroU32;

/// How much a caller may use. `None` means no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests started per minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens of prompts and answers per minute.
    pub tokens_per_minute: Option<NonZeroU32>,
    /// Requests that run at the same time.
    pub concurrent: Option<NonZeroU32>,
}

impl Limits {
    /// The limits with the names that files give them.
    pub fn named(self) -> [(&'static str, Option<NonZeroU32>); 3] {
        [
            ("requests_per_minute", self.requests_per_minute),
            ("tokens_per_minute", self.tokens_per_minute),
            ("concurrent", self.concurrent),
        ]
    }
}

/// The keys of a section of limits.
pub const KEYS: [Key; 3] = [
    Key::optional(
        "requests_per_minute",
        Kind::Whole(1, MOST),
        "Calls in a minute; a request that makes several counts as several.",
    ),
    Key::optional("tokens_per_minute", Kind::Whole(1, MOST), "Tokens of prompts and answers in a minute."),
    Key::optional("concurrent", Kind::Whole(1, MOST), "Calls at the same time."),
];

const MOST: i64 = 1_000_000_000;

/// Reads a section of limits.
pub fn read(keys: &mut Section<'_>, source: &mut Source<'_>) -> Limits {
    Limits {
        requests_per_minute: keys.get(source, "requests_per_minute", some),
        tokens_per_minute: keys.get(source, "tokens_per_minute", some),
        concurrent: keys.get(source, "concurrent", some),
    }
}

fn some(node: &Node) -> Read<NonZeroU32> {
    let number: u32 = narrow(whole(node, 1..=i128::from(MOST))?)?;
    NonZeroU32::new(number).ok_or_else(|| "0 is out of range".to_owned().into())
}
