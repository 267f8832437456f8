//! Hands on a stream, event by event.

use super::whole::push_response;
use crate::chat::{Encoder, Text};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::responses::encoder::ResponseEncoder;
use crate::dialects::upstream::openai::events::MOST;
use crate::dialects::upstream::openai::screen::StreamScreen;
use crate::dialects::upstream::responses::verdict;
use crate::dialects::upstream::responses::words::EventKind;
use crate::dialects::upstream::{ChatDialect, error, front_door};
use crate::json::{self, Fields};
use crate::plan::{Held, Reply, Start, UpstreamHead};
use crate::wire::sse::{self, SseEvent, SseReader};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::borrow::Cow;

/// What other dialects end a stream with. This one has an event for it.
const DONE: &[u8] = b"[DONE]";
/// Events before which nothing is said. They wait for what follows, so that a failure right behind them is a status.
const OPENING: [&str; 5] = [
    "response.created",
    "response.in_progress",
    "response.queued",
    "response.output_item.added",
    "response.content_part.added",
];

/// Hands on a stream.
pub struct ResponseStream {
    reader: SseReader,
    /// What came instead of events; `None` as soon as an event can have begun.
    body: Option<Vec<u8>>,
    state: RelayedResponse,
}

struct RelayedResponse {
    /// Writes what the upstream does not.
    encoder: ResponseEncoder,
    frame: ReplyFrame,
    dialect: &'static dyn ChatDialect,
    /// Tells notices from text.
    screen: StreamScreen,
    /// Events that wait for the next one, or until it is clear that their text is none of the notices.
    waiting: Vec<u8>,
    is_over: bool,
}

impl ResponseStream {
    /// Creates the reply of this frame.
    pub fn new(encoder: ResponseEncoder, frame: ReplyFrame, dialect: &'static dyn ChatDialect) -> Self {
        let screen = StreamScreen::new(dialect.vendor());
        let state = RelayedResponse { encoder, frame, dialect, screen, waiting: Vec::new(), is_over: false };
        ResponseStream { reader: SseReader::new(MOST), body: Some(Vec::new()), state }
    }

    fn read(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let ResponseStream { reader, body, state } = self;
        let Some(collected) = body else { return reader.push(piece, |event| state.event(event, out)) };
        if collected.len() + piece.len() > MOST {
            let name = state.dialect.name();
            return Err(Failure::upstream(format!("{name}'s answer has no events and is too large.")));
        }
        collected.extend_from_slice(piece);
        match collected.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None | Some(b'{' | b'[' | b'<') => Ok(()),
            Some(_) => {
                let collected = std::mem::take(collected);
                *body = None;
                reader.push(&collected, |event| state.event(event, out))
            }
        }
    }
}

impl RelayedResponse {
    fn event(&mut self, event: SseEvent<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.is_over || event.data.is_empty() || event.data == DONE {
            return Ok(());
        }
        let unreadable = || error::inside(self.dialect, event.data);
        let text = std::str::from_utf8(event.data).map_err(|_| unreadable())?;
        let text = json::paired(Cow::Borrowed(text));
        let fields = Fields::parse(&text).map_err(|_| unreadable())?;
        let named = fields.get("type").and_then(json::text_of);
        let Some(name) = named.as_deref() else { return Err(unreadable()) };
        let kind = EventKind::of(name);
        if name == "response.created" {
            let response = fields.get("response").and_then(Fields::of);
            let id = response.as_ref().and_then(|response| response.get("id")).and_then(json::text_of);
            id.iter().for_each(|id| self.encoder.take_id(id));
        }
        match kind {
            EventKind::Error => return Err(unreadable()),
            EventKind::TextDelta => self.text(&fields)?,
            EventKind::End(state) => self.ends(state, &fields)?,
            _ => {}
        }
        self.frame.ledger().events.store(number(&fields) + 1, std::sync::atomic::Ordering::Relaxed);
        self.push(name, &fields, &text);
        if !OPENING.contains(&name) && self.screen.holds_nothing() {
            out.append(&mut self.waiting);
        }
        Ok(())
    }

