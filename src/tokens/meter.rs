//! Counts the tokens of an answer, while its pieces pass.

use super::counting::Counting;
use crate::chat::Text;
use crate::json;
use serde_json::value::RawValue;
use token_count::{Estimate, Tokenizer};

/// The number of bytes that are kept before they are counted. This bounds the memory of a stream, and the time of one count
/// to about a millisecond.
pub(super) const KEPT: usize = 64 * 1024;

/// The count of an answer so far.
#[derive(Debug, Clone)]
pub enum Meter {
    /// No count is wanted.
    Off,
    /// An estimate by character class.
    Estimate(Estimate),
    /// An exact count. Text is kept until it can be counted: pieces cut words, so that their counts do not add up.
    Exact {
        /// The tokenizer that counts.
        tokenizer: Tokenizer,
        /// The tokens of all text that was counted and dropped.
        counted: u64,
        /// The text that is not counted yet.
        kept: String,
    },
}

impl Meter {
    /// Returns a meter for a way of counting.
    pub fn new(counting: Counting, tokenizer: Tokenizer) -> Self {
        match counting {
            Counting::Exact => Meter::Exact { tokenizer, counted: 0, kept: String::new() },
            Counting::Estimate => Meter::Estimate(Estimate::default()),
            Counting::None => Meter::Off,
        }
    }

    /// Adds a piece of the answer.
    pub fn push(&mut self, text: Text<'_>) {
        match (self, text) {
            (Meter::Off, _) => {}
            (Meter::Estimate(estimate), Text::Plain(text) | Text::Json(text)) => estimate.push(text.as_bytes()),
            (Meter::Exact { tokenizer, counted, kept }, text) => {
                match text {
                    Text::Json(inside) if inside.contains('\\') => kept.push_str(&unescaped(inside)),
                    Text::Plain(text) | Text::Json(text) => kept.push_str(text),
                }
                if kept.len() > KEPT {
                    let rest = kept.split_off(seam(kept));
                    *counted += tokenizer.count(kept);
                    *kept = rest;
                }
            }
        }
    }

    /// Adds a tool call.
    pub fn push_call(&mut self, name: &str, arguments: &str) {
        self.push(Text::Plain(name));
        self.push(Text::Plain(arguments));
    }

    /// Returns the tokens so far; `None` if no count is wanted.
    pub fn tokens(&self) -> Option<u64> {
        match self {
            Meter::Off => None,
            Meter::Estimate(estimate) => Some(estimate.tokens()),
            Meter::Exact { tokenizer, counted, kept } => Some(counted + tokenizer.count(kept)),
        }
    }
}

/// Returns the place where a text can be cut without a change of its count: the last space between two letters, at which
/// every tokenizer begins a word. A text without such a space is cut at its end, which may cost a token.
fn seam(text: &str) -> usize {
    let bytes = text.as_bytes();
    let between = |window: &[u8]| matches!(window, [a, b' ', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    bytes.windows(3).rposition(between).map_or(text.len(), |at| at + 1)
}

fn unescaped(inside: &str) -> String {
    let quoted = format!("\"{inside}\"");
    serde_json::from_str::<&RawValue>(&quoted)
        .ok()
        .and_then(|raw| json::text_of(raw).map(|t| t.into_owned()))
        .unwrap_or_default()
}
