//! `gemini_generate`: Gemini's answers as one object, over any chat dialect.

use super::Entry;
use super::conversation::ChatPipeline;
use crate::dialects::client::gemini::params::GenerateParams;
use crate::dialects::client::gemini::request::{GenerateRequest, ReplyWanted, model_name};
use crate::dialects::client::gemini::{GeminiClient, images};
use crate::plan::images::FindImages;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "gemini_generate",
    about: "Gemini's generateContent, over a chat upstream",
    client: &GeminiClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(GeminiGenerate(ChatPipeline::new(wiring)?))),
};

struct GeminiGenerate(ChatPipeline);

impl Transformer for GeminiGenerate {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        open(&self.0, request, ReplyWanted::Whole, cx)
    }

    fn images(&self) -> Option<FindImages> {
        Some(images::find)
    }
}

/// Returns the plan for a request whose model is the last parameter of its path.
///
/// # Errors
/// 404 for an unknown model, 400 naming what is wrong.
pub fn open(
    pipeline: &ChatPipeline,
    request: &Request,
    wanted: ReplyWanted,
    cx: &Context<'_>,
) -> Result<Plan, Failure> {
    let asked = GenerateRequest::parse(&request.body)?;
    let model = request.params.last().map(|model| model_name(model));
    let chosen = pipeline.choose(model, cx)?;
    let params = GenerateParams::read(&asked.fields, &chosen.model.rules)?;
    let (client, chat) = asked.read(&params, wanted)?;
    pipeline.allow(&client, chat.answers, 1)?;
    pipeline.open(&client, chosen, chat, &request.body, cx)
}
