//! Counts what an answer says, while it passes.

use super::{Counting, Estimate, Tokenizer};
use crate::chat::Text;
use crate::json;
use serde_json::value::RawValue;

/// How much text is kept before it is counted, in bytes: it bounds the memory of a stream whose usage is wanted, and the
/// time of one count to about a millisecond.
pub(super) const KEPT: usize = 64 * 1024;

/// Counts an answer while it passes.
#[derive(Debug, Clone)]
pub enum Meter {
    /// Nobody asked.
    Off,
    /// By character class.
    Estimate(Estimate),
    /// Text is kept until it can be counted: counts of pieces that cut words do not add up to the count of the whole.
    Exact {
        /// What counts.
        tokenizer: Tokenizer,
        /// The tokens of what is not kept any more.
        counted: u64,
        /// The text that is not counted yet.
        kept: String,
    },
}

impl Meter {
    /// A meter of the given kind.
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

    /// The tokens in all; `None` when off.
    pub fn tokens(&self) -> Option<u64> {
        match self {
            Meter::Off => None,
            Meter::Estimate(estimate) => Some(estimate.tokens()),
            Meter::Exact { tokenizer, counted, kept } => Some(counted + tokenizer.count(kept)),
        }
    }
}

/// Where a text can be cut without changing its count: before the last space between two letters, at which every
/// tokenizer begins anew. A long text without any is cut at its end, which may cost a token.
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
