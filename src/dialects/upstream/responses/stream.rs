//! A streamed answer: bytes, cut anywhere, to the events of a turn. An upstream that is asked for a stream may answer with one
//! JSON body instead, an error or the whole response.

use super::turn::StreamedTurn;
use crate::chat::Sink;
use crate::dialects::upstream::{ChatDialect, StreamDecoder, error};
use crate::wire::Failure;
use crate::wire::sse::SseReader;

/// The most bytes of one event or of a body without events. The last event repeats the tools and the whole answer.
const MOST_BYTES: usize = 32 << 20;
/// What other dialects end a stream with. This one has an event for it.
const DONE: &[u8] = b"[DONE]";

/// Decodes one streamed answer.
pub struct Answering {
    dialect: &'static dyn ChatDialect,
    framing: Framing,
    turn: StreamedTurn,
}

/// How the bytes are to be read.
enum Framing {
    /// Nothing but white space has come.
    Open,
    /// As events.
    Events(SseReader),
    /// As one JSON body.
    Body(Vec<u8>),
}

impl Answering {
    /// Creates the decoder.
    pub fn new(dialect: &'static dyn ChatDialect) -> Self {
        Answering { dialect, framing: Framing::Open, turn: StreamedTurn::new(dialect) }
    }
}

impl StreamDecoder for Answering {
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let Answering { dialect, framing, turn } = self;
        if matches!(framing, Framing::Open) {
            match piece.trim_ascii_start().first() {
                None => return Ok(()),
                Some(b'{') => *framing = Framing::Body(Vec::new()),
                Some(_) => *framing = Framing::Events(SseReader::new(MOST_BYTES)),
            }
        }
        match framing {
            Framing::Open => Ok(()),
            Framing::Events(reader) => reader.push(piece, |event| match event.data {
                data if turn.is_over() || data == DONE => Ok(()),
                data => turn.event(data, event.name, sink),
            }),
            Framing::Body(body) if body.len() + piece.len() > MOST_BYTES => {
                Err(Failure::upstream(format!("{}'s answer is larger than {MOST_BYTES} bytes.", dialect.name())))
            }
            Framing::Body(body) => {
                body.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure> {
        self.turn.broken(sink)
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        match &self.framing {
            Framing::Open => Err(error::empty(self.dialect.name())),
            Framing::Body(body) => self.dialect.whole(body, &[], sink),
            Framing::Events(_) => self.end_of_events(sink),
        }
    }
}

impl Answering {
    fn end_of_events(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        // Some servers write no blank line after their last event.
        let last = self.piece(b"\n\n", sink);
        if self.turn.is_over() {
            return Ok(());
        }
        if !self.turn.is_garbled() {
            last?;
        }
        let cut =
            || Failure::upstream(format!("{}'s stream ended before its answer was complete.", self.dialect.name()));
        Err(self.turn.broken(sink).unwrap_or_else(cut))
    }
}
