//! The section `limits`.

use crate::access::{Limits, limits};
use crate::yaml::value::seconds_or_zero;
use crate::yaml::{Section, Source};
use std::time::Duration;

/// The section `limits` of `config.yaml`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimitsSection {
    pub each: Limits,
    pub wait: Option<Duration>,
}

impl LimitsSection {
    /// Reads the section, if there is one.
    pub fn read(keys: &mut Section<'_>, source: &mut Source<'_>) -> Option<Self> {
        let mut keys = keys.section(source, "limits")?;
        let section =
            LimitsSection { each: limits::read(&mut keys, source), wait: keys.get(source, "wait", seconds_or_zero) };
        keys.finish(source);
        Some(section)
    }

    /// Returns this section, with its gaps filled from `base`.
    pub fn over(self, base: Self) -> Self {
        let (own, under) = (self.each, base.each);
        LimitsSection {
            each: Limits {
                requests_per_minute: own.requests_per_minute.or(under.requests_per_minute),
                tokens_per_minute: own.tokens_per_minute.or(under.tokens_per_minute),
                concurrent: own.concurrent.or(under.concurrent),
            },
            wait: self.wait.or(base.wait),
        }
    }
}
