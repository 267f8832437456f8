//! Gemini as a client dialect: what the chat pipeline needs of it.

use super::encoder::GeminiEncoder;
use super::errors::too_long;
use super::frames::StreamForm;
use super::join::CandidatesJoin;
use super::values::invalid;
use crate::chat::Delivery;
use crate::dialects::client::chat::{ChatClient, Exceeded};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::client::too_long::TOO_LONG;
use crate::plan::Join;
use crate::wire::Failure;
use std::sync::Arc;

/// One request, and how it is answered.
#[derive(Debug)]
pub struct GeminiChat {
    /// The names of functions and the ids of calls.
    pub known: Arc<KnownNames>,
    /// For each message, the content that it comes from.
    pub origins: Vec<usize>,
    /// What upstreams do not get.
    pub left_out: Vec<String>,
    /// How pieces follow each other.
    pub form: StreamForm,
    /// True if the client wants to see what the model thought.
    pub shows_thoughts: bool,
}

impl ChatClient for GeminiChat {
    type Encoder = GeminiEncoder;

    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> GeminiEncoder {
        GeminiEncoder::new(frame, self.known.clone(), self.form, self.shows_thoughts, delivery)
    }

    fn join(&self, frame: &ReplyFrame, tally: Arc<Tally>, delivery: Delivery) -> Box<dyn Join> {
        let form = (delivery != Delivery::Whole).then_some(self.form);
        Box::new(CandidatesJoin::new(frame.clone(), tally, form))
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn stream_type(&self) -> &'static str {
        self.form.content_type()
    }

    /// Returns a failure about a message as one about its content.
    fn in_its_words(&self, failure: Failure) -> Failure {
        let Some(param) = failure.param.clone() else { return failure };
        let of_content = || {
            let (number, rest) = param.strip_prefix("messages[")?.split_once(']')?;
            let origin = self.origins.get(number.parse::<usize>().ok()?)?;
            Some(format!("contents[{origin}]{}", rest.replace(".content[", ".parts[")))
        };
        match of_content() {
            Some(own) => {
                let mut failure = failure;
                failure.message = failure.message.replace(&*param, &own);
                failure.with_param(own)
            }
            None => failure,
        }
    }

    fn exceeded(&self, limit: Exceeded<'_>) -> Failure {
        match limit {
            Exceeded::Context { tokens, most, .. } => {
                Failure::bad_field("contents", too_long(tokens, most)).with_code(TOO_LONG)
            }
            Exceeded::Output { asked, most, .. } => {
                let why = format!("{asked} is more than {most}, the most tokens that this model gives.");
                invalid("generationConfig.maxOutputTokens", &why)
            }
            Exceeded::Answers { most, .. } => invalid(
                "generationConfig.candidateCount",
                &format!("at most {most} answers are given to a request here."),
            ),
        }
    }
}
