//! One call upstream, complete.

use crate::tokens::Prompt;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// One call upstream.
#[derive(Debug, Clone)]
pub struct Call {
    /// True if the call goes to the upstream's streaming endpoint.
    pub stream: bool,
    /// The body, complete.
    pub body: Bytes,
    /// The time limit that the request's body asked for.
    pub timeout: Option<Duration>,
    /// The upstream's id of the model, for the log.
    pub model: String,
    /// What the prompt is counted from; `None` if its size is not needed.
    pub prompt: Option<Arc<Prompt>>,
}
