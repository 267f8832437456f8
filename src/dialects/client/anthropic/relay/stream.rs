//! Relays a stream event by event. Pieces of blocks pass unread; the first and the last events are looked at.

use super::terms::RelayTerms;
use crate::chat::{Delivery, Encoder, Text};
use crate::dialects::client::anthropic::calls::one_line;
use crate::dialects::client::anthropic::encoder::MessageEncoder;
use crate::dialects::client::anthropic::frames::begins;
use crate::dialects::client::anthropic::usage::push_usage;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::anthropic::answer::{denied, is_chat_completion, is_denial, kind_of};
use crate::dialects::upstream::anthropic::usage::{TokenCounts, finish_reason};
use crate::dialects::upstream::openai::events::EventReader;
use crate::dialects::upstream::openai::screen::StreamScreen;
use crate::dialects::upstream::{ChatDialect, StreamDecoder, error};
use crate::json::{self, Fields};
use crate::wire::{Failure, sse};
use std::borrow::Cow;

/// How an event with a piece of a block begins or ends, with and without blanks between its parts. Within a string, the quotes would
/// be escaped.
const PIECES: [(&str, &str); 2] = [
    ("{\"type\":\"content_block_delta\"", ",\"type\":\"content_block_delta\"}"),
    ("{\"type\": \"content_block_delta\"", ", \"type\": \"content_block_delta\"}"),
];

/// One stream while it is relayed.
pub struct RelayedEvents {
    reader: EventReader,
    state: EventState,
    /// Translates a stream that came in the form of another endpoint.
    other: Option<Translated>,
}

/// A stream of another form.
struct Translated {
    decoder: Box<dyn StreamDecoder>,
    encoder: MessageEncoder,
}

/// What is known of a stream beside its incomplete event.
struct EventState {
    terms: RelayTerms,
    screen: StreamScreen,
    counts: TokenCounts,
    /// The event that begins the message, until something follows it: a failure may still take the place of the whole reply.
    start: Option<Vec<u8>>,
    /// Events whose texts may still become a notice.
    waiting: Vec<u8>,
    /// The words of a denial so far, if the message is one.
    denial: Option<String>,
    has_calls: bool,
    has_events: bool,
    is_complete: bool,
}

impl RelayedEvents {
    /// Creates a stream that has not begun.
    pub fn new(terms: RelayTerms) -> Self {
        let state = EventState {
            screen: StreamScreen::new(terms.dialect.vendor()),
            terms,
            counts: TokenCounts::default(),
            start: None,
            waiting: Vec::new(),
            denial: None,
            has_calls: false,
            has_events: false,
            is_complete: false,
        };
        RelayedEvents { reader: EventReader::default(), state, other: None }
    }

    /// Returns the facts of the reply.
    pub fn frame(&self) -> &ReplyFrame {
        &self.state.terms.frame
    }

    /// Returns the upstream's dialect.
    pub fn dialect(&self) -> &'static dyn ChatDialect {
        self.state.terms.dialect
    }

    /// Takes a piece, cut anywhere, and appends what the client gets of it.
    ///
    /// # Errors
    /// For an error, a notice or a page in place of the answer, and for what is none of these.
    pub fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let RelayedEvents { reader, state, other } = self;
        out.reserve(piece.len() + 64);
        reader.push(state.terms.dialect.name(), piece, |data| match other {
            Some(other) => other.event(data, out),
            None if state.is_plain(data) => {
                push_event(out, "content_block_delta", data);
                Ok(())
            }
            None => {
                let data = json::paired(Cow::Borrowed(data));
                let event = Fields::parse(&data).map_err(|_| error::inside(state.terms.dialect, data.as_bytes()))?;
                if !state.has_events && is_chat_completion(state.terms.dialect.vendor(), &event) {
                    return other.insert(Translated::new(&state.terms)).event(&data, out);
                }
                state.event(&event, &data, out)
            }
        })
    }

    /// Takes the end of the stream.
    ///
    /// # Errors
    /// When the answer is not complete.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let RelayedEvents { reader, state, other } = self;
        if let Some(other) = other {
            return other.end(out);
        }
        if let Some(body) = reader.body() {
            return state.whole(&body, out);
        }
        let name = state.terms.dialect.name();
        state.end_text()?;
        match (state.has_events, state.is_complete) {
            (_, true) => Ok(()),
            (false, false) => Err(error::empty(name)),
            (true, false) => Err(Failure::upstream(format!("{name}'s stream ended before its answer was complete."))),
        }
    }

    /// Takes the break of the stream: appends what waits, or returns the failure that it shows.
    pub fn broken(&mut self, out: &mut Vec<u8>) -> Option<Failure> {
        if let Some(Translated { decoder, encoder }) = &mut self.other {
            encoder.begin(out, 0);
            let said_instead = decoder.broken(encoder);
            encoder.close(out);
            return said_instead;
        }
        let notice = self.state.end_text().err();
        if notice.is_none() && !self.state.waiting.is_empty() {
            self.state.flush(out);
        }
        notice
    }
}

