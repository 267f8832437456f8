//! Groups of models: the names that clients use, ARGO's ids, and the quirks of each, all of them data of the table.

pub mod rules;

pub use rules::{Did, Family, Matched, Rules, SystemRole};

use crate::wire::Failure;
use http::StatusCode;
use std::collections::HashMap;
use std::sync::Arc;

/// A near match must be at least this similar (Jaro–Winkler, 0–1).
const NEAR: f64 = 0.8;
/// How similar a name counts that is a part of the other.
const PART: f64 = 0.95;
/// At most this many near matches are named.
const NEAR_MATCHES: usize = 3;

/// One model as clients see it.
#[derive(Debug, Clone)]
pub struct Model {
    /// The name that the model list shows.
    pub name: String,
    /// ARGO's id.
    pub id: String,
    /// File and line of its name.
    pub from: String,
    /// Its quirks.
    pub rules: Arc<Rules>,
}

/// What the model list shows of every model of a group.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// `owned_by`
    pub owned_by: String,
    /// `created`, in Unix seconds.
    pub created: u64,
}

/// A group of models that a route serves.
#[derive(Debug, Default)]
pub struct Models {
    /// What the model list shows.
    pub shown: Shown,
    list: Vec<Model>,
    by_name: HashMap<String, (usize, Form)>,
    default: Option<usize>,
}

/// The forms of a model's name, in the order in which they go before each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The name that the model list shows.
    Name,
    /// ARGO's id.
    Id,
    /// ARGO's id behind the prefix of the name.
    PrefixedId,
    /// The name without its prefix.
    ShortName,
}

impl Form {
    const ALL: [Form; 4] = [Form::Name, Form::Id, Form::PrefixedId, Form::ShortName];
}

/// How a model came to serve a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The request named none.
    Default,
    /// The request named it in this form.
    Named(Form),
}

/// The model that a request gets, and the name that its reply carries.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// What serves.
    pub model: &'a Model,
    /// Why this one.
    pub how: How,
    /// The name as the client asked; the default's name where it asked for none.
    pub asked: &'a str,
}

impl Models {
    /// A group of models in the order in which they are listed; `default` is an index into it.
    ///
    /// Each is found by its name, by its id, with and without the prefix of its name (`argo:`), in any case. A full name
    /// goes before an id, an id before a shortened name.
    pub fn new(list: Vec<Model>, default: Option<usize>, shown: Shown) -> Self {
        let mut by_name = HashMap::new();
        let keys: Vec<[Option<String>; 4]> = list.iter().map(keys).collect();
        for (rank, form) in Form::ALL.into_iter().enumerate() {
            for (index, keys) in keys.iter().enumerate() {
                if let Some(name) = keys.get(rank).cloned().flatten() {
                    by_name.entry(name).or_insert((index, form));
                }
            }
        }
        Models { shown, list, by_name, default }
    }

    /// The models in the order in which they are listed.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.list.iter()
    }

    /// The default, if the group has one.
    pub fn default(&self) -> Option<&Model> {
        self.list.get(self.default?)
    }

    /// The model of a name, in any of its forms.
    pub fn find(&self, name: &str) -> Option<&Model> {
        self.find_by(name).map(|(model, _)| model)
    }

    /// The model of a name, and the form in which the name is one of its.
    pub fn find_by(&self, name: &str) -> Option<(&Model, Form)> {
        let (index, form) = match self.by_name.get(name) {
            Some(found) => found,
            None => self.by_name.get(&name.to_lowercase())?,
        };
        Some((self.list.get(*index)?, *form))
    }

    /// The model for a request that asked for `name`.
    ///
    /// # Errors
    /// 404 `model_not_found` with near matches; 400 when no name was given and the group has no default.
    pub fn choose<'a>(&'a self, name: Option<&'a str>) -> Result<Chosen<'a>, Failure> {
        match name {
            Some(asked) => match self.find_by(asked) {
                Some((model, form)) => Ok(Chosen { model, how: How::Named(form), asked }),
                None => Err(self.unknown(asked)),
            },
            None => match self.default() {
                Some(model) => Ok(Chosen { model, how: How::Default, asked: &model.name }),
                None => Err(Failure::bad_field("model", "you must provide a model parameter")),
            },
        }
    }

    /// The failure for a name that no model has.
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

    /// The names that look most like `asked`, best first.
    pub fn near(&self, asked: &str) -> Vec<&str> {
        let asked: String = asked.chars().take(100).collect::<String>().to_lowercase();
        let mut scored: Vec<(f64, usize)> = Vec::new();
        for (known, &(index, _)) in &self.by_name {
            // OpenAI's own names are parts of the names here, or the other way round.
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

/// The names under which a model is found, best first.
fn keys(model: &Model) -> [Option<String>; 4] {
    let (name, id) = (model.name.to_lowercase(), model.id.to_lowercase());
    let (prefix, short) = name.split_once(':').unzip();
    [Some(name.clone()), Some(id.clone()), prefix.map(|prefix| format!("{prefix}:{id}")), short.map(str::to_owned)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Models {
        let model = |name: &str, id: &str| Model {
            name: name.into(),
            id: id.into(),
            from: String::new(),
            rules: Arc::default(),
        };
        Models::new(
            vec![model("lab:big-1", "big1"), model("lab:small-1", "small1"), model("big1", "other")],
            Some(1),
            Shown::default(),
        )
    }

    #[test]
    fn every_form_of_a_name_finds_its_model() {
        let group = group();
        for name in ["lab:big-1", "LAB:Big-1", "big-1", "lab:big1"] {
            assert_eq!(group.find(name).unwrap().id, "big1", "{name}");
        }
        assert_eq!(group.find("BIG1").unwrap().id, "other", "a full name goes before an id");
        assert_eq!(group.choose(None).unwrap().asked, "lab:small-1");
    }

    #[test]
    fn the_form_that_matched_is_told() {
        let group = group();
        for (name, form) in [
            ("LAB:big-1", Form::Name),
            ("small1", Form::Id),
            ("lab:big1", Form::PrefixedId),
            ("Small-1", Form::ShortName),
            ("big1", Form::Name),
        ] {
            assert_eq!(group.find_by(name).unwrap().1, form, "{name}");
            assert_eq!(group.choose(Some(name)).unwrap().how, How::Named(form), "{name}");
        }
        assert_eq!(group.choose(None).unwrap().how, How::Default);
    }

    #[test]
    fn unknown_names_are_told_with_near_ones() {
        let failure = group().choose(Some("lab:bigg-1")).unwrap_err();
        assert_eq!((failure.status.as_u16(), failure.code.as_deref()), (404, Some("model_not_found")));
        assert!(failure.message.contains("lab:big-1"), "{}", failure.message);
        assert!(group().choose(Some("1")).unwrap_err().message.contains("The model list"));
        assert!(group().choose(Some("big-1-2026-01-01")).unwrap_err().message.contains("lab:big-1"));
        assert!(group().choose(Some("zzzzzz")).unwrap_err().message.contains("The model list"));
    }
}
