//! ARGO's own chat. The request is one JSON object; the reply is one JSON object or a stream of raw text without
//! framing.

mod about;
mod embedding;
pub mod error_body;
pub mod leaked_calls;
pub mod messages;
pub mod notice;
pub mod python;
mod spent;
mod tool_calls;
mod tools;

pub use about::{ABOUT_CHAT, ABOUT_EMBEDDING, NAME, hint};

use super::{CallTerms, ChatDialect, StreamDecoder, UpstreamDialect, VendorError, openai_form};
use crate::chat::{Conversation, Event, Sink, Text};
use crate::json::{self, Fields, fields};
use crate::models::Family;
use crate::plan::Held;
use crate::wire::{Failure, utf8};
use http::HeaderValue;
use notice::{Notice, Watch};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// ARGO: the dialects `argo` and, in `embedding.rs`, `argo_embedding`.
pub struct Argo;

impl UpstreamDialect for Argo {
    fn name(&self) -> &'static str {
        about::NAME
    }

    fn hint(&self, host: &str) -> Option<&'static str> {
        about::hint(host)
    }

    fn accept(&self, stream: bool) -> HeaderValue {
        about::accept(stream)
    }

    fn needs_final_slash(&self, host: &str) -> bool {
        about::is_own_host(host)
    }

    fn error(&self, held: &Held) -> VendorError {
        error_body::said(&held.body)
    }
}

impl ChatDialect for Argo {
    fn streams(&self, chat: &Conversation<'_>) -> bool {
        // `streamchat` refuses tools.
        chat.tools.is_none() && !chat.has_calls()
    }

    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
        let family = call.rules.tools.unwrap_or(Family::Openai);
        let texts: usize = chat.messages.iter().map(|m| m.content.get().len() + 64).sum();
        let mut out = Vec::with_capacity(texts + 256);
        out.push(b'{');
        json::push_key(&mut out, "user");
        json::push_string(&mut out, call.user);
        json::push_key(&mut out, "model");
        json::push_string(&mut out, call.model);
        json::push_key(&mut out, "messages");
        messages::push(&mut out, &chat.messages, family);
        tools::push(&mut out, chat, family);
        for (name, value) in &chat.params {
            openai_form::push_field(&mut out, name, value);
        }
        out.push(b'}');
        Ok(out)
    }

    fn whole(&self, body: &[u8], offered: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
        let text = std::str::from_utf8(body).map_err(|_| Failure::upstream("ARGO's answer is not valid UTF-8."))?;
        // A client that reads a lone surrogate fails where it writes the text.
        let text = json::paired(Cow::Borrowed(text));
        let fields = Fields::parse(&text).map_err(|_| not_an_answer(body))?;
        let response = fields.get("response").ok_or_else(|| not_an_answer(body))?;
        let from_python;
        let response = match json::inside_of(response) {
            None => response.get(),
            Some(inside) => match leaked_calls::parts(inside, offered) {
                None => return whole_text(inside, offered, sink),
                Some(parts) => {
                    from_python = parts;
                    &from_python
                }
            },
        };
        let parts = Fields::parse(response).map_err(|_| not_an_answer(body))?;
        if parts.get("content").is_none() && parts.get("tool_calls").is_none() {
            return Err(not_an_answer(body));
        }
        let calls = parts.get("tool_calls").filter(|calls| !json::is_null(calls) && !is_empty_list(calls));
        if let Some(content) = parts.get("content") {
            whole_content(content, if calls.is_some() { &[] } else { offered }, sink)?;
        }
        calls.map_or(Ok(()), |calls| tool_calls::decode(calls, sink))
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(RawText { carry: utf8::Carry::default(), watch: Watch::default() })
    }
}

fn is_empty_list(calls: &RawValue) -> bool {
    fields::list_of(calls).is_ok_and(|list| list.is_empty())
}

/// Decodes a text that is the whole answer, unless it is a notice.
fn whole_text(inside: &str, offered: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(notice) = notice::in_whole(inside) {
        return Err(notice.failure());
    }
    if !offered.is_empty()
        && let Ok(text) = serde_json::from_str::<String>(&format!("\"{inside}\""))
    {
        leaked_calls::recover(&text, offered, sink);
        return Ok(());
    }
    if !inside.is_empty() {
        sink.event(Event::Text(Text::Json(inside)));
    }
    Ok(())
}

/// Decodes `content` beside `tool_calls`: a string, nothing, or Anthropic's list of blocks.
fn whole_content(content: &RawValue, offered: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(inside) = json::inside_of(content) {
        return whole_text(inside, offered, sink);
    }
    if json::is_null(content) {
        return Ok(());
    }
    let unreadable = || Failure::upstream(format!("ARGO's answer has a content that is {}.", json::kind_of(content)));
    for block in fields::list_of(content).map_err(|_| unreadable())? {
        let block = Fields::parse(block.get()).map_err(|_| unreadable())?;
        if let Some(text) = block.get("text").and_then(json::inside_of) {
            whole_text(text, offered, sink)?;
        }
    }
    Ok(())
}

/// Returns the failure for a success status whose body has no answer.
fn not_an_answer(body: &[u8]) -> Failure {
    let said = error_body::said(body).message;
    if said.is_empty() || said == "{}" {
        return Failure::upstream("ARGO answered without a 'response'.");
    }
    Failure::upstream(format!("ARGO answered without a 'response': {said}"))
        .with_own_words("ARGO answered without a 'response'")
}

/// The stream decoder. It takes text cut anywhere and watches the start for a notice.
struct RawText {
    carry: utf8::Carry,
    watch: Watch,
}

impl StreamDecoder for RawText {
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let RawText { carry, watch } = self;
        let mut notice: Option<Notice> = None;
        let read = carry.push(piece, |text| {
            if notice.is_none() {
                notice = watch.push(text, &mut |text| sink.event(Event::Text(Text::Plain(text))));
            }
        });
        if let Some(notice) = notice {
            return Err(notice.failure());
        }
        read.map_err(|_| Failure::upstream("ARGO's stream is not valid UTF-8; the answer is incomplete."))
    }

    fn broken(&mut self, sink: &mut dyn Sink) -> Option<Failure> {
        let notice = self.watch.end(&mut |text| sink.event(Event::Text(Text::Plain(text))));
        notice.map(|notice| notice.failure())
    }

    fn end(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        if let Some(notice) = self.watch.end(&mut |text| sink.event(Event::Text(Text::Plain(text)))) {
            return Err(notice.failure());
        }
        self.carry
            .end()
            .map_err(|_| Failure::upstream("ARGO's stream ended inside a character; the answer is incomplete."))
    }
}
