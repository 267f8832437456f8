//! OpenAI's chat completions as an upstream: ARGO's native endpoint, and every server that speaks as OpenAI does.
//!
//! What a reply says is read in one place: `reading.rs` has the fields of a choice, `events.rs` the events of a stream,
//! `screen.rs` what is no answer though it comes as one. A client of the same dialect gets replies almost as they come; its relay
//! uses these files too.

mod calls;
mod chunks;
mod embedding;
pub mod events;
pub mod pattern;
pub mod reading;
mod request;
pub mod screen;
mod whole;

pub use chunks::complete;
pub use embedding::{ABOUT_EMBEDDINGS, embeddings};

use super::facts::beyond_text;
use super::{AnswerForm, CallTerms, ChatDialect, GatewayDialect, StreamDecoder, Vendor};
use crate::chat::{Conversation, Sink};
use crate::wire::Failure;

/// The description of the dialect `openai`.
pub const ABOUT_CHAT: &str = "OpenAI's chat completions, whole and as server-sent events";

/// The dialect `openai`, as one vendor speaks it.
#[derive(Debug)]
pub struct OpenaiServer {
    vendor: Vendor,
}

static ARGO: OpenaiServer = OpenaiServer { vendor: Vendor::Argo };
static OTHER: OpenaiServer = OpenaiServer { vendor: Vendor::Other };

/// Returns the dialect `openai` as a vendor speaks it.
pub fn chat(vendor: Vendor) -> &'static OpenaiServer {
    match vendor {
        Vendor::Argo => &ARGO,
        Vendor::Other => &OTHER,
    }
}

impl GatewayDialect for OpenaiServer {
    fn gateway(&self) -> Vendor {
        self.vendor
    }

    fn cannot(&self, param: &str, value: &str) -> Option<&'static str> {
        match (param, value) {
            // The endpoint has them, and a client of the same dialect gets them as they come.
            ("logprobs", "true") | ("top_logprobs", _) => None,
            _ => beyond_text(param, value),
        }
    }
}

impl ChatDialect for OpenaiServer {
    fn streams(&self, _: &Conversation<'_>) -> bool {
        true
    }

    fn reports_usage(&self) -> bool {
        true
    }

    fn form(&self) -> Option<AnswerForm> {
        Some(AnswerForm::OpenaiChat)
    }

    fn vendor(&self) -> Vendor {
        self.vendor
    }

    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
        Ok(request::encode(self.vendor, chat, call))
    }

    fn whole(&self, body: &[u8], _: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
        whole::decode(self, body, sink)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(chunks::Decoder::new(chat(self.vendor)))
    }
}

#[cfg(test)]
mod tests;
