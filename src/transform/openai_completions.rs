//! `openai_completions`: OpenAI's legacy completions over any chat dialect; the prompt becomes one user message.

use super::openai::asked::{Asked, wrong_type};
use super::openai::body;
use super::openai::reply::{ChatReply, Frame, Wanted};
use super::openai::shape::COMPLETION;
use super::{Call, Context, Entry, Plan, Request, Transformer, Wiring};
use crate::chat::tokens::{Counting, Prompt};
use crate::chat::{Conversation, Message, Role};
use crate::dialect::{self, ChatDialect, Dialect};
use crate::models::Models;
use crate::wire::{Failure, Fields, fields};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_completions",
    about: "OpenAI legacy completions, whole and streamed, over a chat upstream",
    client_suffix: Some("/completions"),
    build: |wiring: Wiring| match wiring.dialect {
        Dialect::Chat(dialect) => {
            Ok(Arc::new(Completions { dialect, models: wiring.models, counting: wiring.counting }))
        }
        Dialect::Embedding(_) => Err("it needs an upstream that answers conversations".to_owned()),
    },
};

struct Completions {
    dialect: &'static dyn ChatDialect,
    models: Arc<Models>,
    counting: Counting,
}

impl Transformer for Completions {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let mut given = None;
        let asked = Asked::read(fields, |name, value| {
            given = if name == "prompt" { Some(value) } else { given };
            Ok(name == "prompt")
        })?;
        let content = one_prompt(given)?;
        let chosen = self.models.choose(asked.model.as_deref())?;
        let rules = &chosen.model.rules;

        let mut prompt = Prompt::new(self.counting, rules.counts_with());
        prompt.push_text(&request.body, content);
        let message = Message { role: Role::User, content: Cow::Borrowed(content), rest: Fields::default() };
        let mut chat = Conversation { messages: vec![message], params: asked.params };
        rules.apply(&mut chat);
        let call = dialect::Call { user: cx.user, model: &chosen.model.id };
        let body = Bytes::from(self.dialect.encode(&chat, call));

        let wanted = Wanted {
            model: chosen.asked,
            rules,
            stream: asked.stream,
            include_usage: asked.include_usage,
            max_tokens: asked.max_tokens,
            counting: self.counting,
        };
        let prompt = Arc::new(prompt);
        let counted = (!asked.stream || asked.include_usage).then(|| prompt.clone());
        let frame = Frame::new(&COMPLETION, &wanted, prompt, cx);
        let call = Call {
            stream: asked.stream,
            body,
            timeout: asked.timeout,
            model: chosen.model.id.clone(),
            prompt: counted,
        };
        Ok(Plan::Call(call, Box::new(ChatReply::new(self.dialect, frame, asked.stream))))
    }
}

/// The one prompt of a request: a string, or a list of one.
fn one_prompt(given: Option<&RawValue>) -> Result<&RawValue, Failure> {
    let Some(given) = given else {
        return Err(Failure::bad_field("prompt", "'prompt' is missing; a string is expected."));
    };
    if given.get().starts_with('"') {
        return Ok(given);
    }
    let list = fields::list_of(given).map_err(|_| wrong_type("prompt", "a string or a list of one string", given))?;
    match list.as_slice() {
        [one] if one.get().starts_with('"') => Ok(one),
        [] => Err(Failure::bad_field("prompt", "'prompt' is an empty list; one string is expected.")),
        [first, ..] if !first.get().starts_with('"') => Err(Failure::bad_field(
            "prompt",
            "'prompt' holds token ids, which are not served yet; send the text as a string.",
        )
        .with_code("unsupported_parameter")),
        several => Err(Failure::bad_field(
            "prompt",
            format!("'prompt' holds {} prompts; one a request is served: send one request for each.", several.len()),
        )
        .with_code("unsupported_parameter")),
    }
}
