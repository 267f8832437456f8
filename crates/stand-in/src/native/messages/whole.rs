//! A whole message, with its members in the order of the recorded ones.

use serde_json::{Value, json};

use crate::native::answer::{Answer, Finish, THOUGHT, Usage};
use crate::native::model::Model;
use crate::native::moment::NOW;
use crate::options::Family;

use super::history::OURS;

pub(super) fn body(model: Model<'_>, answer: &Answer) -> Value {
    if let Finish::Denied(_) = answer.finish {
        return json!({
            "id": id(answer),
            "type": "message",
            "role": "assistant",
            "model": model.id,
            "content": [{"type": "text", "text": answer.text}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 0, "output_tokens": 0}
        });
    }
    let (reason, sequence) = stop(&answer.finish);
    json!({
        "content": content(answer),
        "id": id(answer),
        "model": model.answers_as(),
        "role": "assistant",
        "stop_details": null,
        "stop_reason": reason,
        "stop_sequence": sequence,
        "type": "message",
        "usage": usage(answer.usage, answer.usage.output)
    })
}

fn content(answer: &Answer) -> Vec<Value> {
    let mut blocks = Vec::new();
    if answer.thinks {
        blocks.push(json!({"signature": signature(answer), "thinking": THOUGHT, "type": "thinking"}));
    }
    if !answer.text.is_empty() {
        blocks.push(json!({"citations": null, "text": answer.text, "type": "text"}));
    }
    blocks.extend(answer.calls.iter().map(|call| {
        json!({"id": call.id(Family::Anthropic), "input": call.arguments, "name": call.name, "type": "tool_use"})
    }));
    blocks
}

/// Returns the id of a message. That of a denial names the user and the time.
pub(super) fn id(answer: &Answer) -> String {
    match &answer.finish {
        Finish::Denied(user) => format!("msg_blocked_{user}_{NOW}"),
        _ => format!("msg_vrtx_01{:022x}", answer.id),
    }
}

/// Returns the signature of an answer's thinking.
pub(super) fn signature(answer: &Answer) -> String {
    format!("{OURS}{:016x}GAE=", answer.id)
}

/// Returns the reason of an answer's end in Anthropic's words, and the sequence that ended it.
pub(super) fn stop(finish: &Finish) -> (&'static str, Option<&str>) {
    match finish {
        Finish::Complete | Finish::Failed | Finish::Denied(_) => ("end_turn", None),
        Finish::Calls => ("tool_use", None),
        Finish::Length => ("max_tokens", None),
        Finish::Stopped(sequence) => ("stop_sequence", Some(sequence)),
        Finish::Refused | Finish::Filtered => ("refusal", None),
    }
}

/// Returns the tokens of a message. Cached tokens are no part of `input_tokens`.
pub(super) fn usage(usage: Usage, output: u64) -> Value {
    json!({
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "input_tokens": usage.input - usage.cached.min(usage.input),
        "output_tokens": output,
        "server_tool_use": null,
        "service_tier": null
    })
}
