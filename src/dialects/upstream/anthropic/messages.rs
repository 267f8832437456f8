//! A conversation as the vendor takes it: the system's texts beside the messages, and turns of user and assistant that
//! alternate.

use super::about::Anthropic;
use super::call_ids::CallIds;
use super::content::{self, ContentBlock, ContentPlace};
use crate::chat::{Message, Role};
use crate::dialects::upstream::anthropic_form;
use crate::json;
use crate::wire::Failure;

/// What was said in one turn, in the order that the vendor requires: results first, calls last.
#[derive(Debug)]
struct MessageTurn<'a> {
    is_user: bool,
    results: Vec<CallResult<'a>>,
    blocks: Vec<ContentBlock<'a>>,
    calls: Vec<PastCall<'a>>,
}

/// The result of a call.
#[derive(Debug)]
struct CallResult<'a> {
    id: String,
    blocks: Vec<ContentBlock<'a>>,
}

/// A call that the model made.
#[derive(Debug)]
struct PastCall<'a> {
    id: String,
    name: &'a str,
    arguments: &'a str,
}

/// The messages of a request.
#[derive(Debug, Default)]
pub struct MessageTurns<'a> {
    system: Vec<ContentBlock<'a>>,
    turns: Vec<MessageTurn<'a>>,
}

impl<'a> MessageTurns<'a> {
    /// Reads the messages of a conversation. Messages of one role that follow each other become one turn. A message that says
    /// nothing is left out.
    ///
    /// # Errors
    /// 400 naming a part that the vendor does not take, or when nothing is left.
    pub fn read(about: Anthropic, messages: &'a [Message<'a>]) -> Result<Self, Failure> {
        let mut all = MessageTurns::default();
        let mut ids = CallIds::default();
        for (index, message) in messages.iter().enumerate() {
            let place = ContentPlace { message: index, role: message.role };
            let blocks = content::blocks(about, place, &message.content)?;
            match (message.role, &message.result_of) {
                (Role::System, _) => all.system.extend(blocks),
                (Role::Assistant, _) => all.add_answer(message, blocks, &mut ids),
                (Role::User | Role::Tool | Role::Function, Some(id)) => {
                    let id = ids.of_result(id);
                    all.add(true, |turn| turn.results.push(CallResult { id, blocks }));
                }
                (Role::User | Role::Tool | Role::Function, None) if blocks.is_empty() => {}
                (Role::User | Role::Tool | Role::Function, None) => all.add(true, |turn| turn.blocks.extend(blocks)),
            }
        }
        all.end_last_word();
        if all.turns.is_empty() {
            return Err(Failure::bad_field("messages", "'messages' has nothing to answer: no message says anything."));
        }
        Ok(all)
    }

    fn add_answer(&mut self, message: &'a Message<'a>, said: Vec<ContentBlock<'a>>, ids: &mut CallIds<'a>) {
        let thought = message.reasoning.iter().map(|block| ContentBlock::Own(block));
        let mut blocks: Vec<ContentBlock<'a>> = thought.chain(said).collect();
        // A refusal is what the assistant said, in a field of its own.
        let refusal = message.rest.get("refusal").and_then(json::inside_of);
        blocks.extend(refusal.and_then(|inside| content::text(inside, None)));
        if blocks.is_empty() && message.calls.is_empty() {
            return;
        }
        let calls = message.calls.iter().map(|call| PastCall {
            id: ids.of_call(&call.id),
            name: &call.name,
            arguments: &call.arguments,
        });
        self.add(false, |turn| {
            turn.blocks.extend(blocks);
            turn.calls.extend(calls);
        });
    }

    /// Adds to the turn that is open for this role, or to a new one.
    fn add(&mut self, is_user: bool, add: impl FnOnce(&mut MessageTurn<'a>)) {
        if let Some(open) = self.turns.last_mut().filter(|turn| turn.is_user == is_user) {
            return add(open);
        }
        let mut turn = MessageTurn { is_user, results: Vec::new(), blocks: Vec::new(), calls: Vec::new() };
        add(&mut turn);
        self.turns.push(turn);
    }

    /// Takes the white space off the end of an answer that the model is to continue: the vendor refuses it there.
    fn end_last_word(&mut self) {
        let Some(MessageTurn { is_user: false, blocks, calls, .. }) = self.turns.last_mut() else { return };
        let last = blocks.last_mut().filter(|_| calls.is_empty());
        if let Some(ContentBlock::Text(inside, _)) = last {
            *inside = without_space_at_end(inside);
        }
    }

    /// Appends `system`, if it says anything.
    pub fn push_system(&self, out: &mut Vec<u8>) {
        match self.system.as_slice() {
            [] => {}
            [ContentBlock::Text(inside, None)] => {
                json::push_key(out, "system");
                out.push(b'"');
                out.extend_from_slice(inside.as_bytes());
                out.push(b'"');
            }
            blocks => {
                json::push_key(out, "system");
                out.push(b'[');
                blocks.iter().for_each(|block| push_next(out, |out| content::push(out, block)));
                out.push(b']');
            }
        }
    }

    /// Appends `messages`.
    pub fn push(&self, out: &mut Vec<u8>) {
        json::push_key(out, "messages");
        out.push(b'[');
        self.turns.iter().for_each(|turn| push_next(out, |out| turn.push(out)));
        out.push(b']');
    }
}

impl MessageTurn<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.is_user { b"{\"role\":\"user\"" } else { b"{\"role\":\"assistant\"" });
        out.extend_from_slice(b",\"content\":[");
        self.results.iter().for_each(|result| push_next(out, |out| result.push(out)));
        self.blocks.iter().for_each(|block| push_next(out, |out| content::push(out, block)));
        for call in &self.calls {
            push_next(out, |out| anthropic_form::push_call(out, &call.id, call.name, call.arguments));
        }
        out.extend_from_slice(b"]}");
    }
}

impl CallResult<'_> {
    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"tool_result\",\"tool_use_id\":");
        json::push_string(out, &self.id);
        match self.blocks.as_slice() {
            // A result may say nothing, but an empty text is refused.
            [] => {}
            [ContentBlock::Text(inside, None)] => {
                out.extend_from_slice(b",\"content\":\"");
                out.extend_from_slice(inside.as_bytes());
                out.push(b'"');
            }
            blocks => {
                out.extend_from_slice(b",\"content\":[");
                blocks.iter().for_each(|block| push_next(out, |out| content::push(out, block)));
                out.push(b']');
            }
        }
        out.push(b'}');
    }
}

/// Appends an element of a list, with a comma before it unless it is the first.
fn push_next(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    if !matches!(out.last(), Some(b'[')) {
        out.push(b',');
    }
    push(out);
}

/// Returns the inside of a JSON string without the white space at its end.
fn without_space_at_end(inside: &str) -> &str {
    let mut rest = inside.trim_end();
    loop {
        let before = ["\\n", "\\r", "\\t"].iter().find_map(|space| rest.strip_suffix(space));
        // A backslash before it would be the one that is escaped.
        match before.filter(|before| before.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0) {
            Some(before) => rest = before.trim_end(),
            None => return rest,
        }
    }
}
