//! Decodes a streamed answer.

use super::about::Anthropic;
use super::answer::{self, denied, is_chat_completion, is_denial, kind_of, pass_text, refusal_of, signature_of};
use super::usage::{TokenCounts, finish_reason};
use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::openai;
use crate::dialects::upstream::openai::events::EventReader;
use crate::dialects::upstream::openai::screen::StreamScreen;
use crate::dialects::upstream::{ChatDialect, StreamDecoder, UpstreamDialect, error};
use crate::json::{self, Fields};
use crate::wire::{Failure, sse};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The decoder of one stream.
pub struct MessageStream {
    reader: EventReader,
    message: StreamedMessage,
    /// Decodes a stream that came in the form of another endpoint.
    other: Option<Box<dyn StreamDecoder>>,
}

/// What the events of one stream have said.
struct StreamedMessage {
    about: Anthropic,
    screen: StreamScreen,
    counts: TokenCounts,
    stop_reason: Option<String>,
    /// The number of calls that have begun.
    calls: usize,
    /// The calls whose arguments may still come, by the index of their block.
    open: BTreeMap<u64, OpenCall>,
    /// The words of a denial so far, if the message is one.
    denial: Option<String>,
    has_events: bool,
    is_complete: bool,
}

/// A call whose arguments come in pieces.
struct OpenCall {
    number: usize,
    /// What its block began with, until a piece comes.
    input: Option<String>,
}

impl MessageStream {
    /// Creates the decoder of a stream.
    pub fn new(about: Anthropic) -> Self {
        let message = StreamedMessage {
            about,
            screen: StreamScreen::new(about.vendor),
            counts: TokenCounts::default(),
            stop_reason: None,
            calls: 0,
            open: BTreeMap::new(),
            denial: None,
            has_events: false,
            is_complete: false,
        };
        MessageStream { reader: EventReader::default(), message, other: None }
    }
}

impl StreamDecoder for MessageStream {
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let MessageStream { reader, message, other } = self;
        let about = message.about;
        reader.push(about.name(), piece, |data| {
            // A client that reads a lone surrogate fails where it writes the text.
            let data = json::paired(Cow::Borrowed(data));
            let event = Fields::parse(&data).map_err(|_| error::inside(&about, data.as_bytes()))?;
            if other.is_none() && !message.has_events && is_chat_completion(about.vendor, &event) {
                *other = Some(openai::chat(about.vendor).stream());
            }
            if let Some(other) = other {
                let mut framed = Vec::with_capacity(data.len() + 16);
                sse::push_event(&mut framed, data.as_bytes());
                return other.piece(&framed, sink);
            }
            message.take(&event, &data, sink)
        })
    }

    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure> {
        match &mut self.other {
            Some(other) => other.broken(sink),
            None => self.message.held_text(sink).err(),
        }
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let MessageStream { reader, message, other } = self;
        if let Some(other) = other {
            return other.end(sink);
        }
        let name = message.about.name();
        if let Some(body) = reader.body() {
            // The gateway answered whole, or with an error.
            return answer::whole(message.about, &body, sink);
        }
        message.held_text(sink)?;
        match (message.has_events, message.is_complete) {
            (_, true) => Ok(()),
            (false, false) => Err(error::empty(name)),
            (true, false) => Err(Failure::upstream(format!("{name}'s stream ended before its answer was complete."))),
        }
    }
}

