//! Usage limits as files state them: for all callers, for one caller, or for a row.

use crate::yaml::value::{Read, expected, narrow, whole};
use crate::yaml::{Key, Kind, Node, Section, Source};
use std::fmt;
use std::num::NonZeroU32;

/// One limit, as a file states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// At most so many.
    Most(NonZeroU32),
    /// `none`: no limit, whatever holds for others.
    Unlimited,
}

impl Quota {
    /// Returns the number, if there is a limit.
    pub fn most(self) -> Option<NonZeroU32> {
        match self {
            Quota::Most(most) => Some(most),
            Quota::Unlimited => None,
        }
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quota::Most(most) => most.fmt(f),
            Quota::Unlimited => f.write_str(NONE),
        }
    }
}

/// How much a caller may use. `None`: the file does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests started per minute.
    pub requests_per_minute: Option<Quota>,
    /// Tokens of prompts and answers per minute.
    pub tokens_per_minute: Option<Quota>,
    /// Requests that run at the same time.
    pub concurrent: Option<Quota>,
}

impl Limits {
    /// The limits with the names that files give them.
    pub fn named(self) -> [(&'static str, Option<Quota>); 3] {
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
        Kind::Limit(MOST),
        "Calls in a minute; a request that makes several counts as several; none: no limit.",
    ),
    Key::optional("tokens_per_minute", Kind::Limit(MOST), "Tokens of prompts and answers in a minute; none: no limit."),
    Key::optional("concurrent", Kind::Limit(MOST), "Calls at the same time; none: no limit."),
];

const MOST: i64 = 1_000_000_000;
const NONE: &str = "none";

/// Reads a section of limits.
pub fn read(keys: &mut Section<'_>, source: &mut Source<'_>) -> Limits {
    Limits {
        requests_per_minute: keys.get(source, "requests_per_minute", quota),
        tokens_per_minute: keys.get(source, "tokens_per_minute", quota),
        concurrent: keys.get(source, "concurrent", quota),
    }
}

fn quota(node: &Node) -> Read<Quota> {
    if let Node::Text(text) | Node::Substituted(text) = node
        && text.trim() == NONE
    {
        return Ok(Quota::Unlimited);
    }
    let number = whole(node, 1..=i128::from(MOST)).map_err(|mut reason| {
        let plain = expected(&format!("a whole number from 1 to {MOST}, or {NONE}"), node);
        reason.message = plain.message;
        reason
    })?;
    let number: u32 = narrow(number)?;
    NonZeroU32::new(number).map(Quota::Most).ok_or_else(|| "0 is out of range".to_owned().into())
}
