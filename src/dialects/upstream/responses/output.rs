//! The items of an answer that are complete, as events.

use super::speech::Speech;
use super::words::ItemKind;
use crate::chat::{Event, Sink};
use crate::json::fields::list_of;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The arguments of a call that gives none.
pub const NO_ARGUMENTS: &str = "{}";

/// Returns the items of a response; `None` if it has no list of them.
pub fn list<'a>(response: &Fields<'a>) -> Option<Vec<&'a RawValue>> {
    response.get("output").and_then(|output| list_of(output).ok())
}

/// Hands on all items of a response.
///
/// # Errors
/// One is unreadable, or no chat can carry it.
pub fn items(list: Vec<&RawValue>, speech: &mut Speech, sink: &mut dyn Sink) -> Result<(), Failure> {
    for (index, raw) in (0..).zip(list) {
        let fields = Fields::of(raw).ok_or_else(|| no_item(speech.upstream()))?;
        item(index, &fields, speech, sink)?;
    }
    Ok(())
}

/// Returns the failure of an item that is no object.
pub fn no_item(upstream: &str) -> Failure {
    Failure::upstream(format!("{upstream} sent an item that is no JSON object."))
}

/// Returns the kind of an item.
pub fn kind_of(item: &Fields<'_>) -> ItemKind {
    item.get("type").and_then(json::text_of).map_or(ItemKind::Record, |kind| ItemKind::of(&kind))
}

/// Hands on an item, which is the `index`th of its response.
///
/// # Errors
/// No chat can carry it.
pub fn item(index: u64, item: &Fields<'_>, speech: &mut Speech, sink: &mut dyn Sink) -> Result<(), Failure> {
    match kind_of(item) {
        ItemKind::Message => message(item, speech, sink)?,
        ItemKind::Reasoning => {
            thoughts(index, item, speech, sink);
            encrypted(item, sink);
        }
        ItemKind::FunctionCall => {
            let (id, name) = called(item, speech.upstream())?;
            let arguments = arguments(item);
            speech.call(Event::ToolCall { id, name, arguments }, sink);
        }
        ItemKind::CustomCall => {
            let (id, name) = called(item, speech.upstream())?;
            let input = item.get("input").filter(|input| input.get().starts_with('"')).map_or("\"\"", RawValue::get);
            let arguments = Cow::Owned(format!("{{\"input\":{input}}}"));
            speech.call(Event::ToolCall { id, name, arguments }, sink);
        }
        ItemKind::ClientRun => {
            let upstream = speech.upstream();
            let kind = item.get("type").and_then(json::text_of).unwrap_or_default();
            let message = format!("{upstream} answered with a call of type '{kind}', which chat clients cannot run.");
            let own_words = format!("{upstream} answered with a call that chat clients cannot run");
            return Err(Failure::upstream(message).with_own_words(own_words));
        }
        ItemKind::Record => {}
    }
    Ok(())
}

fn message(item: &Fields<'_>, speech: &mut Speech, sink: &mut dyn Sink) -> Result<(), Failure> {
    let Some(content) = item.get("content") else { return Ok(()) };
    if let Some(inside) = json::inside_of(content) {
        return speech.whole_text(inside, sink);
    }
    for part in list_of(content).unwrap_or_default() {
        let Some(part) = Fields::of(part) else { continue };
        if let Some(inside) = part.get("text").and_then(json::inside_of) {
            speech.whole_text(inside, sink)?;
        }
        if let Some(inside) = part.get("refusal").and_then(json::inside_of) {
            speech.refusal(inside, sink);
        }
    }
    Ok(())
}

/// Hands on the reasoning itself where an upstream shows it, and else its summary.
fn thoughts(index: u64, item: &Fields<'_>, speech: &mut Speech, sink: &mut dyn Sink) {
    let list = |name| item.get(name).and_then(|list| list_of(list).ok()).filter(|list| !list.is_empty());
    for (part, raw) in (0..).zip(list("content").or_else(|| list("summary")).unwrap_or_default()) {
        let fields = Fields::of(raw);
        if let Some(inside) = fields.as_ref().and_then(|part| part.get("text")).and_then(json::inside_of) {
            speech.reasoning((index, part), inside, sink);
        }
    }
}

/// Hands on what only the vendor can read of the reasoning.
pub fn encrypted(item: &Fields<'_>, sink: &mut dyn Sink) {
    if let Some(text) = item.get("encrypted_content").and_then(json::text_of).filter(|text| !text.is_empty()) {
        sink.event(Event::Encrypted(&text));
    }
}

/// Returns the id and the name of a call.
///
/// # Errors
/// It has no name.
pub fn called<'a>(item: &Fields<'a>, upstream: &str) -> Result<(Option<Cow<'a, str>>, Cow<'a, str>), Failure> {
    let text = |name: &str| item.get(name).and_then(json::text_of).filter(|text| !text.is_empty());
    let name = text("name").ok_or_else(|| Failure::upstream(format!("{upstream} calls a tool without a name.")))?;
    // A result names its call by `call_id`; `id` is the item's own.
    Ok((text("call_id").or_else(|| text("id")), name))
}

/// Returns the arguments of a complete call.
pub fn arguments<'a>(item: &Fields<'a>) -> Cow<'a, str> {
    let given = item.get("arguments").filter(|given| !json::is_null(given));
    // They are a text of JSON. Some servers send the JSON itself.
    let text = given.map(|given| json::text_of(given).unwrap_or(Cow::Borrowed(given.get())));
    text.map(json::paired).filter(|text| !text.trim().is_empty()).unwrap_or(Cow::Borrowed(NO_ARGUMENTS))
}
