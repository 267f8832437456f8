//! Groups of models: names for clients, ARGO's ids, and each model's rules. All of this is data of the table.

mod apply;
mod differences;
pub mod effect;
pub mod facts;
mod families;
pub mod glob;
pub mod listing;
mod lists;
mod merge;
mod model;
mod near;
mod patterns;
pub mod rules;
mod served;
mod spelling;

pub use differences::{GoneModel, ListReport, ModelDifferences, ModelReport, NewModel};
pub use effect::RuleEffect;
pub use facts::Facts;
pub use families::{NameFamily, NameTemplate};
pub use glob::NamePattern;
pub use lists::{ModelLists, UpstreamList};
pub use model::{Form, Model};
pub use patterns::Patterns;
pub use rules::{Cap, Family, Json, Rule, Rules, Streaming, Structured, SystemRole, Thinking};
pub use served::ServedModels;
pub use spelling::Spelling;

use crate::wire::Failure;
use spelling::Spellings;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// A group of models that a route serves.
#[derive(Debug, Default, Clone)]
pub struct Models {
    list: Vec<Model>,
    by_name: HashMap<String, (usize, Form)>,
    spellings: Spellings,
    default: Option<usize>,
    patterns: Patterns,
}

/// Why a model serves a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The request named no model.
    Default,
    /// The request named the model in this form.
    Named(Form),
    /// The request's name matches this pattern.
    Pattern(Arc<str>),
    /// The request named the model in a spelling that only this model can have.
    Spelled(Spelling),
}

/// A model that serves a request.
#[derive(Debug, Clone)]
pub enum Serving<'a> {
    /// A listed model.
    Listed(&'a Model),
    /// A model that a pattern made for this request.
    Made(Box<Model>),
}

impl<'a> Serving<'a> {
    /// Returns the model if it is listed.
    pub fn listed(&self) -> Option<&'a Model> {
        match self {
            Serving::Listed(model) => Some(model),
            Serving::Made(_) => None,
        }
    }
}

impl Deref for Serving<'_> {
    type Target = Model;

    fn deref(&self) -> &Model {
        match self {
            Serving::Listed(model) => model,
            Serving::Made(model) => model,
        }
    }
}

/// The model that a request gets, and the name that its reply carries.
#[derive(Debug, Clone)]
pub struct Chosen<'a> {
    /// The model that serves.
    pub model: Serving<'a>,
    /// Why this model serves.
    pub how: How,
    /// The name that the client used, or the default's name if it used none.
    pub asked: &'a str,
}

impl Chosen<'_> {
    /// Returns the same model, which is asked to think in the other way, if there is one.
    pub fn with_other_thinking(self) -> Self {
        match self.model.rules.with_other_thinking() {
            None => self,
            Some(rules) => {
                let model = Model { rules: Arc::new(rules), ..Model::clone(&self.model) };
                Chosen { model: Serving::Made(Box::new(model)), ..self }
            }
        }
    }
}

impl Models {
    /// Makes a group of models in listed order. `default` is an index into `list`.
    ///
    /// A model is found by its name or its id, each with or without the name's prefix (`argo:`), in any case. A full
    /// name takes precedence over an id, an id over a shortened name, all of them over patterns, and patterns over
    /// vendors' spellings. What the table's files name takes precedence over what only a list of an upstream has, in every form, so
    /// that no list changes what a name means.
    pub fn new(list: Vec<Model>, default: Option<usize>, patterns: Patterns) -> Self {
        let mut by_name = HashMap::new();
        let keys: Vec<[Option<String>; 4]> = list.iter().map(Model::forms).collect();
        for is_listed in [false, true] {
            for (rank, form) in Form::ALL.into_iter().enumerate() {
                let same = list.iter().zip(&keys).enumerate().filter(|(_, (model, _))| model.is_listed == is_listed);
                for (index, (_, keys)) in same {
                    if let Some(name) = keys.get(rank).cloned().flatten() {
                        by_name.entry(name).or_insert((index, form));
                    }
                }
            }
        }
        let spellings = Spellings::new(&list);
        Models { list, by_name, spellings, default, patterns }
    }

