//! Writes a whole reply into one buffer while the upstream's answer is decoded.

use super::frame::{Frame, Made};
use super::push_usage;
use crate::chat::{Event, Sink, Text};
use crate::json;
use crate::wire::Failure;
use std::sync::atomic::Ordering;

/// A whole reply in the making.
pub struct Whole<'f> {
    frame: &'f mut Frame,
    out: Vec<u8>,
    text_at: usize,
    calls: Vec<Made>,
}

impl<'f> Whole<'f> {
    /// Begins a reply of about `size` bytes.
    pub fn new(frame: &'f mut Frame, size: usize) -> Self {
        let mut out = Vec::with_capacity(size + 512);
        if frame.tally.is_none() {
            open(frame, &mut out);
        }
        frame.push_choice(&mut out);
        out.extend_from_slice(frame.shape.whole_open.as_bytes());
        let text_at = out.len();
        out.push(b'"');
        Whole { frame, out, text_at, calls: Vec::new() }
    }

    /// Ends the reply; one choice of several is only that choice.
    ///
    /// # Errors
    /// 502 for tool calls where the endpoint cannot carry any.
    pub fn finish(mut self, upstream: &str) -> Result<Vec<u8>, Failure> {
        let shape = self.frame.shape;
        if !self.calls.is_empty() && !shape.has_tool_calls {
            return Err(Failure::upstream(format!(
                "{upstream} answered with tool calls, which this endpoint cannot carry."
            )));
        }
        if self.out.len() == self.text_at + 1 && !self.calls.is_empty() {
            self.out.truncate(self.text_at);
            self.out.extend_from_slice(b"null");
        } else {
            self.out.push(b'"');
        }
        self.out.extend_from_slice(shape.whole_after_text.as_bytes());
        match self.calls.first() {
            None => {}
            Some(call) if self.frame.has_old_calls() => push_old_call(&mut self.out, call),
            Some(_) => self.push_calls(),
        }
        self.out.extend_from_slice(shape.whole_finish_open.as_bytes());
        let completion = self.frame.meter.tokens();
        self.frame.note(completion);
        json::push_string(&mut self.out, self.frame.finish_reason(completion, !self.calls.is_empty()));
        self.out.push(b'}');
        match &self.frame.tally {
            None => close(self.frame, completion, &mut self.out),
            Some(tally) => {
                tally.fetch_add(completion.unwrap_or(0), Ordering::Relaxed);
            }
        }
        Ok(self.out)
    }

    fn push_calls(&mut self) {
        self.out.extend_from_slice(b",\"tool_calls\":[");
        for (index, call) in self.calls.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.out.extend_from_slice(b"{\"id\":");
            json::push_string(&mut self.out, &call.id);
            self.out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
            json::push_string(&mut self.out, &call.name);
            self.out.extend_from_slice(b",\"arguments\":");
            json::push_string(&mut self.out, &call.arguments);
            self.out.extend_from_slice(b"}}");
        }
        self.out.push(b']');
    }
}

/// Everything before the choices.
pub fn open(frame: &Frame, out: &mut Vec<u8>) {
    out.push(b'{');
    frame.push_common(out, frame.shape.whole_object);
    out.extend_from_slice(b",\"choices\":[");
}

/// Everything after the choices, with the tokens of all of them.
pub fn close(frame: &Frame, completion: Option<u64>, out: &mut Vec<u8>) {
    out.push(b']');
    if let Some(completion) = completion {
        json::push_key(out, "usage");
        push_usage(out, frame.prompt.tokens(), Some(completion));
    }
    out.push(b'}');
}

/// The form that preceded tools has room for one call.
fn push_old_call(out: &mut Vec<u8>, call: &Made) {
    out.extend_from_slice(b",\"function_call\":{\"name\":");
    json::push_string(out, &call.name);
    out.extend_from_slice(b",\"arguments\":");
    json::push_string(out, &call.arguments);
    out.push(b'}');
}

impl Sink for Whole<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => {
                self.frame.meter.push(text);
                match text {
                    Text::Plain(text) => json::push_escaped(&mut self.out, text),
                    Text::Json(inside) => self.out.extend_from_slice(inside.as_bytes()),
                }
            }
            Event::ToolCall { id, name, arguments } => {
                let made = self.frame.made_call(self.calls.len(), id, name, arguments);
                self.frame.meter.push_call(&made.name, &made.arguments);
                self.calls.push(made);
            }
        }
    }
}
