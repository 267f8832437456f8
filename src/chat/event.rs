//! The output of a model, piece by piece. A whole reply is a collection of the same events, so each dialect is decoded
//! in one place for whole and streamed replies.

use crate::json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Text in the form in which it arrived. Text that only passes through is not unescaped and escaped again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// Plain text.
    Plain(&'a str),
    /// The inside of a JSON string, escapes and all.
    Json(&'a str),
}

impl<'a> Text<'a> {
    /// Returns the plain text; empty if a `Json` text is not the inside of a JSON string.
    pub fn decoded(self) -> Cow<'a, str> {
        match self {
            Text::Json(inside) if inside.contains('\\') => {
                let quoted = format!("\"{inside}\"");
                let raw = serde_json::from_str::<&RawValue>(&quoted).ok();
                Cow::Owned(raw.and_then(json::text_of).map(Cow::into_owned).unwrap_or_default())
            }
            Text::Plain(text) | Text::Json(text) => Cow::Borrowed(text),
        }
    }
}

/// Appends a text as the inside of a JSON string.
pub fn push_text(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Plain(text) => json::push_escaped(out, text),
        Text::Json(inside) => json::push_inside(out, inside),
    }
}

/// One piece of the model's output. A sink ignores events that its dialect has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A piece of the answer's text.
    Text(Text<'a>),
    /// A piece of the model's reasoning before the answer.
    Reasoning(Text<'a>),
    /// The vendor's signature of the reasoning so far; a later turn returns both unchanged.
    Signature(&'a str),
    /// Reasoning that only its vendor can read; a later turn returns it unchanged.
    Encrypted(&'a str),
    /// A complete tool call. Calls are numbered from 0 in the order of this event and of `CallStart`.
    ToolCall {
        /// The vendor's id, if it gives one.
        id: Option<Cow<'a, str>>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// A JSON object, as text.
        arguments: Cow<'a, str>,
    },
    /// The beginning of a tool call whose arguments follow in pieces.
    CallStart {
        /// The vendor's id, if it gives one.
        id: Option<Cow<'a, str>>,
        /// The tool's name.
        name: Cow<'a, str>,
    },
    /// A piece of the arguments of a call that `CallStart` began.
    Arguments {
        /// The number of the call.
        call: usize,
        /// The piece: part of the text of a JSON object.
        piece: Text<'a>,
    },
    /// A piece of the text with which the model declines to answer.
    Refusal(Text<'a>),
    /// Why the answer ended, as the upstream reports it.
    Finish(FinishReason),
    /// The upstream's token counts. The last event is the valid one.
    Usage(Usage),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model finished its answer or wrote a stop sequence.
    Stop,
    /// A limit of tokens was reached.
    Length,
    /// The model calls tools.
    ToolCalls,
    /// A filter withheld the answer or the rest of it.
    Filtered,
}

/// The tokens of a request and its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The tokens of the prompt, cached ones included.
    pub input: u64,
    /// How many of them came from a cache, if known.
    pub cached: Option<u64>,
    /// The tokens of the answer, reasoning included.
    pub output: u64,
    /// How many of them were reasoning, if known.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Returns the sum of both.
    pub fn and(self, other: Usage) -> Self {
        let sum = |a: Option<u64>, b: Option<u64>| Some(a.unwrap_or(0) + b.unwrap_or(0)).filter(|_| a.or(b).is_some());
        Usage {
            input: self.input + other.input,
            cached: sum(self.cached, other.cached),
            output: self.output + other.output,
            reasoning: sum(self.reasoning, other.reasoning),
        }
    }
}

/// A receiver of events.
pub trait Sink {
    /// Takes the next event.
    fn event(&mut self, event: Event<'_>);
}
