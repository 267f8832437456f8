//! Decodes a stream of chunks.

use super::calls::StreamedCalls;
use super::events::EventReader;
use super::pattern::ChunkPattern;
use super::reading::{finish_of, given, reasoning_of, texts, usage_of};
use super::screen::{self, StreamScreen};
use super::whole;
use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::{ChatDialect, StreamDecoder, error};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The decoder of one stream.
pub struct Decoder {
    reader: EventReader,
    chunks: ChunkReading,
}

/// What the chunks of one stream have said.
struct ChunkReading {
    dialect: &'static dyn ChatDialect,
    screen: StreamScreen,
    calls: StreamedCalls,
    /// True if a choice came.
    has_begun: bool,
    has_finished: bool,
    /// The chunk before, where it brought a text and nothing else.
    pattern: Option<ChunkPattern>,
}

impl Decoder {
    /// Creates the decoder of a stream in this dialect.
    pub fn new(dialect: &'static dyn ChatDialect) -> Self {
        let (screen, calls) = (StreamScreen::new(dialect.vendor()), StreamedCalls::default());
        let chunks = ChunkReading { dialect, screen, calls, has_begun: false, has_finished: false, pattern: None };
        Decoder { reader: EventReader::default(), chunks }
    }
}

impl StreamDecoder for Decoder {
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let Decoder { reader, chunks } = self;
        reader.push(chunks.dialect.name(), piece, |data| chunks.chunk(data, sink))
    }

    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure> {
        self.chunks.held_text(sink).err()
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let Decoder { reader, chunks } = self;
        if let Some(body) = reader.body() {
            // The server answered whole, or with an error.
            return whole::decode(chunks.dialect, &body, sink);
        }
        chunks.held_text(sink)?;
        complete(chunks.dialect, reader, chunks.has_begun, chunks.has_finished)?;
        chunks.calls.complete(chunks.dialect.name(), sink)
    }
}

/// Checks that a stream that ended is complete. Some servers leave out the event that says so, but each says why its answer ended.
///
/// # Errors
/// When the stream was cut, or said nothing.
pub fn complete(
    dialect: &dyn ChatDialect,
    reader: &EventReader,
    has_begun: bool,
    has_finished: bool,
) -> Result<(), Failure> {
    let name = dialect.name();
    if reader.is_empty() || (reader.is_done() && !has_begun) {
        return Err(error::empty(name));
    }
    if reader.is_done() || has_finished {
        return Ok(());
    }
    Err(Failure::upstream(format!("{name}'s stream ended before its answer was complete.")))
}

impl ChunkReading {
    fn chunk(&mut self, data: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(text) = self.pattern.as_ref().and_then(|pattern| pattern.text_of(data)) {
            sink.event(Event::Text(Text::Json(text)));
            return Ok(());
        }
        let data = json::paired(Cow::Borrowed(data));
        let chunk = Fields::parse(&data).map_err(|_| error::inside(self.dialect, data.as_bytes()))?;
        let choices = screen::choices(self.dialect, &chunk, &data)?;
        if let Some(choice) = choices.first().and_then(|choice| Fields::of(choice)) {
            self.has_begun = true;
            self.choice(&choice, sink)?;
        }
        if let Some(usage) = usage_of(&chunk) {
            sink.event(Event::Usage(usage));
        }
        // Text is passed unseen once nothing of it can be a notice.
        self.pattern = match (&data, choices.as_slice()) {
            (Cow::Borrowed(data), [choice]) if self.screen.is_over() => text_alone(data, &chunk, choice),
            _ => None,
        };
        Ok(())
    }

    fn choice(&mut self, choice: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(delta) = given(choice, "delta").and_then(Fields::of) {
            self.delta(&delta, sink)?;
        }
        if let Some(reason) = finish_of(choice).filter(|_| !self.has_finished) {
            self.has_finished = true;
            self.held_text(sink)?;
            self.calls.complete(self.dialect.name(), sink)?;
            sink.event(Event::Finish(reason));
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(reasoning) = reasoning_of(delta) {
            texts(reasoning, &mut |text| sink.event(Event::Reasoning(text)));
        }
        if let Some(content) = given(delta, "content") {
            self.text(content, sink)?;
        }
        if let Some(refusal) = given(delta, "refusal") {
            texts(refusal, &mut |text| sink.event(Event::Refusal(text)));
        }
        if let Some(list) = given(delta, "tool_calls") {
            self.held_text(sink)?;
            self.calls.pieces(self.dialect.name(), list, sink)?;
        }
        if let Some(old) = given(delta, "function_call") {
            self.held_text(sink)?;
            self.calls.old_piece(old, sink);
        }
        Ok(())
    }

    fn text(&mut self, content: &RawValue, sink: &mut dyn Sink) -> Result<(), Failure> {
        let screen = &mut self.screen;
        let mut read = Ok(());
        texts(content, &mut |text| {
            if read.is_ok() {
                read = screen.text(text, &mut |text| sink.event(Event::Text(text)));
            }
        });
        read
    }

    /// Passes text that was held back because it could have become a notice.
    fn held_text(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        self.screen.end(&mut |text: Text<'_>| sink.event(Event::Text(text)))
    }
}

/// Returns the pattern of a chunk whose only choice brings a text and nothing else.
fn text_alone(data: &str, chunk: &Fields<'_>, choice: &RawValue) -> Option<ChunkPattern> {
    let choice = Fields::of(choice)?;
    let delta = given(&choice, "delta").and_then(Fields::of)?;
    let is_alone = delta.iter().all(|(name, value)| matches!(name, "content" | "role") || json::is_null(value));
    if !is_alone || given(&choice, "finish_reason").is_some() || given(chunk, "usage").is_some() {
        return None;
    }
    let text = delta.get("content").and_then(json::inside_of).filter(|text| !text.is_empty())?;
    ChunkPattern::new(data, text, chunk.get("obfuscation").and_then(json::inside_of))
}
