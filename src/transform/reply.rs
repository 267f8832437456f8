//! The reply to one chat call: it decodes the upstream's dialect and encodes the client's.

use super::structured::{Wrapped, Wrapping};
use crate::chat::{Delivery, Encoder, Sink};
use crate::dialects::upstream::{ChatDialect, StreamDecoder, error, front_door};
use crate::plan::{Held, Reply, Start, UpstreamHead};
use crate::wire::{Answer, Failure, Pulse, sse};
use http::StatusCode;
use std::sync::Arc;

/// What is needed to decode an answer.
#[derive(Clone)]
pub struct AnswerSource {
    /// The upstream's dialect.
    pub dialect: &'static dyn ChatDialect,
    /// The tools whose calls may have leaked into the text.
    pub offered: Vec<String>,
    /// What the JSON of the answer is wrapped in; `None` if the answer is text.
    pub wrapping: Option<Wrapping>,
    /// True if the upstream streams the answer. It is collected where the client gets it whole.
    pub streamed: bool,
}

impl AnswerSource {
    /// Decodes a complete body.
    fn whole(&self, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let Some(wrapping) = self.wrapping else { return self.events(body, sink) };
        let mut wrapped = Wrapped::new(wrapping);
        self.events(body, &mut wrapped)?;
        wrapped.hand_on(sink);
        Ok(())
    }

    fn events(&self, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        if !self.streamed {
            return self.dialect.whole(body, &self.offered, sink);
        }
        let mut decoder = self.dialect.stream();
        decoder.piece(body, sink)?;
        decoder.end(sink)
    }
}

/// The reply to one chat call.
pub struct ChatReply<E> {
    source: AnswerSource,
    encoder: E,
    delivery: Delivery,
    /// The content type of a stream.
    stream_type: &'static str,
    /// Decodes the upstream's stream.
    decoder: Option<Box<dyn StreamDecoder>>,
}

impl<E: Encoder> ChatReply<E> {
    /// Creates the reply that `encoder` writes.
    pub fn new(source: AnswerSource, encoder: E, delivery: Delivery, stream_type: &'static str) -> Self {
        let decoder = (delivery == Delivery::Stream).then(|| source.dialect.stream());
        ChatReply { source, encoder, delivery, stream_type, decoder }
    }

    fn stream_answer(&self, body: Vec<u8>) -> Answer {
        let mut answer = Answer::new(StatusCode::OK, self.stream_type, body);
        answer.headers.extend(sse::HEADERS);
        answer
    }
}

impl<E: Encoder> Reply for ChatReply<E> {
    fn stream_type(&self) -> Option<&'static str> {
        (self.delivery == Delivery::Stream).then_some(self.stream_type)
    }

    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        self.encoder.pulse()
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) -> bool {
        self.encoder.fail(failure, out)
    }

    fn head(&mut self, head: &UpstreamHead<'_>) -> Start {
        match self.delivery {
            Delivery::Stream if head.status == StatusCode::OK && !head.bodiless => Start::Stream(self.stream_type),
            _ => Start::Hold,
        }
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        self.encoder.begin(out, piece.len());
        let read = decoder.piece(piece, &mut self.encoder);
        self.encoder.close(out);
        read
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        self.encoder.begin(out, 0);
        let read = decoder.end(&mut self.encoder);
        self.encoder.close(out);
        read?;
        self.encoder.finish(out);
        Ok(())
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        if held.status != StatusCode::OK {
            return Err(error::failure(self.source.dialect, held));
        }
        if self.delivery == Delivery::Stream && front_door::is_page(&held.headers) {
            return Err(front_door::page(self.source.dialect));
        }
        let mut out = Vec::new();
        match self.delivery {
            Delivery::Whole => {
                self.encoder.begin(&mut out, held.body.len());
                self.source.whole(&held.body, &mut self.encoder)?;
                return self.encoder.whole();
            }
            Delivery::Recut => {
                self.encoder.begin(&mut out, held.body.len());
                self.source.whole(&held.body, &mut self.encoder)?;
                self.encoder.close(&mut out);
                self.encoder.finish(&mut out);
            }
            // The head of the stream announced that no body follows, so the answer is empty.
            Delivery::Stream => {
                self.piece(&held.body, &mut out)?;
                self.end(&mut out)?;
            }
        }
        Ok(self.stream_answer(out))
    }

    fn broken(&mut self, out: &mut Vec<u8>) -> Option<Failure> {
        let decoder = self.decoder.as_mut()?;
        self.encoder.begin(out, 0);
        let said_instead = decoder.broken(&mut self.encoder);
        self.encoder.close(out);
        said_instead
    }
}
