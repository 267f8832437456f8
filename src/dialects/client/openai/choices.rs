//! Several choices, each from a call of its own, as one reply.

use super::frame::Frame;
use super::stream::Chunks;
use super::whole;
use crate::plan::Join;
use crate::tokens::Counting;
use crate::wire::{Answer, sse};
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Joins choices.
pub struct Choices {
    frame: Frame,
    tally: Arc<AtomicU64>,
    stream: bool,
}

impl Choices {
    /// Of replies that have `frame` in common; `stream` says whether the client waits for one.
    pub fn new(frame: Frame, stream: bool) -> Self {
        Choices { frame, tally: Arc::default(), stream }
    }

    /// The frame of one of the replies.
    pub fn frame(&self, choice: usize) -> Frame {
        self.frame.of_choice(choice, self.tally.clone())
    }

    fn completion(&self) -> Option<u64> {
        (self.frame.counting != Counting::None).then(|| self.tally.load(Ordering::Relaxed))
    }
}

impl Join for Choices {
    fn stream(&self) -> Option<&'static str> {
        self.stream.then_some(sse::CONTENT_TYPE)
    }

    fn whole(&mut self, parts: Vec<Answer>) -> Answer {
        let size: usize = parts.iter().map(|part| part.body.len() + 1).sum();
        let mut out = Vec::with_capacity(size + 512);
        whole::open(&self.frame, &mut out);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&part.body);
        }
        whole::close(&self.frame, self.completion(), &mut out);
        Answer::json(StatusCode::OK, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        Chunks::new(&self.frame).finish_stream(&self.frame, self.completion(), out);
    }
}
