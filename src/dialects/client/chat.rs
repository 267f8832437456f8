//! What a client dialect supplies to the chat pipeline: `transform::conversation` needs nothing else.

use super::frame::{ReplyFrame, Tally};
use crate::chat::{Conversation, Delivery, Encoder};
use crate::dialects::upstream::{AnswerForm, CallTerms, ChatDialect};
use crate::plan::{Join, Reply};
use crate::wire::{Failure, sse};
use std::sync::Arc;

/// A limit that a request surely exceeds.
#[derive(Debug, Clone, Copy)]
pub enum Exceeded<'a> {
    /// The prompt is longer than the model takes.
    Context {
        /// The tokens of the prompt.
        tokens: u64,
        /// The maximum that the model takes.
        most: u64,
        /// True if the count is exact: by the model's own tokenizer, and without tools.
        is_exact: bool,
    },
    /// The request wants a longer answer than the model gives.
    Output {
        /// The client's name for the limit.
        name: &'a str,
        /// Its number after the rules.
        asked: u64,
        /// The maximum that the model gives.
        most: u64,
    },
    /// The request wants more answers than the route gives.
    Answers {
        /// How many to each prompt, from the request; 0 if the request does not say.
        each: u64,
        /// How many prompts.
        prompts: usize,
        /// The maximum that the route gives.
        most: u64,
    },
}

/// A client dialect of a chat-like endpoint, for one request.
pub trait ChatClient: Send + Sync {
    /// The encoder of one reply.
    type Encoder: Encoder + 'static;

    /// Returns the encoder of one reply.
    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> Self::Encoder;

    /// Returns the join that makes one reply from several, which add their tokens to `tally`.
    fn join(&self, frame: &ReplyFrame, tally: Arc<Tally>, delivery: Delivery) -> Box<dyn Join>;

    /// Returns true if requests go to an upstream that speaks this form as they came, but for what [`Self::request`] changes.
    fn relays(&self, _form: AnswerForm) -> bool {
        false
    }

    /// Returns the body of a call to an upstream whose form this client relays: the client's own, with the parameters and limits
    /// of `chat`, which rules may have changed.
    ///
    /// # Errors
    /// 400 for what cannot be changed.
    fn request(
        &self,
        _chat: &Conversation<'_>,
        _call: CallTerms<'_>,
        _dialect: &dyn ChatDialect,
    ) -> Result<Vec<u8>, Failure> {
        Err(Failure::bad_request("Requests of this form are not handed on as they came."))
    }

    /// Returns what an upstream of another form does not get of the request, as error messages name it.
    fn left_out(&self) -> &[String] {
        &[]
    }

    /// Returns a failure about the conversation in the words of the request: the field that it names is one that the client wrote.
    fn in_its_words(&self, failure: Failure) -> Failure {
        failure
    }

    /// Returns the reply that hands on an answer of this form almost as it comes; `None` where this client needs another one.
    /// `delivery` is `Whole` or `Stream`, as the upstream was asked.
    fn relay(
        &self,
        _form: AnswerForm,
        _frame: &ReplyFrame,
        _dialect: &'static dyn ChatDialect,
        _delivery: Delivery,
    ) -> Option<Box<dyn Reply>> {
        None
    }

    /// Returns the reply that puts a streamed answer of this form together for a client that waits for a whole one; `None` where the
    /// events of the hub are enough.
    fn collect(
        &self,
        _form: AnswerForm,
        _frame: &ReplyFrame,
        _dialect: &'static dyn ChatDialect,
    ) -> Option<Box<dyn Reply>> {
        None
    }

    /// Returns the content type of a stream.
    fn stream_type(&self) -> &'static str {
        sse::CONTENT_TYPE
    }

    /// Returns true if requests are messages, each with its own extra tokens; false if they are bare texts.
    fn has_messages(&self) -> bool {
        true
    }

    /// Returns the failure of a request that exceeds a limit, in the dialect's words.
    fn exceeded(&self, limit: Exceeded<'_>) -> Failure;
}
