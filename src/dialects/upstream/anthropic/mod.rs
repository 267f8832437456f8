//! Anthropic's messages, `/v1/messages`: the hub's conversations as requests, and answers and streams as events.

mod about;
pub mod answer;
mod call_ids;
pub mod content;
mod effort;
mod messages;
pub mod params;
mod request;
mod stream;
pub mod thinking;
pub mod usage;

pub use about::{ABOUT, Anthropic};

use super::{AnswerForm, CallTerms, ChatDialect, StreamDecoder, Vendor};
use crate::chat::{Conversation, Message, Sink};
use crate::wire::Failure;

static OF_ARGO: Anthropic = Anthropic { vendor: Vendor::Argo };
static OF_OTHERS: Anthropic = Anthropic { vendor: Vendor::Other };

/// Returns the dialect as a vendor speaks it.
pub fn of(vendor: Vendor) -> &'static Anthropic {
    match vendor {
        Vendor::Argo => &OF_ARGO,
        Vendor::Other => &OF_OTHERS,
    }
}

impl ChatDialect for Anthropic {
    fn streams(&self, _: &Conversation<'_>) -> bool {
        true
    }

    fn takes(&self, param: &str) -> bool {
        params::TAKEN.contains(&param)
    }

    fn carries(&self, messages: &[Message<'_>]) -> Result<(), Failure> {
        content::check(*self, messages)
    }

    fn reports_usage(&self) -> bool {
        true
    }

    fn takes_images_in_results(&self) -> bool {
        true
    }

    fn form(&self) -> Option<AnswerForm> {
        Some(AnswerForm::Anthropic)
    }

    fn vendor(&self) -> Vendor {
        self.vendor
    }

    fn remarks(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Vec<String> {
        thinking::ThinkingPlan::of(chat, call).map(|plan| plan.remarks).unwrap_or_default()
    }

    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
        request::encode(*self, chat, call)
    }

    fn whole(&self, body: &[u8], _: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
        answer::whole(*self, body, sink)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::MessageStream::new(*self))
    }
}

#[cfg(test)]
mod tests;
