//! A request as every chat dialect sees it: the messages, and the parameters that pass unchanged.

use super::tools::{ToolCall, Tools};
use crate::json::Fields;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The author of a message. OpenAI's `developer` is decoded to `System`, because ARGO's older clients refuse the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
    /// The result of a function call, in the form that preceded tools.
    Function,
}

impl Role {
    /// Returns the role of a name that a client uses, `developer` included.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => Role::Tool,
            "function" => Role::Function,
            _ => return None,
        })
    }

    /// Returns the role's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
            Role::Function => "function",
        }
    }
}

/// One message: its role, its content, and all its other fields (`name`, `tool_call_id`, …).
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// The author.
    pub role: Role,
    /// A JSON string or list of parts, as the client wrote it.
    pub content: Cow<'a, RawValue>,
    /// The tool calls in an assistant's message.
    pub calls: Vec<ToolCall<'a>>,
    /// The id of the call that a tool's message answers.
    pub result_of: Option<Cow<'a, str>>,
    /// What the model thought before an assistant's message: blocks in Anthropic's form, signed or encrypted by their vendor. Only an
    /// upstream of that form takes them back.
    pub reasoning: Vec<Cow<'a, RawValue>>,
    /// All other fields, in order.
    pub rest: Fields<'a>,
}

impl<'a> Message<'a> {
    /// Creates a message that neither calls tools nor holds a result.
    pub fn plain(role: Role, content: Cow<'a, RawValue>, rest: Fields<'a>) -> Self {
        Message { role, content, calls: Vec::new(), result_of: None, reasoning: Vec::new(), rest }
    }
}

/// The parameters that limit an answer, the older one first.
pub const LIMIT_NAMES: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// A parameter that is passed to the upstream: its name (rules may rename it) and its value as the client wrote it.
pub type Param<'a> = (Cow<'a, str>, &'a RawValue);

/// A request for an answer.
#[derive(Debug, Clone, Default)]
pub struct Conversation<'a> {
    /// The messages in order.
    pub messages: Vec<Message<'a>>,
    /// The tools that the model may call.
    pub tools: Option<Tools<'a>>,
    /// Everything else that goes upstream, in order.
    pub params: Vec<Param<'a>>,
}

impl Conversation<'_> {
    /// Returns true if earlier turns called tools.
    pub fn has_calls(&self) -> bool {
        self.messages.iter().any(|message| !message.calls.is_empty() || message.result_of.is_some())
    }

    /// Returns the maximum number of tokens of the answer, from the parameters.
    pub fn max_tokens(&self) -> Option<u64> {
        let limits = self.params.iter().filter(|(name, _)| LIMIT_NAMES.contains(&name.as_ref()));
        limits.filter_map(|(_, value)| value.get().parse().ok()).next_back()
    }
}
