//! `gemini_count_tokens`: how many tokens a request for an answer has, counted here.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::dialects::client::gemini::params::GenerateParams;
use crate::dialects::client::gemini::request::{GenerateRequest, ReplyWanted, model_name};
use crate::dialects::client::gemini::{GeminiClient, push_total_tokens};
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::{Answer, Failure};
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "gemini_count_tokens",
    about: "How many tokens a request of Gemini's form has, counted without a call",
    client: &GeminiClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(GeminiCount(ChatPipeline::new(wiring)?))),
};

struct GeminiCount(ChatPipeline);

impl Transformer for GeminiCount {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let asked = GenerateRequest::parse(&request.body)?.counted();
        let model = request.params.last().map(|model| model_name(model));
        let chosen = self.0.choose(model, cx)?;
        let params = GenerateParams::read(&asked.fields, &chosen.model.rules)?;
        let (client, chat) = asked.read(&params, ReplyWanted::Whole)?;
        let tokens = self.0.prompt_tokens(&client, chosen, &chat, &request.body, cx);
        let mut out = Vec::new();
        push_total_tokens(&mut out, tokens);
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}
