//! Writes chunks while the upstream's stream is decoded: a piece costs one escape into one buffer.

use super::frame::Frame;
use super::push_usage;
use crate::chat::{Event, Sink, Text};
use crate::wire::{json, sse};

/// The state of one stream of chunks.
pub struct Chunks {
    /// Everything before the list of choices, rendered once: `data: {"id":…,"choices":[`.
    head: Vec<u8>,
    /// Everything after it: closes the list, the chunk and the event.
    tail: &'static [u8],
    begun: bool,
    /// Whether a chunk with text is open: the texts of one piece become one chunk.
    open: bool,
    calls: usize,
}

impl Chunks {
    /// A stream that has not begun.
    pub fn new(frame: &Frame) -> Self {
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(sse::DATA);
        head.push(b'{');
        frame.push_common(&mut head, frame.shape.chunk_object);
        head.extend_from_slice(b",\"choices\":[");
        let tail: &[u8] = if frame.include_usage { b"],\"usage\":null}\n\n" } else { b"]}\n\n" };
        Chunks { head, tail, begun: false, open: false, calls: 0 }
    }

    /// The room that a piece of `size` bytes needs at the most usual.
    pub fn room(&self, size: usize) -> usize {
        let choice = 128;
        let first = if self.begun { 0 } else { self.head.len() + choice };
        first + self.head.len() + choice + size + size / 8
    }

    fn choice(&self, out: &mut Vec<u8>, open: &str, write: impl FnOnce(&mut Vec<u8>), close: &str) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(open.as_bytes());
        write(out);
        out.extend_from_slice(close.as_bytes());
        out.extend_from_slice(self.tail);
    }

    /// The first chunk, where the endpoint has one and it was not sent yet.
    fn begin(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            if let Some(first) = frame.shape.first_choice {
                self.choice(out, first, |_| {}, "");
            }
        }
    }

    fn text(&mut self, frame: &mut Frame, text: Text<'_>, out: &mut Vec<u8>) {
        self.begin(frame, out);
        frame.meter.push(text);
        if !self.open {
            self.open = true;
            out.extend_from_slice(&self.head);
            out.extend_from_slice(frame.shape.text_open.as_bytes());
        }
        match text {
            Text::Plain(text) => json::push_escaped(out, text),
            Text::Json(inside) => out.extend_from_slice(inside.as_bytes()),
        }
    }

    /// Closes the chunk with text, if one is open: the piece is over.
    pub fn close(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        if self.open {
            self.open = false;
            out.extend_from_slice(frame.shape.text_close.as_bytes());
            out.extend_from_slice(self.tail);
        }
    }

    /// The end of a stream that is complete: finish chunk, usage where it was asked for, `[DONE]`.
    pub fn finish(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        self.close(frame, out);
        self.begin(frame, out);
        let completion = frame.meter.tokens();
        let reason = frame.finish_reason(completion, self.calls > 0);
        self.choice(out, frame.shape.finish_open, |out| json::push_string(out, reason), "}");
        if let (true, Some(completion)) = (frame.include_usage, completion) {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(b"],\"usage\":");
            push_usage(out, frame.prompt.tokens(), Some(completion));
            out.push(b'}');
            out.extend_from_slice(sse::END);
        }
        out.extend_from_slice(sse::DONE);
    }
}

/// Chunks, and where they are written: what a decoder hands its events to.
pub struct ChunkSink<'a> {
    /// The stream.
    pub chunks: &'a mut Chunks,
    /// What the reply is about.
    pub frame: &'a mut Frame,
    /// Where the events go.
    pub out: &'a mut Vec<u8>,
}

impl Sink for ChunkSink<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.chunks.text(self.frame, text, self.out),
            Event::ToolCall { id, name, arguments } => {
                self.chunks.close(self.frame, self.out);
                self.chunks.begin(self.frame, self.out);
                let index = self.chunks.calls;
                self.chunks.calls += 1;
                let call = self.frame.made_call(index, id, name, arguments);
                let write = |out: &mut Vec<u8>| {
                    json::push_number(out, index as u64);
                    json::push_key(out, "id");
                    json::push_string(out, &call.id);
                    out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
                    json::push_string(out, &call.name);
                    out.extend_from_slice(b",\"arguments\":");
                    json::push_string(out, &call.arguments);
                };
                let open = "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":";
                self.chunks.choice(self.out, open, write, "}}]},\"logprobs\":null,\"finish_reason\":null}");
            }
        }
    }
}
