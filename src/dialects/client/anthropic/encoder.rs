//! The encoder of a reply, whole or as events.

use super::frames::MessagePulse;
use super::stream::MessageEvents;
use super::whole::WholeMessage;
use crate::chat::{Delivery, Encoder, Event, Sink};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::upstream::AnswerForm;
use crate::wire::{Answer, Failure, Pulse};
use http::StatusCode;
use std::sync::Arc;

/// Writes one reply.
pub struct MessageEncoder {
    form: MessageForm,
    /// True if the reply has what the model thought.
    shows_thinking: bool,
}

/// The form of a reply.
enum MessageForm {
    /// One JSON object.
    Whole(WholeMessage),
    /// Server-sent events.
    Stream(MessageEvents),
}

impl MessageEncoder {
    /// Returns the encoder of a reply.
    pub fn new(frame: ReplyFrame, known: Arc<KnownNames>, delivery: Delivery) -> Self {
        // Another vendor's thinking would be refused in a later turn.
        let shows_thinking = frame.form == Some(AnswerForm::Anthropic);
        let form = match delivery {
            Delivery::Whole => MessageForm::Whole(WholeMessage::new(frame, known)),
            Delivery::Stream => MessageForm::Stream(MessageEvents::new(frame, known, false)),
            Delivery::Recut => MessageForm::Stream(MessageEvents::new(frame, known, true)),
        };
        MessageEncoder { form, shows_thinking }
    }
}

impl Sink for MessageEncoder {
    fn event(&mut self, event: Event<'_>) {
        if !self.shows_thinking && matches!(event, Event::Signature(_) | Event::Encrypted(_)) {
            return;
        }
        match &mut self.form {
            MessageForm::Whole(whole) => whole.event(event),
            MessageForm::Stream(events) => events.event(event),
        }
    }
}

impl Encoder for MessageEncoder {
    fn begin(&mut self, out: &mut Vec<u8>, size: usize) {
        match &mut self.form {
            MessageForm::Whole(whole) => whole.begin(size),
            MessageForm::Stream(events) => events.take(out, size),
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if let MessageForm::Stream(events) = &mut self.form {
            events.give(out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let MessageForm::Stream(events) = &mut self.form {
            events.finish(out);
        }
    }

    fn pulse(&self) -> Option<Arc<dyn Pulse>> {
        match &self.form {
            MessageForm::Whole(_) => None,
            MessageForm::Stream(events) => Some(MessagePulse::of(events.frame())),
        }
    }

    fn whole(&mut self) -> Result<Answer, Failure> {
        match &mut self.form {
            MessageForm::Whole(whole) => Ok(Answer::json(StatusCode::OK, whole.finish())),
            MessageForm::Stream(_) => Err(Failure::upstream("A stream is no whole reply.")),
        }
    }
}
