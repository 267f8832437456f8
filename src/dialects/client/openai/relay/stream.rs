//! Rewrites a stream.

use super::choice::{is_kept, push_field};
use super::chunk::{ChoiceEffect, RelayHead, RelayedSoFar, is_of_head, push_choice};
use super::template::ChunkTemplate;
use crate::chat::{Delivery, Encoder, Text};
use crate::dialects::client::ChatClient;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::openai::endpoint::OpenaiChat;
use crate::dialects::client::openai::usage::push_usage;
use crate::dialects::upstream::ChatDialect;
use crate::dialects::upstream::openai::events::EventReader;
use crate::dialects::upstream::openai::reading::{counts, given, texts};
use crate::dialects::upstream::openai::screen::{self, StreamScreen};
use crate::dialects::upstream::{error, openai};
use crate::json::{self, Fields};
use crate::wire::{Failure, sse};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One stream while it is relayed.
pub struct RelayedStream {
    reader: EventReader,
    state: RelayState,
}

/// What is known of a stream beside its incomplete event.
struct RelayState {
    client: OpenaiChat,
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
    screen: StreamScreen,
    /// What the first chunk with a choice says.
    head: Option<RelayHead>,
    so_far: RelayedSoFar,
    /// Events that wait: for the first one that says something, as long as a failure can take the place of the whole reply, and
    /// for texts that may still become a notice.
    waiting: Vec<u8>,
    /// True if one of the waiting events says something.
    waiting_says: bool,
    /// True if an event has gone out, so that the next need not wait.
    has_begun: bool,
    /// The event with the counts, if the client wants them.
    usage: Option<Vec<u8>>,
    template: Option<ChunkTemplate>,
}

impl RelayedStream {
    /// Creates a stream that has not begun.
    pub fn new(client: OpenaiChat, frame: ReplyFrame, dialect: &'static dyn ChatDialect) -> Self {
        let screen = StreamScreen::new(dialect.vendor());
        let state = RelayState {
            client,
            frame,
            dialect,
            screen,
            head: None,
            so_far: RelayedSoFar::default(),
            waiting: Vec::new(),
            waiting_says: false,
            has_begun: false,
            usage: None,
            template: None,
        };
        RelayedStream { reader: EventReader::default(), state }
    }

    /// Returns the upstream's dialect.
    pub fn dialect(&self) -> &'static dyn ChatDialect {
        self.state.dialect
    }

    /// Takes a piece, cut anywhere, and appends what the client gets of it.
    ///
    /// # Errors
    /// For an error, a notice or a page in place of the answer, and for what is none of these.
    pub fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let RelayedStream { reader, state } = self;
        out.reserve(piece.len());
        reader.push(state.dialect.name(), piece, |data| state.event(data, out))
    }

    /// Takes the end of the stream, and appends the end of the client's.
    ///
    /// # Errors
    /// When the answer is not complete.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let RelayedStream { reader, state } = self;
        if let Some(body) = reader.body() {
            return state.whole(&body, out);
        }
        state.end_text()?;
        let has_choice = state.head.is_some();
        openai::complete(state.dialect, reader, has_choice, state.so_far.has_finished)?;
        state.finish(out);
        Ok(())
    }

    /// Takes the break of the stream: appends what waits, or returns the failure that it shows.
    pub fn broken(&mut self, out: &mut Vec<u8>) -> Option<Failure> {
        let state = &mut self.state;
        let notice = state.end_text().err();
        if notice.is_none() && state.waiting_says {
            state.flush(out);
        }
        notice
    }
}

impl RelayState {
    fn event(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some((template, text)) = self.template.as_ref().and_then(|one| Some((one, one.text_of(data)?))) {
            template.push(out, text);
            self.frame.meter.push(Text::Json(text));
            return Ok(());
        }
        let paired = json::paired(Cow::Borrowed(data));
        let chunk = Fields::parse(&paired).map_err(|_| error::inside(self.dialect, data.as_bytes()))?;
        let choices = screen::choices(self.dialect, &chunk, &paired)?;
        let usage = given(&chunk, "usage").and_then(|raw| Some((raw, counts(raw)?)));
        if let Some((raw, counts)) = usage {
            self.frame.used(counts);
            if self.frame.include_usage {
                self.usage = Some(self.with_usage(&chunk, raw));
            }
        }
        if choices.is_empty() {
            return Ok(());
        }
        let whole_event = usage.is_none().then_some(paired.as_ref());
        self.choices(&chunk, &choices, whole_event, out)
    }

