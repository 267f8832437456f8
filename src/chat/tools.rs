//! Tools as every chat dialect sees them: the offered tools, the choice among them, and the calls of earlier turns.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// The tools of a request.
#[derive(Debug, Clone, Default)]
pub struct Tools<'a> {
    /// The tools in order.
    pub offered: Vec<Tool<'a>>,
    /// Which may be called; `None` leaves it to the upstream.
    pub choice: Option<ToolChoice<'a>>,
    /// True if several may be called in one turn; `None` leaves it to the upstream.
    pub parallel: Option<bool>,
}

/// An offered tool.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// A JSON string for the model.
    pub description: Option<Cow<'a, RawValue>>,
    /// A JSON schema of its arguments; a tool without a schema takes none.
    pub parameters: Option<Cow<'a, RawValue>>,
    /// The client's value of `strict`: true if arguments must follow the schema exactly.
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
    /// The text of a JSON object, or what the model wrote instead.
    pub arguments: Cow<'a, str>,
}

impl Tools<'_> {
    /// Returns true if a tool of this name is offered.
    pub fn has(&self, name: &str) -> bool {
        self.offered.iter().any(|tool| tool.name == name)
    }
}
