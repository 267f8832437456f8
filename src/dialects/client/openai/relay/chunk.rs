//! Rewrites one chunk of a stream.

use super::choice::{self, RelayedCall, is_kept, push_content, push_field, push_raw};
use crate::chat::Text;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::openai::endpoint::OpenaiChat;
use crate::dialects::upstream::openai::reading::{finish_of, given, text_at};
use crate::json::{self, Fields};
use serde_json::value::RawValue;
use std::ops::Range;

/// The id and the time of a reply, the same in each of its chunks.
#[derive(Debug, Clone)]
pub struct RelayHead {
    id: String,
    created: u64,
}

impl RelayHead {
    /// Returns what a reply or a chunk says, and makes what it lacks.
    pub fn of(client: OpenaiChat, frame: &ReplyFrame, reply: &Fields<'_>) -> Self {
        let own = || format!("{}{}", client.shape.id_prefix, frame.id);
        let created = reply.get("created").and_then(|created| created.get().parse().ok());
        RelayHead {
            id: text_at(reply, "id").map_or_else(own, |id| id.into_owned()),
            created: created.filter(|created| *created > 0).unwrap_or(frame.created),
        }
    }

    /// Appends id, object, created and model.
    pub fn push(&self, out: &mut Vec<u8>, frame: &ReplyFrame, object: &str) {
        json::push_key(out, "id");
        json::push_string(out, &self.id);
        json::push_key(out, "object");
        json::push_string(out, object);
        json::push_key(out, "created");
        json::push_number(out, self.created);
        json::push_key(out, "model");
        json::push_string(out, &frame.model);
    }
}

/// Returns true for a field that is written before the others.
pub fn is_of_head(name: &str) -> bool {
    ["id", "object", "created", "model", "choices"].contains(&name)
}

/// What a stream has said so far.
#[derive(Debug, Default)]
pub struct RelayedSoFar {
    /// Its calls.
    pub calls: Vec<RelayedCall>,
    /// True if it has said why it ended.
    pub has_finished: bool,
}

/// What a choice says.
#[derive(Debug, Default)]
pub struct ChoiceEffect<'a> {
    /// True if it has something for the client.
    pub is_written: bool,
    /// True if that is more than the beginning of a message.
    pub says: bool,
    /// Its content, as it came.
    pub content: Option<&'a RawValue>,
    /// True if it calls tools or ends the answer: nothing that is text can follow as part of a notice.
    pub ends_text: bool,
    /// The one text that may be another in the next chunk while everything else stays, and where it was written.
    pub hole: Option<(&'a str, Range<usize>)>,
}

/// Appends a choice, unless it has nothing for the client.
pub fn push_choice<'a>(
    out: &mut Vec<u8>,
    choice: &Fields<'a>,
    so_far: &mut RelayedSoFar,
    frame: &mut ReplyFrame,
) -> ChoiceEffect<'a> {
    let start = out.len();
    let mut effect = ChoiceEffect::default();
    out.extend_from_slice(b"{\"index\":");
    push_raw(out, given(choice, "index").map_or("0", |index| index.get()));
    out.extend_from_slice(b",\"delta\":{");
    if let Some(delta) = given(choice, "delta").and_then(Fields::of) {
        push_delta(out, &delta, so_far, frame, &mut effect);
    }
    out.extend_from_slice(b"},\"logprobs\":");
    let logprobs = given(choice, "logprobs");
    push_raw(out, logprobs.map_or("null", |logprobs| logprobs.get()));
    out.extend_from_slice(b",\"finish_reason\":");
    let reason = given(choice, "finish_reason").filter(|_| finish_of(choice).is_some() && !so_far.has_finished);
    push_raw(out, reason.map_or("null", |reason| reason.get()));
    if reason.is_some() {
        so_far.has_finished = true;
        (effect.says, effect.ends_text, effect.hole) = (true, true, None);
    }
    for (name, value) in choice.iter().filter(|(name, value)| is_kept(name, value)) {
        if !["index", "delta", "logprobs", "finish_reason"].contains(&name) {
            push_field(out, name, value);
            effect.says = true;
        }
    }
    effect.says |= logprobs.is_some();
    out.push(b'}');
    effect.is_written |= effect.says;
    if !effect.is_written {
        out.truncate(start);
    }
    effect
}

fn push_delta<'a>(
    out: &mut Vec<u8>,
    delta: &Fields<'a>,
    so_far: &mut RelayedSoFar,
    frame: &mut ReplyFrame,
    effect: &mut ChoiceEffect<'a>,
) {
    let mut holes = 0;
    for (name, value) in delta.iter().filter(|(name, value)| is_kept(name, value)) {
        json::push_key(out, name);
        let at = out.len();
        match name {
            "role" => {
                effect.is_written = true;
                push_raw(out, value.get());
                continue;
            }
            "content" => {
                effect.content = Some(value);
                effect.says |= push_content(out, value, &mut frame.meter);
            }
            "tool_calls" => {
                (effect.says, effect.ends_text) = (true, true);
                effect.hole = choice::push_pieces(out, value, &mut so_far.calls, frame);
                holes += 1;
                continue;
            }
            _ => {
                let inside = json::inside_of(value);
                effect.says |= inside != Some("");
                frame.meter.push(Text::Json(inside.unwrap_or_default()));
                push_raw(out, value.get());
            }
        }
        holes += 1;
        // Within the quotes.
        effect.hole = json::inside_of(value).map(|inside| (inside, at + 1..out.len() - 1));
    }
    if holes != 1 {
        effect.hole = None;
    }
}
