//! `gemini_embed`: Gemini's vectors, one or many, over an embedding dialect.

use super::Entry;
use super::vectors::{AskedVectors, VectorPipeline};
use crate::dialects::client::gemini::GeminiClient;
use crate::dialects::client::gemini::request::model_name;
use crate::dialects::client::gemini::vectors::VectorRequest;
use crate::dialects::client::openai::inputs::Inputs;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "gemini_embed",
    about: "Gemini's vectors of one text or of many",
    client: &GeminiClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(GeminiVectors(VectorPipeline::new(&wiring)?))),
};

struct GeminiVectors(VectorPipeline);

impl Transformer for GeminiVectors {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let read = VectorRequest::parse(&request.body)?;
        let texts = read.texts.iter().map(AsRef::as_ref).collect();
        let asked = AskedVectors {
            inputs: Inputs::of_texts("content", texts).filled()?,
            model: request.params.last().map(|model| model_name(model)),
            dimensions: ("outputDimensionality", read.dimensions),
            base64: false,
            list: read.list,
            params: Vec::new(),
            timeout: None,
        };
        self.0.open(&asked, &request.body, cx)
    }
}