    /// Appends a chunk with choices. `data` is its text, if chunks that are like it may follow.
    fn choices(
        &mut self,
        chunk: &Fields<'_>,
        choices: &[&RawValue],
        data: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        self.head(chunk);
        let mut event = Vec::with_capacity(512);
        self.open(&mut event);
        let mut effects = Vec::with_capacity(1);
        for choice in choices.iter().filter_map(|choice| Fields::of(choice)) {
            if !matches!(event.last(), Some(b'[' | b',')) {
                event.push(b',');
            }
            let effect = push_choice(&mut event, &choice, &mut self.so_far, &mut self.frame);
            self.watch(&effect)?;
            if effect.is_written {
                effects.push(effect);
            }
        }
        if effects.is_empty() {
            return Ok(());
        }
        if event.last() == Some(&b',') {
            event.pop();
        }
        event.push(b']');
        self.close(&mut event, chunk);
        self.waiting_says |= effects.iter().any(|effect| effect.says);
        if !(self.has_begun || self.waiting_says) || !self.screen.holds_nothing() {
            self.waiting.extend_from_slice(&event);
            return Ok(());
        }
        self.flush(out);
        out.extend_from_slice(&event);
        self.template = match (data, effects.as_slice()) {
            (Some(data), [ChoiceEffect { hole: Some((text, at)), .. }]) if self.screen.is_over() => {
                let padding = chunk.get("obfuscation").and_then(json::inside_of);
                ChunkTemplate::new(data, text, padding, &event, at.clone())
            }
            _ => None,
        };
        Ok(())
    }

    /// Shows the texts of a choice to the watch for notices.
    fn watch(&mut self, effect: &ChoiceEffect<'_>) -> Result<(), Failure> {
        if self.screen.is_over() {
            return Ok(());
        }
        let mut read = Ok(());
        if let Some(content) = effect.content {
            texts(content, &mut |text| {
                if read.is_ok() {
                    read = self.screen.text(text, &mut |_| {});
                }
            });
        }
        if read.is_ok() && effect.ends_text { self.end_text() } else { self.dropped(read) }
    }

    /// Takes the end of the text.
    fn end_text(&mut self) -> Result<(), Failure> {
        let read = self.screen.end(&mut |_| {});
        self.dropped(read)
    }

    /// Drops the events that wait, if they are a notice.
    fn dropped(&mut self, read: Result<(), Failure>) -> Result<(), Failure> {
        if read.is_err() {
            self.waiting = Vec::new();
            self.waiting_says = false;
        }
        read
    }

    /// Keeps what the first chunk with a choice says of the reply.
    fn head(&mut self, chunk: &Fields<'_>) {
        if self.head.is_none() {
            self.head = Some(RelayHead::of(self.client, &self.frame, chunk));
        }
    }

    /// Opens an event up to its list of choices.
    fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(sse::DATA);
        out.push(b'{');
        let own = || RelayHead::of(self.client, &self.frame, &Fields::default());
        let head = self.head.as_ref().map_or_else(|| Cow::Owned(own()), Cow::Borrowed);
        head.push(out, &self.frame, self.client.shape.chunk_object);
        out.extend_from_slice(b",\"choices\":[");
    }

    /// Closes an event with the fields that a chunk has beside its choices.
    fn close(&self, out: &mut Vec<u8>, chunk: &Fields<'_>) {
        for (name, value) in chunk.iter().filter(|(name, value)| is_kept(name, value)) {
            if !is_of_head(name) && name != "usage" {
                push_field(out, name, value);
            }
        }
        if self.frame.include_usage {
            out.extend_from_slice(b",\"usage\":null");
        }
        out.push(b'}');
        out.extend_from_slice(sse::END);
    }

    /// Returns the event with the counts of a chunk.
    fn with_usage(&mut self, chunk: &Fields<'_>, usage: &RawValue) -> Vec<u8> {
        let mut event = Vec::with_capacity(512);
        self.open(&mut event);
        event.push(b']');
        for (name, value) in chunk.iter().filter(|(name, value)| is_kept(name, value)) {
            if !is_of_head(name) && name != "usage" {
                push_field(&mut event, name, value);
            }
        }
        push_field(&mut event, "usage", usage);
        event.push(b'}');
        event.extend_from_slice(sse::END);
        event
    }

    /// Appends the events that wait.
    fn flush(&mut self, out: &mut Vec<u8>) {
        self.has_begun = true;
        out.append(&mut self.waiting);
    }

    /// Appends the end of a complete stream.
    fn finish(&mut self, out: &mut Vec<u8>) {
        self.flush(out);
        let (reason, output) = self.frame.end(!self.so_far.calls.is_empty());
        if !self.so_far.has_finished {
            self.open(out);
            out.extend_from_slice(b"{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":");
            json::push_string(out, self.client.finish_reason(reason));
            out.extend_from_slice(b"}]");
            self.close(out, &Fields::default());
        }
        if let Some(usage) = self.usage.take() {
            out.extend_from_slice(&usage);
        } else if let Some(usage) = self.frame.usage(output).filter(|_| self.frame.include_usage) {
            self.open(out);
            out.extend_from_slice(b"],\"usage\":");
            push_usage(out, usage);
            out.push(b'}');
            out.extend_from_slice(sse::END);
        }
        out.extend_from_slice(sse::DONE);
    }

    /// Appends a stream that is cut from a whole answer, which some servers give to who asks for a stream.
    fn whole(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut encoder = self.client.encoder(self.frame.clone(), Delivery::Recut);
        encoder.begin(out, body.len());
        let read = self.dialect.whole(body, &[], &mut encoder);
        encoder.close(out);
        read?;
        encoder.finish(out);
        Ok(())
    }
}
