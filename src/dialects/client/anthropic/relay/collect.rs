//! Puts a message together from its events, for a client that waits for a whole one: upstreams refuse to answer long ones whole.

use super::terms::RelayTerms;
use super::whole;
use crate::dialects::upstream::anthropic::answer::kind_of;
use crate::dialects::upstream::error;
use crate::dialects::upstream::openai::events::EventReader;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The fields of a block that its deltas extend, each with the field of the delta.
const TEXTS: [(&str, &str, &str); 3] = [
    ("text_delta", "text", "text"),
    ("thinking_delta", "thinking", "thinking"),
    ("signature_delta", "signature", "signature"),
];

/// A message while it is put together. All values are JSON.
#[derive(Default)]
struct CollectedMessage {
    /// The fields of the message, the last value of each.
    fields: Vec<(String, String)>,
    usage: Vec<(String, String)>,
    blocks: BTreeMap<u64, CollectedBlock>,
    is_complete: bool,
}

/// A block while it is put together.
#[derive(Default)]
struct CollectedBlock {
    fields: Vec<(String, String)>,
    /// The insides of the strings that deltas extend, by their field.
    texts: Vec<(&'static str, String)>,
    /// The text of the input, as far as it came.
    input: String,
    citations: Vec<String>,
}

/// Returns the message that a stream says.
///
/// # Errors
/// For an error, a notice or a page in place of the answer, and for a stream that ends too early.
pub fn collected(terms: &mut RelayTerms, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let dialect = terms.dialect;
    let mut reader = EventReader::default();
    let mut message = CollectedMessage::default();
    let mut is_other = false;
    reader.push(dialect.name(), body, |data| {
        let data = json::paired(Cow::Borrowed(data));
        let event = Fields::parse(&data).map_err(|_| error::inside(dialect, data.as_bytes()))?;
        is_other |= event.get("type").is_none() && event.get("choices").is_some();
        if !is_other && matches!(kind_of(&event).as_ref(), "error" | "") {
            return Err(error::inside(dialect, data.as_bytes()));
        }
        message.take(&event);
        Ok(())
    })?;
    if let Some(body) = reader.body() {
        return whole::rewritten(terms, &body);
    }
    if is_other {
        return whole::streamed(terms, body);
    }
    if message.fields.is_empty() {
        return Err(error::empty(dialect.name()));
    }
    if !message.is_complete {
        let why = format!("{}'s stream ended before its answer was complete.", dialect.name());
        return Err(Failure::upstream(why));
    }
    let text = message.json();
    whole::rewritten(terms, text.as_bytes())
}

impl CollectedMessage {
    fn take(&mut self, event: &Fields<'_>) {
        if self.is_complete {
            return;
        }
        match kind_of(event).as_ref() {
            "message_start" => {
                let message = event.get("message").and_then(Fields::of).unwrap_or_default();
                message.iter().filter(|(name, _)| !matches!(*name, "content" | "usage")).for_each(|(name, value)| {
                    set(&mut self.fields, name, value);
                });
                self.count(message.get("usage"));
            }
            "content_block_start" => {
                let block = self.block(event);
                let fields = event.get("content_block").and_then(Fields::of).unwrap_or_default();
                fields.iter().for_each(|(name, value)| set(&mut block.fields, name, value));
            }
            "content_block_delta" => {
                let delta = event.get("delta").and_then(Fields::of).unwrap_or_default();
                self.block(event).extend(&delta);
            }
            "message_delta" => {
                let delta = event.get("delta").and_then(Fields::of).unwrap_or_default();
                delta.iter().for_each(|(name, value)| set(&mut self.fields, name, value));
                for (name, value) in event.iter().filter(|(name, _)| !matches!(*name, "type" | "delta" | "usage")) {
                    set(&mut self.fields, name, value);
                }
                self.count(event.get("usage"));
            }
            "message_stop" => self.is_complete = true,
            _ => {}
        }
    }

    fn block(&mut self, event: &Fields<'_>) -> &mut CollectedBlock {
        let index = event.get("index").and_then(|index| index.get().parse().ok()).unwrap_or(0);
        self.blocks.entry(index).or_default()
    }

    /// Takes counts. Later ones correct earlier ones.
    fn count(&mut self, usage: Option<&RawValue>) {
        let usage = usage.and_then(Fields::of).unwrap_or_default();
        let given = usage.iter().filter(|(_, value)| !json::is_null(value));
        given.for_each(|(name, value)| set(&mut self.usage, name, value));
    }

    fn json(self) -> String {
        let mut out = Vec::with_capacity(4096);
        out.push(b'{');
        for (name, value) in &self.fields {
            push(&mut out, name, value);
        }
        json::push_key(&mut out, "content");
        out.push(b'[');
        for (place, block) in self.blocks.into_values().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            block.push(&mut out);
        }
        out.push(b']');
        if !self.usage.is_empty() {
            json::push_key(&mut out, "usage");
            out.push(b'{');
            self.usage.iter().for_each(|(name, value)| push(&mut out, name, value));
            out.push(b'}');
        }
        out.push(b'}');
        String::from_utf8(out).unwrap_or_default()
    }
}

impl CollectedBlock {
    fn extend(&mut self, delta: &Fields<'_>) {
        let kind = kind_of(delta);
        let inside = |name: &str| delta.get(name).and_then(json::inside_of).unwrap_or_default();
        if let Some((_, field, name)) = TEXTS.iter().find(|(known, ..)| *known == kind) {
            match self.texts.iter_mut().find(|(known, _)| known == field) {
                Some((_, text)) => text.push_str(inside(name)),
                None => self.texts.push((field, inside(name).to_owned())),
            }
            return;
        }
        match kind.as_ref() {
            "input_json_delta" => {
                self.input.push_str(&delta.get("partial_json").and_then(json::text_of).unwrap_or_default());
            }
            "citations_delta" => self.citations.extend(delta.get("citation").map(|citation| citation.get().to_owned())),
            // Deltas of tomorrow: their fields are those of the block.
            _ => delta.iter().filter(|(name, _)| *name != "type").for_each(|(name, value)| {
                set(&mut self.fields, name, value);
            }),
        }
    }

    fn push(mut self, out: &mut Vec<u8>) {
        for (field, text) in std::mem::take(&mut self.texts) {
            let before = self.fields.iter().find(|(name, _)| name == field);
            let before = before.and_then(|(_, raw)| raw.strip_prefix('"')?.strip_suffix('"')).unwrap_or_default();
            let whole = format!("\"{before}{text}\"");
            put(&mut self.fields, field, whole);
        }
        if Fields::parse(&self.input).is_ok() {
            let input = std::mem::take(&mut self.input);
            put(&mut self.fields, "input", input);
        }
        if !self.citations.is_empty() {
            put(&mut self.fields, "citations", format!("[{}]", self.citations.join(",")));
        }
        out.push(b'{');
        self.fields.iter().for_each(|(name, value)| push(out, name, value));
        out.push(b'}');
    }
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &RawValue) {
    put(fields, name, value.get().to_owned());
}

fn put(fields: &mut Vec<(String, String)>, name: &str, value: String) {
    match fields.iter_mut().find(|(known, _)| known == name) {
        Some((_, last)) => *last = value,
        None => fields.push((name.to_owned(), value)),
    }
}

fn push(out: &mut Vec<u8>, name: &str, value: &str) {
    json::push_key(out, name);
    out.extend_from_slice(value.as_bytes());
}
