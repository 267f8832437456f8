//! Which limits apply to a request, and the setting behind each of them.

use crate::access::{Limits, Quota};
use std::fmt;
use std::num::NonZeroU32;

/// Where a limit is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundSource {
    /// `limits` of config.yaml, for every caller.
    Config,
    /// The caller's own `limits`.
    Caller,
    /// `limits` of a row of the table, with the name of the row's place.
    Row(Box<str>),
}

impl fmt::Display for BoundSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BoundSource::Config => f.write_str("of config.yaml"),
            BoundSource::Caller => f.write_str("of this caller"),
            BoundSource::Row(place) => write!(f, "of {place} in the table"),
        }
    }
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The most that is allowed.
    pub limit: NonZeroU32,
    /// Where it is set.
    pub set_by: BoundSource,
}

/// The limits of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Requests started per minute.
    pub requests: Option<Bound>,
    /// Tokens per minute.
    pub tokens: Option<Bound>,
    /// Requests that run at the same time.
    pub concurrent: Option<Bound>,
}

impl Bounds {
    /// Returns a caller's own limits. Those of the configuration fill the gaps.
    pub fn of_caller(own: &Limits, general: &Limits) -> Self {
        let either = |own: Option<Quota>, general: Option<Quota>| {
            let (quota, set_by) = own.map_or((general, BoundSource::Config), |own| (Some(own), BoundSource::Caller));
            Some(Bound { limit: quota?.most()?, set_by })
        };
        Bounds {
            requests: either(own.requests_per_minute, general.requests_per_minute),
            tokens: either(own.tokens_per_minute, general.tokens_per_minute),
            concurrent: either(own.concurrent, general.concurrent),
        }
    }

    /// Returns each caller's limits on one row.
    pub fn of_row(limits: &Limits, place: &str) -> Self {
        let of = |quota: Option<Quota>| Some(Bound { limit: quota?.most()?, set_by: BoundSource::Row(place.into()) });
        Bounds {
            requests: of(limits.requests_per_minute),
            tokens: of(limits.tokens_per_minute),
            concurrent: of(limits.concurrent),
        }
    }

    /// Returns true if nothing is limited.
    pub fn is_none(&self) -> bool {
        self.requests.is_none() && self.tokens.is_none() && self.concurrent.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_own_limit_goes_before_the_configurations() {
        let limits = |requests, tokens| Limits {
            requests_per_minute: NonZeroU32::new(requests).map(Quota::Most),
            tokens_per_minute: NonZeroU32::new(tokens).map(Quota::Most),
            concurrent: None,
        };
        let bounds = Bounds::of_caller(&limits(5, 0), &limits(1, 2));
        let bound = |limit, set_by| Some(Bound { limit: NonZeroU32::new(limit).unwrap(), set_by });
        assert_eq!(bounds.requests, bound(5, BoundSource::Caller));
        assert_eq!(bounds.tokens, bound(2, BoundSource::Config));
        assert_eq!(bounds.concurrent, None);
        assert!(Bounds::of_row(&limits(0, 0), "x").is_none());
        let free = Limits { tokens_per_minute: Some(Quota::Unlimited), ..limits(0, 0) };
        let bounds = Bounds::of_caller(&free, &limits(1, 2));
        assert_eq!((bounds.requests, bounds.tokens), (bound(1, BoundSource::Config), None));
        assert!(Bounds::of_row(&free, "x").is_none());
    }
}
