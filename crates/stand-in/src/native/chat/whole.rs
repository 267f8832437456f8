//! A whole answer of `/v1/chat/completions`, with its members in the order of the recorded ones.

use serde_json::{Map, Value, json};

use crate::native::answer::{Answer, Finish, Usage};
use crate::native::model::Model;
use crate::native::moment::NOW;
use crate::options::Family;
use crate::tools::ToolCall;

use super::{finish_reason, id, is_plain, name};

pub(super) fn body(model: Model<'_>, answer: &Answer) -> Vec<u8> {
    let body = if is_plain(model) { plain(model, answer) } else { full(model, answer) };
    body.to_string().into()
}

/// Returns an answer as Gemini's.
fn plain(model: Model<'_>, answer: &Answer) -> Value {
    let (prompt, completion) = (plain_prompt_tokens(model, answer.usage), answer.usage.output);
    json!({
        "id": id(model, answer),
        "object": "chat.completion",
        "created": NOW,
        "model": name(model, answer),
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.text, "tool_calls": calls(&answer.calls)},
            "finish_reason": finish_reason(&answer.finish)
        }],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    })
}

/// Returns an answer as OpenAI's, with what Azure adds.
fn full(model: Model<'_>, answer: &Answer) -> Value {
    let (content, refusal) = content_and_refusal(answer);
    json!({
        "choices": [{
            "content_filter_results": filter(!answer.text.is_empty(), "protected_material_code"),
            "finish_reason": finish_reason(&answer.finish),
            "index": 0,
            "logprobs": null,
            "message": {
                "annotations": [],
                "audio": null,
                "content": content,
                "function_call": null,
                "refusal": refusal,
                "role": "assistant",
                "tool_calls": calls(&answer.calls)
            }
        }],
        "created": NOW,
        "id": id(model, answer),
        "model": name(model, answer),
        "object": "chat.completion",
        "prompt_filter_results": [
            {"content_filter_results": filter(!answer.text.is_empty(), "jailbreak"), "prompt_index": 0}
        ],
        "service_tier": "default",
        "system_fingerprint": null,
        "usage": usage(model, answer.usage)
    })
}

/// Returns the text as content or as the words of a refusal.
pub(super) fn content_and_refusal(answer: &Answer) -> (Option<&str>, Option<&str>) {
    match answer.finish {
        Finish::Refused => (None, Some(&answer.text)),
        _ => (Some(&answer.text), None),
    }
}

/// Returns the verdict of the content filter, which is empty beside an answer without text.
pub(super) fn filter(is_filled: bool, other: &str) -> Value {
    if !is_filled {
        return json!({});
    }
    let safe = json!({"filtered": false, "severity": "safe"});
    let mut verdict = Map::new();
    for kind in ["hate", "self_harm", "sexual", "violence"] {
        verdict.insert(kind.to_owned(), safe.clone());
    }
    verdict.insert(other.to_owned(), json!({"detected": false, "filtered": false}));
    Value::Object(verdict)
}

/// Returns calls in OpenAI's shape, or null for none.
fn calls(calls: &[ToolCall]) -> Value {
    if calls.is_empty() {
        return Value::Null;
    }
    calls.iter().map(|call| call.shaped(Family::OpenAI)).collect()
}

/// Returns the prompt's tokens as vendors with plain answers report them: Gemini says far too few.
pub(super) fn plain_prompt_tokens(model: Model<'_>, usage: Usage) -> u64 {
    match model.family {
        Family::Google => usage.input.min(1),
        Family::OpenAI | Family::Anthropic => usage.input,
    }
}

/// Returns the tokens of an answer. The newest family has one more member, which is always null.
pub(super) fn usage(model: Model<'_>, usage: Usage) -> Value {
    let mut prompt = json!({"audio_tokens": 0, "cached_tokens": usage.cached});
    if let (true, Some(prompt)) = (model.is_fifth_gpt(), prompt.as_object_mut()) {
        prompt.insert("cache_write_tokens".to_owned(), Value::Null);
    }
    json!({
        "completion_tokens": usage.output,
        "prompt_tokens": usage.input,
        "total_tokens": usage.input + usage.output,
        "completion_tokens_details": {
            "accepted_prediction_tokens": 0,
            "audio_tokens": 0,
            "reasoning_tokens": usage.reasoning,
            "rejected_prediction_tokens": 0
        },
        "prompt_tokens_details": prompt
    })
}