    /// Returns the same models with the rules that hold at an upstream.
    pub fn at(self: &Arc<Self>, upstream: &str) -> Arc<Models> {
        let Patterns { rules, facts, .. } = &self.patterns;
        if rules.iter().all(|rule| rule.upstreams.is_empty()) {
            return self.clone();
        }
        let mut models = Models::clone(self);
        models.patterns.upstream = Some(upstream.to_owned());
        let mut by_id: HashMap<&str, Arc<Rules>> = HashMap::new();
        for model in &mut models.list {
            let merged = || Arc::new(Rules::merged(facts, rules, &model.id, Some(upstream)));
            let id = self.list.get(model.number).map_or("", |same| same.id.as_str());
            model.rules = by_id.entry(id).or_insert_with(merged).clone();
        }
        Arc::new(models)
    }

    /// Returns the model that was chosen from the same models, with the rules that these have.
    pub fn again<'a>(&'a self, chosen: &Chosen<'a>) -> Option<Chosen<'a>> {
        let model = match chosen.model.listed() {
            Some(model) => Serving::Listed(self.list.get(model.number)?),
            None => Serving::Made(Box::new(self.patterns.make(chosen.asked)?.0)),
        };
        Some(Chosen { model, how: chosen.how.clone(), asked: chosen.asked })
    }

    /// Returns the listed models, in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.list.iter()
    }

    /// Returns the listed model with this number.
    pub fn get(&self, number: usize) -> Option<&Model> {
        self.list.get(number)
    }

    /// Returns the default model, if the group has one.
    pub fn default(&self) -> Option<&Model> {
        self.list.get(self.default?)
    }

    /// Returns the patterns of names, in the order in which they are tried.
    pub fn patterns(&self) -> &[NamePattern] {
        &self.patterns.names
    }

    /// Returns the listed model with this name, in any of its forms. Patterns are not tried.
    pub fn find<'a>(&'a self, asked: &'a str) -> Option<Chosen<'a>> {
        let (index, form) = match self.by_name.get(asked) {
            Some(found) => found,
            None => self.by_name.get(&asked.to_lowercase())?,
        };
        let model = Serving::Listed(self.list.get(*index)?);
        Some(Chosen { model, how: How::Named(*form), asked })
    }

    /// Returns the model that a pattern makes for a name.
    pub fn make<'a>(&self, asked: &'a str) -> Option<Chosen<'a>> {
        let (model, pattern) = self.patterns.make(asked)?;
        Some(Chosen { model: Serving::Made(Box::new(model)), how: How::Pattern(pattern), asked })
    }

    /// Returns the only listed model that a vendor's spelling can mean.
    pub fn spelled<'a>(&'a self, asked: &'a str) -> Option<Chosen<'a>> {
        let (index, spelling) = self.spellings.find(asked)?;
        Some(Chosen { model: Serving::Listed(self.list.get(index)?), how: How::Spelled(spelling), asked })
    }

    /// Returns the failure for a name that no model has.
    pub fn unknown(&self, asked: &str) -> Failure {
        near::unknown(asked, &self.near(asked))
    }

    /// Returns the listed names that are most similar to `asked`, best first.
    pub fn near(&self, asked: &str) -> Vec<&str> {
        near::near(&self.list, &self.by_name, asked)
    }

    /// Returns the model for a request that named `name`.
    ///
    /// # Errors
    /// 404 `model_not_found` with near matches; 400 when no name was given and the group has no default.
    pub fn choose<'a>(&'a self, name: Option<&'a str>) -> Result<Chosen<'a>, Failure> {
        match name {
            Some(asked) => {
                let found = self.find(asked).or_else(|| self.make(asked)).or_else(|| self.spelled(asked));
                found.ok_or_else(|| self.unknown(asked))
            }
            None => match self.default() {
                Some(model) => Ok(Chosen { model: Serving::Listed(model), how: How::Default, asked: &model.name }),
                None => Err(Failure::bad_field("model", "you must provide a model parameter")),
            },
        }
    }
}

#[cfg(test)]
mod tests;
