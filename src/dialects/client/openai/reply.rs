//! The reply of a chat-like endpoint: the upstream's dialect decoded on one side, OpenAI's encoded on the other.

use super::frame::Frame;
use super::stream::{ChunkSink, Chunks, Recut};
use super::structured::{Wrapped, Wrapping};
use super::whole::Whole;
use crate::chat::Sink;
use crate::dialects::upstream::{ChatDialect, StreamDecoder, error};
use crate::plan::{Held, Reply, Start, UpstreamHead};
use crate::wire::{Answer, Failure, sse};
use http::StatusCode;

/// How a reply comes from the upstream and goes to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Whole on both sides.
    Whole,
    /// Streamed on both sides.
    Stream,
    /// Whole from the upstream, cut into chunks for the client.
    Recut,
}

/// The reply of a chat-like endpoint.
pub struct ChatReply {
    source: Source,
    frame: Frame,
    state: State,
}

/// What tells what an answer says.
#[derive(Clone)]
pub struct Source {
    /// How the upstream speaks.
    pub dialect: &'static dyn ChatDialect,
    /// The tools whose calls may have leaked into the text.
    pub offered: Vec<String>,
    /// What the answer's JSON comes in, where it is to be JSON.
    pub wrapping: Option<Wrapping>,
}

impl Source {
    fn whole(&self, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let Some(wrapping) = self.wrapping else { return self.dialect.whole(body, &self.offered, sink) };
        let mut wrapped = Wrapped::new(wrapping);
        self.dialect.whole(body, &self.offered, &mut wrapped)?;
        wrapped.hand_on(sink);
        Ok(())
    }
}

enum State {
    Whole,
    Streaming(Streaming),
    Recut(Chunks),
}

struct Streaming {
    decoder: Box<dyn StreamDecoder>,
    chunks: Chunks,
}

impl ChatReply {
    /// The reply to a request.
    pub fn new(source: Source, frame: Frame, delivery: Delivery) -> Self {
        let state = match delivery {
            Delivery::Whole => State::Whole,
            Delivery::Stream => {
                State::Streaming(Streaming { decoder: source.dialect.stream(), chunks: Chunks::new(&frame) })
            }
            Delivery::Recut => State::Recut(Chunks::new(&frame)),
        };
        ChatReply { source, frame, state }
    }

    fn streaming(&mut self) -> Option<(&mut Streaming, &mut Frame)> {
        match &mut self.state {
            State::Streaming(streaming) => Some((streaming, &mut self.frame)),
            State::Whole | State::Recut(_) => None,
        }
    }

    fn whole(&mut self, body: &[u8]) -> Result<Answer, Failure> {
        let mut whole = Whole::new(&mut self.frame, body.len());
        self.source.whole(body, &mut whole)?;
        Ok(Answer::json(StatusCode::OK, whole.finish(self.source.dialect.name())?))
    }
}

fn stream_answer(out: Vec<u8>) -> Answer {
    let mut answer = Answer::new(StatusCode::OK, sse::CONTENT_TYPE, out);
    answer.headers.extend(sse::HEADERS);
    answer
}

impl Reply for ChatReply {
    fn head(&mut self, head: &UpstreamHead<'_>) -> Start {
        match self.state {
            State::Streaming(_) if head.status == StatusCode::OK && !head.bodiless => Start::Stream(sse::CONTENT_TYPE),
            _ => Start::Hold,
        }
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some((Streaming { decoder, chunks }, frame)) = self.streaming() else { return Ok(()) };
        out.reserve(chunks.room(piece.len()));
        let read = decoder.piece(piece, &mut ChunkSink { chunks, frame, out });
        chunks.close(frame, out);
        read
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some((Streaming { decoder, chunks }, frame)) = self.streaming() else { return Ok(()) };
        let read = decoder.end(&mut ChunkSink { chunks, frame, out });
        chunks.close(frame, out);
        read?;
        chunks.finish(frame, out);
        Ok(())
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        if held.status != StatusCode::OK {
            return Err(error::failure(self.source.dialect, held));
        }
        let mut out = Vec::new();
        match &mut self.state {
            State::Whole => return self.whole(&held.body),
            State::Recut(chunks) => {
                out.reserve(chunks.room(held.body.len()) * 2);
                let sink = ChunkSink { chunks, frame: &mut self.frame, out: &mut out };
                self.source.whole(&held.body, &mut Recut(sink))?;
                chunks.finish(&self.frame, &mut out);
            }
            // A stream whose head announced that nothing follows: an empty answer.
            State::Streaming(_) => {
                self.piece(&held.body, &mut out)?;
                self.end(&mut out)?;
            }
        }
        Ok(stream_answer(out))
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let mut said_instead = None;
        if let Some((Streaming { decoder, chunks }, frame)) = self.streaming() {
            said_instead = decoder.broken(&mut ChunkSink { chunks, frame, out });
            chunks.close(frame, out);
        }
        sse::push_event(out, &said_instead.as_ref().unwrap_or(failure).to_json());
    }
}
