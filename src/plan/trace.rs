//! What a transformer decided about a request, for explanations. Serving keeps no such list and pays nothing for it.

use crate::models::{Chosen, How, Models, RuleEffect, Rules};
use crate::tokens::{Counting, Tokenizer};
use std::sync::{Arc, Mutex, PoisonError};

/// What became of an upstream that could take a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamVerdict {
    /// It takes the call.
    Taken,
    /// It would be asked if those before it had no such endpoint or could not be connected to.
    Next,
    /// It does not serve the model.
    ServesNot,
    /// It cannot carry the request, for this reason.
    CannotCarry(String),
    /// It does not answer, and comes last.
    Failing,
    /// It was asked, and has no such endpoint or cannot be connected to.
    Asked,
}

/// One decision.
#[derive(Debug, Clone)]
pub enum TraceStep {
    /// A model was chosen.
    Model {
        /// The name that the request gave.
        asked: Option<String>,
        /// Why this one.
        how: How,
        /// The name that the model list shows.
        name: String,
        /// The upstream's id.
        id: String,
        /// True if the model is deprecated.
        deprecated: bool,
        /// True if no list of an upstream has it any more.
        gone: bool,
        /// Where it comes from, if only the list of an upstream has it.
        listed: Option<String>,
        /// Its quirks, with the rules of the table that set them.
        rules: Arc<Rules>,
    },
    /// No model was found.
    NoModel {
        /// The name that the request gave.
        asked: Option<String>,
        /// The most similar names, best first.
        near: Vec<String>,
        /// The patterns that it does not match, in their order.
        patterns: Vec<String>,
    },
    /// An upstream of several was looked at.
    Upstream {
        /// Its name in the table.
        name: Arc<str>,
        /// What became of it.
        verdict: UpstreamVerdict,
        /// The quirks that the model has there, where it takes the call.
        rules: Option<Arc<Rules>>,
    },
    /// Rules changed something.
    Rule {
        /// Where the rule stands in the table, if it comes from the table.
        place: Option<String>,
        /// What it did.
        did: String,
    },
    /// Images will be fetched before the request is opened.
    Images {
        /// Each part that names an image, and the host to fetch it from.
        parts: Vec<(String, String)>,
    },
    /// A field of a message was left out, because no request has it or the model's vendor does not know it.
    LeftOut {
        /// The field, as error messages name it: `messages[1].refusal`.
        place: String,
    },
    /// How the model is made to answer in JSON, and why in this way.
    Structured(String),
    /// The upstream counts the tokens.
    CountedUpstream,
    /// How tokens are counted.
    Counting {
        /// How the route counts.
        counting: Counting,
        /// The tokenizer that counts.
        tokenizer: Tokenizer,
        /// True if it is the model's own; otherwise the count is an estimate.
        own: bool,
    },
}

impl TraceStep {
    /// Returns the step for the choice of a model by the name that a request gave, or for its failure.
    pub fn model(models: &Models, asked: Option<&str>, chosen: Option<&Chosen<'_>>) -> Self {
        let given = asked.map(str::to_owned);
        match chosen {
            Some(Chosen { model, how, .. }) => TraceStep::Model {
                asked: given,
                how: how.clone(),
                name: model.name.clone(),
                id: model.id.clone(),
                deprecated: model.deprecated,
                gone: model.gone,
                listed: model.is_listed.then(|| model.from.clone()),
                rules: model.rules.clone(),
            },
            None => {
                let near = asked.map(|asked| models.near(asked)).unwrap_or_default();
                let patterns = models.patterns().iter().map(|pattern| pattern.pattern.clone());
                let near = near.into_iter().map(str::to_owned).collect();
                TraceStep::NoModel { asked: given, near, patterns: patterns.collect() }
            }
        }
    }

    /// Returns the step for an effect of a model's rules.
    pub fn rule(rules: &Rules, effect: RuleEffect<'_>) -> Self {
        TraceStep::Rule { place: rules.behind(effect).map(|rule| rule.place.clone()), did: effect.to_string() }
    }
}

/// The decisions so far, in order.
#[derive(Debug, Default)]
pub struct Trace(Mutex<Vec<TraceStep>>);

impl Trace {
    /// Adds a decision.
    pub fn push(&self, step: TraceStep) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// Returns all decisions.
    pub fn into_list(self) -> Vec<TraceStep> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
