//! What there is to tell of one request that is over.

use std::net::SocketAddr;
use std::time::Duration;

/// What becomes of a request's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessLog {
    /// A line for people, among the other lines of the log.
    #[default]
    Text,
    /// A JSON object in a line of its own, on the standard output.
    Json,
    /// Nothing, unless it failed.
    None,
}

impl AccessLog {
    /// The names in the configuration, with what they mean.
    pub const NAMES: &[(&str, AccessLog, &str)] = &[
        ("text", AccessLog::Text, "a line for people, on standard error"),
        ("json", AccessLog::Json, "a JSON object a line, on standard output"),
        ("none", AccessLog::None, "only what fails"),
    ];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, known, _)| *known == self).map_or("", |(name, ..)| name)
    }
}

/// Who ended a request early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Client,
    Upstream,
    /// The proxy.
    Us,
}

impl By {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            By::Client => "client",
            By::Upstream => "upstream",
            By::Us => "us",
        }
    }
}

/// How a request ended that did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub by: By,
    /// A word for programs.
    pub kind: Box<str>,
    /// For people; `None` where the word says it all.
    pub why: Option<String>,
    /// Whether it is worth a warning.
    pub failed: bool,
}

/// Where a call went.
#[derive(Debug, Clone, Copy)]
pub struct Upstream<'a> {
    /// Its name in the table.
    pub name: &'a str,
    /// The host of its URL.
    pub host: &'a str,
    pub port: u16,
    /// What was connected to; `None` for a Unix socket, or when it did not come so far.
    pub address: Option<SocketAddr>,
    /// What it answered with.
    pub status: Option<u16>,
}

/// One request. Never a body, a key or a query.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    pub id: &'a str,
    pub caller: Option<&'a str>,
    pub method: &'a str,
    /// The path that was asked for, which may be long and strange.
    pub path: &'a str,
    /// The path of the row that took it.
    pub route: Option<&'a str>,
    /// The model as the client named it.
    pub asked: Option<&'a str>,
    /// Its name in the table.
    pub model: Option<&'a str>,
    /// The upstream's id of it.
    pub model_id: Option<&'a str>,
    /// `None` when no reply was begun.
    pub status: Option<u16>,
    pub upstream: Option<Upstream<'a>>,
    pub stream: bool,
    /// How many calls were made.
    pub calls: usize,
    /// How often a connection was made anew, or the next URL taken.
    pub retries: u32,
    pub bytes_in: usize,
    pub bytes_out: usize,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub first_byte: Option<Duration>,
    pub first_text: Option<Duration>,
    pub own: Duration,
    pub total: Duration,
    pub ended: Option<Ended>,
}

impl Record<'_> {
    /// Whether it is worth a warning.
    pub fn failed(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.failed) || self.status.is_some_and(|status| status >= 500)
    }

    /// Whether the client named the model in another way than the table does.
    pub fn other_name(&self) -> Option<&str> {
        self.asked.filter(|asked| Some(*asked) != self.model)
    }
}

/// A text cut to `most` characters.
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}
