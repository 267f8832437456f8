//! The headers that report a client's limits: `x-ratelimit-…`, with OpenAI's names and format.

use http::{HeaderName, HeaderValue};
use std::num::NonZeroU32;
use std::time::Duration;

/// The usage of a limit per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: NonZeroU32,
    /// The amount that counts as used now.
    pub used: u64,
    /// The amount that may be used now.
    pub remaining: u32,
    /// The time until the full limit may be used again.
    pub reset: Duration,
    /// The time until something may be used. Zero if something may be used now.
    pub again: Duration,
}

impl Standing {
    /// Returns the one of the two that leaves less.
    pub fn tighter(self, other: Option<Standing>) -> Standing {
        match other {
            Some(other) if (other.remaining, other.limit) < (self.remaining, self.limit) => other,
            _ => self,
        }
    }
}

/// The usage of the tightest limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimitHeaders {
    /// The tightest limit of requests.
    pub requests: Option<Standing>,
    /// The tightest limit of tokens.
    pub tokens: Option<Standing>,
}

const REQUESTS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-reset-requests"),
];
const TOKENS: [HeaderName; 3] = [
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
    HeaderName::from_static("x-ratelimit-reset-tokens"),
];

impl RateLimitHeaders {
    /// Returns the headers of a reply.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let of = |names: [HeaderName; 3], standing: Standing| {
            let reset = HeaderValue::from_str(&reset(standing.reset)).unwrap_or(HeaderValue::from_static("0s"));
            names.into_iter().zip([standing.limit.get().into(), standing.remaining.into(), reset])
        };
        let requests = self.requests.map(|standing| of(REQUESTS, standing));
        let tokens = self.tokens.map(|standing| of(TOKENS, standing));
        requests.into_iter().chain(tokens).flatten()
    }
}

/// Returns a time in OpenAI's format, rounded up to the millisecond: `120ms`, `1.5s`, `6m0s`.
pub fn reset(time: Duration) -> String {
    let millis = time.as_nanos().div_ceil(1_000_000);
    if millis > 0 && millis < 1000 {
        return format!("{millis}ms");
    }
    let (minutes, millis) = (millis / 60_000, millis % 60_000);
    let mut seconds = format!("{}.{:03}", millis / 1000, millis % 1000);
    seconds.truncate(seconds.trim_end_matches('0').trim_end_matches('.').len());
    if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_openai_does() {
        for (millis, text) in [
            (0, "0s"),
            (1, "1ms"),
            (120, "120ms"),
            (1000, "1s"),
            (1500, "1.5s"),
            (10_000, "10s"),
            (59_980, "59.98s"),
            (60_000, "1m0s"),
            (360_000, "6m0s"),
            (90_007, "1m30.007s"),
        ] {
            assert_eq!(reset(Duration::from_millis(millis)), text);
        }
        assert_eq!(reset(Duration::from_micros(999_001)), "1s");
    }

    #[test]
    fn headers_are_of_what_is_limited() {
        let limit = NonZeroU32::new(10).unwrap();
        let again = Duration::ZERO;
        let standing = Standing { limit, used: 3, remaining: 7, reset: Duration::from_secs(18), again };
        let rate_limit = RateLimitHeaders { requests: None, tokens: Some(standing) };
        let headers: Vec<_> =
            rate_limit.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        assert_eq!(
            headers,
            ["x-ratelimit-limit-tokens: 10", "x-ratelimit-remaining-tokens: 7", "x-ratelimit-reset-tokens: 18s"]
        );
        let tighter = Standing { remaining: 2, ..standing };
        assert_eq!(standing.tighter(Some(tighter)).remaining, 2);
        assert_eq!(tighter.tighter(Some(standing)).remaining, 2);
        assert_eq!(RateLimitHeaders::default().headers().count(), 0);
    }
}
