//! The record of one finished request: what access log and metrics are made of.

use super::bodies::masked;
use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

/// The form of the lines of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessLog {
    /// For people, among the other lines of the log.
    #[default]
    Text,
    /// A JSON object each, on standard output unless there is a `log_file`.
    Json,
}

impl AccessLog {
    /// The names in the configuration, each with its meaning.
    pub const NAMES: &[(&str, AccessLog, &str)] = &[
        ("text", AccessLog::Text, "a line for people, on standard error unless there is a log_file"),
        ("json", AccessLog::Json, "a JSON object a line, on standard output unless there is a log_file"),
    ];

    /// Returns the name in the configuration.
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
    /// Returns the name in log lines and metrics.
    pub fn name(self) -> &'static str {
        match self {
            By::Client => "client",
            By::Upstream => "upstream",
            By::Us => "us",
        }
    }
}

/// Why a request did not end well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub by: By,
    /// The kind of failure, as one word for programs.
    pub kind: Box<str>,
    /// The reason, for people; `None` if `kind` is all there is to say.
    pub why: Option<String>,
    /// True if the failure is logged as a warning.
    pub failed: bool,
}

/// The upstream of a call.
#[derive(Debug, Clone, Copy)]
pub struct CalledUpstream<'a> {
    /// The name of the upstream in the table.
    pub name: &'a str,
    /// The host of its URL.
    pub host: &'a str,
    pub port: u16,
    /// The address of the connection; `None` for a Unix socket, or if there was no connection.
    pub address: Option<SocketAddr>,
    /// The status of the answer.
    pub status: Option<u16>,
}

/// One request. A record never has a body, a key of `callers.yaml` or a query.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    pub id: &'a str,
    /// Who called. Under `access: passthrough` this is the username, which is the key there.
    pub caller: Option<&'a str>,
    /// True if a file names the caller, so that metrics may: whoever calls cannot make labels.
    pub is_listed: bool,
    pub method: &'a str,
    /// The path as the client sent it. It can be long, and hold any character.
    pub path: &'a str,
    /// The path of the row that serves it.
    pub route: Option<&'a str>,
    /// The model as the client named it.
    pub asked: Option<&'a str>,
    /// The name of the model in the table.
    pub model: Option<&'a str>,
    /// The upstream's id of the model.
    pub model_id: Option<&'a str>,
    /// The status of the reply; `None` if no reply began.
    pub status: Option<u16>,
    pub upstream: Option<CalledUpstream<'a>>,
    pub stream: bool,
    /// The number of calls to upstreams.
    pub calls: usize,
    /// How often a call was sent again, over a new connection or to the next URL.
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
    /// The kind of limit that the request is over.
    pub limit: Option<&'static str>,
}

impl Record<'_> {
    /// Returns true if the request is logged as a warning.
    pub fn failed(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.failed) || self.status.is_some_and(|status| status >= 500)
    }

    /// Returns true if the client got an error, or no whole reply.
    pub fn is_failure(&self) -> bool {
        self.ended.is_some() || self.status.is_none_or(|status| status >= 400)
    }

    /// Returns the path without what looks like a key. A path that a row spells out has none.
    pub fn shown_path(&self) -> Cow<'_, str> {
        if self.route == Some(self.path) { Cow::Borrowed(self.path) } else { masked(self.path) }
    }

    /// Returns the name that the client used for the model, if it differs from the name in the table.
    pub fn other_name(&self) -> Option<&str> {
        self.asked.filter(|asked| Some(*asked) != self.model)
    }
}

/// Returns a text, cut to `most` characters.
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}
