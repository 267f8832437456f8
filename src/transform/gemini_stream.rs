//! `gemini_stream`: Gemini's answers in pieces, over any chat dialect: as events where the query says `alt=sse`, else as a JSON list.

use super::Entry;
use super::conversation::ChatPipeline;
use super::gemini_generate::open;
use crate::dialects::client::gemini::request::ReplyWanted;
use crate::dialects::client::gemini::{GeminiClient, StreamForm, images};
use crate::plan::images::FindImages;
use crate::plan::{Context, Plan, Request, Transformer};
use crate::wire::Failure;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "gemini_stream",
    about: "Gemini's streamGenerateContent, over a chat upstream",
    client: &GeminiClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(GeminiStream(ChatPipeline::new(wiring)?))),
};

struct GeminiStream(ChatPipeline);

impl Transformer for GeminiStream {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let asks_events = request.query.get("alt").is_some_and(|alt| alt.eq_ignore_ascii_case("sse"));
        let form = if asks_events { StreamForm::Events } else { StreamForm::List };
        open(&self.0, request, ReplyWanted::Pieces(form), cx)
    }

    fn images(&self) -> Option<FindImages> {
        Some(images::find_for_stream)
    }
}
