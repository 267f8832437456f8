//! How hard a model is asked to think: OpenAI's words for it, Anthropic's words, and budgets of tokens.

use crate::json;
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The least budget that the vendor takes.
pub const LEAST_BUDGET: u64 = 1024;
/// The highest budget that is asked for here; the client may ask for more itself.
pub const MOST_BUDGET: u64 = 31_999;

/// A level of effort.
#[derive(Debug, PartialEq, Eq)]
pub struct Effort {
    /// The client's word, which is OpenAI's.
    name: &'static str,
    /// The tokens that it is worth.
    pub budget: u64,
    /// Anthropic's word for models that know all words, and for older ones.
    words: [&'static str; 2],
}

const EFFORTS: [Effort; 6] = [
    Effort { name: "minimal", budget: LEAST_BUDGET, words: ["low", "low"] },
    Effort { name: "low", budget: 2048, words: ["low", "low"] },
    Effort { name: "medium", budget: 8192, words: ["medium", "medium"] },
    Effort { name: "high", budget: 16_384, words: ["high", "high"] },
    Effort { name: "xhigh", budget: 24_576, words: ["xhigh", "high"] },
    Effort { name: "max", budget: MOST_BUDGET, words: ["max", "max"] },
];

/// The client's word for no thinking.
const NONE: &str = "none";

impl Effort {
    /// Reads `reasoning_effort`; `None` means that the model is not to think.
    ///
    /// # Errors
    /// 400 for a word that nobody knows.
    pub fn read(given: &RawValue) -> Result<Option<&'static Effort>, Failure> {
        let word = json::text_of(given).unwrap_or_default();
        if word == NONE {
            return Ok(None);
        }
        let known = EFFORTS.iter().find(|effort| effort.name == word);
        known.map(Some).ok_or_else(|| {
            let names: Vec<&str> = std::iter::once(NONE).chain(EFFORTS.iter().map(|effort| effort.name)).collect();
            let message = format!("'reasoning_effort' must be one of {}.", names.join(", "));
            Failure::bad_field("reasoning_effort", message)
        })
    }

    /// Returns Anthropic's word. Only the models that think in no other way know all words.
    pub fn word(&self, knows_all: bool) -> &'static str {
        let [word, older] = self.words;
        if knows_all { word } else { older }
    }
}

/// Returns Anthropic's word for a budget.
pub fn word_for(budget: u64) -> &'static str {
    match budget {
        ..4096 => "low",
        4096..16_384 => "medium",
        _ => "high",
    }
}
