//! `openai_completions`: OpenAI's legacy completions over any chat dialect; the prompt becomes one user message.

use super::openai::asked::{Asked, wrong_type};
use super::openai::body;
use super::openai::endpoint::Endpoint;
use super::openai::shape::COMPLETION;
use super::{Context, Entry, Plan, Request, Transformer};
use crate::chat::{Message, Role};
use crate::wire::{Failure, Fields, fields};
use serde_json::value::RawValue;
use std::borrow::Cow;
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
        let asked = Asked::read(fields, |name, value| {
            given = if name == "prompt" { Some(value) } else { given };
            Ok(name == "prompt")
        })?;
        let content = Cow::Borrowed(one_prompt(given)?);
        let message = Message::plain(Role::User, content, Fields::default());
        if asked.offer.read()?.is_some() {
            return Err(Failure::unsupported("tools", "legacy completions carry no tool calls; chat completions do"));
        }
        self.0.open(asked, vec![message], &request.body, cx)
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
