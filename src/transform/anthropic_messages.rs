//! `anthropic_messages`: Anthropic's messages over any chat dialect.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::dialects::client::anthropic::params::MessageParams;
use crate::dialects::client::anthropic::request::MessageRequest;
use crate::dialects::client::anthropic::{AnthropicClient, images};
use crate::plan::images::FindImages;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "anthropic_messages",
    about: "Anthropic's messages, whole and streamed, over a chat upstream",
    client: &AnthropicClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(AnthropicMessages(ChatPipeline::new(wiring)?))),
};

struct AnthropicMessages(ChatPipeline);

impl Transformer for AnthropicMessages {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let asked = MessageRequest::parse(&request.body)?;
        let model = asked.model()?;
        let chosen = self.0.choose(Some(&model), cx)?;
        let params = MessageParams::read(&asked.fields, &chosen.model.rules)?;
        let (client, chat) = asked.read(&params)?;
        self.0.open(&client, chosen, chat, &request.body, cx)
    }

    fn images(&self) -> Option<FindImages> {
        Some(images::find)
    }
}
