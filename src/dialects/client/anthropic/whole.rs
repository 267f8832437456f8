//! Writes a whole reply while the upstream's answer is decoded.

use super::calls;
use super::frames::MessageHead;
use super::usage::{push_usage, stop_reason};
use crate::chat::event::push_text;
use crate::chat::{Event, Sink, Text};
use crate::dialects::client::call_maker::{CallMaker, MadeCall};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::json;
use std::sync::Arc;

/// A whole reply while it is written.
pub struct WholeMessage {
    frame: ReplyFrame,
    /// The blocks so far, but for the calls, which come last.
    content: Vec<u8>,
    /// True if a text block is open.
    in_text: bool,
    /// The inside of a JSON string: thinking whose signature has not come. Without one nobody takes it back, so it is not shown.
    thinking: Vec<u8>,
    maker: CallMaker,
    calls: Vec<MadeCall>,
    declines: bool,
}

impl WholeMessage {
    /// Creates a reply that has not begun.
    pub fn new(frame: ReplyFrame, known: Arc<KnownNames>) -> Self {
        WholeMessage {
            frame,
            content: Vec::new(),
            in_text: false,
            thinking: Vec::new(),
            maker: CallMaker::new(known, calls::PREFIX),
            calls: Vec::new(),
            declines: false,
        }
    }

    /// Begins a reply of about `size` bytes.
    pub fn begin(&mut self, size: usize) {
        self.content.reserve(size + 256);
    }

    /// Ends the reply.
    pub fn finish(&mut self) -> Vec<u8> {
        self.end_text();
        let mut out = Vec::with_capacity(self.content.len() + 512);
        MessageHead::of(&self.frame).push(&mut out);
        out.extend_from_slice(b",\"content\":[");
        out.append(&mut self.content);
        for call in &self.calls {
            if !matches!(out.last(), Some(b'[')) {
                out.push(b',');
            }
            calls::push(call, &mut out, true);
        }
        let (reason, output) = self.frame.end(!self.calls.is_empty());
        let is_cut = self.calls.iter().any(|call| !call.arguments.is_empty() && !call.is_complete());
        let word = stop_reason(reason, !self.calls.is_empty(), is_cut, self.declines);
        out.extend_from_slice(b"],\"stop_reason\":");
        json::push_string(&mut out, word);
        out.extend_from_slice(b",\"stop_sequence\":null,");
        push_usage(&mut out, self.frame.shown_usage(output));
        out.push(b'}');
        out
    }

    fn say(&mut self, text: Text<'_>) {
        self.frame.meter.push(text);
        if !self.in_text {
            self.thinking.clear();
            self.next_block();
            self.content.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
            self.in_text = true;
        }
        push_text(&mut self.content, text);
    }

    fn end_text(&mut self) {
        if std::mem::take(&mut self.in_text) {
            self.content.extend_from_slice(b"\"}");
        }
    }

    fn next_block(&mut self) {
        if !self.content.is_empty() {
            self.content.push(b',');
        }
    }
}

impl Sink for WholeMessage {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.say(text),
            Event::Refusal(text) => {
                self.declines = true;
                self.say(text);
            }
            Event::Reasoning(text) => {
                self.frame.meter.push(text);
                push_text(&mut self.thinking, text);
            }
            Event::Signature(signature) => {
                self.end_text();
                self.next_block();
                self.content.extend_from_slice(b"{\"type\":\"thinking\",\"thinking\":\"");
                self.content.append(&mut self.thinking);
                self.content.extend_from_slice(b"\",\"signature\":");
                json::push_string(&mut self.content, signature);
                self.content.push(b'}');
            }
            Event::Encrypted(data) => {
                self.end_text();
                self.next_block();
                self.content.extend_from_slice(b"{\"type\":\"redacted_thinking\",\"data\":");
                json::push_string(&mut self.content, data);
                self.content.push(b'}');
            }
            Event::ToolCall { id, name, arguments } => {
                self.frame.meter.push_call(&name, &arguments);
                let made = self.maker.make(&self.frame, id, &name);
                self.calls.push(made.with(arguments));
            }
            Event::CallStart { id, name } => {
                self.frame.meter.push(Text::Plain(&name));
                self.calls.push(self.maker.make(&self.frame, id, &name));
            }
            Event::Arguments { call, piece } => {
                self.frame.meter.push(piece);
                if let Some(call) = self.calls.get_mut(call) {
                    call.arguments.push_str(&piece.decoded());
                }
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
        }
    }
}
