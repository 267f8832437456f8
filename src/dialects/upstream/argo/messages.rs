//! Messages as ARGO takes them: in OpenAI's form, but tool calls and results of earlier turns in the form of the
//! model's vendor.

use crate::chat::Message;
use crate::chat::tools::ToolCall;
use crate::dialects::upstream::{anthropic_form, openai_form};
use crate::json::{self, Fields, fields};
use crate::models::Family;
use serde_json::value::RawValue;
use std::collections::{HashMap, VecDeque};

/// Appends the list of messages.
pub fn push(out: &mut Vec<u8>, messages: &[Message<'_>], family: Family) {
    out.push(b'[');
    let mut rest = messages.iter().peekable();
    while let Some(message) = rest.next() {
        match (message.calls.is_empty(), message.result_of.is_some(), family) {
            (true, false, _) | (_, _, Family::Openai | Family::None) => push_one(out, message, &message.calls),
            (false, _, Family::Google) => {
                let mut results = Vec::new();
                while let Some(result) = rest.next_if(|next| next.result_of.is_some()) {
                    results.push(result);
                }
                push_one_by_one(out, message, &results);
            }
            (false, _, Family::Anthropic) => push_blocks(out, message),
            (true, true, Family::Anthropic) => {
                begin(out);
                out.extend_from_slice(b"{\"role\":\"user\",\"content\":[");
                push_result(out, message);
                // Claude requires the results of one turn in one message.
                while let Some(result) = rest.next_if(|next| next.result_of.is_some()) {
                    out.push(b',');
                    push_result(out, result);
                }
                out.extend_from_slice(b"]}");
            }
            (true, true, Family::Google) => push_one(out, message, &[]),
        }
    }
    out.push(b']');
}

/// Appends a comma unless the list has just begun.
fn begin(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[')) {
        out.push(b',');
    }
}

/// Appends a message in OpenAI's form.
fn push_one(out: &mut Vec<u8>, message: &Message<'_>, calls: &[ToolCall<'_>]) {
    push_with(out, message, message.content.get(), calls);
}

fn push_with(out: &mut Vec<u8>, message: &Message<'_>, content: &str, calls: &[ToolCall<'_>]) {
    begin(out);
    openai_form::push_message(out, message, content, calls);
}

/// Appends each call as its own turn, followed by its result, because Google takes one call per turn. The text goes
/// with the first call. Of several calls with one id each takes the next result.
fn push_one_by_one(out: &mut Vec<u8>, message: &Message<'_>, results: &[&Message<'_>]) {
    let mut by_id: HashMap<&str, VecDeque<&Message<'_>>> = HashMap::with_capacity(results.len());
    for result in results {
        by_id.entry(result.result_of.as_deref().unwrap_or_default()).or_default().push_back(result);
    }
    for (index, call) in message.calls.iter().enumerate() {
        let content = if index == 0 { message.content.get() } else { "\"\"" };
        push_with(out, message, content, std::slice::from_ref(call));
        if let Some(result) = by_id.get_mut(call.id.as_ref()).and_then(VecDeque::pop_front) {
            push_one(out, result, &[]);
        }
    }
}

/// Appends an assistant's message as Claude's blocks: its text, then its calls.
fn push_blocks(out: &mut Vec<u8>, message: &Message<'_>) {
    begin(out);
    out.extend_from_slice(b"{\"role\":\"assistant\",\"content\":[");
    push_text_blocks(out, &message.content);
    for call in &message.calls {
        begin(out);
        anthropic_form::push_call(out, &anthropic_form::clean_id(&call.id), &call.name, &call.arguments);
    }
    out.extend_from_slice(b"]}");
}

/// Appends the text blocks that are not empty, because Claude refuses empty ones.
fn push_text_blocks(out: &mut Vec<u8>, content: &RawValue) {
    match fields::list_of(content) {
        Ok(parts) => {
            let is_empty = |part: &&RawValue| {
                Fields::of(part).is_some_and(|part| part.get("text").is_some_and(|text| text.get() == "\"\""))
            };
            for part in parts.into_iter().filter(|part| !is_empty(part)) {
                begin(out);
                out.extend_from_slice(part.get().as_bytes());
            }
        }
        Err(_) if content.get() == "\"\"" => {}
        Err(_) => {
            begin(out);
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
            out.extend_from_slice(content.get().as_bytes());
            out.push(b'}');
        }
    }
}

fn push_result(out: &mut Vec<u8>, message: &Message<'_>) {
    out.extend_from_slice(b"{\"type\":\"tool_result\",\"tool_use_id\":");
    json::push_string(out, &anthropic_form::clean_id(message.result_of.as_deref().unwrap_or_default()));
    out.extend_from_slice(b",\"content\":");
    out.extend_from_slice(message.content.get().as_bytes());
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Role;
    use serde_json::{Value, json};
    use std::borrow::Cow;

    fn message(role: Role) -> Message<'static> {
        let content = RawValue::from_string("\"\"".to_owned()).unwrap();
        Message::plain(role, Cow::Owned(content), Fields::default())
    }

    fn turns(calls: &[usize], results: impl Iterator<Item = usize>) -> Vec<Value> {
        let call = |id: &usize| ToolCall { id: format!("c{id}").into(), name: "f".into(), arguments: "{}".into() };
        let mut messages = vec![Message { calls: calls.iter().map(call).collect(), ..message(Role::Assistant) }];
        messages.extend(results.enumerate().map(|(number, id)| {
            let content = RawValue::from_string(format!("\"r{number}\"")).unwrap();
            let result_of = Some(format!("c{id}").into());
            Message { content: Cow::Owned(content), result_of, ..message(Role::Tool) }
        }));
        let mut out = Vec::new();
        push(&mut out, &messages, Family::Google);
        serde_json::from_slice(&out).unwrap()
    }

    /// With a search for each call these are about 10^10 comparisons of ids.
    #[test]
    fn very_many_calls_are_each_followed_by_their_result_in_any_order() {
        const MANY: usize = 150_000;
        let calls: Vec<usize> = (0..MANY).collect();
        let turns = turns(&calls, (0..MANY).rev());
        assert_eq!(turns.len(), 2 * MANY);
        let (last_call, its_result) = (&turns[2 * MANY - 2], &turns[2 * MANY - 1]);
        assert_eq!(last_call["tool_calls"][0]["id"], json!(format!("c{}", MANY - 1)));
        assert_eq!(its_result["content"], json!("r0"));
    }

    #[test]
    fn calls_with_one_id_take_one_result_each() {
        let turns = turns(&[1, 1, 2], [2, 1, 1].into_iter());
        let shown: Vec<_> = turns.iter().map(|turn| turn["content"].as_str().unwrap()).collect();
        assert_eq!(shown, ["", "r1", "", "r2", "", "r0"]);
    }
}
