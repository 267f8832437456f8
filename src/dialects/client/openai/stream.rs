//! Writes chunks while the upstream's stream is decoded: a piece costs one escape into one buffer.

use super::frame::{Frame, Made};
use super::push_usage;
use crate::chat::{Event, Sink, Text};
use crate::json::{self, cut};
use crate::wire::sse;
use std::sync::atomic::Ordering;

/// The most bytes of text in one chunk that is cut from a whole answer: some clients bound the length of a line.
const MOST: usize = 8 * 1024;

/// The state of one stream of chunks.
pub struct Chunks {
    /// Everything before what a choice says, rendered once: `data: {"id":…,"choices":[{"index":0,`.
    head: Vec<u8>,
    /// Where the list of choices begins in that.
    list_at: usize,
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
        let list_at = head.len();
        frame.push_choice(&mut head);
        let tail: &[u8] = if frame.include_usage { b"],\"usage\":null}\n\n" } else { b"]}\n\n" };
        Chunks { head, list_at, tail, begun: false, open: false, calls: 0 }
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
            Text::Json(inside) => json::push_inside(out, inside),
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

    /// A call: who is called first, then the arguments piece by piece.
    fn call(&self, index: usize, call: &Made, out: &mut Vec<u8>) {
        const OPEN: &str = "\"delta\":{\"tool_calls\":[{\"index\":";
        const CLOSE: &str = "}}]},\"logprobs\":null,\"finish_reason\":null}";
        let begin = |out: &mut Vec<u8>| {
            json::push_number(out, index as u64);
            json::push_key(out, "id");
            json::push_string(out, &call.id);
            out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
            json::push_string(out, &call.name);
            out.extend_from_slice(b",\"arguments\":\"\"");
        };
        self.choice(out, OPEN, begin, CLOSE);
        for piece in cut::plain(&call.arguments, MOST) {
            let arguments = |out: &mut Vec<u8>| {
                json::push_number(out, index as u64);
                out.extend_from_slice(b",\"function\":{\"arguments\":");
                json::push_string(out, piece);
            };
            self.choice(out, OPEN, arguments, CLOSE);
        }
    }

    /// The one call of the form that preceded tools.
    fn old_call(&self, call: &Made, out: &mut Vec<u8>) {
        const OPEN: &str = "\"delta\":{\"function_call\":{";
        const CLOSE: &str = "}},\"logprobs\":null,\"finish_reason\":null}";
        let begin = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"\"name\":");
            json::push_string(out, &call.name);
            out.extend_from_slice(b",\"arguments\":\"\"");
        };
        self.choice(out, OPEN, begin, CLOSE);
        for piece in cut::plain(&call.arguments, MOST) {
            let arguments = |out: &mut Vec<u8>| {
                out.extend_from_slice(b"\"arguments\":");
                json::push_string(out, piece);
            };
            self.choice(out, OPEN, arguments, CLOSE);
        }
    }

    /// The end of a stream that is complete: finish chunk, usage where it was asked for, `[DONE]`.
    pub fn finish(&mut self, frame: &Frame, out: &mut Vec<u8>) {
        self.close(frame, out);
        self.begin(frame, out);
        let completion = frame.meter.tokens();
        frame.note(completion);
        let reason = frame.finish_reason(completion, self.calls > 0);
        self.choice(out, frame.shape.finish_open, |out| json::push_string(out, reason), "}");
        match &frame.tally {
            None => self.finish_stream(frame, completion, out),
            Some(tally) => {
                tally.fetch_add(completion.unwrap_or(0), Ordering::Relaxed);
            }
        }
    }

    /// The end of a stream whose choices are all finished: usage where it was asked for, `[DONE]`.
    pub fn finish_stream(&self, frame: &Frame, completion: Option<u64>, out: &mut Vec<u8>) {
        if let (true, Some(completion)) = (frame.include_usage, completion) {
            out.extend_from_slice(self.head.get(..self.list_at).unwrap_or_default());
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
                self.frame.meter.push_call(&call.name, &call.arguments);
                match self.frame.has_old_calls() {
                    false => self.chunks.call(index, &call, self.out),
                    true if index == 0 => self.chunks.old_call(&call, self.out),
                    // That form has room for one call.
                    true => {}
                }
            }
        }
    }
}

/// Cuts the texts of a whole answer into chunks that any client can read.
pub struct Recut<'a>(pub ChunkSink<'a>);

impl Sink for Recut<'_> {
    fn event(&mut self, event: Event<'_>) {
        let mut say = |text: Text<'_>| {
            self.0.event(Event::Text(text));
            self.0.chunks.close(self.0.frame, self.0.out);
        };
        match event {
            Event::Text(Text::Plain(text)) => cut::plain(text, MOST).for_each(|piece| say(Text::Plain(piece))),
            Event::Text(Text::Json(inside)) => cut::json(inside, MOST).for_each(|piece| say(Text::Json(piece))),
            call @ Event::ToolCall { .. } => self.0.event(call),
        }
    }
}
