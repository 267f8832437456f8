//! The options of the server: pace, failures and models.

use std::sync::Arc;
use std::time::Duration;

/// The vendor of a model, which decides the shape of tools and tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    OpenAI,
    Anthropic,
    Google,
}

/// One row of the models listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The display name: `id` in the listing.
    pub id: String,
    /// The id that calls use.
    pub internal_id: String,
    /// `openai`, `anthropic` or `google`.
    pub owned_by: String,
}

/// How the stand-in behaves.
#[derive(Clone)]
pub struct Options {
    /// The pause before the first byte of each answer to a call (chat, streamchat, embed).
    pub latency: Duration,
    /// The number of bytes in each streamed piece. A piece may cut a character. 0 means 1.
    pub piece_size: usize,
    /// The pause between two pieces.
    pub piece_delay: Duration,
    /// The share of calls, from 0 to 1, that get status 500. They are spread evenly and not at random.
    pub failure_rate: f64,
    /// ARGO's id of a model → its vendor. It is called only for requests that offer tools.
    pub family: Arc<dyn Fn(&str) -> Family + Send + Sync>,
    /// ARGO's id of a model → the number of dimensions of its vectors.
    pub dimensions: Arc<dyn Fn(&str) -> usize + Send + Sync>,
    /// The models listing. If it is not empty, calls to any other `internal_id` are refused.
    pub models: Vec<ListedModel>,
}

impl Default for Options {
    /// Returns options without pauses and failures. No model is listed, every model is accepted, and all are OpenAI's with
    /// 1536 dimensions.
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            piece_size: 16,
            piece_delay: Duration::ZERO,
            failure_rate: 0.0,
            family: Arc::new(|_| Family::OpenAI),
            dimensions: Arc::new(|_| 1536),
            models: Vec::new(),
        }
    }
}
