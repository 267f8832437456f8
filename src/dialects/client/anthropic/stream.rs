//! Writes the events of a stream while the upstream's answer is decoded. One block is open at a time, and blocks are numbered in the
//! order in which they open.

use super::calls;
use super::frames::{MessageHead, begins, has_begun};
use super::usage::{push_usage, stop_reason};
use crate::chat::event::push_text;
use crate::chat::{Event, Sink, Text};
use crate::dialects::client::call_maker::{CallMaker, MadeCall};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::json::{self, cut};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most bytes of text in an event that is cut from a whole answer.
const MOST: usize = 8 * 1024;

/// The state of one stream of events.
pub struct MessageEvents {
    frame: ReplyFrame,
    out: Vec<u8>,
    /// True if the texts are from a whole answer and must be cut.
    recut: bool,
    /// The number of the next block.
    next: u64,
    open: Option<OpenBlock>,
    /// True if an event with text is open. The texts of one piece become one event.
    in_delta: bool,
    /// The inside of a JSON string: thinking whose signature has not come. Without one nobody takes it back, so it is not shown.
    thinking: Vec<u8>,
    maker: CallMaker,
    /// The number of the call whose block is open or was the last.
    current: usize,
    /// Calls that began before the one before them was complete. Their blocks open later.
    waiting: VecDeque<MadeCall>,
    /// True if a call ended before its arguments did.
    is_cut: bool,
    declines: bool,
}

/// The block that is open.
enum OpenBlock {
    Text,
    Call(MadeCall),
}

impl MessageEvents {
    /// Creates a stream that has not begun.
    pub fn new(frame: ReplyFrame, known: Arc<KnownNames>, recut: bool) -> Self {
        MessageEvents {
            frame,
            out: Vec::new(),
            recut,
            next: 0,
            open: None,
            in_delta: false,
            thinking: Vec::new(),
            maker: CallMaker::new(known, calls::PREFIX),
            current: 0,
            waiting: VecDeque::new(),
            is_cut: false,
            declines: false,
        }
    }

    /// Returns the facts of the reply.
    pub fn frame(&self) -> &ReplyFrame {
        &self.frame
    }

    /// Takes the buffer to write to, with room for a piece of `size` bytes.
    pub fn take(&mut self, out: &mut Vec<u8>, size: usize) {
        std::mem::swap(&mut self.out, out);
        let room = size + size / 8 + 192;
        self.out.reserve(if self.next == 0 { room + 640 } else { room });
    }

    /// Closes the event with text, if one is open, and gives the buffer back.
    pub fn give(&mut self, out: &mut Vec<u8>) {
        self.end_delta();
        std::mem::swap(&mut self.out, out);
    }

