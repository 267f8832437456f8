//! The encoder of a reply, whole or in pieces. Each piece is a reply of its own, with what is new.

use super::calls::{self, PendingCalls};
use super::errors::json_of;
use super::frames::{CandidateFrame, EMPTY_PART, OPEN, StreamForm};
use super::usage::AnswerEnd;
use crate::chat::event::push_text;
use crate::chat::{Delivery, Encoder, Event, Sink, Text};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::json::cut;
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The most bytes of a text in one piece of an answer that came whole.
const MOST: usize = 8 * 1024;

/// Writes one reply.
pub struct GeminiEncoder {
    frame: ReplyFrame,
    around: CandidateFrame,
    shape: ReplyShape,
    /// True if the client wants to see what the model thought.
    shows_thoughts: bool,
    out: Vec<u8>,
    open: WrittenPart,
    calls: PendingCalls,
    end: AnswerEnd,
}

/// How a reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReplyShape {
    /// As one object.
    Whole,
    /// In pieces, as the upstream writes them.
    Pieces(StreamForm),
    /// In pieces that are cut from a whole answer.
    Cut(StreamForm),
}

/// The part that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WrittenPart {
    None,
    Text,
    Thought,
}

impl GeminiEncoder {
    /// Returns the encoder of a reply.
    pub fn new(
        frame: ReplyFrame,
        known: Arc<KnownNames>,
        form: StreamForm,
        shows_thoughts: bool,
        delivery: Delivery,
    ) -> Self {
        let shape = match delivery {
            Delivery::Whole => ReplyShape::Whole,
            Delivery::Stream => ReplyShape::Pieces(form),
            Delivery::Recut => ReplyShape::Cut(form),
        };
        GeminiEncoder {
            around: CandidateFrame::of(&frame),
            frame,
            shape,
            shows_thoughts,
            out: Vec::new(),
            open: WrittenPart::None,
            calls: PendingCalls::new(known),
            end: AnswerEnd::default(),
        }
    }

    fn form(&self) -> Option<StreamForm> {
        match self.shape {
            ReplyShape::Whole => None,
            ReplyShape::Pieces(form) | ReplyShape::Cut(form) => Some(form),
        }
    }

    /// Opens a part: in a piece of its own, or after the parts that are there.
    fn begin_part(&mut self) {
        match self.form() {
            Some(form) => {
                form.open(&self.frame.ledger(), &mut self.out);
                self.out.extend_from_slice(OPEN);
            }
            None if self.out.is_empty() => {}
            None => self.out.push(b','),
        }
    }

    /// Closes what [`Self::begin_part`] opened, after the part.
    fn end_part(&mut self) {
        if let Some(form) = self.form() {
            self.around.push_tail(&mut self.out);
            form.close(&mut self.out);
        }
    }

    fn close_text(&mut self) {
        if std::mem::replace(&mut self.open, WrittenPart::None) != WrittenPart::None {
            self.out.extend_from_slice(b"\"}");
            self.end_part();
        }
    }

    fn text(&mut self, part: WrittenPart, text: Text<'_>) {
        if self.open != part {
            self.close_text();
            self.write_calls();
            self.begin_part();
            let open: &[u8] =
                if part == WrittenPart::Thought { b"{\"thought\":true,\"text\":\"" } else { b"{\"text\":\"" };
            self.out.extend_from_slice(open);
            self.open = part;
        }
        push_text(&mut self.out, text);
    }

    fn say(&mut self, part: WrittenPart, text: Text<'_>) {
        if !matches!(self.shape, ReplyShape::Cut(_)) {
            return self.text(part, text);
        }
        let mut alone = |piece: Text<'_>| {
            self.text(part, piece);
            self.close_text();
        };
        match text {
            Text::Plain(text) => cut::plain(text, MOST).for_each(|piece| alone(Text::Plain(piece))),
            Text::Json(inside) => cut::json(inside, MOST).for_each(|piece| alone(Text::Json(piece))),
        }
    }

    /// Writes the calls that are complete, since a text follows them.
    fn write_calls(&mut self) {
        while let Some(call) = self.calls.next(false) {
            let mut part = Vec::with_capacity(call.arguments.len() + 96);
            if !calls::push(&call, &mut part) {
                self.end.is_malformed = true;
                continue;
            }
            self.begin_part();
            self.out.append(&mut part);
            self.end_part();
        }
    }

    /// Ends the text. Appends the calls that are left to `parts`, with commas between them: Google's older SDK for Python runs the calls
    /// of the last piece alone. Returns the reason of the end, and the tokens of the answer if they were counted.
    fn end_parts(&mut self, parts: &mut Vec<u8>) -> (&'static str, Option<u64>) {
        self.close_text();
        while let Some(call) = self.calls.next(true) {
            let before = parts.len();
            if before > 0 {
                parts.push(b',');
            }
            if !calls::push(&call, parts) {
                parts.truncate(before);
                self.end.is_malformed = true;
            }
        }
        let (reason, output) = self.frame.end(self.calls.are_some());
        (self.end.word(reason), output)
    }
}

