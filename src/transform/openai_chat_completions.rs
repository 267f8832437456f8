//! `openai_chat_completions`: OpenAI's chat completions over any chat dialect.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::chat::{Message, Role};
use crate::dialects::client::openai::body::{self, ChatBody, Messages};
use crate::dialects::client::openai::history::{self, Linked};
use crate::dialects::client::openai::params::ChatParams;
use crate::dialects::client::openai::shape::CHAT;
use crate::dialects::client::openai::{Openai, images, reply_fields};
use crate::dialects::client::values;
use crate::json::{self, Fields};
use crate::plan::images::FindImages;
use crate::plan::trace::TraceStep;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_chat_completions",
    about: "OpenAI chat completions, whole and streamed, over a chat upstream",
    client: &Openai,
    client_suffix: Some("/chat/completions"),
    keys: &[],
    build: |wiring, _| Ok(Arc::new(ChatCompletions(ChatPipeline::new(wiring)?))),
};

struct ChatCompletions(ChatPipeline);

impl Transformer for ChatCompletions {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let ChatBody { messages, fields } = ChatBody::parse(text)?;
        let mut asked = ChatParams::read(fields, |_, _| Ok(false))?;
        let mut messages = self::messages(messages, cx)?;
        history::link(&mut messages)?;
        let model = asked.model.take();
        let chosen = self.0.choose(model.as_deref(), cx)?;
        let client = asked.client(&CHAT);
        self.0.allow(&client, asked.n, 1)?;
        let chat = asked.into_request(self.0.upstream(), vec![messages])?;
        self.0.open(&client, chosen, chat, &request.body, cx)
    }

    fn images(&self) -> Option<FindImages> {
        Some(images::find)
    }
}

/// Returns the messages of a request. Each is checked; a failure names the wrong one.
fn messages<'a>(given: Option<Messages<'a>>, cx: &Context<'_>) -> Result<Vec<Message<'a>>, Failure> {
    let list = match given {
        None => return Err(Failure::bad_field("messages", "'messages' is missing; a list of messages is expected.")),
        Some(Messages::NotAList) => {
            return Err(Failure::bad_field("messages", "'messages' must be a list of messages."));
        }
        Some(Messages::List(list)) if list.is_empty() => {
            return Err(Failure::bad_field("messages", "'messages' is empty; at least one message is expected."));
        }
        Some(Messages::List(list)) => list,
    };
    list.into_iter()
        .enumerate()
        .map(|(index, fields)| match fields {
            Some(fields) => message(index, fields, cx),
            None => {
                let place = format!("messages[{index}]");
                Err(Failure::bad_field(&*place, format!("'{place}' must be an object with 'role' and 'content'.")))
            }
        })
        .collect()
}

fn message<'a>(index: usize, fields: Fields<'a>, cx: &Context<'_>) -> Result<Message<'a>, Failure> {
    let mut role = None;
    let mut content = None;
    let mut linked = Linked::default();
    let mut rest = Fields::default();
    for (name, value) in fields {
        match name.as_ref() {
            "role" => role = Some(value),
            "content" => content = Some(value),
            name if linked.take(name, value) => {}
            _ => rest.push(name, value),
        }
    }
    let role = self::role(index, role)?;
    let content = self::content(index, role, content)?;
    let calls = if role == Role::Assistant { linked.calls(index)? } else { Vec::new() };
    let result_of = if role == Role::Tool { Some(linked.result_of(index)?) } else { None };
    let mut message = Message { role, content, calls, result_of, reasoning: Vec::new(), rest };
    let note = |name: &str| cx.note(|| TraceStep::LeftOut { place: format!("messages[{index}].{name}") });
    reply_fields::leave_out(&mut message, note);
    Ok(message)
}

fn role(index: usize, given: Option<&RawValue>) -> Result<Role, Failure> {
    // Fast path: the usual roles are plain words.
    if let Some(role) = given.and_then(json::inside_of).and_then(Role::parse) {
        return Ok(role);
    }
    let place = format!("messages[{index}].role");
    let name = match given {
        Some(given) => values::text(&place, given)?,
        None => None,
    };
    match name.as_deref().map(|name| (name, Role::parse(name))) {
        Some((_, Some(role))) => Ok(role),
        Some((name, None)) => {
            let known = "system, developer, user, assistant, tool or function";
            Err(Failure::bad_field(&*place, format!("'{place}' is '{name}'; expected {known}.")))
        }
        None => Err(Failure::bad_field(&*place, format!("'{place}' is missing."))),
    }
}

/// Returns the content as the client wrote it. An assistant's message that calls tools may have none, and a tool may
/// return nothing; ARGO wants a text, so it becomes an empty one.
fn content<'a>(index: usize, role: Role, given: Option<&'a RawValue>) -> Result<Cow<'a, RawValue>, Failure> {
    let place = || format!("messages[{index}].content");
    match given.filter(|given| !json::is_null(given)) {
        Some(given) if given.get().starts_with(['"', '[']) => Ok(Cow::Borrowed(given)),
        Some(given) => Err(values::wrong_type(&place(), "a string or a list of parts", given)),
        None if matches!(role, Role::Assistant | Role::Tool | Role::Function) => {
            match RawValue::from_string("\"\"".to_owned()) {
                Ok(empty) => Ok(Cow::Owned(empty)),
                Err(e) => Err(Failure::bad_field(place(), e.to_string())),
            }
        }
        None => Err(Failure::bad_field(place(), format!("'{}' is missing.", place()))),
    }
}
