//! Writes one response, whole or streamed. One state machine opens and closes every item and part: it counts the items, gives each
//! its id once, and keeps what is complete, since the last event repeats all of it.

mod calls;
mod message;
mod reasoning;

use crate::chat::{Delivery, Encoder, Event, FinishReason, Sink, Text};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::responses::echo::{ResponseFacts, ResponsePhase};
use crate::dialects::client::responses::events::EventWriter;
use crate::dialects::client::responses::items::{self, CallItem, ItemPlace, OpenMessage, OpenReasoning, PartKind};
use crate::dialects::client::responses::names::ToolNames;
use crate::dialects::client::responses::pulse::ResponsePulse;
use crate::dialects::client::responses::sealer::Sealer;
use crate::json::{self, cut};
use crate::wire::{Answer, Failure, Pulse};
use http::StatusCode;
use std::sync::Arc;

/// The maximum number of bytes of text in an event that is cut from a whole answer.
const MOST: usize = 8 * 1024;

/// What is being said.
enum Spoken {
    Nothing,
    Message(OpenMessage),
    Reasoning(OpenReasoning),
}

/// Writes one response.
pub struct ResponseEncoder {
    frame: ReplyFrame,
    facts: Arc<ResponseFacts>,
    events: EventWriter,
    names: Arc<ToolNames>,
    sealer: Sealer,
    delivery: Delivery,
    out: Vec<u8>,
    /// The complete items by their numbers; empty while one is open.
    items: Vec<Vec<u8>>,
    spoken: Spoken,
    /// The calls that are open.
    calls: Vec<CallItem>,
    /// The ids of all calls.
    call_ids: Vec<String>,
    /// True while the event of a piece of text is open.
    has_delta: bool,
    /// True once there was a message.
    has_message: bool,
}

impl ResponseEncoder {
    /// Creates the encoder of a response that has not begun.
    pub fn new(
        frame: ReplyFrame,
        facts: Arc<ResponseFacts>,
        names: Arc<ToolNames>,
        sealer: Sealer,
        delivery: Delivery,
    ) -> Self {
        let events = EventWriter::new(facts.clone(), frame.ledger());
        ResponseEncoder {
            frame,
            facts,
            events,
            names,
            sealer,
            delivery,
            out: Vec::new(),
            items: Vec::new(),
            spoken: Spoken::Nothing,
            calls: Vec::new(),
            call_ids: Vec::new(),
            has_delta: false,
            has_message: false,
        }
    }

    /// Gives the response the id that an upstream gave it.
    pub fn take_id(&mut self, id: &str) {
        let facts = Arc::new(self.facts.called(id));
        self.events = EventWriter::new(facts.clone(), self.frame.ledger());
        self.facts = facts;
    }

    fn streams(&self) -> bool {
        self.delivery != Delivery::Whole
    }

    /// Appends an event of an item. Its place stands behind the number.
    fn event(&mut self, kind: &str, place: &ItemPlace, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.streams() {
            return;
        }
        self.events.push(&mut self.out, kind, |out| {
            push_place(out, place);
            write(out);
        });
    }

    /// Appends the event of an item that begins or is complete.
    fn item_event(&mut self, kind: &str, index: usize, item: &[u8]) {
        if !self.streams() {
            return;
        }
        self.events.push(&mut self.out, kind, |out| {
            json::push_key(out, "output_index");
            json::push_number(out, index as u64);
            json::push_key(out, "item");
            out.extend_from_slice(item);
        });
    }

    /// Begins an item: the response, if it has not begun, the item's place, and its event.
    fn begin_item(&mut self, prefix: &str, write: impl FnOnce(&mut Vec<u8>, &ItemPlace)) -> ItemPlace {
        if self.streams() {
            self.events.begin(&mut self.out);
        }
        let index = self.items.len();
        let place = ItemPlace { id: format!("{prefix}{}{index:02}", self.frame.id), index };
        self.items.push(Vec::new());
        if self.streams() {
            let mut item = Vec::with_capacity(256);
            write(&mut item, &place);
            self.item_event("response.output_item.added", index, &item);
        }
        place
    }

    /// Completes an item.
    fn end_item(&mut self, place: &ItemPlace, item: Vec<u8>) {
        self.item_event("response.output_item.done", place.index, &item);
        if let Some(kept) = self.items.get_mut(place.index) {
            *kept = item;
        }
    }

