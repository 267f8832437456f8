//! The messages of a request as the hub has them. A user's turn is split: the results of calls first, each a message of its own, then
//! the rest, since nothing may stand between a call and its result.

use super::blocks::{self, BlockNotes};
use super::values::{BlockPlace, invalid};
use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::client::spoken::{self, SpokenPart, TextInside};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What the first block of Claude Code's system texts begins with. It is meant for Anthropic's accounts alone, and different in
/// each version, so that no prompt with it is found in a cache.
const BILLING: &str = "x-anthropic-billing-header:";
/// What a failed call's result begins with, where results have no flag.
const FAILED: &str = "Error: ";

/// The messages of a request.
#[derive(Debug, Default)]
pub struct History<'a> {
    /// The messages, the system texts first.
    pub messages: Vec<Message<'a>>,
    /// For each, the index of the message that it comes from.
    pub origins: Vec<usize>,
    /// What else the blocks say.
    pub notes: BlockNotes,
    /// The names and ids of calls.
    pub names: KnownNames,
    /// True if a message is of the system.
    pub has_late_system: bool,
}

/// What was said in one turn: by messages of one role that follow each other.
#[derive(Debug)]
struct HistoryTurn<'a> {
    role: Role,
    /// The index of its first message.
    first: usize,
    results: Vec<(usize, Message<'a>)>,
    /// What stands for all that was before.
    compacted: Vec<SpokenPart<'a>>,
    said: Vec<SpokenPart<'a>>,
    calls: Vec<ToolCall<'a>>,
    thought: Vec<Cow<'a, RawValue>>,
}

impl<'a> History<'a> {
    /// Reads the fields `system` and `messages` of a request.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn read(system: Option<&'a RawValue>, messages: &[&'a RawValue]) -> Result<Self, Failure> {
        let mut history = History::default();
        if let Some(system) = system.filter(|system| !json::is_null(system)) {
            history.open_with(system)?;
        }
        let mut turn: Option<HistoryTurn<'a>> = None;
        for (index, message) in messages.iter().enumerate() {
            let (role, content) = parts_of(index, message)?;
            if let Some(before) = turn.take_if(|turn| turn.role != role) {
                history.add(before);
            }
            let turn = turn.get_or_insert_with(|| HistoryTurn::new(role, index));
            history.has_late_system |= role == Role::System;
            history.take(turn, index, content)?;
        }
        if let Some(last) = turn {
            history.add(last);
        }
        Ok(history)
    }

    /// Takes the system texts: a string, or a list of blocks.
    fn open_with(&mut self, system: &'a RawValue) -> Result<(), Failure> {
        let content = if json::inside_of(system).is_some() {
            Some(Cow::Borrowed(system))
        } else {
            let blocks = fields::list_of(system)
                .map_err(|_| invalid("system", "Input should be a string or a list of text blocks"))?;
            let texts = blocks.into_iter().filter_map(Fields::of).filter_map(|block| block.get("text"));
            let is_kept = |text: &&RawValue| json::inside_of(text).is_some_and(|text| !text.starts_with(BILLING));
            let kept: Vec<&RawValue> = texts.filter(is_kept).collect();
            match kept.as_slice() {
                [one] => Some(Cow::Borrowed(*one)),
                several => joined(several).map(Cow::Owned),
            }
        };
        if let Some(content) = content.filter(|content| content.get() != "\"\"") {
            self.push(0, Message::plain(Role::System, content, Fields::default()));
        }
        Ok(())
    }

    fn take(&mut self, turn: &mut HistoryTurn<'a>, index: usize, content: &'a RawValue) -> Result<(), Failure> {
        if let Some(inside) = json::inside_of(content) {
            if !inside.is_empty() {
                turn.said.push(SpokenPart::Text(Cow::Borrowed(content)));
            }
            return Ok(());
        }
        for (place, raw, block) in blocks::list(BlockPlace::of_message(index), content)? {
            let kind = block.get("type").and_then(json::text_of).unwrap_or_default();
            match (kind.as_ref(), turn.role) {
                ("tool_result", Role::User) => {
                    let result = self.result(place, &block)?;
                    turn.results.push((index, result));
                }
                ("tool_use", Role::Assistant) => turn.calls.push(self.call(place, &block)?),
                ("thinking" | "redacted_thinking", Role::Assistant) => turn.thought.push(Cow::Borrowed(raw)),
                ("compaction", _) => blocks::say(place, &block, &mut self.notes, &mut turn.compacted)?,
                _ => blocks::say(place, &block, &mut self.notes, &mut turn.said)?,
            }
        }
        Ok(())
    }

    fn call(&mut self, place: BlockPlace, block: &Fields<'a>) -> Result<ToolCall<'a>, Failure> {
        let text = |name: &str| {
            let value = block.get(name).and_then(json::text_of).filter(|value| !value.is_empty());
            value.ok_or_else(|| invalid(&format!("{place}.tool_use.{name}"), "Field required"))
        };
        let (id, name) = (text("id")?, text("name")?);
        let input = block.get("input").filter(|input| !json::is_null(input)).map_or("{}", RawValue::get);
        if !input.starts_with('{') {
            return Err(invalid(&format!("{place}.tool_use.input"), "Input should be an object"));
        }
        Ok(ToolCall { id: self.names.id(id), name: self.names.short(name), arguments: Cow::Borrowed(input) })
    }

    fn result(&mut self, place: BlockPlace, block: &Fields<'a>) -> Result<Message<'a>, Failure> {
        let id = block.get("tool_use_id").and_then(json::text_of);
        let id = id.ok_or_else(|| invalid(&format!("{place}.tool_result.tool_use_id"), "Field required"))?;
        let has_failed = block.get("is_error").is_some_and(|flag| flag.get() == "true");
        let mut said = Vec::new();
        match block.get("content").filter(|content| !json::is_null(content)) {
            None => {}
            Some(text) if json::inside_of(text).is_some() => said.push(SpokenPart::Text(Cow::Borrowed(text))),
            Some(list) => {
                for (place, _, block) in blocks::list(place, list)? {
                    blocks::say(place, &block, &mut self.notes, &mut said)?;
                }
            }
        }
        let mut message = Message::plain(Role::Tool, result_content(said, has_failed), Fields::default());
        message.result_of = Some(self.names.id(id));
        Ok(message)
    }

    /// Adds a turn that is complete.
    fn add(&mut self, turn: HistoryTurn<'a>) {
        let HistoryTurn { role, first, results, compacted, said, calls, thought } = turn;
        for (index, result) in results {
            self.push(index, result);
        }
        if let Some(content) = spoken::content(compacted) {
            self.push(first, Message::plain(Role::User, content, Fields::default()));
        }
        let content = spoken::content(said);
        // Thinking that led to nothing is of no use to anyone.
        if content.is_none() && calls.is_empty() {
            return;
        }
        let content = content.unwrap_or_else(spoken::empty);
        self.push(first, Message { calls, reasoning: thought, ..Message::plain(role, content, Fields::default()) });
    }

    fn push(&mut self, origin: usize, message: Message<'a>) {
        self.messages.push(message);
        self.origins.push(origin);
    }
}

impl HistoryTurn<'_> {
    fn new(role: Role, first: usize) -> Self {
        let (results, compacted, said) = (Vec::new(), Vec::new(), Vec::new());
        HistoryTurn { role, first, results, compacted, said, calls: Vec::new(), thought: Vec::new() }
    }
}