impl EventState {
    /// Returns true for an event with a piece of a block that needs no look.
    fn is_plain(&self, data: &str) -> bool {
        let is_piece = |(begin, end): &(&str, &str)| data.starts_with(begin) || data.ends_with(end);
        self.start.is_none() && self.has_events && self.screen.is_over() && PIECES.iter().any(is_piece)
    }

    fn event(&mut self, event: &Fields<'_>, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.has_events = true;
        if self.is_complete {
            return Ok(());
        }
        let kind = kind_of(event);
        match kind.as_ref() {
            "message_start" => self.start(event),
            "error" | "" => return Err(error::inside(self.terms.dialect, data.as_bytes())),
            // Pings before the message do not open it.
            "ping" if self.start.is_some() => {}
            "message_delta" => {
                let rewritten = self.last_counts(event);
                self.end_text()?;
                self.flush(out);
                push_event(out, &kind, rewritten.as_deref().unwrap_or(data));
            }
            "message_stop" => {
                self.end_text()?;
                self.is_complete = true;
                self.flush(out);
                self.terms.frame.end(self.has_calls);
                push_event(out, &kind, data);
            }
            _ => {
                self.watch(&kind, event)?;
                push_event(&mut self.waiting, &kind, data);
                if self.denial.is_none() && self.screen.holds_nothing() {
                    self.flush(out);
                }
            }
        }
        Ok(())
    }

    /// Takes the beginning of the message.
    fn start(&mut self, event: &Fields<'_>) {
        let message = event.get("message").and_then(Fields::of).unwrap_or_default();
        let usage = message.get("usage").filter(|usage| !json::is_null(usage));
        if let Some(usage) = usage {
            self.counts.read(usage);
        }
        if is_denial(self.terms.dialect.vendor(), &message, self.counts) {
            self.denial = Some(String::new());
        }
        let mut start = b"{\"type\":\"message_start\",\"message\":{".to_vec();
        for (name, value) in message.iter().filter(|(name, _)| *name != "usage" || usage.is_some()) {
            json::push_key(&mut start, name);
            if name == "model" {
                json::push_string(&mut start, &self.terms.frame.model);
            } else {
                start.extend_from_slice(value.get().as_bytes());
            }
        }
        if usage.is_none() {
            start.push(b',');
            push_usage(&mut start, self.terms.frame.shown_usage(Some(1)));
        }
        start.extend_from_slice(b"}}");
        self.start = Some(start);
    }