impl StreamedMessage {
    fn take(&mut self, event: &Fields<'_>, data: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.has_events = true;
        if self.is_complete {
            return Ok(());
        }
        match kind_of(event).as_ref() {
            "message_start" => self.start(event),
            "content_block_start" => self.start_block(event, sink)?,
            "content_block_delta" => self.delta(event, sink)?,
            "content_block_stop" => self.stop_block(event, sink)?,
            "message_delta" => self.end_message(event, sink)?,
            "message_stop" => self.complete(sink)?,
            "error" | "" => return Err(error::inside(&self.about, data.as_bytes())),
            // Pings, and events of tomorrow.
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, event: &Fields<'_>) {
        let Some(message) = event.get("message").and_then(Fields::of) else { return };
        if let Some(usage) = message.get("usage") {
            self.counts.read(usage);
        }
        if is_denial(self.about.vendor, &message, self.counts) {
            self.denial = Some(String::new());
        }
    }

    fn start_block(&mut self, event: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        let unreadable = || answer::unreadable(self.about);
        let block = event.get("content_block").and_then(Fields::of).ok_or_else(unreadable)?;
        match kind_of(&block).as_ref() {
            "tool_use" => {
                let name = block.get("name").and_then(json::text_of).ok_or_else(unreadable)?;
                let index = index_of(event).ok_or_else(unreadable)?;
                self.held_text(sink)?;
                sink.event(Event::CallStart { id: block.get("id").and_then(json::text_of), name });
                let input = block.get("input").filter(|input| !json::is_null(input)).map(RawValue::get);
                let call = OpenCall { number: self.calls, input: Some(input.unwrap_or("{}").to_owned()) };
                self.calls += 1;
                if let Some(before) = self.open.insert(index, call) {
                    before.complete(sink);
                }
                Ok(())
            }
            "redacted_thinking" => {
                if let Some(data) = block.get("data").and_then(json::text_of) {
                    sink.event(Event::Encrypted(&data));
                }
                Ok(())
            }
            "text" | "thinking" => self.say(&block, sink),
            // What the vendor's own tools do has no place in other dialects.
            _ => Ok(()),
        }
    }

    fn delta(&mut self, event: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        let delta = event.get("delta").and_then(Fields::of).ok_or_else(|| answer::unreadable(self.about))?;
        match kind_of(&delta).as_ref() {
            "text_delta" | "thinking_delta" | "signature_delta" => self.say(&delta, sink),
            "input_json_delta" => {
                if let Some(call) = index_of(event).and_then(|index| self.open.get_mut(&index)) {
                    pass_text(&delta, "partial_json", |piece| {
                        call.input = None;
                        sink.event(Event::Arguments { call: call.number, piece });
                    });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Passes the texts of a block that begins, or of a delta.
    fn say(&mut self, part: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        pass_text(part, "thinking", |text| sink.event(Event::Reasoning(text)));
        if let Some(signature) = signature_of(part) {
            sink.event(Event::Signature(&signature));
        }
        let StreamedMessage { screen, denial, .. } = self;
        let mut read = Ok(());
        pass_text(part, "text", |text| match denial {
            Some(words) => words.push_str(&text.decoded()),
            None if screen.is_over() => sink.event(Event::Text(text)),
            None => read = screen.text(text, &mut |text| sink.event(Event::Text(text))),
        });
        read
    }

    fn stop_block(&mut self, event: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        match index_of(event).and_then(|index| self.open.remove(&index)) {
            Some(call) => call.complete(sink),
            // A text that is held back has come to its end, so it is no notice.
            None if !self.screen.holds_nothing() => self.held_text(sink)?,
            None => {}
        }
        Ok(())
    }

    fn end_message(&mut self, event: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(usage) = event.get("usage") {
            self.counts.read(usage);
        }
        let Some(delta) = event.get("delta").and_then(Fields::of) else { return Ok(()) };
        if let Some(reason) = delta.get("stop_reason").and_then(json::text_of) {
            self.stop_reason = Some(reason.into_owned());
        }
        if let Some(refusal) = refusal_of(&delta) {
            self.held_text(sink)?;
            sink.event(Event::Refusal(Text::Json(refusal)));
        }
        Ok(())
    }

    fn complete(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.is_complete = true;
        self.held_text(sink)?;
        std::mem::take(&mut self.open).into_values().for_each(|call| call.complete(sink));
        if let Some(reason) = &self.stop_reason {
            sink.event(Event::Finish(finish_reason(reason, self.calls > 0)));
        }
        if let Some(usage) = self.counts.usage() {
            sink.event(Event::Usage(usage));
        }
        Ok(())
    }

    /// Passes text that was held back because it could have become a notice.
    fn held_text(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(words) = self.denial.take() {
            return Err(denied(&words));
        }
        self.screen.end(&mut |text: Text<'_>| sink.event(Event::Text(text)))
    }
}

impl OpenCall {
    /// Completes a call that came without pieces: its arguments are those that its block began with.
    fn complete(self, sink: &mut dyn Sink) {
        if let Some(input) = self.input {
            sink.event(Event::Arguments { call: self.number, piece: Text::Plain(&input) });
        }
    }
}

fn index_of(event: &Fields<'_>) -> Option<u64> {
    event.get("index")?.get().parse().ok()
}
