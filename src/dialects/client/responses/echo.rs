//! The object `response`: what a reply is, and what the request asked for, repeated in every one of them.

use super::fields::{LIMIT, ResponsesFields};
use super::usage;
use crate::chat::Usage;
use crate::dialects::client::frame::ReplyFrame;
use crate::json::{self, Fields, fields};
use serde_json::value::RawValue;
use std::time::Instant;

/// Where a response stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponsePhase<'a> {
    /// It is being made.
    InProgress,
    /// It is complete, since this time in Unix seconds.
    Completed(u64),
    /// It ends before its time, for this reason.
    Incomplete(&'static str),
    /// It failed: the code and the message.
    Failed(&'static str, &'a str),
}

impl ResponsePhase<'_> {
    fn name(self) -> &'static str {
        match self {
            ResponsePhase::InProgress => "in_progress",
            ResponsePhase::Completed(_) => "completed",
            ResponsePhase::Incomplete(_) => "incomplete",
            ResponsePhase::Failed(..) => "failed",
        }
    }
}

/// What a request asked for, as its responses repeat it: two stretches of fields, one before and one behind `output`.
#[derive(Debug, Default)]
pub struct Echo {
    before: Vec<u8>,
    behind: Vec<u8>,
}

impl Echo {
    /// Returns what responses to this request repeat of it.
    pub fn new(asked: &ResponsesFields<'_>) -> Self {
        let mut before = Vec::with_capacity(256);
        let or = |name: &str, other: &'static str| asked.get(name).map_or(other, RawValue::get);
        push(&mut before, "background", "false");
        push(&mut before, "instructions", or("instructions", "null"));
        push(&mut before, LIMIT, or(LIMIT, "null"));
        push(&mut before, "max_tool_calls", or("max_tool_calls", "null"));
        let mut behind = Vec::with_capacity(1024);
        push(&mut behind, "parallel_tool_calls", or("parallel_tool_calls", "true"));
        for (name, value) in [("previous_response_id", "null"), ("presence_penalty", "0"), ("frequency_penalty", "0")] {
            push(&mut behind, name, value);
        }
        push(&mut behind, "prompt_cache_key", or("prompt_cache_key", "null"));
        let inside = |outer: &str, name: &str| asked.inside(outer, name).map_or("null", RawValue::get);
        let (effort, summary) = (inside("reasoning", "effort"), inside("reasoning", "summary"));
        push(&mut behind, "reasoning", &format!("{{\"effort\":{effort},\"summary\":{summary}}}"));
        push(&mut behind, "safety_identifier", or("safety_identifier", "null"));
        push(&mut behind, "service_tier", "\"default\"");
        push(&mut behind, "store", "false");
        push(&mut behind, "temperature", or("temperature", "null"));
        let format = asked.inside("text", "format").map_or("{\"type\":\"text\"}", RawValue::get);
        let verbosity = asked.inside("text", "verbosity");
        let verbosity = verbosity.map_or(String::new(), |value| format!(",\"verbosity\":{}", value.get()));
        push(&mut behind, "text", &format!("{{\"format\":{format}{verbosity}}}"));
        push(&mut behind, "tool_choice", or("tool_choice", "\"auto\""));
        json::push_key(&mut behind, "tools");
        push_tools(&mut behind, asked.get("tools"));
        push(&mut behind, "top_logprobs", "0");
        push(&mut behind, "top_p", or("top_p", "null"));
        push(&mut behind, "truncation", "\"disabled\"");
        push(&mut behind, "metadata", or("metadata", "{}"));
        Echo { before, behind }
    }
}

fn push(out: &mut Vec<u8>, name: &str, value: &str) {
    // The object's first fields stand before these.
    out.push(b',');
    json::push_string(out, name);
    out.push(b':');
    // The object is sent in lines of events.
    json::push_line(out, value);
}

/// Appends the tools as they were written. The schema wants two fields of every function that clients may leave out.
fn push_tools(out: &mut Vec<u8>, given: Option<&RawValue>) {
    let list = given.and_then(|given| fields::list_of(given).ok()).unwrap_or_default();
    out.push(b'[');
    for (index, one) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let tool = Fields::of(one);
        let is_function = |tool: &Fields<'_>| tool.get("type").and_then(json::inside_of) == Some("function");
        match tool.filter(is_function) {
            Some(tool) => {
                json::push_line(out, one.get().strip_suffix('}').unwrap_or(one.get()));
                for name in ["parameters", "strict"].into_iter().filter(|name| tool.get(name).is_none()) {
                    push(out, name, "null");
                }
                out.push(b'}');
            }
            None => json::push_line(out, one.get()),
        }
    }
    out.push(b']');
}

/// The facts of one response, which are the same in all its objects.
#[derive(Debug, Clone)]
pub struct ResponseFacts {
    /// Its id, the same in all its objects.
    id: String,
    created: u64,
    begun: Instant,
    model: String,
    echo: std::sync::Arc<Echo>,
}

impl ResponseFacts {
    /// Returns the facts of the response of this frame.
    pub fn new(frame: &ReplyFrame, echo: std::sync::Arc<Echo>) -> Self {
        let id = format!("resp_{}", frame.id);
        ResponseFacts { id, created: frame.created, begun: Instant::now(), model: frame.model.clone(), echo }
    }

    /// Returns the same facts of a response that has another id.
    pub fn called(&self, id: &str) -> Self {
        ResponseFacts { id: id.to_owned(), ..self.clone() }
    }

    /// Returns the time, by the clock that told when the response began.
    pub fn now(&self) -> u64 {
        self.created + self.begun.elapsed().as_secs()
    }

    /// Appends the object. `output` are its items so far, with commas between them.
    pub fn push(&self, out: &mut Vec<u8>, state: ResponsePhase<'_>, output: &[u8], usage: Option<Usage>) {
        let Echo { before, behind } = &*self.echo;
        out.reserve(before.len() + behind.len() + output.len() + self.model.len() + 512);
        out.extend_from_slice(b"{\"id\":");
        json::push_string(out, &self.id);
        out.extend_from_slice(b",\"object\":\"response\",\"created_at\":");
        json::push_number(out, self.created);
        json::push_key(out, "status");
        json::push_string(out, state.name());
        json::push_key(out, "completed_at");
        match state {
            ResponsePhase::Completed(at) => json::push_number(out, at),
            _ => out.extend_from_slice(b"null"),
        }
        json::push_key(out, "error");
        match state {
            ResponsePhase::Failed(code, message) => {
                out.extend_from_slice(b"{\"code\":");
                json::push_string(out, code);
                json::push_key(out, "message");
                json::push_string(out, message);
                out.push(b'}');
            }
            _ => out.extend_from_slice(b"null"),
        }
        json::push_key(out, "incomplete_details");
        match state {
            ResponsePhase::Incomplete(reason) => {
                out.extend_from_slice(b"{\"reason\":");
                json::push_string(out, reason);
                out.push(b'}');
            }
            _ => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(before);
        json::push_key(out, "model");
        json::push_string(out, &self.model);
        out.extend_from_slice(b",\"output\":[");
        out.extend_from_slice(output);
        out.push(b']');
        out.extend_from_slice(behind);
        if let Some(usage) = usage {
            json::push_key(out, "usage");
            usage::push(out, usage);
        }
        out.push(b'}');
    }
}
