//! What a transformer may use besides the request.

use super::trace::{Trace, TraceStep};
use crate::access::{Caller, Permissions};
use crate::models::{Chosen, Models, RuleEffect, Rules};
use crate::tokens::{Asked, Counting, Ledger};
use crate::wire::{Failure, Seal};
use std::fmt;
use std::sync::Arc;

/// How many characters of a client's model name are kept for the log.
const LONGEST_NAME: usize = 200;

/// What a transformer may use besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who sent the request.
    pub caller: &'a Caller,
    /// A random id, unique for this exchange.
    pub id: &'a str,
    /// The current time, in Unix seconds.
    pub now: u64,
    /// The address by which the client reaches the proxy, for pages that explain themselves.
    pub address: Address<'a>,
    /// What the process serves, for monitoring.
    pub state: ServiceState<'a>,
    /// What earlier attempts at this request have shown.
    pub attempt: Attempt,
    /// Seals what clients keep for the next turn.
    pub seal: &'a Arc<Seal>,
    /// Where counted tokens are recorded.
    pub ledger: &'a Arc<Ledger>,
    /// Where decisions are recorded for an explanation; `None` while serving.
    pub steps: Option<&'a Trace>,
}

/// What is known before a request is planned: which upstreams of the route do not take it, by their numbers, and how it was tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempt {
    /// They were asked already, and cannot serve it.
    pub asked: UpstreamSet,
    /// They do not answer, and are asked only where no other upstream can serve.
    pub failing: UpstreamSet,
    /// True if the model is to think in the other way: in its own one it said nothing.
    pub other_thinking: bool,
}

/// A set of upstreams of one route, by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UpstreamSet(u64);

impl UpstreamSet {
    /// Returns true if an upstream is in the set.
    pub fn has(self, number: usize) -> bool {
        number < 64 && self.0 & (1 << number) != 0
    }

    /// Adds an upstream.
    pub fn add(&mut self, number: usize) {
        if number < 64 {
            self.0 |= 1 << number;
        }
    }
}

impl Context<'_> {
    /// Records a step. The step is built only if an explanation is wanted.
    pub fn note(&self, step: impl FnOnce() -> TraceStep) {
        if let Some(steps) = self.steps {
            steps.push(step());
        }
    }

    /// Records an effect of a model's rules.
    pub fn note_rule(&self, rules: &Rules, effect: RuleEffect<'_>) {
        self.note(|| TraceStep::rule(rules, effect));
    }

    /// Calls [`Models::choose`] and records the result.
    ///
    /// # Errors
    /// Those of [`Models::choose`]; also 404 `model_not_found` for a model that the caller may not use.
    pub fn choose<'a>(&self, models: &'a Models, asked: Option<&'a str>) -> Result<Chosen<'a>, Failure> {
        let chosen = models.choose(asked);
        let listed = chosen.as_ref().ok().and_then(|chosen| chosen.model.listed());
        if listed.is_some() || asked.is_some() {
            let name = asked.filter(|asked| listed.is_none_or(|model| model.name != *asked));
            let name = name.map(|name| name.chars().take(LONGEST_NAME).collect::<String>().into());
            self.ledger.set_asked(Asked { number: listed.map(|model| model.number), name });
        }
        self.note(|| TraceStep::model(models, asked, chosen.as_ref().ok()));
        if self.caller.permissions.models.is_none() {
            return chosen;
        }
        // The hints of other failures name models, and the caller may not be allowed to see them.
        match (chosen, asked) {
            (Ok(chosen), _) if self.caller.permissions.use_model(&chosen.model) => Ok(chosen),
            (Ok(chosen), _) => Err(Permissions::no_model(chosen.asked)),
            (Err(_), Some(asked)) => Err(Permissions::no_model(asked)),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Records how a model is made to answer in JSON, whether a rule decided it or not.
    pub fn note_structured(&self, rules: &Rules, effect: RuleEffect<'_>) {
        self.note(|| TraceStep::Structured(effect.to_string()));
        self.note_rule(rules, effect);
    }

    /// Records how tokens are counted for a model. `by_upstream` is true if the upstream counts.
    pub fn note_counting(&self, counting: Counting, by_upstream: bool, rules: &Rules) {
        if by_upstream && counting != Counting::None {
            return self.note(|| TraceStep::CountedUpstream);
        }
        self.note(|| TraceStep::Counting { counting, tokenizer: rules.counts_with(), own: rules.tokenizer.is_some() });
        if let (Counting::Exact, Some(tokenizer)) = (counting, rules.tokenizer) {
            self.note_rule(rules, RuleEffect::Counts(tokenizer));
        }
    }
}

/// The scheme and the host of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host, with its port where that is not the usual one.
    pub host: &'a str,
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

/// The state of the service.
#[derive(Debug, Clone, Copy)]
pub struct ServiceState<'a> {
    /// A hash of the table's text.
    pub version: &'a str,
    /// When it was loaded, in Unix seconds.
    pub loaded_at: u64,
    /// True if a newer file on the disk cannot be used.
    pub is_behind: bool,
    /// True if the process only waits for requests in flight.
    pub is_stopping: bool,
    /// True if the page for people is served.
    pub has_page: bool,
}
