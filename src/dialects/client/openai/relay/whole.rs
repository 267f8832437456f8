//! Rewrites a whole reply.

use super::answer::{RelayedAnswer, RelayedChoice};
use super::choice::{is_kept, push_calls, push_content, push_field, push_raw};
use super::chunk::{RelayHead, is_of_head};
use crate::chat::Text;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::openai::endpoint::OpenaiChat;
use crate::dialects::client::openai::usage::push_usage;
use crate::dialects::upstream::ChatDialect;
use crate::dialects::upstream::openai::reading::{finish_of, given, usage_of};
use crate::dialects::upstream::openai::screen;
use crate::json::{self, Fields};
use crate::wire::Failure;
use std::borrow::Cow;

/// Returns the reply that the client gets, and records its tokens.
///
/// # Errors
/// For an error, a notice or a page in place of the answer, and for what is none of these.
pub fn rewritten(
    client: OpenaiChat,
    frame: &mut ReplyFrame,
    dialect: &dyn ChatDialect,
    body: &[u8],
) -> Result<Vec<u8>, Failure> {
    let name = dialect.name();
    let text =
        std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
    // A client that reads a lone surrogate fails where it writes the text.
    let text = json::paired(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    let RelayedAnswer { fields: reply, choices } = RelayedAnswer::read(dialect, &text)?;
    let mut out = Vec::with_capacity(text.len() + 256);
    out.push(b'{');
    RelayHead::of(client, frame, &reply).push(&mut out, frame, client.shape.whole_object);
    out.extend_from_slice(b",\"choices\":[");
    let mut has_calls = false;
    for (at, choice) in choices.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        if let Some(content) = given(&choice.message, "content").and_then(json::inside_of) {
            screen::whole_text(dialect.vendor(), content)?;
        }
        has_calls |= push_choice(&mut out, at, choice, frame);
    }
    out.push(b']');
    for (name, value) in reply.iter().filter(|(name, value)| is_kept(name, value) && !is_of_head(name)) {
        push_field(&mut out, name, value);
    }
    if let Some(usage) = usage_of(&reply) {
        frame.used(usage);
    }
    let (_, output) = frame.end(has_calls);
    if let (None, Some(usage)) = (given(&reply, "usage"), frame.usage(output)) {
        json::push_key(&mut out, "usage");
        push_usage(&mut out, usage);
    }
    out.push(b'}');
    Ok(out)
}

/// Appends a choice with its message. Returns true if the message calls tools.
fn push_choice(out: &mut Vec<u8>, at: usize, choice: &RelayedChoice<'_>, frame: &mut ReplyFrame) -> bool {
    let RelayedChoice { fields: choice, message } = choice;
    out.extend_from_slice(b"{\"index\":");
    match given(choice, "index") {
        Some(index) => push_raw(out, index.get()),
        None => json::push_number(out, at as u64),
    }
    let has_calls = push_message(out, message, frame);
    out.extend_from_slice(b",\"logprobs\":");
    push_raw(out, choice.get("logprobs").map_or("null", |logprobs| logprobs.get()));
    out.extend_from_slice(b",\"finish_reason\":");
    match given(choice, "finish_reason").filter(|_| finish_of(choice).is_some()) {
        Some(reason) => push_raw(out, reason.get()),
        None => out.extend_from_slice(if has_calls { b"\"tool_calls\"" } else { b"\"stop\"" }),
    }
    for (name, value) in choice.iter().filter(|(name, value)| is_kept(name, value)) {
        if !["index", "logprobs", "finish_reason"].contains(&name) {
            push_field(out, name, value);
        }
    }
    out.push(b'}');
    has_calls
}

fn push_message(out: &mut Vec<u8>, message: &Fields<'_>, frame: &mut ReplyFrame) -> bool {
    let calls = given(message, "tool_calls").filter(|calls| calls.get() != "[]");
    let has_calls = calls.is_some() || given(message, "function_call").is_some();
    out.extend_from_slice(b",\"message\":{\"role\":");
    push_raw(out, given(message, "role").map_or("\"assistant\"", |role| role.get()));
    json::push_key(out, "content");
    let content_at = out.len();
    let says = given(message, "content").is_some_and(|content| push_content(out, content, &mut frame.meter));
    // OpenAI says null where there is no text beside something else, or where the upstream says so.
    if !says && (has_calls || given(message, "content").is_none()) {
        out.truncate(content_at);
        out.extend_from_slice(b"null");
    }
    json::push_key(out, "refusal");
    let refusal = message.get("refusal").map_or("null", |refusal| refusal.get());
    push_raw(out, refusal);
    if let Some(refusal) = given(message, "refusal").and_then(json::inside_of) {
        frame.meter.push(Text::Json(refusal));
    }
    for (name, value) in message.iter().filter(|(name, value)| is_kept(name, value)) {
        if !["role", "content", "refusal", "tool_calls"].contains(&name) {
            // Reasoning, under whatever name.
            frame.meter.push(Text::Json(json::inside_of(value).unwrap_or_default()));
            push_field(out, name, value);
        }
    }
    if let Some(calls) = calls {
        json::push_key(out, "tool_calls");
        push_calls(out, calls, frame);
    }
    out.push(b'}');
    has_calls
}
