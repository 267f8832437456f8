//! What a transformer decided about a request, for whoever asks why: serving keeps no such list and pays nothing for it.

use crate::models::{Chosen, How, Models, RuleEffect, Rules};
use crate::tokens::{Counting, Tokenizer};
use std::sync::{Arc, Mutex, PoisonError};

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
        /// Whether it is about to go.
        deprecated: bool,
        /// Its quirks, with the rules of the table that made them.
        rules: Arc<Rules>,
    },
    /// No model was found.
    NoModel {
        /// The name that the request gave.
        asked: Option<String>,
        /// The names that look most like it, best first.
        near: Vec<String>,
        /// The patterns that it does not fit, in their order.
        patterns: Vec<String>,
    },
    /// Rules changed something.
    Rule {
        /// Where the rule stands in the table, if it is one of the table.
        place: Option<String>,
        /// What it did.
        did: String,
    },
    /// Images are fetched before the request is opened.
    Images {
        /// Each part that names one, and the host that it is fetched from.
        parts: Vec<(String, String)>,
    },
    /// How the model is brought to answer in JSON, and why so.
    Structured(String),
    /// How tokens are counted.
    Counting {
        /// How the route counts.
        counting: Counting,
        /// The table that counts.
        tokenizer: Tokenizer,
        /// Whether it is the model's own; otherwise the count is an estimate.
        own: bool,
    },
}

impl TraceStep {
    /// The choice of a model for the name that a request gave, or its failure.
    pub fn model(models: &Models, asked: Option<&str>, chosen: Option<&Chosen<'_>>) -> Self {
        let given = asked.map(str::to_owned);
        match chosen {
            Some(Chosen { model, how, .. }) => TraceStep::Model {
                asked: given,
                how: how.clone(),
                name: model.name.clone(),
                id: model.id.clone(),
                deprecated: model.deprecated,
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

    /// Something that a model's rules did.
    pub fn rule(rules: &Rules, effect: RuleEffect<'_>) -> Self {
        TraceStep::Rule { place: rules.behind(effect).map(|rule| rule.place.clone()), did: effect.to_string() }
    }
}

/// The decisions so far, in order.
#[derive(Debug, Default)]
pub struct Trace(Mutex<Vec<TraceStep>>);

impl Trace {
    /// Adds one.
    pub fn push(&self, step: TraceStep) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(step);
    }

    /// All of them.
    pub fn into_list(self) -> Vec<TraceStep> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
