//! Responses as a client dialect of the chat pipeline: a request as a conversation, and what its reply has to know of it.

use super::echo::{Echo, ResponseFacts};
use super::encoder::ResponseEncoder;
use super::fields::{LIMIT, ResponsesFields};
use super::input::{self, ReadItem};
use super::names::ToolNames;
use super::relay;
use super::sealer::Sealer;
use super::tools::{self, OfferedTools};
use super::turns::{self, Turns};
use crate::chat::{AskedFormat, ChatRequest, Conversation, Delivery, JsonPart};
use crate::dialects::client::chat::{ChatClient, Exceeded};
use crate::dialects::client::frame::{ReplyFrame, Tally};
use crate::dialects::client::openai::format;
use crate::dialects::upstream::{AnswerForm, CallTerms, ChatDialect};
use crate::plan::{Alone, Join, Reply, Streamed};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// Fields of a request that are answered or repeated, and have no effect on the answer of an upstream of another form.
const USED: [&str; 14] = [
    "input",
    "instructions",
    LIMIT,
    "metadata",
    "model",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "stream",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
];

/// A request as the chat pipeline takes it.
pub struct ResponsesRequest<'a> {
    turns: Turns<'a>,
    tools: OfferedTools<'a>,
}

impl<'a> ResponsesRequest<'a> {
    /// Reads the conversation and the tools of a request.
    ///
    /// # Errors
    /// 400 naming what is wrong.
    pub fn read(asked: &ResponsesFields<'a>, sealer: &Sealer) -> Result<Self, Failure> {
        let items = match asked.get("input") {
            // Instructions alone are a request, too.
            None if asked.get("instructions").is_some() => Vec::new(),
            given => input::read(given)?,
        };
        let own = asked.get("tools").map(|list| ("tools".to_owned(), list));
        let brought = |read: &ReadItem<'a>| Some((format!("input[{}].tools", read.index), read.tools?));
        let lists: Vec<_> = own.into_iter().chain(items.iter().filter_map(brought)).collect();
        let tools = tools::read(&lists, asked.get("tool_choice"), asked.get("parallel_tool_calls"))?;
        let unseal = |sealed: &str| sealer.unseal(sealed);
        let instructions = asked.get("instructions").map(Cow::Borrowed);
        let turns = turns::read(instructions, items, &tools.names, &unseal)?;
        if turns.messages.is_empty() {
            return Err(Failure::bad_field("input", "'input' is empty; at least one item is expected."));
        }
        Ok(ResponsesRequest { turns, tools })
    }

    /// Returns the client and the request. `format` is the format of the answer in the form of chat completions.
    pub fn into_parts(
        self,
        asked: &'a ResponsesFields<'a>,
        format: Option<&'a RawValue>,
        sealer: Sealer,
    ) -> (ResponsesChat<'a>, ChatRequest<'a>) {
        let ResponsesRequest { turns, tools } = self;
        let unused = asked.fields().iter().filter(|(name, _)| !USED.contains(name) && asked.get(name).is_some());
        let unused = unused.map(|(name, _)| name.to_owned());
        let left_out = unused.chain(tools.left_out).chain(turns.left_out).collect();
        let client = ResponsesChat {
            asked,
            echo: Arc::new(Echo::new(asked)),
            names: Arc::new(tools.names),
            places: turns.places,
            left_out,
            sealer,
        };
        let request = ChatRequest {
            conversations: vec![turns.messages],
            answers: 1,
            tools: tools.tools,
            format: format.map(|value| AskedFormat {
                param: (Cow::Borrowed("response_format"), value),
                read: format::read,
                part: JsonPart::All,
            }),
            limit_name: asked.get(LIMIT).map(|_| LIMIT),
            params: asked.params(),
            stream: asked.stream,
            include_usage: true,
            bound: turns.bound.or(tools.bound),
            timeout: asked.timeout,
        };
        (client, request)
    }
}

/// How Responses answers one request.
pub struct ResponsesChat<'a> {
    asked: &'a ResponsesFields<'a>,
    echo: Arc<Echo>,
    names: Arc<ToolNames>,
    /// For each message the number of the item that it begins with.
    places: Vec<usize>,
    left_out: Vec<String>,
    sealer: Sealer,
}

impl ChatClient for ResponsesChat<'_> {
    type Encoder = ResponseEncoder;

    fn encoder(&self, frame: ReplyFrame, delivery: Delivery) -> ResponseEncoder {
        let facts = Arc::new(ResponseFacts::new(&frame, self.echo.clone()));
        ResponseEncoder::new(frame, facts, self.names.clone(), self.sealer.clone(), delivery)
    }

    fn join(&self, _: &ReplyFrame, _: Arc<Tally>, delivery: Delivery) -> Box<dyn Join> {
        match delivery {
            Delivery::Whole => Box::new(Alone),
            Delivery::Stream | Delivery::Recut => Box::new(Streamed(self.stream_type())),
        }
    }

    fn relays(&self, form: AnswerForm) -> bool {
        form == AnswerForm::OpenaiResponses
    }

    fn request(&self, chat: &Conversation<'_>, call: CallTerms<'_>, _: &dyn ChatDialect) -> Result<Vec<u8>, Failure> {
        Ok(relay::request(self.asked, chat, call))
    }

    fn relay(
        &self,
        form: AnswerForm,
        frame: &ReplyFrame,
        dialect: &'static dyn ChatDialect,
        delivery: Delivery,
    ) -> Option<Box<dyn Reply>> {
        self.relays(form).then(|| relay::reply(self.encoder(frame.clone(), delivery), frame.clone(), dialect, delivery))
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// Returns a failure about a message as one about its item. The names of parameters are translated where it is written.
    fn in_its_words(&self, failure: Failure) -> Failure {
        let Some(param) = failure.param.clone() else { return failure };
        let of_item = || {
            let (number, rest) = param.strip_prefix("messages[")?.split_once(']')?;
            Some(format!("input[{}]{rest}", self.places.get(number.parse::<usize>().ok()?)?))
        };
        match of_item() {
            Some(own) => {
                let mut failure = failure;
                failure.message = failure.message.replace(&*param, &own);
                failure.with_param(own)
            }
            None => failure,
        }
    }

    fn exceeded(&self, limit: Exceeded<'_>) -> Failure {
        match limit {
            Exceeded::Context { tokens, most, is_exact } => {
                let about = if is_exact { "" } else { "about " };
                let message = format!(
                    "Your input exceeds the context window of this model: it has {about}{tokens} tokens, and the model takes {most}. Please shorten it and try again."
                );
                Failure::bad_field("input", message).with_code("context_length_exceeded")
            }
            Exceeded::Output { name, asked, most } => {
                let message = format!("'{name}' is too large: {asked}. This model gives at most {most} tokens.");
                Failure::bad_field(name, message).with_code("invalid_value")
            }
            Exceeded::Answers { most, .. } => {
                Failure::bad_request(format!("At most {most} answers are given to a request here."))
            }
        }
    }
}