/// Returns role and content of a message.
fn parts_of(index: usize, message: &RawValue) -> Result<(Role, &RawValue), Failure> {
    let place = format!("messages.{index}");
    let fields = Fields::of(message).ok_or_else(|| invalid(&place, "Input should be an object"))?;
    let role = fields.get("role").and_then(json::text_of);
    let role = match role.as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some(_) => {
            return Err(invalid(&format!("{place}.role"), "Input should be 'user', 'assistant' or 'system'"));
        }
        None => return Err(invalid(&format!("{place}.role"), "Field required")),
    };
    match fields.get("content").filter(|content| !json::is_null(content)) {
        Some(content) => Ok((role, content)),
        None => Err(invalid(&format!("{place}.content"), "Field required")),
    }
}

/// Returns texts as one, with a blank line between them.
fn joined(texts: &[&RawValue]) -> Option<Box<RawValue>> {
    let mut all = TextInside::default();
    texts.iter().for_each(|text| all.paragraph(json::inside_of(text)));
    all.raw()
}

/// Returns what a call returned: one text where it is texts alone.
fn result_content(mut said: Vec<SpokenPart<'_>>, has_failed: bool) -> Cow<'_, RawValue> {
    let begins_so = |part: &SpokenPart<'_>| matches!(part, SpokenPart::Text(text) if json::inside_of(text).is_some_and(|text| text.starts_with(FAILED.trim_end())));
    if has_failed && !said.first().is_some_and(begins_so) {
        let words = match said.first() {
            Some(SpokenPart::Text(text)) => {
                let words = format!("\"{FAILED}{}\"", json::inside_of(text).unwrap_or_default());
                said.remove(0);
                RawValue::from_string(words).ok().map(|raw| SpokenPart::Text(Cow::Owned(raw)))
            }
            _ => spoken::plain(FAILED.trim_end()),
        };
        said.splice(0..0, words);
    }
    spoken::result(said)
}
