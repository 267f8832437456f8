//! OpenAI's Responses as an upstream of chat clients. A request is a list of items; the answer is one JSON object with items,
//! or events that build them.

mod input;
pub mod output;
mod params;
mod parts;
mod speech;
mod stream;
mod tools;
mod turn;
pub mod verdict;
pub mod words;

use super::{AnswerForm, CallTerms, ChatDialect, GatewayDialect, StreamDecoder, Vendor, beyond_text, error};
use crate::chat::{Conversation, Message, Sink};
use crate::json::{self, Fields};
use crate::wire::Failure;
use speech::Speech;
use std::borrow::Cow;

/// The description of the dialect `openai_responses`.
pub const ABOUT: &str = "OpenAI's Responses";

/// The dialect `openai_responses`, as a vendor speaks it.
#[derive(Debug, Clone, Copy)]
pub struct Responses {
    /// Whose gateway it is.
    pub vendor: Vendor,
}

static OF_ARGO: Responses = Responses { vendor: Vendor::Argo };
static OF_OTHERS: Responses = Responses { vendor: Vendor::Other };

/// Returns the dialect as a vendor speaks it.
pub fn of(vendor: Vendor) -> &'static Responses {
    match vendor {
        Vendor::Argo => &OF_ARGO,
        Vendor::Other => &OF_OTHERS,
    }
}

impl GatewayDialect for Responses {
    fn gateway(&self) -> Vendor {
        self.vendor
    }

    fn cannot(&self, param: &str, value: &str) -> Option<&'static str> {
        params::refuses(param, value).or_else(|| beyond_text(param, value))
    }
}

impl ChatDialect for Responses {
    fn streams(&self, _: &Conversation<'_>) -> bool {
        true
    }

    fn takes(&self, param: &str) -> bool {
        params::takes(param)
    }

    fn carries(&self, messages: &[Message<'_>]) -> Result<(), Failure> {
        input::check(messages)
    }

    fn reports_usage(&self) -> bool {
        true
    }

    fn takes_images_in_results(&self) -> bool {
        true
    }

    fn form(&self) -> Option<AnswerForm> {
        Some(AnswerForm::OpenaiResponses)
    }

    fn vendor(&self) -> Vendor {
        self.vendor
    }

    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
        let texts: usize = chat.messages.iter().map(|message| message.content.get().len() + 96).sum();
        let mut out = Vec::with_capacity(texts + 256);
        out.push(b'{');
        json::push_key(&mut out, "model");
        json::push_string(&mut out, call.model);
        json::push_key(&mut out, "input");
        input::push(&mut out, &chat.messages)?;
        if let Some(tools) = &chat.tools {
            tools::push(&mut out, tools);
        }
        params::push(&mut out, chat)?;
        // The client sends the whole conversation each time, so nothing is to be kept of it.
        json::push_key(&mut out, "store");
        out.extend_from_slice(b"false");
        if call.stream {
            json::push_key(&mut out, "stream");
            out.extend_from_slice(b"true");
        }
        out.push(b'}');
        Ok(out)
    }

    fn whole(&self, body: &[u8], _: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
        let text = std::str::from_utf8(body).map_err(|_| error::inside(self, body))?;
        // A client that reads a lone surrogate fails where it writes the text.
        let text = json::paired(Cow::Borrowed(text));
        let response = Fields::parse(&text).map_err(|_| error::inside(self, body))?;
        let state = verdict::of(self, &response, None, body)?;
        let items = output::list(&response).ok_or_else(|| error::inside(self, body))?;
        let mut speech = Speech::new(of(self.vendor));
        output::items(items, &mut speech, sink)?;
        speech.end(sink)?;
        verdict::tell(state, &response, &speech, sink)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Answering::new(of(self.vendor)))
    }
}

#[cfg(test)]
mod tests;
