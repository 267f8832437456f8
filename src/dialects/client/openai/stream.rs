//! Writes chunks while the upstream's stream is decoded. Each piece is escaped once, into one buffer.

use super::calls::{self, Made};
use super::endpoint::OpenaiChat;
use super::usage::push_usage;
use crate::chat::{Event, Sink, Text, Usage};
use crate::dialects::client::frame::ReplyFrame;
use crate::json::{self, cut};
use crate::wire::sse;

/// The maximum number of bytes of text in a chunk that is cut from a whole answer. Some clients limit the length of a
/// line.
const MOST: usize = 8 * 1024;
/// What stands before and after a piece of a tool call in a choice.
const CALL: (&str, &str) = ("\"delta\":{\"tool_calls\":[{\"index\":", "}}]},\"logprobs\":null,\"finish_reason\":null}");
/// The same in the form that preceded tools.
const OLD_CALL: (&str, &str) = ("\"delta\":{\"function_call\":{", "}},\"logprobs\":null,\"finish_reason\":null}");

/// The state of one stream of chunks.
pub struct Chunks {
    client: OpenaiChat,
    /// The facts of the reply.
    frame: ReplyFrame,
    /// The buffer for the chunks.
    out: Vec<u8>,
    /// Everything before the content of a choice, rendered once: `data: {"id":…,"choices":[{"index":0,`.
    head: Vec<u8>,
    /// Where the list of choices begins in `head`.
    list_at: usize,
    /// Everything after the choice: it closes the list, the chunk and the event.
    tail: &'static [u8],
    begun: bool,
    /// True if a chunk with text is open. The texts of one piece become one chunk.
    open: bool,
    /// True if the texts are from a whole answer and must be cut.
    recut: bool,
    /// How many calls have begun.
    calls: usize,
    /// The call that has begun but has no arguments yet.
    silent: Option<usize>,
}

impl Chunks {
    /// Creates a stream that has not begun.
    pub fn new(client: OpenaiChat, frame: ReplyFrame, recut: bool) -> Self {
        let mut head = Vec::with_capacity(256);
        let list_at = open(client, &frame, &mut head);
        push_choice(&frame, &mut head);
        let tail: &[u8] = if frame.include_usage { b"],\"usage\":null}\n\n" } else { b"]}\n\n" };
        let out = Vec::new();
        Chunks { client, frame, out, head, list_at, tail, begun: false, open: false, recut, calls: 0, silent: None }
    }

    /// Takes the buffer to write to, with room for a piece of `size` bytes.
    pub fn take(&mut self, out: &mut Vec<u8>, size: usize) {
        std::mem::swap(&mut self.out, out);
        let room = self.room(size);
        self.out.reserve(if self.recut { 2 * room } else { room });
    }

    /// Closes the chunk with text, if one is open, and gives the buffer back.
    pub fn give(&mut self, out: &mut Vec<u8>) {
        self.close();
        std::mem::swap(&mut self.out, out);
    }

