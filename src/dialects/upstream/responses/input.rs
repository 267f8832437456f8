//! The messages of a conversation as the items of `input`.

use super::parts::{self, ContentSide};
use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::json;
use crate::wire::Failure;
use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The longest id of a call that this API takes. Other vendors' ids can be longer.
const LONGEST_ID: usize = 64;

/// Appends the list of items.
///
/// Instructions stay messages in their place instead of becoming `instructions`, which is one text in front of everything:
/// a later instruction would lose its place. Their role is `system`, which every server of this API knows; OpenAI
/// itself reads it as `developer` where a model wants that.
///
/// # Errors
/// 400 naming what this API does not take.
pub fn push(out: &mut Vec<u8>, messages: &[Message<'_>]) -> Result<(), Failure> {
    out.push(b'[');
    for (index, message) in messages.iter().enumerate() {
        let place = || format!("messages[{index}].content");
        match (message.role, &message.result_of) {
            (Role::System | Role::User, _) => {
                open_message(out, message.role);
                parts::push_input(out, &message.content, &place())?;
                out.push(b'}');
            }
            (Role::Assistant, _) => {
                // Beside calls, OpenAI's clients write an empty text.
                if message.calls.is_empty() || !parts::is_empty(&message.content) {
                    open_message(out, message.role);
                    parts::push_output(out, &message.content, &place())?;
                    out.push(b'}');
                }
                message.calls.iter().for_each(|call| push_call(out, call));
            }
            (Role::Tool, Some(id)) => {
                open_item(out, "function_call_output");
                push_id(out, id);
                json::push_key(out, "output");
                parts::push_input(out, &message.content, &place())?;
                out.push(b'}');
            }
            (Role::Tool | Role::Function, _) => {
                return Err(without_call(index));
            }
        }
    }
    out.push(b']');
    Ok(())
}

/// Refuses messages that have no item, and contents with a part that this API does not take. Contents that are one text have none.
///
/// # Errors
/// As of [`push`].
pub fn check(messages: &[Message<'_>]) -> Result<(), Failure> {
    for (index, message) in messages.iter().enumerate() {
        let side = match (message.role, &message.result_of) {
            (Role::Tool | Role::Function, None) | (Role::Function, Some(_)) => return Err(without_call(index)),
            (Role::Assistant, _) => ContentSide::Output,
            (Role::System | Role::User | Role::Tool, _) => ContentSide::Input,
        };
        if message.content.get().starts_with('[') {
            parts::check(&message.content, side, &format!("messages[{index}].content"))?;
        }
    }
    Ok(())
}

fn without_call(index: usize) -> Failure {
    Failure::unsupported(
        &format!("messages[{index}]"),
        "it is the result of a function that no message before it calls",
    )
}

fn open_item(out: &mut Vec<u8>, kind: &str) {
    out.extend_from_slice(if out.last() == Some(&b'[') { b"{\"type\":" } else { b",{\"type\":" });
    json::push_string(out, kind);
}

fn open_message(out: &mut Vec<u8>, role: Role) {
    open_item(out, "message");
    json::push_key(out, "role");
    json::push_string(out, role.name());
    json::push_key(out, "content");
}

fn push_call(out: &mut Vec<u8>, call: &ToolCall<'_>) {
    open_item(out, "function_call");
    push_id(out, &call.id);
    json::push_key(out, "name");
    json::push_string(out, &call.name);
    json::push_key(out, "arguments");
    json::push_string(out, &call.arguments);
    out.push(b'}');
}

fn push_id(out: &mut Vec<u8>, id: &str) {
    json::push_key(out, "call_id");
    json::push_string(out, &short(id));
}

/// Returns an id that is short enough: the same for the same id, so that a result still finds its call.
fn short(id: &str) -> Cow<'_, str> {
    if id.chars().count() <= LONGEST_ID {
        return Cow::Borrowed(id);
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let beginning: String = id.chars().take(LONGEST_ID - 17).collect();
    Cow::Owned(format!("{beginning}_{:016x}", hasher.finish()))
}
