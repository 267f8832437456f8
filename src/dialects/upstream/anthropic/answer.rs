//! Decodes a whole answer.

use super::about::Anthropic;
use super::usage::{TokenCounts, finish_reason};
use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::argo::notice::Notice;
use crate::dialects::upstream::openai::{self, screen};
use crate::dialects::upstream::{ChatDialect, UpstreamDialect, Vendor, error};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What the id of a message begins with that only says that access is denied.
const BLOCKED: &str = "msg_blocked_";

/// Passes everything that a complete body says.
///
/// # Errors
/// For an error, a notice or a page in place of the answer, and for what is none of these.
pub fn whole(about: Anthropic, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
    let name = about.name();
    let text =
        std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
    // A client that reads a lone surrogate fails where it writes the text.
    let text = json::paired(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    let no_answer = || error::inside(&about, text.as_bytes());
    let reply = Fields::parse(&text).map_err(|_| no_answer())?;
    if is_given(&reply, "error") {
        return Err(no_answer());
    }
    match reply.get("content").filter(|content| content.get().starts_with('[')) {
        Some(content) => message(about, &reply, content, sink),
        None if is_chat_completion(about.vendor, &reply) => {
            openai::chat(about.vendor).whole(text.as_bytes(), &[], sink)
        }
        None => Err(no_answer()),
    }
}

fn is_given(fields: &Fields<'_>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !json::is_null(value))
}

/// Returns true for an answer, or a part of one, that ARGO's gateway gives in the form of another endpoint.
pub fn is_chat_completion(vendor: Vendor, reply: &Fields<'_>) -> bool {
    vendor == Vendor::Argo && reply.get("type").is_none() && is_given(reply, "choices")
}

fn message(about: Anthropic, reply: &Fields<'_>, content: &RawValue, sink: &mut dyn Sink) -> Result<(), Failure> {
    let mut counts = TokenCounts::default();
    if let Some(usage) = reply.get("usage") {
        counts.read(usage);
    }
    let blocks = fields::objects_of(content).map_err(|_| unreadable(about))?;
    let mut texts = blocks.iter().filter(|block| kind_of(block) == "text").filter_map(|block| inside(block, "text"));
    if is_denial(about.vendor, reply, counts) {
        return Err(denied(&texts.map(|text| Text::Json(text).decoded()).collect::<String>()));
    }
    if let Some(first) = texts.next() {
        screen::whole_text(about.vendor, first)?;
    }
    let mut has_calls = false;
    for block in &blocks {
        has_calls |= say(about, block, sink)?;
    }
    if let Some(refusal) = refusal_of(reply) {
        sink.event(Event::Refusal(Text::Json(refusal)));
    }
    if let Some(reason) = reply.get("stop_reason").and_then(json::text_of) {
        sink.event(Event::Finish(finish_reason(&reason, has_calls)));
    }
    if let Some(usage) = counts.usage() {
        sink.event(Event::Usage(usage));
    }
    Ok(())
}

/// Passes what a complete block says. Returns true for a call.
fn say(about: Anthropic, block: &Fields<'_>, sink: &mut dyn Sink) -> Result<bool, Failure> {
    match kind_of(block).as_ref() {
        "tool_use" => {
            let input = block.get("input").filter(|input| !json::is_null(input));
            sink.event(Event::ToolCall {
                id: block.get("id").and_then(json::text_of),
                name: block.get("name").and_then(json::text_of).ok_or_else(|| unreadable(about))?,
                arguments: Cow::Borrowed(input.map_or("{}", RawValue::get)),
            });
            return Ok(true);
        }
        "thinking" => {
            pass_text(block, "thinking", |text| sink.event(Event::Reasoning(text)));
            if let Some(signature) = signature_of(block) {
                sink.event(Event::Signature(&signature));
            }
        }
        "redacted_thinking" => {
            if let Some(data) = block.get("data").and_then(json::text_of) {
                sink.event(Event::Encrypted(&data));
            }
        }
        "text" => pass_text(block, "text", |text| sink.event(Event::Text(text))),
        // What the vendor's own tools did has no place in other dialects.
        _ => {}
    }
    Ok(false)
}

/// Passes a text of a block or a delta, unless it is empty.
pub fn pass_text(block: &Fields<'_>, name: &str, pass: impl FnOnce(Text<'_>)) {
    if let Some(inside) = inside(block, name).filter(|inside| !inside.is_empty()) {
        pass(Text::Json(inside));
    }
}

/// Returns the signature of thinking, if it has one.
pub fn signature_of<'a>(block: &Fields<'a>) -> Option<Cow<'a, str>> {
    block.get("signature").and_then(json::text_of).filter(|signature| !signature.is_empty())
}

/// Returns the type of an event, a block or a delta.
pub fn kind_of<'a>(fields: &Fields<'a>) -> Cow<'a, str> {
    fields.get("type").and_then(json::text_of).unwrap_or_default()
}

fn inside<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(json::inside_of)
}

/// Returns the words with which the model declines to answer: the inside of a JSON string.
pub fn refusal_of<'a>(holder: &Fields<'a>) -> Option<&'a str> {
    let details = holder.get("stop_details").and_then(Fields::of)?;
    let is_refusal = kind_of(&details) == "refusal";
    inside(&details, "explanation").filter(|words| is_refusal && !words.is_empty())
}

/// Returns true for a message of ARGO's gateway that only says that access is denied. Its words alone are no proof, since an
/// answer may quote them.
pub fn is_denial(vendor: Vendor, message: &Fields<'_>, counts: TokenCounts) -> bool {
    let is_blocked = || inside(message, "id").is_some_and(|id| id.starts_with(BLOCKED));
    vendor == Vendor::Argo && is_blocked() && counts.are_zero()
}

/// Returns the failure of a denial in these words.
pub fn denied(words: &str) -> Failure {
    Notice::denied(words).failure()
}

/// Returns the failure of an answer that has no known form.
pub fn unreadable(about: Anthropic) -> Failure {
    Failure::upstream(format!("{}'s answer has a block of unknown form.", about.name()))
}