    /// Appends the end of a complete stream: finish chunk, usage if it is wanted, `[DONE]`.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, out);
        self.close();
        self.begin();
        self.complete_call();
        let (reason, output) = self.frame.end(self.calls > 0);
        let reason = self.client.finish_reason(reason);
        self.choice(self.client.shape.finish_open, |out| json::push_string(out, reason), "}");
        if self.frame.tally.is_none() {
            let usage = self.frame.usage(output).filter(|_| self.frame.include_usage);
            let head = self.head.get(..self.list_at).unwrap_or_default();
            finish_stream(head, usage, &mut self.out);
        }
        std::mem::swap(&mut self.out, out);
    }

    /// Returns the room that a piece of `size` bytes usually needs.
    fn room(&self, size: usize) -> usize {
        let choice = 128;
        let first = if self.begun { 0 } else { self.head.len() + choice };
        first + self.head.len() + choice + size + size / 8
    }

    fn choice(&mut self, open: &str, write: impl FnOnce(&mut Vec<u8>), close: &str) {
        self.out.extend_from_slice(&self.head);
        self.out.extend_from_slice(open.as_bytes());
        write(&mut self.out);
        self.out.extend_from_slice(close.as_bytes());
        self.out.extend_from_slice(self.tail);
    }

    /// Appends the first chunk, if the endpoint has one and it was not sent yet.
    fn begin(&mut self) {
        if !self.begun {
            self.begun = true;
            if let Some(first) = self.client.shape.first_choice {
                self.choice(first, |_| {}, "");
            }
        }
    }

    fn close(&mut self) {
        if self.open {
            self.open = false;
            self.out.extend_from_slice(self.client.shape.text_close.as_bytes());
            self.out.extend_from_slice(self.tail);
        }
    }

    fn text(&mut self, text: Text<'_>) {
        self.begin();
        self.frame.meter.push(text);
        if !self.open {
            self.open = true;
            self.out.extend_from_slice(&self.head);
            self.out.extend_from_slice(self.client.shape.text_open.as_bytes());
        }
        match text {
            Text::Plain(text) => json::push_escaped(&mut self.out, text),
            Text::Json(inside) => json::push_inside(&mut self.out, inside),
        }
    }

    /// Appends the text of a whole answer, cut into chunks that every client can read.
    fn cut_text(&mut self, text: Text<'_>) {
        let mut say = |text: Text<'_>| {
            self.text(text);
            self.close();
        };
        match text {
            Text::Plain(text) => cut::plain(text, MOST).for_each(|piece| say(Text::Plain(piece))),
            Text::Json(inside) => cut::json(inside, MOST).for_each(|piece| say(Text::Json(piece))),
        }
    }

    /// Appends a piece of text to its own field of the delta, if the endpoint has such fields.
    fn beside(&mut self, field: &str, text: Text<'_>) {
        if !self.client.shape.has_tool_calls {
            return;
        }
        self.close();
        self.begin();
        self.frame.meter.push(text);
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(b"\"delta\":{\"");
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b"\":");
            push_text(out, text);
        };
        self.choice("", write, "},\"logprobs\":null,\"finish_reason\":null}");
    }

    /// Appends the beginning of a call, with its id and name.
    fn start(&mut self, call: &Made) {
        self.close();
        self.begin();
        self.complete_call();
        let index = self.calls;
        self.calls += 1;
        if self.client.old_calls && index > 0 {
            return;
        }
        self.silent = Some(index);
        let old = self.client.old_calls;
        let (open, close) = if old { OLD_CALL } else { CALL };
        let begin = |out: &mut Vec<u8>| {
            if old {
                out.extend_from_slice(b"\"name\":");
            } else {
                json::push_number(out, index as u64);
                json::push_key(out, "id");
                json::push_string(out, &call.id);
                out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
            }
            json::push_string(out, &call.name);
            out.extend_from_slice(b",\"arguments\":\"\"");
        };
        self.choice(open, begin, close);
    }

    /// Appends a piece of a call's arguments. The form that preceded tools has room for one call.
    fn arguments(&mut self, call: usize, piece: Text<'_>) {
        let old = self.client.old_calls;
        if old && call > 0 {
            return;
        }
        self.close();
        self.silent = self.silent.filter(|silent| *silent != call);
        let (open, close) = if old { OLD_CALL } else { CALL };
        let write = |out: &mut Vec<u8>| {
            if old {
                out.extend_from_slice(b"\"arguments\":");
            } else {
                json::push_number(out, call as u64);
                out.extend_from_slice(b",\"function\":{\"arguments\":");
            }
            push_text(out, piece);
        };
        self.choice(open, write, close);
    }

    /// Gives a call without arguments an empty object, because clients read the arguments as JSON.
    fn complete_call(&mut self) {
        if let Some(call) = self.silent {
            self.arguments(call, Text::Plain(calls::NO_ARGUMENTS));
        }
    }
}

impl Sink for Chunks {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) if self.recut => self.cut_text(text),
            Event::Text(text) => self.text(text),
            Event::Reasoning(text) => self.beside("reasoning_content", text),
            Event::Refusal(text) => self.beside("refusal", text),
            Event::ToolCall { id, name, arguments } => {
                let number = self.calls;
                self.frame.meter.push_call(&name, &arguments);
                self.start(&Made::new(&self.frame, number, id, name));
                for piece in cut::plain(&arguments, MOST) {
                    self.arguments(number, Text::Plain(piece));
                }
                // A complete call keeps the arguments that the model wrote, even empty ones.
                self.silent = None;
            }
            Event::CallStart { id, name } => {
                self.frame.meter.push(Text::Plain(&name));
                self.start(&Made::new(&self.frame, self.calls, id, name));
            }
            Event::Arguments { call, piece } => {
                self.frame.meter.push(piece);
                self.arguments(call, piece);
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
            // OpenAI's chat has no fields for these events.
            Event::Signature(_) | Event::Encrypted(_) => {}
        }
    }
}

/// Opens a chunk up to its list of choices. Returns where the list begins.
pub fn open(client: OpenaiChat, frame: &ReplyFrame, out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(sse::DATA);
    out.push(b'{');
    client.push_common(frame, out, client.shape.chunk_object);
    out.extend_from_slice(b",\"choices\":[");
    out.len()
}

/// Opens a choice: the brace and its index.
pub fn push_choice(frame: &ReplyFrame, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"index\":");
    json::push_number(out, frame.choice as u64);
    out.push(b',');
}

/// Appends the end of a stream whose choices are all finished: `usage` if there is one, `[DONE]`. `head` opens a chunk.
pub fn finish_stream(head: &[u8], usage: Option<Usage>, out: &mut Vec<u8>) {
    if let Some(usage) = usage {
        out.extend_from_slice(head);
        out.extend_from_slice(b"],\"usage\":");
        push_usage(out, usage);
        out.push(b'}');
        out.extend_from_slice(sse::END);
    }
    out.extend_from_slice(sse::DONE);
}

/// Appends a text as a JSON string.
pub fn push_text(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Plain(text) => json::push_string(out, text),
        Text::Json(inside) => {
            out.push(b'"');
            json::push_inside(out, inside);
            out.push(b'"');
        }
    }
}
