//! The reply of a chat-like endpoint: the upstream's dialect decoded on one side, OpenAI's encoded on the other.

use super::frame::Frame;
use super::stream::{ChunkSink, Chunks};
use super::whole::Whole;
use crate::dialect::{ChatDialect, StreamDecoder};
use crate::transform::{Held, Reply, Start, UpstreamHead, upstream_error};
use crate::wire::{Answer, Failure, sse};
use http::StatusCode;

/// The reply of a chat-like endpoint.
pub struct ChatReply {
    dialect: &'static dyn ChatDialect,
    frame: Frame,
    streaming: Option<Streaming>,
}

struct Streaming {
    decoder: Box<dyn StreamDecoder>,
    chunks: Chunks,
}

impl ChatReply {
    /// The reply to a request; `stream` says whether client and upstream stream.
    pub fn new(dialect: &'static dyn ChatDialect, frame: Frame, stream: bool) -> Self {
        let streaming = stream.then(|| Streaming { decoder: dialect.stream(), chunks: Chunks::new(&frame) });
        ChatReply { dialect, frame, streaming }
    }

    fn whole(&mut self, body: &[u8]) -> Result<Answer, Failure> {
        let mut whole = Whole::new(&mut self.frame, body.len());
        self.dialect.whole(body, &mut whole)?;
        Ok(Answer::json(StatusCode::OK, whole.finish()?))
    }
}

impl Reply for ChatReply {
    fn head(&mut self, head: &UpstreamHead<'_>) -> Start {
        match self.streaming {
            Some(_) if head.status == StatusCode::OK && !head.bodiless => {
                Start::Stream("text/event-stream; charset=utf-8")
            }
            _ => Start::Hold,
        }
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(Streaming { decoder, chunks }) = &mut self.streaming else { return Ok(()) };
        out.reserve(chunks.room(piece.len()));
        let read = decoder.piece(piece, &mut ChunkSink { chunks, frame: &mut self.frame, out });
        chunks.close(&self.frame, out);
        read
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(Streaming { decoder, chunks }) = &mut self.streaming else { return Ok(()) };
        let read = decoder.end(&mut ChunkSink { chunks, frame: &mut self.frame, out });
        chunks.close(&self.frame, out);
        read?;
        chunks.finish(&self.frame, out);
        Ok(())
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        if held.status != StatusCode::OK {
            return Err(upstream_error::failure(held));
        }
        if self.streaming.is_none() {
            return self.whole(&held.body);
        }
        // A stream whose head announced that nothing follows: an empty answer.
        let mut out = Vec::new();
        self.piece(&held.body, &mut out)?;
        self.end(&mut out)?;
        let mut answer = Answer::new(StatusCode::OK, "text/event-stream; charset=utf-8", out);
        answer.headers.extend(sse::HEADERS);
        Ok(answer)
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let mut said_instead = None;
        if let Some(Streaming { decoder, chunks }) = &mut self.streaming {
            said_instead = decoder.broken(&mut ChunkSink { chunks, frame: &mut self.frame, out });
            chunks.close(&self.frame, out);
        }
        sse::push_event(out, &said_instead.as_ref().unwrap_or(failure).to_json());
    }
}
