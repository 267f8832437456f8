//! A request for a message, decoded.

use super::chat::AnthropicChat;
use super::history::History;
use super::params::{self, MessageParams, given};
use super::relay::RelayedRequest;
use super::values::invalid;
use super::{pairs, tools};
use crate::chat::{ChatRequest, Conversation};
use crate::dialects::client::openai::body;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The most messages of a request, as the vendor documents it.
const MOST_MESSAGES: usize = 100_000;

/// The fields of a request, and its messages.
#[derive(Debug)]
pub struct MessageRequest<'a> {
    /// The fields as they came.
    pub fields: Fields<'a>,
    messages: Vec<&'a RawValue>,
}

/// What is counted of a request.
#[derive(Debug)]
pub struct CountedRequest<'a> {
    /// Its messages and tools.
    pub chat: Conversation<'a>,
    /// How many images it has.
    pub images: u64,
}

impl<'a> MessageRequest<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is no object, and for messages that are missing or empty.
    pub fn parse(body: &'a [u8]) -> Result<Self, Failure> {
        let text = body::text(body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let list = given(&fields, "messages").ok_or_else(|| invalid("messages", "Field required"))?;
        let messages = fields::list_of(list).map_err(|_| invalid("messages", "Input should be a list"))?;
        match messages.len() {
            0 => Err(invalid("messages", "at least one message is required")),
            number if number > MOST_MESSAGES => {
                Err(invalid("messages", &format!("at most {MOST_MESSAGES} messages are taken")))
            }
            _ => Ok(MessageRequest { fields, messages }),
        }
    }

    /// Returns the name of the model.
    ///
    /// # Errors
    /// 400 if there is none.
    pub fn model(&self) -> Result<Cow<'a, str>, Failure> {
        let model = given(&self.fields, "model").ok_or_else(|| invalid("model", "Field required"))?;
        json::text_of(model).ok_or_else(|| invalid("model", "Input should be a valid string"))
    }

    /// Returns the request as it is handed on to who counts it, and what is counted here where nobody does.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn to_count(self) -> Result<(RelayedRequest<'a>, CountedRequest<'a>), Failure> {
        let fields = self.fields;
        let mut history = History::read(fields.get("system"), &self.messages)?;
        let referenced = &history.notes.referenced;
        let read = tools::read(fields.get("tools"), fields.get("tool_choice"), referenced, &mut history.names)?;
        let (is_odd, has_late_system) = (history.notes.is_odd, history.has_late_system);
        let params = ["thinking"].into_iter().filter_map(|name| Some((Cow::Borrowed(name), given(&fields, name)?)));
        let chat = Conversation { messages: history.messages, tools: read.tools, params: params.collect() };
        let counted = CountedRequest { chat, images: history.notes.images };
        Ok((RelayedRequest { body: fields, is_odd, has_late_system }, counted))
    }

    /// Returns the request for the hub, and how it is answered.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn read<'p>(self, params: &'p MessageParams<'a>) -> Result<(AnthropicChat<'a>, ChatRequest<'p>), Failure>
    where
        'a: 'p,
    {
        let fields = self.fields;
        let stream = match given(&fields, "stream").map(RawValue::get) {
            Some("true") => true,
            None | Some("false") => false,
            Some(_) => return Err(invalid("stream", "Input should be a valid boolean")),
        };
        let mut history = History::read(fields.get("system"), &self.messages)?;
        let read =
            tools::read(fields.get("tools"), fields.get("tool_choice"), &history.notes.referenced, &mut history.names)?;
        let orphan = pairs::broken(&history.messages, &history.origins);
        let bound = orphan.or(history.notes.bound).or(read.bound).or_else(|| params::bound(&fields));
        let places = history.notes.left_out.iter().map(ToString::to_string);
        let left_out = params::left_out(&fields).map(str::to_owned).chain(places).chain(read.left_out).collect();
        let client = AnthropicChat {
            as_it_came: RelayedRequest {
                body: fields,
                is_odd: history.notes.is_odd,
                has_late_system: history.has_late_system,
            },
            known: Arc::new(history.names),
            left_out,
        };
        let request = ChatRequest {
            conversations: vec![history.messages],
            answers: 1,
            tools: read.tools,
            format: params.format(),
            params: params.list(),
            limit_name: None,
            stream,
            include_usage: true,
            bound,
            timeout: None,
        };
        Ok((client, request))
    }
}
