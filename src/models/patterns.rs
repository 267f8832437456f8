//! Patterns of a group: models that are made for names that no list has.

use super::facts::Facts;
use super::glob::{self, NamePattern};
use super::model::Model;
use super::rules::{Rule, Rules};
use std::sync::Arc;

/// Makes models for names that are not listed.
#[derive(Debug, Default, Clone)]
pub struct Patterns {
    /// The patterns, in the order in which they are tried.
    pub names: Vec<NamePattern>,
    /// The rules of the group.
    pub rules: Vec<Arc<Rule>>,
    /// What the model list states about the group.
    pub facts: Facts,
    /// Deprecated names. `*` stands for any text.
    pub deprecated: Vec<String>,
    /// The upstream that the rules are meant for; `None` for what holds at all of them.
    pub upstream: Option<String>,
}

impl Patterns {
    /// Returns the model for a name, and the first pattern that matches the name.
    pub(super) fn make(&self, name: &str) -> Option<(Model, Arc<str>)> {
        let (pattern, id) = self.names.iter().find_map(|pattern| Some((pattern, pattern.id_for(name)?)))?;
        let rules = Arc::new(Rules::merged(&self.facts, &self.rules, &id, self.upstream.as_deref()));
        let deprecated = self.deprecated.iter().any(|deprecated| glob::fits_in_any_case(deprecated, name));
        let from = pattern.from.clone();
        let name = name.to_owned();
        let model = Model { name, id, from, rules, hidden: true, deprecated, ..Model::default() };
        Some((model, pattern.pattern.as_str().into()))
    }
}
