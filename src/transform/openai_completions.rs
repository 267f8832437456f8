//! `openai_completions`: OpenAI's legacy completions over any chat dialect; each prompt becomes one user message.

use super::openai::asked::Asked;
use super::openai::body;
use super::openai::endpoint::Endpoint;
use super::openai::shape::COMPLETION;
use super::openai::structured::Format;
use super::openai::texts::{self, Given};
use super::{Context, Entry, Plan, Request, Transformer};
use crate::chat::{Message, Role};
use crate::wire::{Failure, Fields};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_completions",
    about: "OpenAI legacy completions, whole and streamed, over a chat upstream",
    client_suffix: Some("/completions"),
    build: |wiring| Ok(Arc::new(Completions(Endpoint::new(wiring, &COMPLETION)?))),
};

struct Completions(Endpoint);

impl Transformer for Completions {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let mut given = None;
        let mut asked = Asked::read(fields, |name, value| {
            given = if name == "prompt" { Some(value) } else { given };
            Ok(name == "prompt")
        })?;
        if asked.offer.read()?.is_some() {
            return Err(Failure::unsupported("tools", "legacy completions carry no tool calls; chat completions do"));
        }
        if let Some((_, given)) = asked.format
            && Format::read(given)?.is_some()
        {
            return Err(Failure::unsupported(
                "response_format",
                "legacy completions are plain text; chat completions may be JSON",
            ));
        }
        let model = asked.model.take();
        let prompts = prompts(given)?;
        let chosen = self.0.choose(model.as_deref(), cx)?;
        let tokenizer = chosen.model.rules.counts_with();
        let mut conversations = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            conversations.push(vec![Message::plain(Role::User, prompt.text(tokenizer)?, Fields::default())]);
        }
        self.0.open(chosen, asked, conversations, &request.body, cx)
    }

    fn takes_long(&self, body: &Bytes) -> bool {
        self.0.takes_long(body)
    }
}

/// The prompts of a request: a string, a list of strings, token ids, or a list of lists of them.
fn prompts(given: Option<&RawValue>) -> Result<Vec<Given<'_>>, Failure> {
    let Some(given) = given else {
        return Err(Failure::bad_field("prompt", "'prompt' is missing; a string is expected."));
    };
    let prompts = texts::read("prompt", given)?;
    if prompts.is_empty() {
        return Err(Failure::bad_field("prompt", "'prompt' is an empty list; at least one prompt is expected."));
    }
    Ok(prompts)
}
