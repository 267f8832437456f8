//! What the caller decides: pace, failures, and everything about models.

use std::sync::Arc;
use std::time::Duration;

/// The vendor behind a model: it decides the shape of tools and tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    OpenAI,
    Anthropic,
    Google,
}

/// One row of the models listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The display name, which the listing shows as `id`.
    pub id: String,
    /// The id that calls name.
    pub internal_id: String,
    /// `openai`, `anthropic` or `google`.
    pub owned_by: String,
}

/// How the stand-in behaves.
#[derive(Clone)]
pub struct Options {
    /// Waited before the first byte of each answer to a call (chat, streamchat, embed).
    pub latency: Duration,
    /// Bytes in each streamed piece; a piece may cut a character. 0 counts as 1.
    pub piece_size: usize,
    /// Waited between two pieces.
    pub piece_delay: Duration,
    /// The share of calls, 0 to 1, that are answered with status 500. Counted, not drawn.
    pub failure_rate: f64,
    /// ARGO's id of a model → its vendor. Asked only when tools are offered.
    pub family: Arc<dyn Fn(&str) -> Family + Send + Sync>,
    /// ARGO's id of a model → the length of its vectors.
    pub dimensions: Arc<dyn Fn(&str) -> usize + Send + Sync>,
    /// The models listing. If it is not empty, calls that name another `internal_id` are refused.
    pub models: Vec<ListedModel>,
}

impl Default for Options {
    /// Answers at once, never fails, lists no model and accepts each; all are OpenAI's, with 1536 dimensions.
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
