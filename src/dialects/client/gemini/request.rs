//! A request for an answer, decoded.

use super::chat::GeminiChat;
use super::frames::StreamForm;
use super::history::ContentHistory;
use super::params::GenerateParams;
use super::spelling::{elements, given, is_any, object};
use super::tools;
use super::values::{invalid, unserved};
use crate::chat::{ChatRequest, Role};
use crate::dialects::client::openai::body;
use crate::json::{self, Fields};
use crate::wire::Failure;
use std::sync::Arc;

/// What is read of a request. Other fields have no counterpart and are left out: the vendor adds new ones often.
const READ: [&str; 6] = ["contents", "generationConfig", "model", "systemInstruction", "toolConfig", "tools"];

/// How the answer is to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyWanted {
    /// As one object.
    Whole,
    /// In pieces.
    Pieces(StreamForm),
}

/// The fields of a request.
#[derive(Debug)]
pub struct GenerateRequest<'a> {
    /// The fields as they came.
    pub fields: Fields<'a>,
}

impl<'a> GenerateRequest<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 for what is no object.
    pub fn parse(body: &'a [u8]) -> Result<Self, Failure> {
        let text = body::text(body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        Ok(GenerateRequest { fields })
    }

    /// Returns the request whose tokens are to be counted: the one inside, or this one.
    pub fn counted(self) -> Self {
        match object(&self.fields, "generateContentRequest") {
            Some(fields) => GenerateRequest { fields },
            None => self,
        }
    }

    /// Returns the request for the hub, and how it is answered.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn read<'p>(
        self,
        params: &'p GenerateParams<'a>,
        wanted: ReplyWanted,
    ) -> Result<(GeminiChat, ChatRequest<'p>), Failure>
    where
        'a: 'p,
    {
        let fields = &self.fields;
        if given(fields, "cachedContent").is_some() {
            return Err(unserved("cachedContent", "nothing is kept here; send the whole content in 'contents'."));
        }
        let contents = given(fields, "contents").map(elements).unwrap_or_default();
        let mut history = ContentHistory::read(given(fields, "systemInstruction"), &contents)?;
        let is_asked = history.messages.iter().any(|message| message.role != Role::System);
        if !is_asked {
            return Err(invalid(
                "contents",
                "it is missing or says nothing; at least one content with a part is expected.",
            ));
        }
        let tools = tools::read(fields, &mut history.names)?;
        let others = params.left_out.iter().cloned().chain(tools.left_out).chain(history.left_out);
        let left_out = self.unused().chain(others).collect();
        let (stream, form) = match wanted {
            ReplyWanted::Whole => (false, StreamForm::Events),
            ReplyWanted::Pieces(form) => (true, form),
        };
        let client = GeminiChat {
            known: Arc::new(history.names),
            origins: history.origins,
            left_out,
            form,
            shows_thoughts: params.shows_thoughts,
        };
        let request = ChatRequest {
            conversations: vec![history.messages],
            answers: params.answers,
            tools: tools.tools,
            format: params.asked_format(),
            params: params.list(),
            limit_name: Some("maxOutputTokens"),
            stream,
            include_usage: true,
            bound: None,
            timeout: None,
        };
        Ok((client, request))
    }

    /// Returns the names of the fields that have no counterpart.
    fn unused(&self) -> impl Iterator<Item = String> {
        let unused = self.fields.iter().filter(|(name, value)| !is_any(name, &READ) && !json::is_null(value));
        unused.map(|(name, _)| name.to_owned())
    }
}

/// Returns the name of a model without the word that the vendor's paths have before it.
pub fn model_name(given: &str) -> &str {
    given.strip_prefix("models/").unwrap_or(given)
}
