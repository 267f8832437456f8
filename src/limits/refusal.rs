//! The reply to a client that has used up a limit, in OpenAI's words if they exist.

use super::{Bound, RateLimitHeaders};
use crate::wire::Failure;
use http::{HeaderName, StatusCode, header};
use std::time::Duration;

/// The time to wait in milliseconds. OpenAI's clients read it before `retry-after`.
pub const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Requests per minute.
    Requests,
    /// Tokens per minute.
    Tokens,
    /// Requests that run at the same time.
    Concurrent,
}

impl LimitKind {
    /// Returns its name in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            LimitKind::Requests => "requests",
            LimitKind::Tokens => "tokens",
            LimitKind::Concurrent => "concurrent",
        }
    }

    /// Returns the name of the setting.
    pub fn key(self) -> &'static str {
        match self {
            LimitKind::Requests => "requests_per_minute",
            LimitKind::Tokens => "tokens_per_minute",
            LimitKind::Concurrent => "concurrent",
        }
    }

    /// Returns OpenAI's `error.type`, which names what there was too much of.
    fn told_as(self) -> &'static str {
        match self {
            LimitKind::Requests | LimitKind::Concurrent => "requests",
            LimitKind::Tokens => "tokens",
        }
    }
}

/// The refusal of a request over a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of limit that was reached.
    pub kind: LimitKind,
    /// The limit.
    pub bound: Bound,
    /// The amount in use.
    pub used: u64,
    /// How long the request waited for a place, if it did.
    pub waited: Option<Duration>,
    /// The time to wait before another try.
    pub again: Duration,
    /// The usage of the tightest limits.
    pub rate_limit: RateLimitHeaders,
}

impl Refusal {
    /// Returns the failure that the client receives.
    pub fn to_failure(&self) -> Failure {
        let (limit, used, key) = (self.bound.limit, self.used, self.kind.key());
        let again = super::reset(self.again);
        let what = match (self.kind, self.waited) {
            (LimitKind::Requests, _) => {
                format!("Rate limit reached for requests per minute: limit {limit}, used {used}.")
            }
            (LimitKind::Tokens, _) => format!("Rate limit reached for tokens per minute: limit {limit}, used {used}."),
            (LimitKind::Concurrent, None) => {
                format!("Too many requests at the same time: limit {limit}, and as many wait as may.")
            }
            (LimitKind::Concurrent, Some(waited)) => format!(
                "Too many requests at the same time: limit {limit}, and none ended within {} s (limits.wait).",
                waited.as_secs_f64()
            ),
        };
        let message = format!("{what} Please try again in {again}. The limit is limits.{key} {}.", self.bound.set_by);
        let millis = self.again.as_nanos().div_ceil(1_000_000).max(1);
        Failure::new(StatusCode::TOO_MANY_REQUESTS, message)
            .with_kind(self.kind.told_as())
            .with_code("rate_limit_exceeded")
            .with_own_words(format!("limits.{key} {}: limit {limit}, used {used}", self.bound.set_by))
            .with_header(header::RETRY_AFTER, &millis.div_ceil(1000).to_string())
            .with_header(RETRY_AFTER_MS, &millis.to_string())
    }
}