    /// Reads the last counts and the reason. Returns the event with the counts that it lacks.
    fn last_counts(&mut self, event: &Fields<'_>) -> Option<String> {
        let usage = event.get("usage").filter(|usage| !json::is_null(usage));
        if let Some(usage) = usage {
            self.counts.read(usage);
        }
        if let Some(counted) = self.counts.usage() {
            self.terms.frame.used(counted);
        }
        let reason = event.get("delta").and_then(Fields::of).and_then(|delta| delta.get("stop_reason"));
        if let Some(reason) = reason.and_then(json::text_of) {
            self.terms.frame.finished(finish_reason(&reason, self.has_calls));
        }
        let has_input = usage.and_then(Fields::of).is_some_and(|usage| usage.get("input_tokens").is_some());
        if has_input {
            return None;
        }
        let mut out = b"{".to_vec();
        for (name, value) in event.iter().filter(|(name, _)| *name != "usage") {
            json::push_key(&mut out, name);
            out.extend_from_slice(value.get().as_bytes());
        }
        out.push(b',');
        push_usage(&mut out, self.terms.frame.shown_usage(Some(0)));
        out.push(b'}');
        String::from_utf8(out).ok()
    }

    /// Shows the texts of an event to the watch for notices.
    fn watch(&mut self, kind: &str, event: &Fields<'_>) -> Result<(), Failure> {
        let holder = match kind {
            "content_block_start" => event.get("content_block"),
            "content_block_delta" => event.get("delta"),
            "content_block_stop" if !self.screen.holds_nothing() => return self.end_text(),
            _ => None,
        };
        let Some(part) = holder.and_then(Fields::of) else { return Ok(()) };
        if kind_of(&part) == "tool_use" {
            self.has_calls = true;
            return self.end_text();
        }
        let Some(text) = part.get("text").and_then(json::inside_of) else { return Ok(()) };
        let text = Text::Json(text);
        if let Some(words) = &mut self.denial {
            words.push_str(&text.decoded());
            return Ok(());
        }
        if self.screen.is_over() || text == Text::Json("") {
            return Ok(());
        }
        let read = self.screen.text(text, &mut |_| {});
        self.dropped(read)
    }

    /// Takes the end of a text.
    fn end_text(&mut self) -> Result<(), Failure> {
        if let Some(words) = self.denial.take() {
            return self.dropped(Err(denied(&words)));
        }
        let read = self.screen.end(&mut |_| {});
        self.dropped(read)
    }

    /// Drops the events that wait, if they are a notice.
    fn dropped(&mut self, read: Result<(), Failure>) -> Result<(), Failure> {
        if read.is_err() {
            self.waiting = Vec::new();
            self.start = None;
        }
        read
    }

    /// Appends the beginning of the message, unless the client has one, and the events that wait.
    fn flush(&mut self, out: &mut Vec<u8>) {
        if let Some(start) = self.start.take()
            && begins(&self.terms.frame.ledger())
        {
            push_event(out, "message_start", &String::from_utf8_lossy(&start));
        }
        out.append(&mut self.waiting);
    }

    /// Appends a stream that is cut from a whole answer, which some servers give to who asks for a stream.
    fn whole(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut encoder = self.terms.encoder(Delivery::Recut);
        encoder.begin(out, body.len());
        let read = self.terms.dialect.whole(body, &[], &mut encoder);
        encoder.close(out);
        read?;
        encoder.finish(out);
        Ok(())
    }
}

impl Translated {
    fn new(terms: &RelayTerms) -> Self {
        let encoder = terms.encoder(Delivery::Stream);
        Translated { decoder: terms.dialect.stream(), encoder }
    }

    fn event(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        let mut framed = Vec::with_capacity(data.len() + 16);
        sse::push_event(&mut framed, data.as_bytes());
        self.encoder.begin(out, data.len());
        let read = self.decoder.piece(&framed, &mut self.encoder);
        self.encoder.close(out);
        read
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.encoder.begin(out, 0);
        let read = self.decoder.end(&mut self.encoder);
        self.encoder.close(out);
        read?;
        self.encoder.finish(out);
        Ok(())
    }
}

/// Appends an event.
fn push_event(out: &mut Vec<u8>, kind: &str, data: &str) {
    out.extend_from_slice(b"event: ");
    json::push_escaped(out, kind);
    out.extend_from_slice(b"\ndata: ");
    json::push_inside(out, &one_line(data));
    out.extend_from_slice(b"\n\n");
}
