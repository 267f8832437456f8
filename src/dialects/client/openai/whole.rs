//! Writes a whole reply into one buffer while the upstream's answer is decoded.

use super::calls::{Made, NO_ARGUMENTS};
use super::endpoint::OpenaiChat;
use super::stream::push_choice;
use super::usage::push_usage;
use crate::chat::{Event, Sink, Text, Usage};
use crate::dialects::client::frame::ReplyFrame;
use crate::json;
use crate::wire::Failure;

/// A whole reply while it is written.
pub struct Whole {
    client: OpenaiChat,
    frame: ReplyFrame,
    out: Vec<u8>,
    text_at: usize,
    calls: Vec<Made>,
    /// The inside of JSON strings.
    refusal: Vec<u8>,
    reasoning: Vec<u8>,
}

impl Whole {
    /// Creates a reply that has not begun.
    pub fn new(client: OpenaiChat, frame: ReplyFrame) -> Self {
        let (refusal, reasoning) = (Vec::new(), Vec::new());
        Whole { client, frame, out: Vec::new(), text_at: 0, calls: Vec::new(), refusal, reasoning }
    }

    /// Begins a reply of about `size` bytes.
    pub fn begin(&mut self, size: usize) {
        self.out.reserve(size + 512);
        if self.frame.tally.is_none() {
            open(self.client, &self.frame, &mut self.out);
        }
        push_choice(&self.frame, &mut self.out);
        self.out.extend_from_slice(self.client.shape.whole_open.as_bytes());
        self.text_at = self.out.len();
        self.out.push(b'"');
    }

    /// Ends the reply. If the answer is one choice of several, the reply is only that choice.
    ///
    /// # Errors
    /// 502 for tool calls that the endpoint cannot carry.
    pub fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        let (shape, upstream) = (self.client.shape, self.frame.upstream);
        if !self.calls.is_empty() && !shape.has_tool_calls {
            let message = format!("{upstream} answered with tool calls, which this endpoint cannot carry.");
            return Err(Failure::upstream(message));
        }
        let says_nothing = self.out.len() == self.text_at + 1;
        if says_nothing && (!self.calls.is_empty() || !self.refusal.is_empty()) {
            self.out.truncate(self.text_at);
            self.out.extend_from_slice(b"null");
        } else {
            self.out.push(b'"');
        }
        self.push_beside_text();
        self.out.extend_from_slice(shape.whole_finish_open.as_bytes());
        let (reason, output) = self.frame.end(!self.calls.is_empty());
        json::push_string(&mut self.out, self.client.finish_reason(reason));
        self.out.push(b'}');
        if self.frame.tally.is_none() {
            close(self.frame.usage(output), &mut self.out);
        }
        Ok(std::mem::take(&mut self.out))
    }

    /// Appends the fields beside the text: refusal, reasoning, tool calls.
    fn push_beside_text(&mut self) {
        if self.client.shape.has_tool_calls {
            self.out.extend_from_slice(b",\"refusal\":");
            match self.refusal.as_slice() {
                [] => self.out.extend_from_slice(b"null"),
                refusal => push_quoted(&mut self.out, refusal),
            }
            if !self.reasoning.is_empty() {
                self.out.extend_from_slice(b",\"reasoning_content\":");
                push_quoted(&mut self.out, &self.reasoning);
            }
        }
        for call in self.calls.iter_mut().filter(|call| call.arguments.is_empty() && call.in_pieces) {
            call.arguments.push_str(NO_ARGUMENTS);
        }
        match self.calls.first() {
            None => {}
            Some(call) if self.client.old_calls => call.push_old(&mut self.out),
            Some(_) => {
                self.out.extend_from_slice(b",\"tool_calls\":[");
                for (index, call) in self.calls.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    call.push(&mut self.out);
                }
                self.out.push(b']');
            }
        }
    }
}

/// Appends everything before the choices.
pub fn open(client: OpenaiChat, frame: &ReplyFrame, out: &mut Vec<u8>) {
    out.push(b'{');
    client.push_common(frame, out, client.shape.whole_object);
    out.extend_from_slice(b",\"choices\":[");
}

/// Appends everything after the choices.
pub fn close(usage: Option<Usage>, out: &mut Vec<u8>) {
    out.push(b']');
    if let Some(usage) = usage {
        json::push_key(out, "usage");
        push_usage(out, usage);
    }
    out.push(b'}');
}

fn push_quoted(out: &mut Vec<u8>, inside: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(inside);
    out.push(b'"');
}

/// Appends the inside of a JSON string.
fn push_inside(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Plain(text) => json::push_escaped(out, text),
        Text::Json(inside) => out.extend_from_slice(inside.as_bytes()),
    }
}

impl Sink for Whole {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => {
                self.frame.meter.push(text);
                push_inside(&mut self.out, text);
            }
            Event::Reasoning(text) => {
                self.frame.meter.push(text);
                push_inside(&mut self.reasoning, text);
            }
            Event::Refusal(text) => {
                self.frame.meter.push(text);
                push_inside(&mut self.refusal, text);
            }
            Event::ToolCall { id, name, arguments } => {
                let made = Made::new(&self.frame, self.calls.len(), id, name);
                self.frame.meter.push_call(&made.name, &arguments);
                self.calls.push(Made { arguments: arguments.into_owned(), ..made });
            }
            Event::CallStart { id, name } => {
                let made = Made::new(&self.frame, self.calls.len(), id, name);
                self.frame.meter.push(Text::Plain(&made.name));
                self.calls.push(Made { in_pieces: true, ..made });
            }
            Event::Arguments { call, piece } => {
                self.frame.meter.push(piece);
                if let Some(call) = self.calls.get_mut(call) {
                    call.arguments.push_str(&piece.decoded());
                }
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
            // OpenAI's chat has no fields for these events.
            Event::Signature(_) | Event::Encrypted(_) => {}
        }
    }
}
