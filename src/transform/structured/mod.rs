//! Structured output. An upstream may ignore `response_format`, so the model is made to answer in JSON in another way:
//! by a tool that it has to call, or by an instruction.

mod answer;

use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::chat::{ChatRequest, Format, JsonSchema, Message, Role};
use crate::json::{self, Fields};
use crate::models::effect::StructuredReason;
use crate::models::{Family, RuleEffect, Rules, Structured};
use crate::wire::Failure;
pub use answer::{Carrier, Wrapped, Wrapping};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How a model is made to answer in JSON.
#[derive(Debug)]
pub enum Way<'a> {
    /// The model has to call this tool.
    Tool(Tools<'a>),
    /// The model gets this instruction.
    Words(String),
}

/// Takes the format out of a request and returns how the model is made to follow it; `None` if nothing is to be done.
/// `tell` receives the decision.
///
/// # Errors
/// 400 naming the field that has a wrong shape.
pub fn way<'a>(
    request: &mut ChatRequest<'a>,
    rules: &Rules,
    tell: impl FnOnce(RuleEffect<'_>),
) -> Result<Option<Way<'a>>, Failure> {
    let Some(asked) = request.format.take() else { return Ok(None) };
    let has_tools = request.tools.is_some();
    if rules.structured == Some(Structured::Pass) {
        tell(RuleEffect::Structured(Structured::Pass, StructuredReason::Rule));
        request.params.push(asked.param);
        return Ok(None);
    }
    let Some(format) = (asked.read)(asked.param.1)? else {
        request.params.push(asked.param);
        return Ok(None);
    };
    let (tool, why) = match tool(&format, has_tools, rules) {
        Ok((tools, why)) => (Some(tools), why),
        Err(why) => (None, why),
    };
    let form = if tool.is_some() { Structured::Tool } else { Structured::Instruction };
    tell(RuleEffect::Structured(form, why));
    Ok(Some(tool.map_or_else(|| Way::Words(words(&format, has_tools)), Way::Tool)))
}

/// Returns the tool that the model has to call, or the reason for an instruction instead.
fn tool<'a>(
    format: &Format<'a>,
    has_tools: bool,
    rules: &Rules,
) -> Result<(Tools<'a>, StructuredReason), StructuredReason> {
    let why = match (rules.structured, rules.tools) {
        (Some(Structured::Instruction), _) => return Err(StructuredReason::Rule),
        (_, Some(Family::None)) => return Err(StructuredReason::Family),
        (Some(Structured::Tool), _) => StructuredReason::Rule,
        (_, None) => return Err(StructuredReason::UnknownFamily),
        (_, Some(_)) => StructuredReason::Family,
    };
    if has_tools {
        return Err(StructuredReason::OwnTools);
    }
    let Format::Schema(JsonSchema { name, description, schema: Some(schema), strict }) = format else {
        return Err(StructuredReason::NoSchema);
    };
    if !is_of_object(schema) {
        return Err(StructuredReason::NoObject);
    }
    let (description, parameters) = (description.map(Cow::Borrowed), Some(Cow::Borrowed(*schema)));
    let tool = Tool { name: name.clone(), description, parameters, strict: *strict };
    // Some of OpenAI's models refuse this parameter, and none of them calls a named tool twice.
    let parallel = (rules.tools == Some(Family::Anthropic)).then_some(false);
    Ok((Tools { offered: vec![tool], choice: Some(ToolChoice::Named(name.clone())), parallel }, why))
}

/// Returns true if a schema can describe a tool's arguments: an object with named members, and no keyword at its root
/// that vendors refuse there. Models leave an object empty if the schema names no members.
fn is_of_object(schema: &RawValue) -> bool {
    let Ok(fields) = Fields::parse(schema.get()) else { return false };
    let is_object = fields.get("type").is_some_and(|kind| kind.get() == "\"object\"");
    let members = fields.get("properties").and_then(|members| Fields::parse(members.get()).ok());
    let refused = ["anyOf", "oneOf", "allOf", "$ref"].iter().any(|keyword| fields.get(keyword).is_some());
    is_object && !refused && members.is_some_and(|members| members.iter().next().is_some())
}

fn words(format: &Format<'_>, has_tools: bool) -> String {
    let when = if has_tools { "When you answer and call no tool, answer" } else { "Answer" };
    let bare = "and nothing else: no explanation before or after it, no code fence.";
    match format {
        Format::Object => format!("{when} with one JSON object {bare}"),
        Format::Schema(JsonSchema { schema: None, .. }) => format!("{when} with JSON {bare}"),
        Format::Schema(JsonSchema { name, description, schema: Some(schema), .. }) => {
            let about = description.and_then(json::text_of).map(|about| format!(" ({about})")).unwrap_or_default();
            format!(
                "{when} with JSON that follows the schema \"{name}\"{about} {bare}\n\nThe JSON schema:\n{}",
                schema.get()
            )
        }
    }
}

/// Adds the instruction at the end of the system text that opens the conversation, because some models read only one.
///
/// # Errors
/// No request can cause one.
pub fn tell(messages: &mut Vec<Message<'_>>, words: &str) -> Result<(), Failure> {
    let opening = messages.iter().take_while(|message| message.role == Role::System).count();
    let system = opening.checked_sub(1).and_then(|last| messages.get_mut(last));
    match system {
        Some(message) => message.content = Cow::Owned(raw(joined(&message.content, words))?),
        None => {
            let mut text = Vec::with_capacity(words.len() + 64);
            json::push_string(&mut text, words);
            messages.insert(0, Message::plain(Role::System, Cow::Owned(raw(text)?), Fields::default()));
        }
    }
    Ok(())
}

/// Returns a content (a JSON string or a list of parts) with `words` added at its end.
fn joined(content: &RawValue, words: &str) -> Vec<u8> {
    let content = content.get();
    let mut out = Vec::with_capacity(content.len() + words.len() + 64);
    let kept =
        content.get(..content.len().saturating_sub(1)).unwrap_or_default().trim_end_matches([' ', '\t', '\r', '\n']);
    if content.starts_with('[') {
        out.extend_from_slice(kept.as_bytes());
        out.extend_from_slice(if kept.len() > 1 { b"," } else { b"" });
        out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
        json::push_string(&mut out, words);
        out.extend_from_slice(b"}]");
    } else {
        out.extend_from_slice(kept.as_bytes());
        out.extend_from_slice(if kept.len() > 1 { br"\n\n" } else { b"" });
        json::push_escaped(&mut out, words);
        out.push(b'"');
    }
    out
}

fn raw(json: Vec<u8>) -> Result<Box<RawValue>, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::bad_field("response_format", e.to_string());
    RawValue::from_string(String::from_utf8(json).map_err(|e| failed(&e))?).map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests;
