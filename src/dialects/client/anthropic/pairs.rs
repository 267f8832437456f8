//! Calls and their results belong together. Other vendors refuse a call without its result in words that Anthropic's clients do not
//! know, so it is refused here, in Anthropic's.

use super::values::invalid;
use crate::chat::{Message, Role};
use crate::wire::Failure;
use std::collections::HashMap;

/// How many ids a failure names.
const NAMED: usize = 3;

/// Returns the failure of a call without its result, or of a result without its call. `origins` are the indices that the messages
/// have in the request.
pub fn broken(messages: &[Message<'_>], origins: &[usize]) -> Option<Failure> {
    let mut open: HashMap<&str, usize> = HashMap::new();
    let mut caller = 0;
    for (message, origin) in messages.iter().zip(origins) {
        if message.role == Role::Tool {
            let id = message.result_of.as_deref().unwrap_or_default();
            match open.get_mut(id) {
                Some(1) => {
                    open.remove(id);
                }
                Some(left) => *left -= 1,
                None => return Some(no_call(*origin, id)),
            }
            continue;
        }
        if !open.is_empty() {
            return Some(no_result(caller, &open));
        }
        caller = *origin;
        message.calls.iter().for_each(|call| *open.entry(call.id.as_ref()).or_default() += 1);
    }
    (!open.is_empty()).then(|| no_result(caller, &open))
}

fn no_call(origin: usize, id: &str) -> Failure {
    let why = format!(
        "unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
    );
    invalid(&format!("messages.{origin}"), &why)
}

fn no_result(origin: usize, open: &HashMap<&str, usize>) -> Failure {
    let mut ids: Vec<&str> = open.keys().copied().collect();
    ids.sort_unstable();
    ids.truncate(NAMED);
    let why = format!(
        "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        ids.join(", ")
    );
    invalid(&format!("messages.{origin}"), &why)
}
