//! Groups of models: names for clients, ARGO's ids, and each model's rules. All of this is data of the table.

mod apply;
pub mod effect;
pub mod facts;
pub mod glob;
mod merge;
pub mod rules;

pub use effect::RuleEffect;
pub use facts::Facts;
pub use glob::NamePattern;
pub use rules::{Cap, Family, Json, Rule, Rules, Streaming, Structured, SystemRole};

use crate::diagnostics::Place;
use crate::wire::Failure;
use http::StatusCode;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

/// The lowest similarity of a near match (Jaro–Winkler, 0–1).
const NEAR: f64 = 0.8;
/// The similarity of two names if one is a part of the other.
const PART: f64 = 0.95;
/// The most near matches in a message.
const NEAR_MATCHES: usize = 3;

/// One model as clients see it.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Its index in its group. It has no meaning for a model that is not listed.
    pub number: usize,
    /// The name that the model list shows.
    pub name: String,
    /// ARGO's id.
    pub id: String,
    /// File and line of its name.
    pub from: String,
    /// The exact place of its name, if that is in a file.
    pub place: Option<Place>,
    /// All rules for its id, merged.
    pub rules: Arc<Rules>,
    /// True if the model list leaves it out.
    pub hidden: bool,
    /// True if it will be removed soon.
    pub deprecated: bool,
}

impl Model {
    /// Returns the names that clients may use for it, in lower case, best first.
    pub fn forms(&self) -> [Option<String>; 4] {
        let (name, id) = (self.name.to_lowercase(), self.id.to_lowercase());
        let (prefix, short) = name.split_once(':').unzip();
        [Some(name.clone()), Some(id.clone()), prefix.map(|prefix| format!("{prefix}:{id}")), short.map(str::to_owned)]
    }
}

/// A group of models that a route serves.
#[derive(Debug, Default)]
pub struct Models {
    list: Vec<Model>,
    by_name: HashMap<String, (usize, Form)>,
    default: Option<usize>,
    patterns: Patterns,
}

/// Makes models for names that are not listed.
#[derive(Debug, Default)]
pub struct Patterns {
    /// The patterns, in the order in which they are tried.
    pub names: Vec<NamePattern>,
    /// The rules of the group.
    pub rules: Vec<Arc<Rule>>,
    /// What the model list states about the group.
    pub facts: Facts,
    /// Deprecated names. `*` stands for any text.
    pub deprecated: Vec<String>,
}

impl Patterns {
    /// Returns the model for a name, and the first pattern that matches the name.
    fn make(&self, name: &str) -> Option<(Model, Arc<str>)> {
        let (pattern, id) = self.names.iter().find_map(|pattern| Some((pattern, pattern.id_for(name)?)))?;
        let rules = Arc::new(Rules::merged(&self.facts, &self.rules, &id));
        let deprecated = self.deprecated.iter().any(|deprecated| glob::fits(deprecated, name));
        let from = pattern.from.clone();
        let model = Model { number: 0, name: name.to_owned(), id, from, place: None, rules, hidden: true, deprecated };
        Some((model, pattern.pattern.as_str().into()))
    }
}

/// The forms of a model's name, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name that the model list shows.
    Name,
    /// ARGO's id.
    Id,
    /// The prefix of the name, followed by ARGO's id.
    PrefixedId,
    /// The name without its prefix.
    ShortName,
}

impl Form {
    const ALL: [Form; 4] = [Form::Name, Form::Id, Form::PrefixedId, Form::ShortName];
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

impl Models {
    /// Makes a group of models in listed order. `default` is an index into `list`.
    ///
    /// A model is found by its name or its id, each with or without the name's prefix (`argo:`), in any case. A full
    /// name takes precedence over an id, an id over a shortened name, and all of them over patterns.
    pub fn new(list: Vec<Model>, default: Option<usize>, patterns: Patterns) -> Self {
        let mut by_name = HashMap::new();
        let keys: Vec<[Option<String>; 4]> = list.iter().map(Model::forms).collect();
        for (rank, form) in Form::ALL.into_iter().enumerate() {
            for (index, keys) in keys.iter().enumerate() {
                if let Some(name) = keys.get(rank).cloned().flatten() {
                    by_name.entry(name).or_insert((index, form));
                }
            }
        }
        Models { list, by_name, default, patterns }
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

    /// Returns the model for a request that named `name`.
    ///
    /// # Errors
    /// 404 `model_not_found` with near matches; 400 when no name was given and the group has no default.
    pub fn choose<'a>(&'a self, name: Option<&'a str>) -> Result<Chosen<'a>, Failure> {
        match name {
            Some(asked) => self.find(asked).or_else(|| self.make(asked)).ok_or_else(|| self.unknown(asked)),
            None => match self.default() {
                Some(model) => Ok(Chosen { model: Serving::Listed(model), how: How::Default, asked: &model.name }),
                None => Err(Failure::bad_field("model", "you must provide a model parameter")),
            },
        }
    }

    /// Returns the failure for a name that no model has.
    pub fn unknown(&self, asked: &str) -> Failure {
        let shown: String = asked.chars().take(100).collect();
        let near = self.near(asked);
        let hint = if near.is_empty() {
            "The model list shows what is served.".to_owned()
        } else {
            format!("Did you mean {}? The model list shows all.", near.join(", "))
        };
        Failure::new(StatusCode::NOT_FOUND, format!("The model '{shown}' does not exist here. {hint}"))
            .with_param("model")
            .with_code("model_not_found")
    }

    /// Returns the listed names that are most similar to `asked`, best first.
    pub fn near(&self, asked: &str) -> Vec<&str> {
        let asked: String = asked.chars().take(100).collect::<String>().to_lowercase();
        let mut scored: Vec<(f64, usize)> = Vec::new();
        for (known, &(index, _)) in &self.by_name {
            if self.list.get(index).is_none_or(|model| model.hidden) {
                continue;
            }
            // OpenAI's name of a model is often a part of the name here, or the reverse.
            let part = asked.len() > 1 && (known.ends_with(&asked) || asked.starts_with(known.as_str()));
            let score = strsim::jaro_winkler(known, &asked).max(if part { PART } else { 0.0 });
            match scored.iter_mut().find(|(_, i)| *i == index) {
                Some(best) => best.0 = best.0.max(score),
                None => scored.push((score, index)),
            }
        }
        scored.retain(|(score, _)| *score >= NEAR);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored
            .iter()
            .take(NEAR_MATCHES)
            .filter_map(|(_, index)| self.list.get(*index))
            .map(|m| m.name.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests;
