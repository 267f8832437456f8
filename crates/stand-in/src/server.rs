//! The server: the options, and the state that all calls share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault;
use crate::options::Options;
use crate::reply::Reply;
use crate::vectors::Vectors;

/// The server. Give it to a listening service of pingora.
pub struct StandIn {
    pub(crate) options: Options,
    /// The ids of the models that calls may name. If there are none, every model is accepted.
    known: HashSet<Box<str>>,
    pub(crate) vectors: Vectors,
    calls: AtomicU64,
}

impl StandIn {
    /// Returns a server with these options.
    pub fn new(options: Options) -> Self {
        let known = options.models.iter().map(|model| model.internal_id.as_str().into()).collect();
        Self { options, known, vectors: Vectors::default(), calls: AtomicU64::new(0) }
    }

    /// Returns the refusal of a model that is not listed.
    pub(crate) fn refuse_model(&self, model: &str) -> Option<Reply> {
        if self.known.is_empty() || self.known.contains(model) {
            return None;
        }
        Some(fault::error(400, &self.unknown(model), "BadRequestError", "model_not_found"))
    }

    /// Returns the words for a model that is not listed. The gateway names the valid models; its exact words are not public.
    pub(crate) fn unknown(&self, model: &str) -> String {
        let models = &self.options.models;
        let valid: Vec<&str> = models.iter().map(|model| model.internal_id.as_str()).collect();
        format!("Model '{model}' not found. Valid models: {}", valid.join(", "))
    }

    /// Returns the id of a model by its id or, as native endpoints take it, by its display name.
    pub(crate) fn id_of<'a>(&'a self, model: &'a str) -> Option<&'a str> {
        if self.known.is_empty() || self.known.contains(model) {
            return Some(model);
        }
        let named = self.options.models.iter().find(|listed| listed.id == model);
        named.map(|listed| listed.internal_id.as_str())
    }

    /// Counts a call, and returns true if it has to fail. Failures are spread evenly: at 0.25 each fourth call fails.
    pub(crate) fn fails(&self) -> bool {
        let rate = self.options.failure_rate;
        if rate.is_nan() || rate <= 0.0 {
            return false;
        }
        let before = self.calls.fetch_add(1, Ordering::Relaxed) as f64;
        ((before + 1.0) * rate).floor() > (before * rate).floor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(rate: f64, calls: usize) -> Vec<bool> {
        let stand_in = StandIn::new(Options { failure_rate: rate, ..Options::default() });
        (0..calls).map(|_| stand_in.fails()).collect()
    }

    #[test]
    fn failures_are_an_even_share() {
        assert_eq!(failures(0.5, 4), [false, true, false, true]);
        assert_eq!(failures(1.0, 3), [true; 3]);
        assert_eq!(failures(0.0, 3), [false; 3]);
        assert_eq!(failures(f64::NAN, 3), [false; 3]);
        let share = failures(0.1, 1000).into_iter().filter(|f| *f).count();
        assert!((99..=101).contains(&share), "{share}");
    }
}
