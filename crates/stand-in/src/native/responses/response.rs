//! The response object and its items, with their members in the order of the vendor's.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::native::answer::{Answer, Finish, THOUGHT};
use crate::native::body::NativeBody;
use crate::native::model::Model;
use crate::native::moment::NOW;
use crate::options::Family;
use crate::tools::ToolCall;

use super::offered::{Declared, Kind};

/// What an answer repeats of its request.
pub(super) struct Responses<'a> {
    declared: Vec<Declared<'a>>,
    instructions: Value,
    limit: Option<u64>,
    reasoning: Reasoning<'a>,
    text: Value,
    tools: Value,
    choice: Value,
    metadata: Value,
    parallel: bool,
}

#[derive(Deserialize, Default)]
struct Reasoning<'a> {
    #[serde(borrow, default)]
    effort: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    summary: Option<Cow<'a, str>>,
}

impl<'a> Responses<'a> {
    pub(super) fn new(read: &NativeBody<'a>, declared: Vec<Declared<'a>>) -> Self {
        let value = |raw: Option<&RawValue>, usual: Value| {
            raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).filter(|v: &Value| !v.is_null()).unwrap_or(usual)
        };
        Self {
            declared,
            instructions: value(read.instructions, Value::Null),
            limit: read.max_output_tokens,
            reasoning: read.reasoning.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default(),
            text: value(read.text, json!({"format": {"type": "text"}, "verbosity": "medium"})),
            tools: complete(value(read.tools, json!([]))),
            choice: value(read.tool_choice, json!("auto")),
            metadata: value(read.metadata, json!({})),
            parallel: read.parallel_tool_calls.unwrap_or(true),
        }
    }

    pub(super) fn asks_for_reasoning(&self) -> bool {
        self.reasoning.effort.as_deref().is_some_and(|effort| effort != "none")
    }

    /// Returns the response with these items.
    pub(super) fn object(&self, model: Model<'_>, answer: &Answer, items: Vec<Value>) -> Value {
        let status = match answer.finish {
            Finish::Length | Finish::Filtered => "incomplete",
            Finish::Failed => "failed",
            Finish::Complete | Finish::Calls | Finish::Stopped(_) | Finish::Refused | Finish::Denied(_) => "completed",
        };
        let mut object = self.skeleton(model, answer, status);
        object["completed_at"] = if status == "completed" { json!(NOW + 1) } else { Value::Null };
        object["incomplete_details"] = match answer.finish {
            Finish::Length => json!({"reason": "max_output_tokens"}),
            Finish::Filtered => json!({"reason": "content_filter"}),
            _ => Value::Null,
        };
        if answer.finish == Finish::Failed {
            object["error"] = json!({"code": "server_error", "message": "The model failed to produce a response."});
            return object;
        }
        object["output"] = items.into();
        let tokens = answer.usage;
        object["usage"] = json!({
            "input_tokens": tokens.input,
            "input_tokens_details": {"cached_tokens": tokens.cached},
            "output_tokens": tokens.output,
            "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
            "total_tokens": tokens.input + tokens.output
        });
        object
    }

    /// Returns the response before it has any item.
    pub(super) fn skeleton(&self, model: Model<'_>, answer: &Answer, status: &str) -> Value {
        let name = match answer.finish {
            Finish::Denied(_) => model.id.to_owned(),
            _ => model.answers_as(),
        };
        json!({
            "id": format!("resp_{:032x}", answer.id),
            "object": "response",
            "created_at": NOW,
            "status": status,
            "background": false,
            "completed_at": null,
            "error": null,
            "frequency_penalty": 0.0,
            "incomplete_details": null,
            "instructions": self.instructions,
            "max_output_tokens": self.limit,
            "max_tool_calls": null,
            "model": name,
            "moderation": null,
            "output": [],
            "parallel_tool_calls": self.parallel,
            "presence_penalty": 0.0,
            "previous_response_id": null,
            "prompt_cache_key": null,
            "prompt_cache_retention": "in_memory",
            "reasoning": {"effort": self.reasoning.effort, "summary": self.reasoning.summary},
            "safety_identifier": null,
            "service_tier": "default",
            "store": true,
            "temperature": 1.0,
            "text": self.text,
            "tool_choice": self.choice,
            "tools": self.tools,
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": null,
            "user": null,
            "metadata": self.metadata
        })
    }

    /// Returns all items of an answer: reasoning, a message, calls.
    pub(super) fn items(&self, answer: &Answer) -> Vec<Value> {
        let mut items = Vec::new();
        if answer.thinks {
            items.push(self.reasoning(answer, items.len()));
        }
        if answer.calls.is_empty() && answer.finish != Finish::Failed {
            items.push(message(answer, items.len()));
        }
        for call in &answer.calls {
            items.push(self.call(answer, call, items.len()));
        }
        items
    }

    /// Returns a reasoning item. Its summary is empty unless the client asks for one.
    fn reasoning(&self, answer: &Answer, at: usize) -> Value {
        let summary = match self.reasoning.summary {
            Some(_) => json!([{"type": "summary_text", "text": THOUGHT}]),
            None => json!([]),
        };
        let sealed = format!("gAAAAAB{:016x}", answer.id);
        json!({"id": item_id("rs", answer, at), "type": "reasoning", "summary": summary, "encrypted_content": sealed})
    }

    fn call(&self, answer: &Answer, call: &ToolCall, at: usize) -> Value {
        let id = call.id(Family::OpenAI);
        let declared = self.declared.iter().find(|declared| declared.known_as == call.name);
        let name = declared.map_or(&*call.name, |declared| &declared.name);
        let mut item = match declared.map_or(Kind::Function, |declared| declared.kind) {
            Kind::Function => json!({
                "id": item_id("fc", answer, at), "type": "function_call", "status": "completed",
                "arguments": call.arguments.to_string(), "call_id": id, "name": name
            }),
            Kind::Custom => json!({
                "id": item_id("ctc", answer, at), "type": "custom_tool_call", "status": "completed", "call_id": id,
                "input": input(call), "name": name
            }),
            Kind::Search => json!({
                "id": item_id("tsc", answer, at), "type": "tool_search_call", "status": "completed",
                "arguments": call.arguments, "call_id": id, "execution": "client"
            }),
        };
        if let Some(namespace) = declared.and_then(|declared| declared.namespace.as_deref()) {
            item["namespace"] = json!(namespace);
        }
        item
    }
}

