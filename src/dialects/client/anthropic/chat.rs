//! Anthropic's messages as a client dialect: what the chat pipeline needs of it.

use super::encoder::MessageEncoder;
use super::errors::too_long;
use super::relay::{self, RelayedRequest};
use super::values::invalid;
use crate::chat::{Conversation, Delivery};
use crate::dialects::client::chat::{ChatClient, Exceeded};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::upstream::{AnswerForm, CallTerms, ChatDialect};
use crate::plan::{Alone, Join, Reply, Streamed};
use crate::wire::{Failure, sse};
use std::sync::Arc;

/// One request, and how it is answered.
#[derive(Debug)]
pub struct AnthropicChat<'a> {
    /// What is handed on to an upstream of the same form.
    pub as_it_came: RelayedRequest<'a>,
    /// The names of tools and the ids of calls.
    pub known: Arc<KnownNames>,
    /// What upstreams of other forms do not get.
    pub left_out: Vec<String>,
}

impl ChatClient for AnthropicChat<'_> {
    type Encoder = MessageEncoder;

    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> MessageEncoder {
        MessageEncoder::new(frame, self.known.clone(), delivery)
    }

    /// Joins nothing: a request has one answer.
    fn join(&self, _: &ReplyFrame, _: Arc<Tally>, delivery: Delivery) -> Box<dyn Join> {
        if delivery == Delivery::Whole { Box::new(Alone) } else { Box::new(Streamed(sse::CONTENT_TYPE)) }
    }

    fn relays(&self, form: AnswerForm) -> bool {
        form == AnswerForm::Anthropic
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn request(
        &self,
        chat: &Conversation<'_>,
        call: CallTerms<'_>,
        dialect: &dyn ChatDialect,
    ) -> Result<Vec<u8>, Failure> {
        self.as_it_came.body(chat, call, dialect)
    }

    fn relay(
        &self,
        form: AnswerForm,
        frame: &ReplyFrame,
        dialect: &'static dyn ChatDialect,
        delivery: Delivery,
    ) -> Option<Box<dyn Reply>> {
        (form == AnswerForm::Anthropic).then(|| relay::relay(frame.clone(), self.known.clone(), dialect, delivery))
    }

    fn collect(
        &self,
        form: AnswerForm,
        frame: &ReplyFrame,
        dialect: &'static dyn ChatDialect,
    ) -> Option<Box<dyn Reply>> {
        (form == AnswerForm::Anthropic).then(|| relay::collect(frame.clone(), self.known.clone(), dialect))
    }

    fn exceeded(&self, limit: Exceeded<'_>) -> Failure {
        match limit {
            Exceeded::Context { tokens, most, .. } => {
                Failure::bad_field("messages", too_long(tokens, most)).with_code("context_length_exceeded")
            }
            Exceeded::Output { name, asked, most } => {
                invalid(name, &format!("{asked} > {most}, which is the maximum allowed number of output tokens"))
            }
            Exceeded::Answers { most, .. } => invalid("messages", &format!("at most {most} answers are given here")),
        }
    }
}
