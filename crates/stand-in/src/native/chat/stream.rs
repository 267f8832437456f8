//! A streamed answer of `/v1/chat/completions`: chunks as recorded, with a null for each unused member.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::native::answer::{Answer, Finish};
use crate::native::json::dumps;
use crate::native::model::Model;
use crate::native::moment::NOW;
use crate::native::pieces;
use crate::options::Family;
use crate::tools::ToolCall;

use super::{finish_reason, id, is_plain, name, whole};

/// What hides the length of a chunk. Each chunk has some of it.
const PADDING: &str = "uH3HNKSb5jbXrJr20JaN";

pub(super) fn events(model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
    let mut chunks =
        Chunks { id: id(model, answer), model: name(model, answer), is_plain: is_plain(model), out: Vec::new() };
    if !chunks.is_plain {
        let filter = whole::filter(!answer.text.is_empty(), "jailbreak");
        chunks.push(&dumps(&json!({
            "id": "", "choices": [], "created": 0, "model": "", "object": "", "service_tier": null,
            "system_fingerprint": null, "usage": null,
            "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": filter}]
        })));
    }
    if answer.calls.is_empty() {
        chunks.delta(&Delta { role: Some("assistant"), content: Some(""), ..Delta::default() });
    }
    for (i, call) in answer.calls.iter().enumerate() {
        chunks.call(call, i, piece);
    }
    for text in pieces::of(&answer.text, piece) {
        chunks.delta(&match answer.finish {
            Finish::Refused if !chunks.is_plain => Delta { refusal: Some(text), ..Delta::default() },
            _ => Delta { content: Some(text), ..Delta::default() },
        });
    }
    chunks.delta(&Delta { finish: Some(finish_reason(&answer.finish)), ..Delta::default() });
    let usage = if chunks.is_plain {
        let (prompt, completion) = (whole::plain_prompt_tokens(model, answer.usage), answer.usage.output);
        json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
    } else {
        whole::usage(model, answer.usage)
    };
    chunks.tail("[]", &dumps(&usage));
    chunks.push("[DONE]");
    chunks.out
}

/// The change of one chunk. What is not set is null.
#[derive(Default)]
struct Delta<'a> {
    role: Option<&'a str>,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    calls: Option<Value>,
    finish: Option<&'a str>,
}

struct Chunks {
    id: String,
    model: String,
    is_plain: bool,
    out: Vec<Bytes>,
}

impl Chunks {
    /// Adds the chunks of a call: its head, and its arguments in pieces.
    fn call(&mut self, call: &ToolCall, i: usize, piece: usize) {
        let role = (i == 0).then_some("assistant");
        let head = json!([{
            "index": i, "id": call.id(Family::OpenAI), "function": {"arguments": "", "name": call.name}, "type": "function"
        }]);
        self.delta(&Delta { role, calls: Some(head), ..Delta::default() });
        for part in pieces::of(&call.arguments.to_string(), piece) {
            let more = json!([{"index": i, "id": null, "function": {"arguments": part, "name": null}, "type": null}]);
            self.delta(&Delta { calls: Some(more), ..Delta::default() });
        }
    }

    fn delta(&mut self, delta: &Delta<'_>) {
        let [role, content, refusal, finish] =
            [delta.role, delta.content, delta.refusal, delta.finish].map(|t| dumps(&t));
        let calls = dumps(&delta.calls);
        let choice = if self.is_plain {
            format!(
                r#"[{{"index": 0, "delta": {{"role": {role}, "content": {content}, "tool_calls": {calls}}}, "finish_reason": {finish}}}]"#
            )
        } else {
            let filter = match delta.content {
                None | Some("") => "{}",
                Some(_) => r#"{"protected_material_code": {"detected": false, "filtered": false}}"#,
            };
            format!(
                r#"[{{"delta": {{"content": {content}, "function_call": null, "refusal": {refusal}, "role": {role}, "tool_calls": {calls}}}, "finish_reason": {finish}, "index": 0, "logprobs": null, "content_filter_results": {filter}}}]"#
            )
        };
        self.tail(&choice, "null");
    }

    /// Adds a chunk with these choices and this usage.
    fn tail(&mut self, choices: &str, usage: &str) {
        let Self { id, model, .. } = self;
        let head = format!(
            r#"{{"id": "{id}", "choices": {choices}, "created": {NOW}, "model": "{model}", "object": "chat.completion.chunk""#
        );
        let chunk = if self.is_plain {
            format!(r#"{head}, "usage": {usage}}}"#)
        } else {
            let (padding, _) = PADDING.split_at_checked(self.out.len() * 7 % PADDING.len()).unwrap_or_default();
            format!(
                r#"{head}, "service_tier": "default", "system_fingerprint": null, "usage": {usage}, "obfuscation": "{padding}"}}"#
            )
        };
        self.push(&chunk);
    }

    fn push(&mut self, data: &str) {
        self.out.push(format!("data: {data}\n\n").into());
    }
}
