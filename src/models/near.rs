//! Similar names, for the error about a name that no model has.

use super::model::{Form, Model};
use super::spelling::{core, plain};
use crate::wire::Failure;
use http::StatusCode;
use std::collections::HashMap;

/// The lowest similarity of a near match (Jaro–Winkler, 0–1).
const NEAR: f64 = 0.8;
/// The lowest similarity of two names if one is a part of the other. The longer the part, the nearer.
const PART: f64 = 0.95;
/// The most near matches in a message.
const NEAR_MATCHES: usize = 3;
/// How many characters of a name are shown and compared.
const SHOWN: usize = 100;

/// Returns the failure for a name that no model has; `near` are the most similar names.
pub fn unknown(asked: &str, near: &[&str]) -> Failure {
    let shown: String = asked.chars().take(SHOWN).collect();
    let hint = if near.is_empty() {
        "The model list shows what is served.".to_owned()
    } else {
        format!("Did you mean {}? The model list shows all.", near.join(", "))
    };
    Failure::new(StatusCode::NOT_FOUND, format!("The model '{shown}' does not exist here. {hint}"))
        .with_param("model")
        .with_code("model_not_found")
}

/// Returns the names of a list that are most similar to `asked`, best first. Names are compared without what spellings differ in.
pub fn near<'a>(list: &'a [Model], by_name: &HashMap<String, (usize, Form)>, asked: &str) -> Vec<&'a str> {
    let shown: String = asked.chars().take(SHOWN).collect();
    let asked = core(&shown);
    let mut scored: Vec<(f64, usize)> = Vec::new();
    for (known, &(index, form)) in by_name {
        let Some(index) = listed(list, index) else { continue };
        // A client seldom knows the upstream's id, so a name goes before an id that is as similar.
        let rank = if form == Form::Id || form == Form::PrefixedId { 0.001 } else { 0.0 };
        let score = likeness(&plain(known), &asked) - rank;
        match scored.iter_mut().find(|(_, i)| *i == index) {
            Some(best) => best.0 = best.0.max(score),
            None => scored.push((score, index)),
        }
    }
    scored.retain(|(score, _)| *score >= NEAR);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let best = scored.iter().filter_map(|(_, index)| list.get(*index)).take(NEAR_MATCHES);
    best.map(|model| model.name.as_str()).collect()
}

/// Returns the index of a model that the model list shows: this one, or the first with the same id.
fn listed(list: &[Model], index: usize) -> Option<usize> {
    let model = list.get(index)?;
    if !model.hidden {
        return Some(index);
    }
    list.iter().position(|other| other.id == model.id && !other.hidden)
}

/// Returns the similarity of two plain names. A vendor's name of a model is often a part of the name here, or the reverse.
fn likeness(known: &str, asked: &str) -> f64 {
    let score = strsim::jaro_winkler(known, asked);
    if asked.len() < 2 || !(known.ends_with(asked) || asked.starts_with(known)) {
        return score;
    }
    let (short, long) = (known.len().min(asked.len()), known.len().max(asked.len()));
    let share = short as f64 / long as f64;
    score.max(PART + (1.0 - PART) * share)
}