impl Encoder for GeminiEncoder {
    fn begin(&mut self, out: &mut Vec<u8>, size: usize) {
        match self.shape {
            ReplyShape::Whole => self.out.reserve(size + 256),
            ReplyShape::Pieces(_) | ReplyShape::Cut(_) => {
                std::mem::swap(&mut self.out, out);
                self.out.reserve(size + size / 8 + 320);
            }
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.shape != ReplyShape::Whole {
            self.close_text();
            std::mem::swap(&mut self.out, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(form) = self.form() else { return };
        std::mem::swap(&mut self.out, out);
        let mut last = Vec::new();
        let (word, output) = self.end_parts(&mut last);
        form.open(&self.frame.ledger(), &mut self.out);
        self.out.extend_from_slice(OPEN);
        self.out.append(&mut last);
        self.around.push_end(&mut self.out, word);
        // Of several answers, the join tells the tokens of all, and ends the stream.
        let is_alone = self.frame.tally.is_none();
        self.around.push_close(&mut self.out, is_alone.then(|| self.frame.shown_usage(output)));
        form.close(&mut self.out);
        if is_alone {
            form.end(&self.frame.ledger(), &mut self.out);
        }
        std::mem::swap(&mut self.out, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) -> bool {
        let Some(form) = self.form() else { return false };
        form.open(&self.frame.ledger(), out);
        out.extend_from_slice(&json_of(failure));
        form.close(out);
        form.end(&self.frame.ledger(), out);
        true
    }

    fn whole(&mut self) -> Result<Answer, Failure> {
        let mut last = Vec::new();
        let (word, output) = self.end_parts(&mut last);
        if !self.out.is_empty() && !last.is_empty() {
            self.out.push(b',');
        }
        self.out.append(&mut last);
        let mut out = Vec::with_capacity(self.out.len() + 512);
        let is_alone = self.frame.tally.is_none();
        out.extend_from_slice(OPEN.get(if is_alone { 0 } else { OF_ALL.len() }..).unwrap_or_default());
        out.append(&mut self.out);
        if out.last() == Some(&b'[') {
            out.extend_from_slice(EMPTY_PART);
        }
        self.around.push_end(&mut out, word);
        if is_alone {
            self.around.push_close(&mut out, Some(self.frame.shown_usage(output)));
        }
        Ok(Answer::json(StatusCode::OK, out))
    }
}

/// Opens an object up to its candidates.
pub const OF_ALL: &[u8] = b"{\"candidates\":[";

impl Sink for GeminiEncoder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => {
                self.frame.meter.push(text);
                self.say(WrittenPart::Text, text);
            }
            Event::Refusal(text) => {
                self.end.declines = true;
                self.frame.meter.push(text);
                self.say(WrittenPart::Text, text);
            }
            Event::Reasoning(text) => {
                self.frame.meter.push(text);
                if self.shows_thoughts {
                    self.say(WrittenPart::Thought, text);
                }
            }
            // Another vendor's signature would be taken for one of Google's.
            Event::Signature(_) | Event::Encrypted(_) => {}
            Event::ToolCall { id, name, arguments } => {
                self.frame.meter.push_call(&name, &arguments);
                self.close_text();
                self.calls.add(&self.frame, id, &name, arguments);
            }
            Event::CallStart { id, name } => {
                self.frame.meter.push(Text::Plain(&name));
                self.close_text();
                self.calls.add(&self.frame, id, &name, "".into());
            }
            Event::Arguments { call, piece } => {
                self.frame.meter.push(piece);
                self.calls.add_arguments(call, piece);
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
        }
    }
}
