//! The messages of a response: what the model says, in parts.

use super::{MOST, ResponseEncoder, Spoken, push_part_index, push_place};
use crate::chat::event::push_text;
use crate::chat::{Delivery, Text};
use crate::dialects::client::responses::events;
use crate::dialects::client::responses::items::{self, OpenMessage, OpenPart, PartKind};
use crate::json::{self, cut};

impl ResponseEncoder {
    /// Closes the event of a piece of text.
    pub(super) fn end_delta(&mut self) {
        if std::mem::take(&mut self.has_delta) {
            self.out.push(b'"');
            if let Spoken::Message(OpenMessage { part: Some(part), .. }) = &self.spoken {
                self.out.extend_from_slice(part.kind.extras());
            }
            events::close(&mut self.out);
        }
    }

    pub(super) fn text(&mut self, kind: PartKind, text: Text<'_>) {
        self.frame.meter.push(text);
        self.message(kind);
        if self.delivery != Delivery::Recut {
            return self.delta(text);
        }
        let pieces: Vec<Text<'_>> = match text {
            Text::Plain(text) => cut::plain(text, MOST).map(Text::Plain).collect(),
            Text::Json(text) => cut::json(text, MOST).map(Text::Json).collect(),
        };
        for piece in pieces {
            self.delta(piece);
            self.end_delta();
        }
    }

    /// Opens a message with a part of this kind, if none is open.
    pub(super) fn message(&mut self, kind: PartKind) {
        if !matches!(self.spoken, Spoken::Message(_)) {
            self.end_spoken("completed");
            self.end_calls(|_| true);
            let place = self.begin_item("msg_", |out, place| items::push_message(out, place, "in_progress", b""));
            self.has_message = true;
            self.spoken = Spoken::Message(OpenMessage { place, parts: Vec::new(), part: None, count: 0 });
        }
        let is_same = |open: &OpenMessage| open.part.as_ref().is_some_and(|part| part.kind == kind);
        if matches!(&self.spoken, Spoken::Message(open) if is_same(open)) {
            return;
        }
        self.end_part();
        let Spoken::Message(open) = &mut self.spoken else { return };
        let part = OpenPart { kind, index: open.count, inside: Vec::new() };
        open.count += 1;
        let place = open.place.clone();
        let mut json = Vec::new();
        part.push(&mut json);
        let index = part.index;
        open.part = Some(part);
        self.event("response.content_part.added", &place, |out| {
            push_part_index(out, index);
            json::push_key(out, "part");
            out.extend_from_slice(&json);
        });
    }

    /// Appends a piece of text to the part that is open. The pieces of one read become one event.
    pub(super) fn delta(&mut self, text: Text<'_>) {
        let streams = self.streams();
        let Spoken::Message(OpenMessage { place, part: Some(part), .. }) = &mut self.spoken else { return };
        if streams && !self.has_delta {
            self.has_delta = true;
            let kind = match part.kind {
                PartKind::Text => "response.output_text.delta",
                PartKind::Refusal => "response.refusal.delta",
            };
            self.events.open(&mut self.out, kind);
            push_place(&mut self.out, place);
            push_part_index(&mut self.out, part.index);
            self.out.extend_from_slice(b",\"delta\":\"");
        }
        let begun = part.inside.len();
        push_text(&mut part.inside, text);
        if streams {
            self.out.extend_from_slice(part.inside.get(begun..).unwrap_or_default());
        }
    }

    /// Completes the part that is open.
    pub(super) fn end_part(&mut self) {
        self.end_delta();
        let Spoken::Message(open) = &mut self.spoken else { return };
        let Some(part) = open.part.take() else { return };
        let mut json = Vec::with_capacity(part.inside.len() + 96);
        part.push(&mut json);
        if !open.parts.is_empty() {
            open.parts.push(b',');
        }
        open.parts.extend_from_slice(&json);
        let place = open.place.clone();
        let kind = match part.kind {
            PartKind::Text => "response.output_text.done",
            PartKind::Refusal => "response.refusal.done",
        };
        self.event(kind, &place, |out| {
            push_part_index(out, part.index);
            json::push_key(out, part.kind.field());
            items::push_quoted(out, &part.inside);
            out.extend_from_slice(part.kind.extras());
        });
        self.event("response.content_part.done", &place, |out| {
            push_part_index(out, part.index);
            json::push_key(out, "part");
            out.extend_from_slice(&json);
        });
    }
}