/// Adds to functions what the vendor repeats although the client leaves it out.
fn complete(mut tools: Value) -> Value {
    let listed = tools.as_array_mut().into_iter().flatten().filter(|tool| tool["type"] == "function");
    for function in listed.filter_map(Value::as_object_mut) {
        function.entry("parameters").or_insert(Value::Null);
        function.entry("strict").or_insert(Value::Bool(true));
    }
    tools
}

/// Returns the text that a custom tool is called with: that of a script, or a sample.
fn input(call: &ToolCall) -> String {
    match call.arguments.get("input").and_then(Value::as_str) {
        Some(scripted) => scripted.to_owned(),
        None => format!("sample input\nof {}\n", call.name),
    }
}

fn message(answer: &Answer, at: usize) -> Value {
    let status = if answer.finish == Finish::Length { "incomplete" } else { "completed" };
    let part = match answer.finish {
        Finish::Refused => json!({"type": "refusal", "refusal": answer.text}),
        _ => json!({"type": "output_text", "annotations": [], "logprobs": [], "text": answer.text}),
    };
    let is_empty = answer.text.is_empty();
    json!({
        "id": item_id("msg", answer, at), "type": "message", "status": status,
        "content": if is_empty { json!([]) } else { json!([part]) }, "phase": "final_answer", "role": "assistant"
    })
}

fn item_id(prefix: &str, answer: &Answer, at: usize) -> String {
    format!("{prefix}_{:016x}{at:016x}", answer.id)
}
