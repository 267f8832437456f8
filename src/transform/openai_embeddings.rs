//! `openai_embeddings`: OpenAI's embeddings over an embedding dialect.

use super::vectors::{AskedVectors, VectorPipeline};
use super::{Entry, Wiring};
use crate::dialects::client::openai::inputs::Inputs;
use crate::dialects::client::openai::params::ChatParams;
use crate::dialects::client::openai::vector_list::OpenaiVectors;
use crate::dialects::client::openai::{Openai, body};
use crate::dialects::client::values;
use crate::json::Fields;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "openai_embeddings",
    about: "OpenAI embeddings, as floats or base64",
    client: &Openai,
    client_suffix: Some("/embeddings"),
    keys: &[],
    build: |wiring: Wiring, _| Ok(Arc::new(Embeddings(VectorPipeline::new(&wiring)?))),
};

struct Embeddings(VectorPipeline);

impl Transformer for Embeddings {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let text = body::text(&request.body)?;
        let fields = Fields::parse(text).map_err(|e| body::unreadable(text, &e))?;
        let (mut input, mut base64, mut dimensions) = (None, false, None);
        let asked = ChatParams::read(fields, |name, value| {
            match name {
                "input" => input = Some(value),
                "encoding_format" => base64 = is_base64(value)?,
                "dimensions" => dimensions = values::positive(name, value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let asked = AskedVectors {
            inputs: Inputs::read("input", input)?.filled()?,
            model: asked.model.as_deref(),
            dimensions: ("dimensions", dimensions),
            base64,
            list: &OpenaiVectors,
            params: asked.params,
            timeout: asked.timeout,
        };
        self.0.open(&asked, &request.body, cx)
    }
}

fn is_base64(value: &RawValue) -> Result<bool, Failure> {
    match values::text("encoding_format", value)?.as_deref() {
        None | Some("float") => Ok(false),
        Some("base64") => Ok(true),
        Some(other) => Err(Failure::bad_field(
            "encoding_format",
            format!("'encoding_format' is '{other}'; expected float or base64."),
        )),
    }
}
