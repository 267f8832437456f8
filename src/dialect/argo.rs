//! ARGO's own chat: one JSON object there and back, or a stream of raw text without any frame.

use super::argo_notice::{self, Notice, Watch};
use super::argo_tools;
use super::{Call, ChatDialect, StreamDecoder};
use crate::chat::{Conversation, Event, Sink, Text};
use crate::wire::{Failure, Fields, fields, json, unwrap, utf8};
use serde_json::value::RawValue;

/// The dialect `argo`.
pub struct Argo;

impl ChatDialect for Argo {
    fn encode(&self, chat: &Conversation<'_>, call: Call<'_>) -> Vec<u8> {
        let texts: usize = chat.messages.iter().map(|m| m.content.get().len() + 64).sum();
        let mut out = Vec::with_capacity(texts + 256);
        out.push(b'{');
        json::push_key(&mut out, "user");
        json::push_string(&mut out, call.user);
        json::push_key(&mut out, "model");
        json::push_string(&mut out, call.model);
        json::push_key(&mut out, "messages");
        out.push(b'[');
        for (index, message) in chat.messages.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
            json::push_key(&mut out, "role");
            json::push_string(&mut out, message.role.name());
            json::push_key(&mut out, "content");
            out.extend_from_slice(message.content.get().as_bytes());
            for (name, value) in message.rest.iter() {
                push_field(&mut out, name, value);
            }
            out.push(b'}');
        }
        out.push(b']');
        for (name, value) in &chat.params {
            push_field(&mut out, name, value);
        }
        out.push(b'}');
        out
    }

    fn whole(&self, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let text = std::str::from_utf8(body).map_err(|_| Failure::upstream("ARGO's answer is not valid UTF-8."))?;
        let fields = Fields::parse(text).map_err(|_| not_an_answer(body))?;
        let response = fields.get("response").ok_or_else(|| not_an_answer(body))?;
        if let Some(inside) = json::inside_of(response) {
            return whole_text(inside, sink);
        }
        let parts = Fields::parse(response.get()).map_err(|_| not_an_answer(body))?;
        if parts.get("content").is_none() && parts.get("tool_calls").is_none() {
            return Err(not_an_answer(body));
        }
        if let Some(content) = parts.get("content") {
            whole_content(content, sink)?;
        }
        match parts.get("tool_calls") {
            Some(calls) if !json::is_null(calls) => argo_tools::decode(calls, sink),
            _ => Ok(()),
        }
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(RawText { carry: utf8::Carry::default(), watch: Watch::default() })
    }
}

fn push_field(out: &mut Vec<u8>, name: &str, value: &RawValue) {
    json::push_key(out, name);
    out.extend_from_slice(value.get().as_bytes());
}

/// Text that is the whole answer, unless it is a notice in place of one.
fn whole_text(inside: &str, sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(notice) = argo_notice::in_whole(inside) {
        return Err(notice.failure());
    }
    if !inside.is_empty() {
        sink.event(Event::Text(Text::Json(inside)));
    }
    Ok(())
}

/// `content` beside `tool_calls`: a string, nothing, or Anthropic's list of blocks.
fn whole_content(content: &RawValue, sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(inside) = json::inside_of(content) {
        return whole_text(inside, sink);
    }
    if json::is_null(content) {
        return Ok(());
    }
    let unreadable = || Failure::upstream(format!("ARGO's answer has a content that is {}.", json::kind_of(content)));
    for block in fields::list_of(content).map_err(|_| unreadable())? {
        let block = Fields::parse(block.get()).map_err(|_| unreadable())?;
        if let Some(text) = block.get("text").and_then(json::inside_of) {
            whole_text(text, sink)?;
        }
    }
    Ok(())
}

/// A success status with a body that holds no answer.
fn not_an_answer(body: &[u8]) -> Failure {
    let said = unwrap::said(body).message;
    if said.is_empty() || said == "{}" {
        return Failure::upstream("ARGO answered without a 'response'.");
    }
    Failure::upstream(format!("ARGO answered without a 'response': {said}"))
}

/// The stream decoder: text cut anywhere, watched near its start for a notice in place of an answer.
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
