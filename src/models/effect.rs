//! The effects of rules on a request, and the rule behind each effect.

use super::merge::renamed;
use super::rules::{Rule, Rules, Streaming, Structured, SystemRole};
use crate::tokens::Tokenizer;
use std::fmt;
use std::sync::Arc;

/// One effect of the rules on a request or its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleEffect<'a> {
    /// System messages became user messages.
    SystemRole {
        /// The number of messages.
        messages: usize,
    },
    /// System messages went to the beginning of the conversation.
    SystemMoved {
        /// The number of messages.
        messages: usize,
    },
    /// The system text was put before the prompt.
    SystemText,
    /// A user message was empty or missing, so it got the filler text.
    Filled(&'a str),
    /// A parameter was left out.
    Dropped(&'a str),
    /// A parameter was renamed.
    Renamed(&'a str, &'a str),
    /// A parameter was left out because its new name was given as well.
    Yielded(&'a str, &'a str),
    /// A parameter was set to a value.
    Fixed(&'a str, &'a str),
    /// A parameter was left out because another one was given as well.
    Excluded(&'a str, &'a str),
    /// A parameter was set to a value because the request gave none.
    Defaulted(&'a str, &'a str),
    /// A number was raised.
    Raised(&'a str, &'a str),
    /// A number was lowered.
    Capped(&'a str, &'a str),
    /// A number was lowered because the call cannot be streamed.
    CappedWhole(&'a str, &'a str),
    /// The call is streamed because a number is higher than the upstream answers whole.
    Collected(&'a str, &'a str),
    /// A streamed request is served by a call that is not streamed.
    Whole,
    /// The method that makes the model answer in JSON, and the reason.
    Structured(Structured, StructuredReason),
    /// What became of the parameters for thinking.
    Thinking(&'a str),
    /// Tokens are counted with this tokenizer.
    Counts(Tokenizer),
    /// The required length of vectors.
    Dimensions(u32),
    /// The length that vectors are cut to.
    Shortens(usize),
    /// The most tokens of one text.
    MaxInputTokens(usize),
}

/// Why this method of JSON answers was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructuredReason {
    /// A rule sets it.
    Rule,
    /// It follows from the model's tool family.
    Family,
    /// No rule states the model's tool family.
    UnknownFamily,
    /// The request has its own tools.
    OwnTools,
    /// There is no schema to give a tool.
    NoSchema,
    /// The schema does not describe an object with named members.
    NoObject,
}

impl fmt::Display for StructuredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StructuredReason::Rule => "its rule 'structured' says so",
            StructuredReason::Family => "its rule 'tools' says so",
            StructuredReason::UnknownFamily => "no rule says what tools it takes",
            StructuredReason::OwnTools => "the request has tools of its own",
            StructuredReason::NoSchema => "there is no schema",
            StructuredReason::NoObject => "the schema is of no object with properties",
        })
    }
}

