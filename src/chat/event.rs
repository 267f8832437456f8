//! What a model says, piece by piece. A whole reply is its events collected, so that a dialect is decoded in one place
//! whether the client streams or not.

use crate::json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Text in the form in which it is at hand, so that what is only passed on is not unescaped and escaped again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text<'a> {
    /// Plain text.
    Plain(&'a str),
    /// The inside of a JSON string, escapes and all.
    Json(&'a str),
}

impl<'a> Text<'a> {
    /// Returns the plain text; empty for what is no inside of a JSON string.
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

/// One thing that the model said. A sink ignores what its dialect has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A piece of the answer's text.
    Text(Text<'a>),
    /// A piece of what the model thought before it answered.
    Reasoning(Text<'a>),
    /// The vendor's signature of the reasoning so far; a later turn returns both unchanged.
    Signature(&'a str),
    /// Reasoning that only its vendor can read; a later turn returns it unchanged.
    Encrypted(&'a str),
    /// A complete tool call. Calls are numbered from 0 in the order of this event and of `CallStart`.
    ToolCall {
        /// The vendor's id, where it gives one.
        id: Option<Cow<'a, str>>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// A JSON object, as text.
        arguments: Cow<'a, str>,
    },
    /// The beginning of a tool call whose arguments follow in pieces.
    CallStart {
        /// The vendor's id, where it gives one.
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
    /// A piece of the words in which the model declines to answer.
    Refusal(Text<'a>),
    /// Why the answer ended, in the upstream's judgement.
    Finish(FinishReason),
    /// What the upstream counted. The last one counts.
    Usage(Usage),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// The model had nothing more to say, or said a stop sequence.
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
    /// How many of them came from a cache, where that is known.
    pub cached: Option<u64>,
    /// The tokens of the answer, reasoning included.
    pub output: u64,
    /// How many of them were reasoning, where that is known.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Returns the tokens of both.
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

/// Where events go.
pub trait Sink {
    /// Takes the next event.
    fn event(&mut self, event: Event<'_>);
}