    /// Appends the end of a complete stream: the reason, the counts, the last event.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, out);
        self.begin();
        self.close();
        let has_calls = self.maker.count() > 0;
        let (reason, output) = self.frame.end(has_calls);
        let word = stop_reason(reason, has_calls, self.is_cut, self.declines);
        self.out
            .extend_from_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":");
        json::push_string(&mut self.out, word);
        self.out.extend_from_slice(b",\"stop_sequence\":null},");
        push_usage(&mut self.out, self.frame.shown_usage(output));
        self.out.extend_from_slice(b"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
        std::mem::swap(&mut self.out, out);
    }

    /// Appends the event that begins the message, unless the client has it.
    fn begin(&mut self) {
        if self.next == 0 && !has_begun(&self.frame.ledger()) && begins(&self.frame.ledger()) {
            self.out.extend_from_slice(&MessageHead::of(&self.frame).start());
        }
    }

    /// Opens the event that begins a block, up to the block.
    fn start_block(&mut self) {
        self.begin();
        self.out.extend_from_slice(b"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":");
        json::push_number(&mut self.out, self.next);
        self.next += 1;
        self.out.extend_from_slice(b",\"content_block\":");
    }

    /// Opens an event with a piece of the open block, up to the piece.
    fn start_delta(&mut self, delta: &str) {
        self.out.extend_from_slice(b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":");
        json::push_number(&mut self.out, self.next.saturating_sub(1));
        self.out.extend_from_slice(b",\"delta\":{\"type\":\"");
        self.out.extend_from_slice(delta.as_bytes());
    }

    fn end_delta(&mut self) {
        if std::mem::take(&mut self.in_delta) {
            self.out.extend_from_slice(b"\"}}\n\n");
        }
    }

    fn stop_block(&mut self) {
        self.out.extend_from_slice(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":");
        json::push_number(&mut self.out, self.next.saturating_sub(1));
        self.out.extend_from_slice(b"}\n\n");
    }

    /// Closes the open block, and writes the calls that wait for that.
    fn close(&mut self) {
        self.end_delta();
        self.thinking.clear();
        match self.open.take() {
            None => return,
            Some(OpenBlock::Text) => self.stop_block(),
            Some(OpenBlock::Call(call)) => self.end_call(&call),
        }
        while let Some(call) = self.waiting.pop_front() {
            self.start_call(&call);
            self.pass_arguments(Text::Plain(&call.arguments));
            self.end_call(&call);
        }
    }

    fn text(&mut self, text: Text<'_>) {
        self.frame.meter.push(text);
        if !matches!(self.open, Some(OpenBlock::Text)) {
            self.close();
            self.start_block();
            self.out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"\"}}\n\n");
            self.open = Some(OpenBlock::Text);
        }
        if !self.in_delta {
            self.start_delta("text_delta\",\"text\":\"");
            self.in_delta = true;
        }
        push_text(&mut self.out, text);
    }

    /// Appends a text of a whole answer, cut into events of a bounded size.
    fn cut_text(&mut self, text: Text<'_>) {
        match text {
            Text::Plain(text) => cut::plain(text, MOST).for_each(|piece| self.text_alone(Text::Plain(piece))),
            Text::Json(inside) => cut::json(inside, MOST).for_each(|piece| self.text_alone(Text::Json(piece))),
        }
    }

    fn text_alone(&mut self, piece: Text<'_>) {
        self.text(piece);
        self.end_delta();
    }

    /// Appends a block that is complete: its beginning, the deltas that `write` writes, its end.
    fn whole_block(&mut self, block: &[u8], write: impl FnOnce(&mut Self)) {
        self.end_delta();
        let thinking = std::mem::take(&mut self.thinking);
        self.close();
        self.thinking = thinking;
        self.start_block();
        self.out.extend_from_slice(block);
        self.out.extend_from_slice(b"}\n\n");
        write(self);
        self.stop_block();
    }

    fn signed(&mut self, signature: &str) {
        self.whole_block(b"{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}", |events| {
            let thinking = std::mem::take(&mut events.thinking);
            events.start_delta("thinking_delta\",\"thinking\":\"");
            events.out.extend_from_slice(&thinking);
            events.out.extend_from_slice(b"\"}}\n\n");
            events.start_delta("signature_delta\",\"signature\":");
            json::push_string(&mut events.out, signature);
            events.out.extend_from_slice(b"}}\n\n");
        });
    }

    fn encrypted(&mut self, data: &str) {
        let mut block = b"{\"type\":\"redacted_thinking\",\"data\":".to_vec();
        json::push_string(&mut block, data);
        block.push(b'}');
        self.whole_block(&block, |_| {});
    }

    /// Takes the beginning of a call. The one before it is complete by now, but for upstreams that mix the pieces of several.
    fn new_call(&mut self, call: MadeCall) {
        let is_mixed = matches!(&self.open, Some(OpenBlock::Call(open)) if !open.is_complete());
        if is_mixed {
            self.waiting.push_back(call);
            return;
        }
        self.close();
        self.current = self.maker.count().saturating_sub(1);
        self.start_call(&call);
        self.open = Some(OpenBlock::Call(call));
    }

    fn start_call(&mut self, call: &MadeCall) {
        self.start_block();
        calls::push(call, &mut self.out, false);
        self.out.extend_from_slice(b"}\n\n");
    }

    /// Appends a piece of the arguments of the open call. A call without arguments has none.
    fn pass_arguments(&mut self, piece: Text<'_>) {
        let inside = match piece {
            Text::Plain(text) | Text::Json(text) => text,
        };
        if inside.is_empty() {
            return;
        }
        self.start_delta("input_json_delta\",\"partial_json\":\"");
        push_text(&mut self.out, piece);
        self.out.extend_from_slice(b"\"}}\n\n");
    }

    fn end_call(&mut self, call: &MadeCall) {
        self.is_cut |= !call.arguments.is_empty() && !call.is_complete();
        self.stop_block();
    }

    fn arguments(&mut self, number: usize, piece: Text<'_>) {
        let decoded = piece.decoded();
        if let Some(OpenBlock::Call(open)) = self.open.as_mut().filter(|_| number == self.current) {
            // Some upstreams write out that there are none.
            let says_nothing = open.arguments.is_empty() && decoded.trim() == "{}";
            open.arguments.push_str(&decoded);
            let is_complete = !self.waiting.is_empty() && open.is_complete();
            if !says_nothing {
                self.pass_arguments(piece);
            }
            if is_complete {
                self.next_of_waiting();
            }
            return;
        }
        let place = number.checked_sub(self.current + 1);
        if let Some(call) = place.and_then(|place| self.waiting.get_mut(place)) {
            call.arguments.push_str(&decoded);
        }
    }

    /// Closes the open call, which is complete, and opens those that waited for it, up to the first that is not complete.
    fn next_of_waiting(&mut self) {
        loop {
            if let Some(OpenBlock::Call(call)) = self.open.take() {
                self.end_call(&call);
            }
            let Some(call) = self.waiting.pop_front() else { return };
            self.current += 1;
            self.start_call(&call);
            self.pass_arguments(Text::Plain(&call.arguments));
            let goes_on = call.is_complete() && !self.waiting.is_empty();
            self.open = Some(OpenBlock::Call(call));
            if !goes_on {
                return;
            }
        }
    }

    /// Appends a call that came whole.
    fn whole_call(&mut self, call: &MadeCall) {
        let mut input = Vec::new();
        calls::push_input(call, &mut input);
        self.close();
        self.start_call(call);
        let input = String::from_utf8(input).unwrap_or_default();
        cut::plain(&input, MOST).for_each(|piece| self.pass_arguments(Text::Plain(piece)));
        self.stop_block();
    }
}

impl Sink for MessageEvents {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) if self.recut => self.cut_text(text),
            Event::Text(text) => self.text(text),
            Event::Refusal(text) => {
                self.declines = true;
                self.text(text);
            }
            Event::Reasoning(text) => {
                self.frame.meter.push(text);
                push_text(&mut self.thinking, text);
            }
            Event::Signature(signature) => self.signed(signature),
            Event::Encrypted(data) => self.encrypted(data),
            Event::ToolCall { id, name, arguments } => {
                self.frame.meter.push_call(&name, &arguments);
                let made = self.maker.make(&self.frame, id, &name);
                self.is_cut |=
                    !arguments.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(&arguments).is_err();
                self.whole_call(&made.with(arguments));
            }
            Event::CallStart { id, name } => {
                self.frame.meter.push(Text::Plain(&name));
                let call = self.maker.make(&self.frame, id, &name);
                self.new_call(call);
            }
            Event::Arguments { call, piece } => {
                self.frame.meter.push(piece);
                self.arguments(call, piece);
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
        }
    }
}
