//! `argo_passthrough`: passes requests straight to the upstream. Only user and model are set; everything else and the
//! reply stay as they are.

use super::Entry;
use super::candidates::Candidates;
use crate::chat::Role;
use crate::chat::conversation::LIMIT_NAMES;
use crate::dialects::client::openai::{Openai, body};
use crate::dialects::client::values;
use crate::dialects::upstream::UpstreamDialect;
use crate::json::{self, Fields, fields};
use crate::models::{Chosen, RuleEffect, SystemRole};
use crate::plan::{Call, Context, Held, Plan, Reply, Request, Start, Transformer, USUAL_ANSWER, UpstreamHead};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "argo_passthrough",
    about: "The upstream's own format; only user and model are filled in",
    client: &Openai,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(Passthrough(Candidates::new(&wiring, "calls", |dialect| Some(dialect.facts()))?))),
};

struct Passthrough(Candidates<dyn UpstreamDialect>);

impl Transformer for Passthrough {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let asked_model = match fields.get("model") {
            Some(value) => values::text("model", value)?,
            None => None,
        };
        let chosen = self.0.choose(asked_model.as_deref(), cx)?;
        let (upstream, chosen) = self.0.take(chosen, cx, |_| Ok(()))?;
        let timeout = fields.get("timeout").map_or(Ok(None), values::timeout)?;
        let stream = match fields.get("stream").map(RawValue::get) {
            None | Some("null" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(Failure::bad_field("stream", "'stream' must be a boolean.")),
        };
        let out = rewritten(&fields, text.len(), &chosen, cx)?;
        let model = chosen.model.id.clone();
        let most = LIMIT_NAMES.into_iter().find_map(|name| fields.get(name)?.get().parse().ok());
        let answer_tokens = most.unwrap_or(USUAL_ANSWER);
        let call = Call {
            upstream: upstream.number,
            credential: None,
            stream,
            body: Bytes::from(out),
            timeout,
            model,
            answer_tokens,
            prompt: None,
        };
        Ok(Plan::Call(call, Box::new(AsItCame)))
    }
}

/// Returns the body with the upstream's user and model. System texts get a role that the model knows.
fn rewritten(fields: &Fields<'_>, size: usize, chosen: &Chosen<'_>, cx: &Context<'_>) -> Result<Vec<u8>, Failure> {
    let rules = &chosen.model.rules;
    let as_user = rules.system_role == Some(SystemRole::User);

    let mut out = Vec::with_capacity(size + 128);
    out.push(b'{');
    json::push_key(&mut out, "user");
    json::push_string(&mut out, &cx.caller.user);
    json::push_key(&mut out, "model");
    json::push_string(&mut out, &chosen.model.id);
    let system = fields.get("system").filter(|system| as_user && !json::is_null(system));
    if system.is_some() {
        cx.note_rule(rules, RuleEffect::SystemText);
    }
    for (name, value) in fields.iter() {
        match name {
            // User and model are written above; the timeout is for the proxy.
            "user" | "model" | "timeout" => {}
            "system" if system.is_some() => {}
            "prompt" => {
                json::push_key(&mut out, name);
                push_prompt(&mut out, system, value);
            }
            "messages" if as_user => {
                json::push_key(&mut out, name);
                let messages = push_messages(&mut out, value)?;
                if messages > 0 {
                    cx.note_rule(rules, RuleEffect::SystemRole { messages });
                }
            }
            _ => {
                json::push_key(&mut out, name);
                out.extend_from_slice(value.get().as_bytes());
            }
        }
    }
    if let (Some(system), None) = (system, fields.get("prompt")) {
        json::push_key(&mut out, "prompt");
        push_list(&mut out, &[system]);
    }
    out.push(b'}');
    Ok(out)
}

/// Appends `prompt` as the list that the upstream wants. If the model knows no system role, system texts come first.
fn push_prompt(out: &mut Vec<u8>, system: Option<&RawValue>, prompt: &RawValue) {
    match system {
        Some(system) => push_list(out, &[system, prompt]),
        None => push_list(out, &[prompt]),
    }
}

/// Appends strings and lists of strings as one list of strings.
fn push_list(out: &mut Vec<u8>, parts: &[&RawValue]) {
    let open = out.len();
    out.push(b'[');
    for part in parts {
        for item in fields::list_of(part).unwrap_or_else(|_| vec![part]) {
            if out.len() > open + 1 {
                out.push(b',');
            }
            out.extend_from_slice(item.get().as_bytes());
        }
    }
    out.push(b']');
}

/// Appends the messages with system messages turned into user messages. Returns how many were turned.
fn push_messages(out: &mut Vec<u8>, messages: &RawValue) -> Result<usize, Failure> {
    let mut turned = 0;
    let wrong = || Failure::bad_field("messages", "'messages' must be a list of messages.");
    out.push(b'[');
    for (index, message) in fields::list_of(messages).map_err(|_| wrong())?.into_iter().enumerate() {
        out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        for (name, value) in Fields::parse(message.get()).map_err(|_| wrong())?.iter() {
            json::push_key(out, name);
            let role = if name == "role" { json::text_of(value).and_then(|role| Role::parse(&role)) } else { None };
            match role {
                Some(Role::System) => {
                    turned += 1;
                    json::push_string(out, Role::User.name());
                }
                _ => out.extend_from_slice(value.get().as_bytes()),
            }
        }
        out.push(b'}');
    }
    out.push(b']');
    Ok(turned)
}

struct AsItCame;

impl Reply for AsItCame {
    fn head(&mut self, _: &UpstreamHead<'_>) -> Start {
        Start::Pass
    }

    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(piece);
        Ok(())
    }

    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        Ok(Answer { body: held.body.clone(), ..Answer::empty(held.status) })
    }

    /// Raw text has no place for an error, so the connection breaks instead.
    fn broken(&mut self, _: &mut Vec<u8>) -> Option<Failure> {
        None
    }
}