    /// Completes what is being said.
    fn end_spoken(&mut self, status: &str) {
        self.end_part();
        match std::mem::replace(&mut self.spoken, Spoken::Nothing) {
            Spoken::Nothing => {}
            Spoken::Message(OpenMessage { place, parts, .. }) => {
                let mut item = Vec::with_capacity(parts.len() + 128);
                items::push_message(&mut item, &place, status, &parts);
                self.end_item(&place, item);
            }
            Spoken::Reasoning(open) => self.end_reasoning(open, None),
        }
    }

    /// Returns the complete items with commas between them.
    fn output(&self) -> Vec<u8> {
        let complete: Vec<&[u8]> = self.items.iter().filter(|item| !item.is_empty()).map(Vec::as_slice).collect();
        complete.join(&b',')
    }

    /// Completes all items. Returns how the response ends, and its object's last fields.
    fn end(&mut self) -> (ResponsePhase<'static>, Option<crate::chat::Usage>) {
        // Counting may take its time, and the answer is there before it.
        let now = self.facts.now();
        let (reason, output) = self.frame.end(!self.call_ids.is_empty());
        let (state, status) = match reason {
            FinishReason::Stop | FinishReason::ToolCalls => (ResponsePhase::Completed(now), "completed"),
            FinishReason::Length => (ResponsePhase::Incomplete("max_output_tokens"), "incomplete"),
            FinishReason::Filtered => (ResponsePhase::Incomplete("content_filter"), "incomplete"),
        };
        if !self.has_message && self.call_ids.is_empty() {
            self.message(PartKind::Text);
        }
        self.end_spoken(status);
        self.end_calls(|_| true);
        (state, self.frame.usage(output))
    }
}

impl Sink for ResponseEncoder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.text(PartKind::Text, text),
            Event::Refusal(text) => self.text(PartKind::Refusal, text),
            Event::Reasoning(text) => self.reasoning(text),
            Event::Signature(signature) => self.sealed(|inside| {
                let mut block = b"{\"type\":\"thinking\",\"thinking\":".to_vec();
                items::push_quoted(&mut block, inside.unwrap_or_default());
                json::push_key(&mut block, "signature");
                json::push_string(&mut block, signature);
                block.push(b'}');
                block
            }),
            Event::Encrypted(data) => {
                self.end_spoken("completed");
                self.sealed(|_| {
                    let mut block = b"{\"type\":\"redacted_thinking\",\"data\":".to_vec();
                    json::push_string(&mut block, data);
                    block.push(b'}');
                    block
                });
            }
            Event::ToolCall { id, name, arguments } => {
                let number = self.call_ids.len();
                self.frame.meter.push(Text::Plain(&name));
                self.start_call(id, &name);
                for piece in cut::plain(&arguments, MOST) {
                    self.arguments(number, Text::Plain(piece));
                }
            }
            Event::CallStart { id, name } => {
                self.frame.meter.push(Text::Plain(&name));
                self.start_call(id, &name);
            }
            Event::Arguments { call, piece } => self.arguments(call, piece),
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
        }
    }
}

impl Encoder for ResponseEncoder {
    fn begin(&mut self, out: &mut Vec<u8>, size: usize) {
        std::mem::swap(&mut self.out, out);
        self.out.reserve(if self.streams() { size + 256 } else { 0 });
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        self.end_delta();
        std::mem::swap(&mut self.out, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, out);
        let (state, usage) = self.end();
        let kind =
            if matches!(state, ResponsePhase::Completed(_)) { "response.completed" } else { "response.incomplete" };
        let output = self.output();
        self.events.response(&mut self.out, kind, |facts, out| facts.push(out, state, &output, usage));
        std::mem::swap(&mut self.out, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) -> bool {
        self.events.fail(out, failure, &self.output());
        true
    }

    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        self.streams().then(|| Arc::new(ResponsePulse::new(self.events.clone())) as Arc<dyn Pulse>)
    }

    fn whole(&mut self) -> Result<Answer, Failure> {
        let (state, usage) = self.end();
        let mut out = Vec::new();
        self.facts.push(&mut out, state, &self.output(), usage);
        Ok(Answer::json(StatusCode::OK, out))
    }
}

fn push_place(out: &mut Vec<u8>, place: &ItemPlace) {
    json::push_key(out, "item_id");
    json::push_string(out, &place.id);
    json::push_key(out, "output_index");
    json::push_number(out, place.index as u64);
}

fn push_part_index(out: &mut Vec<u8>, index: usize) {
    json::push_key(out, "content_index");
    json::push_number(out, index as u64);
}
