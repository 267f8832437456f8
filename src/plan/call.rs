//! One call upstream, complete.

use crate::tokens::Prompt;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;

/// How many tokens an answer is reckoned to have whose request sets no limit.
pub const USUAL_ANSWER: u64 = 1000;

/// One call upstream.
#[derive(Debug, Clone)]
pub struct Call {
    /// The number of the upstream among those of the route.
    pub upstream: usize,
    /// The header that tells the upstream whom the call is for. Set when the call is prepared.
    pub credential: Option<(HeaderName, HeaderValue)>,
    /// True if the call goes to the upstream's streaming endpoint.
    pub stream: bool,
    /// The body, complete.
    pub body: Bytes,
    /// The time limit that the request's body asked for.
    pub timeout: Option<Duration>,
    /// The upstream's id of the model, for the log.
    pub model: String,
    /// The most tokens that the answer may have, or as many as one usually has. They are reserved until it is there.
    pub answer_tokens: u64,
    /// What the prompt is counted from; `None` if its size is not needed.
    pub prompt: Option<Arc<Prompt>>,
}
