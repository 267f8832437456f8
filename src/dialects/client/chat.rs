//! What a client dialect supplies so that the chat pipeline serves it: `transform::conversation` asks for nothing else.

use super::frame::{ReplyFrame, Tally};
use crate::chat::{Delivery, Encoder};
use crate::plan::Join;
use crate::wire::{Failure, sse};
use std::sync::Arc;

/// A limit that a request surely exceeds.
#[derive(Debug, Clone, Copy)]
pub enum Exceeded<'a> {
    /// The prompt is longer than the model takes.
    Context {
        /// Its tokens.
        tokens: u64,
        /// The most that the model takes.
        most: u64,
        /// Whether they are counted by the model's own tokenizer.
        is_exact: bool,
    },
    /// The request wants a longer answer than the model gives.
    Output {
        /// The client's name for the limit.
        name: &'a str,
        /// What rules left of its number.
        asked: u64,
        /// The most that the model gives.
        most: u64,
    },
    /// The request wants more answers than the route gives.
    Answers {
        /// How many to each prompt, as the request says; 0 where it does not.
        each: u64,
        /// How many prompts.
        prompts: usize,
        /// The most that the route gives.
        most: u64,
    },
}

/// A client dialect of a chat-like endpoint, for one request.
pub trait ChatClient: Send + Sync {
    /// What writes one reply.
    type Encoder: Encoder + 'static;

    /// Returns the encoder of a reply, or of one of several.
    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> Self::Encoder;

    /// Returns what makes one reply of several, which add up their tokens in `tally`.
    fn join(&self, frame: &ReplyFrame, tally: Arc<Tally>, delivery: Delivery) -> Box<dyn Join>;

    /// The content type of a stream.
    fn stream_type(&self) -> &'static str {
        sse::CONTENT_TYPE
    }

    /// Returns true when requests are messages, each of which costs tokens of its own; false when they are bare texts.
    fn has_messages(&self) -> bool {
        true
    }

    /// Returns the refusal of a request that exceeds a limit, in the dialect's words.
    fn exceeded(&self, limit: Exceeded<'_>) -> Failure;
}
