//! The client dialect `guest_chat`: another request, another stream, another shape of errors than OpenAI's.

use argo_openai_proxy::chat::conversation::{Message, Role};
use argo_openai_proxy::chat::tools::{Tool, Tools};
use argo_openai_proxy::chat::{ChatRequest, Delivery, Encoder, Event, Sink};
use argo_openai_proxy::dialects::client::{ChatClient, ClientRow, Exceeded, ReplyFrame, Tally};
use argo_openai_proxy::json::{Fields, text_of};
use argo_openai_proxy::plan::{Client, ClientVendor, Context, Join, Plan, Request, Transformer};
use argo_openai_proxy::transform::Entry;
use argo_openai_proxy::transform::conversation::ChatPipeline;
use argo_openai_proxy::wire::{Answer, Failure};
use http::StatusCode;
use serde_json::json;
use std::borrow::Cow;
use std::sync::Arc;

pub const ENTRY: Entry = Entry {
    name: "guest_chat",
    about: "A guest's chat",
    client: &Guest,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(GuestChat(ChatPipeline::new(wiring)?))),
};

/// How such clients are told before a route is known.
pub const ROW: ClientRow =
    ClientRow { vendor: ClientVendor::Openai, speaks: |signs| signs.headers.contains_key("x-guest"), client: &Guest };

/// A client with an error shape of its own.
pub struct Guest;

impl Client for Guest {
    fn error(&self, failure: &Failure) -> Answer {
        Answer::json(failure.status, oops(failure))
    }

    fn error_event(&self, failure: &Failure, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("event: oops\ndata: {}\n\n", oops(failure)).as_bytes());
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: hush\ndata: {}\n\n"
    }
}

fn oops(failure: &Failure) -> String {
    json!({"oops": {"status": failure.status.as_u16(), "word": failure.code, "text": failure.message}}).to_string()
}

/// `{"model", "ask", "times", "stream", "tool"}`
struct GuestChat(ChatPipeline);

impl Transformer for GuestChat {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let unreadable = |_| Failure::bad_request("This is no request of a guest's.");
        let text = std::str::from_utf8(&request.body).map_err(|_| Failure::bad_request("This is no text."))?;
        let fields = Fields::parse(text).map_err(unreadable)?;
        let ask = fields.get("ask").ok_or_else(|| Failure::bad_field("ask", "What is asked?"))?;
        let model = fields.get("model").and_then(text_of);
        let chosen = self.0.choose(model.as_deref(), cx)?;
        let times = fields.get("times").and_then(|times| times.get().parse().ok()).unwrap_or(1);
        self.0.allow(&Guest, times, 1)?;
        let tool = fields.get("tool").and_then(text_of);
        let tool = tool.map(|name| Tool { name, description: None, parameters: None, strict: None });
        let chat = ChatRequest {
            conversations: vec![vec![Message::plain(Role::User, Cow::Borrowed(ask), Fields::default())]],
            answers: times,
            tools: tool.map(|tool| Tools { offered: vec![tool], ..Tools::default() }),
            stream: fields.get("stream").is_some_and(|stream| stream.get() == "true"),
            include_usage: true,
            ..ChatRequest::default()
        };
        self.0.open(&Guest, chosen, chat, &request.body, cx)
    }
}

impl ChatClient for Guest {
    type Encoder = GuestEncoder;

    fn encoder(&self, frame: ReplyFrame, _: Delivery) -> GuestEncoder {
        GuestEncoder { frame, out: Vec::new(), said: String::new(), calls: Vec::new() }
    }

    fn join(&self, frame: &ReplyFrame, tally: Arc<Tally>, delivery: Delivery) -> Box<dyn Join> {
        Box::new(All { frame: frame.clone(), tally, stream: delivery != Delivery::Whole })
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn exceeded(&self, limit: Exceeded<'_>) -> Failure {
        Failure::bad_request(format!("This is too much: {limit:?}."))
    }
}

/// Writes every event as it comes; a whole reply is their collection.
pub struct GuestEncoder {
    frame: ReplyFrame,
    out: Vec<u8>,
    said: String,
    calls: Vec<(String, String)>,
}

impl GuestEncoder {
    fn end(&self) -> serde_json::Value {
        let (reason, output) = self.frame.end(!self.calls.is_empty());
        let used = self.frame.usage(output).map(|usage| [usage.input, usage.output]);
        json!({"why": format!("{reason:?}"), "used": used})
    }

    fn push(&mut self, name: &str, data: &serde_json::Value) {
        self.out.extend_from_slice(format!("event: {name}\ndata: {data}\n\n").as_bytes());
    }
}

impl Sink for GuestEncoder {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => {
                self.frame.meter.push(text);
                self.said.push_str(&text.decoded());
                self.push("say", &json!({"choice": self.frame.choice, "text": text.decoded()}));
            }
            Event::ToolCall { name, arguments, .. } => {
                self.push("call", &json!({"name": name, "with": arguments}));
                self.calls.push((name.into_owned(), arguments.into_owned()));
            }
            Event::CallStart { name, .. } => {
                self.push("call", &json!({"name": name}));
                self.calls.push((name.into_owned(), String::new()));
            }
            Event::Arguments { call, piece } => {
                self.push("with", &json!({"call": call, "piece": piece.decoded()}));
                if let Some((_, arguments)) = self.calls.get_mut(call) {
                    arguments.push_str(&piece.decoded());
                }
            }
            Event::Finish(reason) => self.frame.finished(reason),
            Event::Usage(usage) => self.frame.used(usage),
            Event::Reasoning(_) | Event::Signature(_) | Event::Encrypted(_) | Event::Refusal(_) => {}
        }
    }
}

impl Encoder for GuestEncoder {
    fn begin(&mut self, out: &mut Vec<u8>, _: usize) {
        std::mem::swap(&mut self.out, out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        std::mem::swap(&mut self.out, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("event: end\ndata: {}\n\n", self.end()).as_bytes());
    }

    fn whole(&mut self) -> Result<Answer, Failure> {
        let body = json!({"said": self.said, "calls": self.calls, "end": self.end()});
        Ok(Answer::json(StatusCode::OK, body.to_string()))
    }
}

/// Several answers.
struct All {
    frame: ReplyFrame,
    tally: Arc<Tally>,
    stream: bool,
}

impl Join for All {
    fn stream(&self) -> Option<&'static str> {
        self.stream.then_some("text/event-stream")
    }

    fn whole(&mut self, parts: Vec<Answer>) -> Answer {
        let parts: Vec<serde_json::Value> =
            parts.iter().map(|part| serde_json::from_slice(&part.body).unwrap()).collect();
        let used = self.frame.usage_of_all(&self.tally).map(|usage| [usage.input, usage.output]);
        Answer::json(StatusCode::OK, json!({"all": parts, "used": used}).to_string())
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: over\ndata: {}\n\n");
    }
}
