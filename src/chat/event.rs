//! What a model says, piece by piece. A whole reply is its events collected, so that a dialect is decoded in one place
//! whether the client streams or not.

use std::borrow::Cow;

/// Text in the form in which it is at hand, so that what is only passed on is not unescaped and escaped again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// Plain text.
    Plain(&'a str),
    /// The inside of a JSON string, escapes and all.
    Json(&'a str),
}

/// One thing that the model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A piece of the answer's text.
    Text(Text<'a>),
    /// A complete tool call.
    ToolCall {
        /// The vendor's id, where it gives one.
        id: Option<Cow<'a, str>>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// A JSON object, as text.
        arguments: Cow<'a, str>,
    },
}

/// Where events go: the encoder of a client dialect.
pub trait Sink {
    /// Takes the next event.
    fn event(&mut self, event: Event<'_>);
}
