//! A conversation as the body of `/chat/completions`. The caller's credential goes in a header, so the body has no `user`.

use crate::chat::{Conversation, Message, Role};
use crate::dialects::upstream::argo::messages;
use crate::dialects::upstream::{CallTerms, Vendor, openai_form};
use crate::json::{self, Fields, fields};
use crate::models::Family;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;

/// Returns the body of a call.
pub fn encode(vendor: Vendor, chat: &Conversation<'_>, call: CallTerms<'_>) -> Vec<u8> {
    let texts: usize = chat.messages.iter().map(|message| message.content.get().len() + 64).sum();
    let mut out = Vec::with_capacity(texts + 256);
    out.push(b'{');
    json::push_key(&mut out, "model");
    json::push_string(&mut out, call.model);
    if vendor == Vendor::Argo && call.rules.tools == Some(Family::Google) {
        json::push_key(&mut out, "messages");
        messages::push(&mut out, &arranged(&chat.messages), Family::Google);
        openai_form::push_around(&mut out, chat);
    } else {
        openai_form::push_conversation(&mut out, chat);
    }
    if call.stream {
        // Asked for of everyone: only then does OpenAI count, and who counts unasked takes no harm.
        out.extend_from_slice(b",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    }
    out.push(b'}');
    out
}

/// Returns the messages as ARGO's Gemini takes them: system texts first, each of them one string.
fn arranged<'a>(messages: &[Message<'a>]) -> Vec<Message<'a>> {
    let (system, others): (Vec<_>, Vec<_>) = messages.iter().cloned().partition(|one| one.role == Role::System);
    let one_string = |message: Message<'a>| match one_text(&message.content) {
        Some(content) => Message { content: Cow::Owned(content), ..message },
        None => message,
    };
    system.into_iter().map(one_string).chain(others).collect()
}

/// Returns a list of text parts as one string; `None` for anything else.
fn one_text(content: &RawValue) -> Option<Box<RawValue>> {
    let parts = fields::list_of(content).ok()?;
    let texts: Option<Vec<String>> = parts.into_iter().map(text_of_part).collect();
    to_raw_value(&texts?.join("\n")).ok()
}

fn text_of_part(part: &RawValue) -> Option<String> {
    let part = Fields::of(part)?;
    part.get("text").and_then(json::text_of).map(Cow::into_owned)
}
