//! `openai_responses`: OpenAI's Responses over any chat dialect.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::dialects::client::openai::body;
use crate::dialects::client::responses::{self, ResponsesClient, ResponsesFields, ResponsesRequest, Sealer};
use crate::json::Fields;
use crate::plan::images::FindImages;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_responses",
    about: "OpenAI's Responses, whole and streamed, over a chat upstream",
    client: &ResponsesClient,
    client_suffix: Some("/responses"),
    keys: &[],
    build: |wiring, _| Ok(Arc::new(ResponsesEndpoint(ChatPipeline::new(wiring)?))),
};

struct ResponsesEndpoint(ChatPipeline);

impl Transformer for ResponsesEndpoint {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let asked = ResponsesFields::read(fields)?;
        let format = asked.response_format();
        let sealer = Sealer::of(cx);
        let read = ResponsesRequest::read(&asked, &sealer)?;
        let chosen = self.0.choose(asked.model.as_deref(), cx)?;
        let (client, chat) = read.into_parts(&asked, format.as_deref(), sealer);
        self.0.open(&client, chosen, chat, &request.body, cx)
    }

    fn images(&self) -> Option<FindImages> {
        Some(responses::find_images)
    }
}
