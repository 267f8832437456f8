//! The body of a native call: borrowed, and checked as by the gateway's framework. All endpoints share the members.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::messages::{Messages, Turn};
use crate::reply::Reply;
use crate::request::{present, required};
use crate::violation::{Violation, Violations};

use super::dialect::Dialect;
use super::refusal::Refusal;

/// The members of a native call that the stand-in reads. All others are ignored.
#[derive(Deserialize)]
pub(crate) struct NativeBody<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    model: Option<&'a RawValue>,
    /// Who calls, where no header says it.
    #[serde(borrow, default)]
    pub user: Option<&'a RawValue>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(borrow, default)]
    pub messages: Messages<'a>,
    #[serde(borrow, default)]
    pub input: Option<&'a RawValue>,
    #[serde(default)]
    pub max_tokens: Option<u64>,
    #[serde(default)]
    pub max_completion_tokens: Option<u64>,
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    #[serde(default)]
    pub temperature: Option<f64>,
    #[serde(default)]
    pub top_p: Option<f64>,
    #[serde(borrow, default)]
    stop: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stop_sequences: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub tools: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub tool_choice: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub response_format: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub output_config: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub instructions: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub metadata: Option<&'a RawValue>,
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
}

impl<'a> NativeBody<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Violations> {
        serde_json::from_slice(body).map_err(|error| Violation::unreadable(&error).into())
    }

    /// Returns the model. If it is missing or no string, a violation is added.
    pub(crate) fn model(&self, violations: &mut Violations) -> Cow<'a, str> {
        required("model", self.model, violations)
    }

    /// Adds a violation unless the call has a list of messages.
    fn needs_messages(&self, violations: &mut Violations) {
        match self.messages {
            Messages::List(_) => {}
            Messages::NotAList => violations.add(Violation::not_a_list("messages")),
            Messages::Absent => violations.add(Violation::missing("messages")),
        }
    }

    /// Returns what the messages of a call say.
    pub(crate) fn turn(&self) -> Turn<'a> {
        match self.messages {
            Messages::List(turn) => turn,
            Messages::NotAList | Messages::Absent => Turn::default(),
        }
    }

    /// Returns the texts that end an answer.
    pub(crate) fn stops(&self) -> Vec<Cow<'a, str>> {
        let Some(raw) = self.stop_sequences.or(self.stop) else { return Vec::new() };
        if let Some(one) = string(raw) {
            return vec![one];
        }
        let several: Vec<&'a RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
        several.into_iter().filter_map(string).collect()
    }

    /// Returns the offered tools; `None` for an empty list.
    pub(crate) fn offered(&self) -> Option<&'a RawValue> {
        let inside = self.tools?.get().strip_prefix('[')?;
        if inside.trim_start().starts_with(']') { None } else { self.tools }
    }
}

/// Reads the body of a call that has a model and messages, and gives a refusal of the call the shape of its endpoint.
pub(crate) fn with_messages(
    dialect: &dyn Dialect,
    body: &[u8],
    respond: impl FnOnce(&NativeBody<'_>, &str) -> Result<Reply, Refusal>,
) -> Reply {
    let read = match NativeBody::parse(body) {
        Ok(read) => read,
        Err(violations) => return violations.reply(),
    };
    let mut violations = Violations::default();
    let model = read.model(&mut violations);
    read.needs_messages(&mut violations);
    if !violations.is_empty() {
        return violations.reply();
    }
    respond(&read, &model).unwrap_or_else(|refusal| dialect.refuse(&refusal))
}