    fn text(&mut self, fields: &Fields<'_>) -> Result<(), Failure> {
        let inside = fields.get("delta").and_then(json::inside_of).unwrap_or_default();
        self.frame.meter.push(Text::Json(inside));
        if self.screen.is_over() {
            return Ok(());
        }
        self.screen.text(Text::Json(inside), &mut |_| {}).inspect_err(|_| self.waiting = Vec::new())
    }

    /// Takes the last event, and records the tokens.
    fn ends(
        &mut self,
        state: crate::dialects::upstream::responses::words::ResponseState,
        fields: &Fields<'_>,
    ) -> Result<(), Failure> {
        let raw = fields.get("response").map_or("{}", |raw| raw.get());
        let response = Fields::parse(raw).unwrap_or_default();
        let state = verdict::of(self.dialect, &response, Some(state), raw.as_bytes())?;
        self.end_text()?;
        self.frame.finished(verdict::finish(self.dialect.name(), state, false, &response)?);
        if let Some(usage) = response.get("usage").and_then(verdict::usage) {
            self.frame.used(usage);
        }
        self.frame.end(false);
        self.is_over = true;
        Ok(())
    }

    fn end_text(&mut self) -> Result<(), Failure> {
        self.screen.end(&mut |_| {}).inspect_err(|_| self.waiting = Vec::new())
    }

    /// Adds an event to those that wait. The client's name of the model stands in it, and padding does not.
    fn push(&mut self, name: &str, fields: &Fields<'_>, text: &str) {
        let out = &mut self.waiting;
        for piece in [b"event: ", name.as_bytes(), b"\n", sse::DATA] {
            out.extend_from_slice(piece);
        }
        let response = fields.get("response").and_then(Fields::of);
        if response.is_none() && fields.get("obfuscation").is_none() {
            json::push_line(out, text);
        } else {
            out.push(b'{');
            for (name, value) in fields.iter().filter(|(name, _)| *name != "obfuscation") {
                json::push_key(out, name);
                match &response {
                    Some(response) if name == "response" => push_response(out, response, &self.frame.model),
                    _ => json::push_line(out, value.get()),
                }
            }
            out.push(b'}');
        }
        out.extend_from_slice(sse::END);
    }

    /// Makes a stream of an answer that came whole.
    fn whole(&mut self, body: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.encoder.begin(out, body.len());
        let read = self.dialect.whole(body, &[], &mut self.encoder);
        self.encoder.close(out);
        read?;
        self.encoder.finish(out);
        Ok(())
    }
}

/// Returns the number of an event.
fn number(fields: &Fields<'_>) -> u64 {
    fields.get("sequence_number").and_then(|number| number.get().parse().ok()).unwrap_or_default()
}

impl Reply for ResponseStream {
    fn stream_type(&self) -> Option<&'static str> {
        Some(sse::CONTENT_TYPE)
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) -> bool {
        self.state.encoder.fail(failure, out)
    }

    fn head(&mut self, head: &UpstreamHead<'_>) -> Start {
        if head.status == StatusCode::OK && !head.bodiless { Start::Stream(sse::CONTENT_TYPE) } else { Start::Hold }
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.read(piece, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let name = self.state.dialect.name();
        match self.body.take() {
            Some(body) if body.trim_ascii().is_empty() => return Err(error::empty(name)),
            Some(body) => return self.state.whole(&body, out),
            None => {}
        }
        // Some servers write no blank line after their last event.
        self.read(b"\n\n", out)?;
        if self.state.is_over {
            out.append(&mut self.state.waiting);
            return Ok(());
        }
        self.state.end_text()?;
        Err(Failure::upstream(format!("{name}'s stream ended before its answer was complete.")))
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.state.dialect, held)?;
        // The head of the stream announced that no body follows.
        let mut out = Vec::new();
        self.piece(&held.body, &mut out)?;
        self.end(&mut out)?;
        let mut answer = Answer::new(StatusCode::OK, sse::CONTENT_TYPE, out);
        answer.headers.extend(sse::HEADERS);
        Ok(answer)
    }

    fn broken(&mut self, _: &mut Vec<u8>) -> Option<Failure> {
        self.state.end_text().err()
    }
}
