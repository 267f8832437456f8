//! `openai_completions`: OpenAI's legacy completions over any chat dialect; each prompt becomes one user message.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::chat::{Message, Role};
use crate::dialects::client::openai::format;
use crate::dialects::client::openai::inputs::Inputs;
use crate::dialects::client::openai::params::ChatParams;
use crate::dialects::client::openai::shape::COMPLETION;
use crate::dialects::client::openai::{Openai, body};
use crate::json::Fields;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::borrow::Cow;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_completions",
    about: "OpenAI legacy completions, whole and streamed, over a chat upstream",
    client: &Openai,
    client_suffix: Some("/completions"),
    keys: &[],
    build: |wiring, _| Ok(Arc::new(Completions(ChatPipeline::new(wiring)?))),
};

struct Completions(ChatPipeline);

impl Transformer for Completions {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let mut given = None;
        let mut asked = ChatParams::read(fields, |name, value| {
            given = if name == "prompt" { Some(value) } else { given };
            Ok(name == "prompt")
        })?;
        if asked.offer.read(self.0.upstream())?.is_some() {
            return Err(Failure::unsupported("tools", "legacy completions carry no tool calls; chat completions do"));
        }
        if let Some((_, given)) = asked.format
            && format::read(given)?.is_some()
        {
            return Err(Failure::unsupported(
                "response_format",
                "legacy completions are plain text; chat completions may be JSON",
            ));
        }
        let model = asked.model.take();
        let prompts = Inputs::read("prompt", given)?;
        let chosen = self.0.choose(model.as_deref(), cx)?;
        let mut decoded = Vec::new();
        let texts = prompts.texts(&chosen.model.rules, &mut decoded)?;
        let client = asked.client(&COMPLETION);
        // Each answer to each prompt costs one call, so the limit applies to the product of both.
        self.0.allow(&client, asked.n, texts.len())?;
        let message = |text| vec![Message::plain(Role::User, Cow::Borrowed(text), Fields::default())];
        let conversations = texts.into_iter().map(message).collect();
        let chat = asked.into_request(self.0.upstream(), conversations)?;
        self.0.open(&client, chosen, chat, &request.body, cx)
    }
}