impl fmt::Display for RuleEffect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RuleEffect::SystemRole { messages } => write!(f, "system messages became user messages: {messages}"),
            RuleEffect::SystemMoved { messages } => {
                write!(f, "system messages went to the beginning of the conversation: {messages}")
            }
            RuleEffect::SystemText => f.write_str("the system text went in front of the prompt"),
            RuleEffect::Filled(text) => write!(f, "no user message said anything; one says {text}"),
            RuleEffect::Dropped(name) => write!(f, "'{name}' was left out"),
            RuleEffect::Renamed(from, to) => write!(f, "'{from}' was renamed to '{to}'"),
            RuleEffect::Yielded(from, to) | RuleEffect::Excluded(from, to) => {
                write!(f, "'{from}' was left out: '{to}' was given as well")
            }
            RuleEffect::Fixed(name, value) => write!(f, "'{name}' was set to {value}"),
            RuleEffect::Defaulted(name, value) => write!(f, "'{name}' was set to {value}: none was given"),
            RuleEffect::Raised(name, least) => write!(f, "'{name}' was raised to {least}"),
            RuleEffect::Capped(name, most) => write!(f, "'{name}' was lowered to {most}"),
            RuleEffect::CappedWhole(name, most) => {
                write!(f, "'{name}' was lowered to {most}: the call cannot be streamed")
            }
            RuleEffect::Collected(name, most) => {
                write!(f, "the call is streamed and its answer collected: '{name}' is above {most}")
            }
            RuleEffect::Whole => f.write_str("the stream is served by a whole call"),
            RuleEffect::Structured(form, why) => match form {
                Structured::Tool => write!(f, "the JSON comes as the arguments of a forced tool call: {why}"),
                Structured::Instruction => write!(f, "the JSON is asked for in the system text: {why}"),
                Structured::Pass => write!(f, "'response_format' goes up as it came: {why}"),
            },
            RuleEffect::Thinking(did) => f.write_str(did),
            RuleEffect::Counts(tokenizer) => write!(f, "tokens are counted with {}", tokenizer.name()),
            RuleEffect::Dimensions(numbers) => write!(f, "vectors must have {numbers} numbers"),
            RuleEffect::Shortens(numbers) => write!(f, "vectors are cut to {numbers} numbers and to length 1"),
            RuleEffect::MaxInputTokens(most) => write!(f, "a text may have {most} tokens"),
        }
    }
}

impl Rules {
    /// Returns the last rule of the table that causes this effect.
    pub fn behind(&self, effect: RuleEffect<'_>) -> Option<&Rule> {
        self.matched.iter().rfind(|rule| rule.says.say(effect, &self.rename)).map(Arc::as_ref)
    }

    fn say(&self, effect: RuleEffect<'_>, rename: &[(String, String)]) -> bool {
        let is = |own: &str, name: &str| own == name || renamed(rename, own) == name;
        let both = |from: &str, to: &str| {
            let has = |names: &Vec<String>, wanted: &str| names.iter().any(|own| is(own, wanted));
            self.only_one_of.iter().any(|names| has(names, from) && has(names, to))
        };
        match effect {
            RuleEffect::SystemRole { .. } | RuleEffect::SystemText => self.system_role == Some(SystemRole::User),
            RuleEffect::SystemMoved { .. } => self.system_role == Some(SystemRole::Opening),
            RuleEffect::Filled(text) => self.user_filler.as_ref().is_some_and(|filler| filler.get() == text),
            RuleEffect::Dropped(name) => self.drop.iter().any(|dropped| dropped == name),
            RuleEffect::Renamed(from, to) | RuleEffect::Yielded(from, to) => {
                self.rename.iter().any(|(f, t)| f == from && t == to)
            }
            RuleEffect::Fixed(name, _) => self.fixed.iter().any(|(own, _)| is(own, name)),
            RuleEffect::Excluded(name, other) => both(name, other),
            RuleEffect::Defaulted(name, _) => self.default.iter().any(|(own, _)| is(own, name)),
            RuleEffect::Raised(name, _) => self.floor.iter().any(|(own, _)| is(own, name)),
            RuleEffect::Capped(name, _) => self.cap.iter().any(|(own, _)| is(own, name)),
            RuleEffect::CappedWhole(name, _) | RuleEffect::Collected(name, _) => {
                self.stream_above.iter().any(|(own, _)| is(own, name))
            }
            RuleEffect::Whole => self.streaming == Some(Streaming::Whole),
            RuleEffect::Structured(form, StructuredReason::Rule) => self.structured == Some(form),
            RuleEffect::Structured(_, StructuredReason::Family) => self.tools.is_some(),
            RuleEffect::Structured(..) => false,
            RuleEffect::Thinking(_) => self.thinking.is_some(),
            RuleEffect::Counts(tokenizer) => self.tokenizer == Some(tokenizer),
            RuleEffect::Dimensions(numbers) => self.dimensions == Some(numbers),
            RuleEffect::Shortens(_) => self.can_shorten == Some(true),
            RuleEffect::MaxInputTokens(most) => self.max_input_tokens == Some(most),
        }
    }
}
