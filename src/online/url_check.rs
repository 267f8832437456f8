//! One URL, and what came back when it was asked.

use crate::proxy::upstream::probe::{ProbeFailure, ProbeReply};
use crate::table::{Endpoint, Upstream};
use std::sync::Arc;
use std::time::Duration;

/// A URL of an upstream that was asked once.
pub struct UrlCheck {
    /// The upstream.
    pub upstream: Arc<Upstream>,
    /// The URL, and where the table names it.
    pub endpoint: Arc<Endpoint>,
    /// Whether the URL lists models.
    pub is_list: bool,
    /// The answer, or why there is none. `Err(None)` when the question itself panicked.
    pub came: Result<ProbeReply, Option<Box<ProbeFailure>>>,
    /// How long that took.
    pub took: Duration,
}
