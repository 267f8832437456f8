//! The calls of a conversation and their results, which have to belong together.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::content::string;
use crate::native::refusal::Refusal;

#[derive(Deserialize)]
struct Conversation<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    role: Option<&'a RawValue>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Made<'a>>>,
    #[serde(borrow, default)]
    tool_call_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Made<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
}

/// Refuses a result without a call, and a call without a result.
pub(super) fn is_complete(body: &[u8]) -> Result<(), Refusal> {
    let Ok(conversation) = serde_json::from_slice::<Conversation<'_>>(body) else { return Ok(()) };
    let mut open: Vec<Cow<'_, str>> = Vec::new();
    for (i, message) in conversation.messages.iter().enumerate() {
        if message.role.map(RawValue::get) == Some("\"tool\"") {
            let id = message.tool_call_id.and_then(string).unwrap_or_default();
            let Some(at) = open.iter().position(|open| *open == id) else { return Err(orphan(i)) };
            open.remove(at);
            continue;
        }
        unanswered(&open, i)?;
        let made = message.tool_calls.iter().flatten();
        open = made.map(|call| call.id.and_then(string).unwrap_or_default()).collect();
    }
    unanswered(&open, conversation.messages.len())
}

fn orphan(at: usize) -> Refusal {
    let message = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with \
                   'tool_calls'.";
    Refusal { param: Some(format!("messages.[{at}].role").into()), ..Refusal::vendor(message) }
}

fn unanswered(open: &[Cow<'_, str>], at: usize) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The \
         following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(Refusal { param: Some(format!("messages.[{at}].role").into()), ..Refusal::vendor(message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(messages: &str) -> Option<String> {
        is_complete(format!(r#"{{"messages":[{messages}]}}"#).as_bytes())
            .err()
            .map(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn calls_and_results_belong_together() {
        let calls = r#"{"role":"assistant","content":"","tool_calls":[{"id":"a"},{"id":"b"}]}"#;
        let result = |id| format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"1"}}"#);
        let (a, b) = (result("a"), result("b"));
        assert_eq!(refused(&format!("{calls},{b},{a}")), None);
        assert!(refused(&a).is_some_and(|why| why.contains("must be a response")));
        assert!(refused(&format!("{calls},{a}")).is_some_and(|why| why.ends_with(": b")));
        let user = r#"{"role":"user","content":"and?"}"#;
        assert!(refused(&format!("{calls},{user},{a},{b}")).is_some_and(|why| why.ends_with(": a, b")));
        assert_eq!(refused(user), None);
    }
}
