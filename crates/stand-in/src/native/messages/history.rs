//! What Anthropic checks in a conversation: that thinking is signed, and that calls and results belong together.

use std::borrow::Cow;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::native::refusal::Refusal;

/// How each signature of the stand-in begins. Any other is foreign.
pub(super) const OURS: &str = "EqQBCkgIBRABGAIqQ";

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    signature: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_use_id: Option<&'a RawValue>,
}

/// Refuses unsigned and foreign thinking, results without a call and calls without a result.
pub(super) fn is_sound(body: &[u8]) -> Result<(), Refusal> {
    if [&b"\"thinking\""[..], b"\"tool_"].iter().all(|part| memmem::find(body, part).is_none()) {
        return Ok(());
    }
    let Ok(conversation) = serde_json::from_slice::<Conversation<'_>>(body) else { return Ok(()) };
    let mut open: Vec<Cow<'_, str>> = Vec::new();
    for (i, message) in conversation.messages.iter().enumerate() {
        let blocks: Vec<Block<'_>> =
            message.content.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default();
        let mut made = Vec::new();
        for (j, block) in blocks.iter().enumerate() {
            match block.r#type.map(RawValue::get) {
                Some(r#""thinking""#) => is_signed(block, i, j)?,
                Some(r#""tool_use""#) => made.push(block.id.and_then(string).unwrap_or_default()),
                Some(r#""tool_result""#) => {
                    let id = block.tool_use_id.and_then(string).unwrap_or_default();
                    let at = open.iter().position(|open| *open == id).ok_or_else(|| unexpected(i, j, &id))?;
                    open.remove(at);
                }
                _ => {}
            }
        }
        is_answered(&open, i)?;
        open = made;
    }
    is_answered(&open, conversation.messages.len())
}

fn is_signed(block: &Block<'_>, i: usize, j: usize) -> Result<(), Refusal> {
    let refuse = |what: &str| Err(Refusal::vendor(format!("messages.{i}.content.{j}{what}")));
    let Some(signature) = block.signature.and_then(string) else {
        return refuse(".thinking.signature: Field required");
    };
    match block.thinking.and_then(string) {
        None => return refuse(".thinking.thinking: Field required"),
        Some(text) if text.is_empty() => return refuse(".thinking: each thinking block must contain thinking"),
        Some(_) => {}
    }
    if signature.starts_with(OURS) { Ok(()) } else { refuse(": Invalid `signature` in `thinking` block") }
}

fn unexpected(i: usize, j: usize, id: &str) -> Refusal {
    Refusal::vendor(format!(
        "messages.{i}.content.{j}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block \
         must have a corresponding `tool_use` block in the previous message."
    ))
}

/// Refuses calls that the message `next` should have answered.
fn is_answered(open: &[Cow<'_, str>], next: usize) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    Err(Refusal::vendor(format!(
        "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block \
         must have a corresponding `tool_result` block in the next message.",
        next.saturating_sub(1),
        open.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(contents: &[String]) -> Option<String> {
        let messages: Vec<String> = contents.iter().map(|content| format!(r#"{{"content":{content}}}"#)).collect();
        let body = format!(r#"{{"messages":[{}]}}"#, messages.join(","));
        is_sound(body.as_bytes()).err().map(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn thinking_has_to_be_signed_here() {
        let thought = |more: &str| refused(&[format!(r#"[{{"type":"thinking"{more}}}]"#)]);
        assert_eq!(
            thought(r#","thinking":"t""#).as_deref(),
            Some("messages.0.content.0.thinking.signature: Field required")
        );
        assert!(thought(r#","thinking":"t","signature":"x""#).is_some_and(|why| why.contains("Invalid `signature`")));
        assert!(thought(&format!(r#","thinking":"","signature":"{OURS}""#)).is_some());
        assert_eq!(thought(&format!(r#","thinking":"t","signature":"{OURS}g==""#)), None);
    }

    #[test]
    fn calls_and_results_belong_together() {
        let call = r#"[{"type":"tool_use","id":"a"}]"#.to_owned();
        let result = r#"[{"type":"tool_result","tool_use_id":"a"}]"#.to_owned();
        assert_eq!(refused(&[call.clone(), result.clone()]), None);
        assert!(refused(&[result]).is_some_and(|why| why.starts_with("messages.0.content.0: unexpected")));
        assert!(
            refused(&[call, r#""and?""#.to_owned()]).is_some_and(|why| why.starts_with("messages.0: `tool_use` ids"))
        );
    }
}
