//! Tools as every chat dialect sees them: what is offered, which may be called, and calls that were made.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a request offers.
#[derive(Debug, Clone, Default)]
pub struct Tools<'a> {
    /// The tools in order.
    pub offered: Vec<Tool<'a>>,
    /// Which may be called; `None` leaves it to the upstream.
    pub choice: Option<ToolChoice<'a>>,
    /// Whether several may be called in one turn; `None` leaves it to the upstream.
    pub parallel: Option<bool>,
}

/// A tool that is offered.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// A JSON string for the model.
    pub description: Option<&'a RawValue>,
    /// A JSON schema of its arguments; without one it takes none.
    pub parameters: Option<&'a RawValue>,
    /// Whether arguments must follow the schema exactly, as the client wrote it.
    pub strict: Option<&'a RawValue>,
}

/// Which tools may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// Any or none.
    Auto,
    /// None.
    None,
    /// At least one.
    Required,
    /// This one.
    Named(Cow<'a, str>),
}

/// A call that the model made in an earlier turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// Its id; the result names it.
    pub id: Cow<'a, str>,
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// A JSON object as text, or whatever the model wrote in its place.
    pub arguments: Cow<'a, str>,
}

impl Tools<'_> {
    /// Whether a tool of this name is offered.
    pub fn has(&self, name: &str) -> bool {
        self.offered.iter().any(|tool| tool.name == name)
    }
}
