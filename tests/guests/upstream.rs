//! The dialect `sse_chat`: an upstream that speaks OpenAI's chat completions, whole and as server-sent events.

use argo_openai_proxy::chat::{Conversation, Event, FinishReason, Sink, Text, Usage};
use argo_openai_proxy::dialects::upstream::openai_form;
use argo_openai_proxy::dialects::upstream::{CallTerms, ChatDialect, StreamDecoder, UpstreamDialect, VendorError};
use argo_openai_proxy::json;
use argo_openai_proxy::plan::Held;
use argo_openai_proxy::wire::Failure;
use argo_openai_proxy::wire::sse::SseReader;
use http::HeaderValue;
use serde_json::Value;

pub struct SseChat;

impl UpstreamDialect for SseChat {
    fn name(&self) -> &'static str {
        "The guest"
    }

    fn accept(&self, stream: bool) -> HeaderValue {
        HeaderValue::from_static(if stream { "text/event-stream" } else { "application/json" })
    }

    fn error(&self, held: &Held) -> VendorError {
        let body: Value = serde_json::from_slice(&held.body).unwrap_or_default();
        let text = |key: &str| body["error"][key].as_str().map(str::to_owned);
        VendorError {
            message: text("message").unwrap_or_default(),
            param: text("param"),
            code: text("code"),
            ..VendorError::default()
        }
    }
}

impl ChatDialect for SseChat {
    fn streams(&self, _: &Conversation<'_>) -> bool {
        true
    }

    fn encode(&self, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
        let mut out = b"{".to_vec();
        json::push_key(&mut out, "model");
        json::push_string(&mut out, call.model);
        openai_form::push_conversation(&mut out, chat);
        if call.stream {
            out.extend_from_slice(b",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        }
        out.push(b'}');
        Ok(out)
    }

    fn whole(&self, body: &[u8], _: &[String], sink: &mut dyn Sink) -> Result<(), Failure> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Failure::upstream("The guest sent no JSON."))?;
        said(&body, "message", &mut 0, sink)
    }

    fn stream(&self) -> Box<dyn StreamDecoder> {
        Box::new(Chunks { reader: SseReader::new(1 << 20), calls: 0, done: false })
    }
}

struct Chunks {
    reader: SseReader,
    calls: usize,
    done: bool,
}

impl StreamDecoder for Chunks {
    fn piece(&mut self, piece: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let Chunks { reader, calls, done } = self;
        reader.push(piece, |event| {
            *done |= event.data == b"[DONE]";
            match serde_json::from_slice(event.data) {
                Ok(chunk) => said(&chunk, "delta", calls, sink),
                Err(_) if *done => Ok(()),
                Err(_) => Err(Failure::upstream("The guest sent an event that is no JSON.")),
            }
        })
    }

    fn broken(&mut self, _: &mut dyn Sink) -> Option<Failure> {
        None
    }

    fn end(&mut self, _: &mut dyn Sink) -> Result<(), Failure> {
        let cut = || Failure::upstream("The guest's stream ended before its answer was complete.");
        if self.done { Ok(()) } else { Err(cut()) }
    }
}

/// Hands on what a whole reply (`message`) or a chunk (`delta`) says; `calls` counts the tool calls that have begun.
fn said(body: &Value, holder: &str, calls: &mut usize, sink: &mut dyn Sink) -> Result<(), Failure> {
    if let Some(message) = body["error"]["message"].as_str() {
        return Err(Failure::upstream(format!("The guest answered with an error: {message}")));
    }
    let choice = &body["choices"][0];
    let said = &choice[holder];
    if let Some(text) = said["reasoning_content"].as_str() {
        sink.event(Event::Reasoning(Text::Plain(text)));
    }
    if let Some(text) = said["content"].as_str().filter(|text| !text.is_empty()) {
        sink.event(Event::Text(Text::Plain(text)));
    }
    if let Some(text) = said["refusal"].as_str() {
        sink.event(Event::Refusal(Text::Plain(text)));
    }
    for call in said["tool_calls"].as_array().into_iter().flatten() {
        if let Some(name) = call["function"]["name"].as_str() {
            *calls += 1;
            sink.event(Event::CallStart { id: call["id"].as_str().map(Into::into), name: name.into() });
        }
        if let Some(piece) = call["function"]["arguments"].as_str().filter(|piece| !piece.is_empty()) {
            let index = call["index"].as_u64().and_then(|index| usize::try_from(index).ok());
            let call = index.unwrap_or(calls.saturating_sub(1));
            sink.event(Event::Arguments { call, piece: Text::Plain(piece) });
        }
    }
    match choice["finish_reason"].as_str() {
        Some("length") => sink.event(Event::Finish(FinishReason::Length)),
        Some("tool_calls") => sink.event(Event::Finish(FinishReason::ToolCalls)),
        Some("content_filter") => sink.event(Event::Finish(FinishReason::Filtered)),
        Some(_) => sink.event(Event::Finish(FinishReason::Stop)),
        None => {}
    }
    let usage = &body["usage"];
    if let (Some(input), Some(output)) = (usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64()) {
        let cached = usage["prompt_tokens_details"]["cached_tokens"].as_u64();
        let reasoning = usage["completion_tokens_details"]["reasoning_tokens"].as_u64();
        sink.event(Event::Usage(Usage { input, cached, output, reasoning }));
    }
    Ok(())
}
