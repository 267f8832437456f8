//! `openai_input_tokens`: how many tokens a request for Responses would have, counted here.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::dialects::client::openai::body;
use crate::dialects::client::responses::{ResponsesClient, ResponsesFields, ResponsesRequest, Sealer};
use crate::json::{self, Fields};
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_input_tokens",
    about: "The tokens of a request for Responses, counted without a call",
    client: &ResponsesClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(InputTokens(ChatPipeline::new(wiring)?))),
};

struct InputTokens(ChatPipeline);

impl Transformer for InputTokens {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let asked = ResponsesFields::read(fields)?;
        let format = asked.response_format();
        let sealer = Sealer::of(cx);
        let read = ResponsesRequest::read(&asked, &sealer)?;
        let chosen = self.0.choose(asked.model.as_deref(), cx)?;
        let (client, chat) = read.into_parts(&asked, format.as_deref(), sealer);
        let tokens = self.0.prompt_tokens(&client, chosen, &chat, &request.body, cx);
        let mut out = b"{\"object\":\"response.input_tokens\",\"input_tokens\":".to_vec();
        json::push_number(&mut out, tokens);
        out.push(b'}');
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}
