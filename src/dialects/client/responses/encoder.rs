//! Writes one response, whole or streamed. One state machine opens and closes every item and part: it counts the items, gives each
//! its id once, and keeps what is complete, since the last event repeats all of it.

use super::echo::{ResponseFacts, ResponseState};
use super::endpoint::Sealer;
use super::events::{self, EventWriter};
use super::items::{self, ItemPlace, OpenCall, OpenMessage, OpenPart, OpenReasoning, PartKind};
use super::names::{ToolKind, ToolNames};
use super::pulse::ResponsePulse;
use crate::chat::{Delivery, Encoder, Event, FinishReason, Sink, Text};
use crate::dialects::client::frame::ReplyFrame;
use crate::json::{self, cut};
use crate::wire::{Answer, Failure, Pulse};
use http::StatusCode;
use std::borrow::Cow;
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
    calls: Vec<OpenCall>,
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

    /// Closes the event of a piece of text.
    fn end_delta(&mut self) {
        if std::mem::take(&mut self.has_delta) {
            self.out.push(b'"');
            if let Spoken::Message(OpenMessage { part: Some(part), .. }) = &self.spoken {
                self.out.extend_from_slice(part.kind.extras());
            }
            events::close(&mut self.out);
        }
    }

    fn text(&mut self, kind: PartKind, text: Text<'_>) {
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
    fn message(&mut self, kind: PartKind) {
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
    fn delta(&mut self, text: Text<'_>) {
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
        push_inside(&mut part.inside, text);
        if streams {
            self.out.extend_from_slice(part.inside.get(begun..).unwrap_or_default());
        }
    }

    /// Completes the part that is open.
    fn end_part(&mut self) {
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

    fn reasoning(&mut self, text: Text<'_>) {
        self.frame.meter.push(text);
        self.open_reasoning();
        let Spoken::Reasoning(OpenReasoning { place, inside }) = &mut self.spoken else { return };
        let (place, is_new) = (place.clone(), inside.is_none());
        let kept = inside.get_or_insert_default();
        let begun = kept.len();
        push_inside(kept, text);
        let piece = kept.get(begun..).unwrap_or_default().to_vec();
        if is_new {
            self.event("response.reasoning_summary_part.added", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"part\":");
                items::push_summary(out, b"");
            });
        }
        self.event("response.reasoning_summary_text.delta", &place, |out| {
            out.extend_from_slice(b",\"summary_index\":0,\"delta\":");
            items::push_quoted(out, &piece);
        });
    }

    fn open_reasoning(&mut self) {
        if matches!(self.spoken, Spoken::Reasoning(_)) {
            return;
        }
        self.end_spoken("completed");
        self.end_calls(|_| true);
        let place = self.begin_item("rs_", |out, place| items::push_reasoning(out, place, None, None));
        self.spoken = Spoken::Reasoning(OpenReasoning { place, inside: None });
    }

    /// Completes thinking that its vendor signed, or that only its vendor reads: the next turn can give it back.
    fn sealed(&mut self, block: impl FnOnce(Option<&[u8]>) -> Vec<u8>) {
        self.open_reasoning();
        if let Spoken::Reasoning(open) = std::mem::replace(&mut self.spoken, Spoken::Nothing) {
            let sealed = self.sealer.seal(&self.frame, || block(open.inside.as_deref()));
            self.end_reasoning(open, sealed.as_deref());
        }
    }

    fn end_reasoning(&mut self, open: OpenReasoning, sealed: Option<&str>) {
        let OpenReasoning { place, inside } = open;
        if let Some(inside) = &inside {
            self.event("response.reasoning_summary_text.done", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"text\":");
                items::push_quoted(out, inside);
            });
            self.event("response.reasoning_summary_part.done", &place, |out| {
                out.extend_from_slice(b",\"summary_index\":0,\"part\":");
                items::push_summary(out, inside);
            });
        }
        let mut item = Vec::new();
        items::push_reasoning(&mut item, &place, inside.as_deref(), sealed);
        self.end_item(&place, item);
    }

    /// Begins a call. Calls that are complete end before it; one whose arguments still come stays open.
    fn start_call(&mut self, id: Option<Cow<'_, str>>, name: &str) {
        self.end_spoken("completed");
        self.end_calls(OpenCall::is_complete);
        let tool = self.names.find(name).cloned().unwrap_or_else(|| items::unknown_tool(name));
        let number = self.call_ids.len();
        let own = || format!("call_{}{number:02}", self.frame.id);
        let given = id.filter(|id| !id.is_empty() && !self.call_ids.iter().any(|other| *other == **id));
        let call_id = given.map_or_else(own, Cow::into_owned);
        self.call_ids.push(call_id.clone());
        let nowhere = ItemPlace { id: String::new(), index: 0 };
        let mut call = OpenCall { place: nowhere, number, call_id, tool, inside: Vec::new() };
        call.place = self.begin_item(OpenCall::prefix(call.tool.kind), |out, place| {
            let item = OpenCall {
                place: place.clone(),
                tool: call.tool.clone(),
                call_id: call.call_id.clone(),
                inside: Vec::new(),
                number,
            };
            item.push(out, "in_progress", true);
        });
        self.calls.push(call);
    }

    fn arguments(&mut self, number: usize, piece: Text<'_>) {
        self.frame.meter.push(piece);
        let Some(call) = self.calls.iter_mut().find(|call| call.number == number) else { return };
        let begun = call.inside.len();
        push_inside(&mut call.inside, piece);
        // The input of a custom tool is inside of the arguments, so it is known when they are complete.
        if call.tool.kind == ToolKind::Function && call.inside.len() > begun {
            let (place, piece) = (call.place.clone(), call.inside.get(begun..).unwrap_or_default().to_vec());
            self.event("response.function_call_arguments.delta", &place, |out| {
                json::push_key(out, "delta");
                items::push_quoted(out, &piece);
            });
        }
    }

    /// Ends the open calls for which `ends` returns true.
    fn end_calls(&mut self, ends: impl Fn(&OpenCall) -> bool) {
        let (over, open) = std::mem::take(&mut self.calls).into_iter().partition(|call| ends(call));
        self.calls = open;
        let over: Vec<OpenCall> = over;
        over.into_iter().for_each(|call| self.end_call(call));
    }

    fn end_call(&mut self, mut call: OpenCall) {
        let place = call.place.clone();
        match call.tool.kind {
            ToolKind::Function => {
                if call.inside.is_empty() {
                    // Some clients read the arguments from the pieces alone.
                    call.inside = b"{}".to_vec();
                    self.event("response.function_call_arguments.delta", &place, |out| {
                        out.extend_from_slice(b",\"delta\":\"{}\"");
                    });
                }
                self.event("response.function_call_arguments.done", &place, |out| {
                    json::push_key(out, "name");
                    json::push_string(out, &call.tool.name);
                    json::push_key(out, "arguments");
                    items::push_quoted(out, &call.inside);
                });
            }
            ToolKind::Custom => {
                let input = call.input();
                for (kind, key) in [
                    ("response.custom_tool_call_input.delta", "delta"),
                    ("response.custom_tool_call_input.done", "input"),
                ] {
                    self.event(kind, &place, |out| {
                        json::push_key(out, key);
                        json::push_string(out, &input);
                    });
                }
            }
            ToolKind::Search => {}
        }
        let mut item = Vec::with_capacity(call.inside.len() + 192);
        call.push(&mut item, "completed", false);
        self.end_item(&place, item);
    }

    /// Returns the complete items with commas between them.
    fn output(&self) -> Vec<u8> {
        let complete: Vec<&[u8]> = self.items.iter().filter(|item| !item.is_empty()).map(Vec::as_slice).collect();
        complete.join(&b',')
    }

    /// Completes all items. Returns how the response ends, and its object's last fields.
    fn end(&mut self) -> (ResponseState<'static>, Option<crate::chat::Usage>) {
        let (reason, output) = self.frame.end(!self.call_ids.is_empty());
        let (state, status) = match reason {
            FinishReason::Stop | FinishReason::ToolCalls => (ResponseState::Completed, "completed"),
            FinishReason::Length => (ResponseState::Incomplete("max_output_tokens"), "incomplete"),
            FinishReason::Filtered => (ResponseState::Incomplete("content_filter"), "incomplete"),
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
        let kind = if state == ResponseState::Completed { "response.completed" } else { "response.incomplete" };
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

/// Appends the inside of a JSON string that stands in one line.
fn push_inside(out: &mut Vec<u8>, text: Text<'_>) {
    match text {
        Text::Plain(text) => json::push_escaped(out, text),
        Text::Json(inside) => json::push_inside(out, inside),
    }
}
