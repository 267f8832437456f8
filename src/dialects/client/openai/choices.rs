//! Joins several choices, each from its own call, to one reply.

use super::endpoint::OpenaiChat;
use super::{stream, whole};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::plan::Join;
use crate::wire::{Answer, sse};
use http::StatusCode;
use std::sync::Arc;

/// Joins choices to one reply.
pub struct Choices {
    client: OpenaiChat,
    frame: ReplyFrame,
    tally: Arc<Tally>,
    stream: bool,
}

impl Choices {
    /// Creates the join of replies that share `frame` and add their tokens to `tally`. `stream` is true if the client
    /// waits for a stream.
    pub fn new(client: OpenaiChat, frame: ReplyFrame, tally: Arc<Tally>, stream: bool) -> Self {
        Choices { client, frame, tally, stream }
    }
}

impl Join for Choices {
    fn stream(&self) -> Option<&'static str> {
        self.stream.then_some(sse::CONTENT_TYPE)
    }

    fn whole(&mut self, parts: Vec<Answer>) -> Answer {
        let size: usize = parts.iter().map(|part| part.body.len() + 1).sum();
        let mut out = Vec::with_capacity(size + 512);
        whole::open(self.client, &self.frame, &mut out);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&part.body);
        }
        whole::close(self.frame.usage_of_all(&self.tally), &mut out);
        Answer::json(StatusCode::OK, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        let mut head = Vec::with_capacity(256);
        stream::open(self.client, &self.frame, &mut head);
        let usage = self.frame.usage_of_all(&self.tally).filter(|_| self.frame.include_usage);
        stream::finish_stream(&head, usage, out);
    }
}
