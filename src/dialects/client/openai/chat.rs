//! OpenAI's chat-like endpoints as a client dialect: single replies, joined replies, and refusals.

use super::choices::Choices;
use super::endpoint::OpenaiChat;
use super::relay;
use super::stream::Chunks;
use super::whole::Whole;
use crate::chat::{Delivery, Encoder, Event, Sink};
use crate::dialects::client::chat::{ChatClient, Exceeded};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::dialects::upstream::{AnswerForm, ChatDialect};
use crate::plan::{Join, Reply};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

impl ChatClient for OpenaiChat {
    type Encoder = OpenaiEncoder;

    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> OpenaiEncoder {
        match delivery {
            Delivery::Whole => OpenaiEncoder::Whole(Whole::new(*self, frame)),
            Delivery::Stream => OpenaiEncoder::Stream(Chunks::new(*self, frame, false)),
            Delivery::Recut => OpenaiEncoder::Stream(Chunks::new(*self, frame, true)),
        }
    }

    fn join(&self, frame: &ReplyFrame, tally: Arc<Tally>, delivery: Delivery) -> Box<dyn Join> {
        Box::new(Choices::new(*self, frame.clone(), tally, delivery != Delivery::Whole))
    }

    fn relay(
        &self,
        form: AnswerForm,
        frame: &ReplyFrame,
        dialect: &'static dyn ChatDialect,
        delivery: Delivery,
    ) -> Option<Box<dyn Reply>> {
        // The form that preceded tools has other fields, and completions are no chat.
        let is_same = form == AnswerForm::OpenaiChat && self.shape.has_messages && !self.old_calls;
        is_same.then(|| relay::relay(*self, frame.clone(), dialect, delivery))
    }

    fn has_messages(&self) -> bool {
        self.shape.has_messages
    }

    /// Returns the refusal. Other programs recognize OpenAI's refusals by their first words.
    fn exceeded(&self, limit: Exceeded<'_>) -> Failure {
        let what = self.shape.prompt_field;
        match limit {
            Exceeded::Context { tokens, most, is_exact } => {
                let about = if is_exact { "" } else { "about " };
                let message = format!(
                    "This model's maximum context length is {most} tokens. However, your {what} resulted in {about}{tokens} tokens. Please reduce the length of the {what}."
                );
                Failure::bad_field(what, message).with_code("context_length_exceeded")
            }
            Exceeded::Output { name, asked, most } => {
                let message =
                    format!("{name} is too large: {asked}. This model supports at most {most} completion tokens.");
                Failure::bad_field(name, message).with_code("invalid_value")
            }
            Exceeded::Answers { each, prompts, most } => {
                let field = if each > 1 { "n" } else { "prompt" };
                let given = match prompts {
                    1 => format!("{each}"),
                    prompts => format!("{} for each of {prompts} prompts", each.max(1)),
                };
                let message = format!(
                    "'{field}' asks for too many answers ({given}); at most {most} are given to a request here."
                );
                Failure::bad_field(field, message)
            }
        }
    }
}

/// Writes one reply, whole or as chunks.
pub enum OpenaiEncoder {
    /// One JSON object.
    Whole(Whole),
    /// Server-sent events.
    Stream(Chunks),
}

impl Sink for OpenaiEncoder {
    fn event(&mut self, event: Event<'_>) {
        match self {
            OpenaiEncoder::Whole(whole) => whole.event(event),
            OpenaiEncoder::Stream(chunks) => chunks.event(event),
        }
    }
}

impl Encoder for OpenaiEncoder {
    fn begin(&mut self, out: &mut Vec<u8>, size: usize) {
        match self {
            OpenaiEncoder::Whole(whole) => whole.begin(size),
            OpenaiEncoder::Stream(chunks) => chunks.take(out, size),
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let OpenaiEncoder::Stream(chunks) = self {
            chunks.give(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let OpenaiEncoder::Stream(chunks) = self {
            chunks.finish(out);
        }
    }

    fn whole(&mut self) -> Result<Answer, Failure> {
        match self {
            OpenaiEncoder::Whole(whole) => Ok(Answer::json(StatusCode::OK, whole.finish()?)),
            OpenaiEncoder::Stream(_) => Err(Failure::upstream("A stream is no whole reply.")),
        }
    }
}
