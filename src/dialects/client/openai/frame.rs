//! What a reply is about: the same in a whole reply and in every chunk of a stream.

use super::shape::Shape;
use crate::json;
use crate::models::Rules;
use crate::plan::Context;
use crate::tokens::{Counting, Ledger, Meter, Prompt};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What a reply is about: the same in a whole reply and in every chunk.
#[derive(Clone)]
pub struct Frame {
    /// The endpoint's words.
    pub shape: &'static Shape,
    /// Whether a stream ends with a usage chunk.
    pub include_usage: bool,
    /// How this reply's tokens are counted: not at all where nobody will see it.
    pub counting: Counting,
    /// Counts the answer.
    pub meter: Meter,
    /// Counts the request.
    pub prompt: Arc<Prompt>,
    /// Where what was counted is noted.
    ledger: Arc<Ledger>,
    /// The number of the choice.
    pub choice: usize,
    /// Where the answer's tokens are added up when the reply is one choice of several; what the choices have in common is
    /// written by whoever joins them.
    pub tally: Option<Arc<AtomicU64>>,
    is_stream: bool,
    id: String,
    created: u64,
    model: String,
    /// Whether calls go back in the form that preceded tools.
    old_calls: bool,
    length_at: Option<u64>,
}

/// What a request says about its reply.
pub struct Wanted<'a> {
    /// The model's name as asked.
    pub model: &'a str,
    /// The model's quirks.
    pub rules: &'a Rules,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether a stream ends with a usage chunk.
    pub include_usage: bool,
    /// The most tokens that the answer may have.
    pub max_tokens: Option<u64>,
    /// How the route counts.
    pub counting: Counting,
    /// Whether calls go back in the form that preceded tools.
    pub old_calls: bool,
}

/// A tool call with an id in any case.
pub struct Made {
    /// The vendor's id or one made here.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// A JSON object as text.
    pub arguments: String,
}

impl Frame {
    /// The frame of a reply to `wanted`.
    pub fn new(shape: &'static Shape, wanted: &Wanted<'_>, prompt: Arc<Prompt>, cx: &Context<'_>) -> Self {
        // Only an exact count by the model's own tokenizer can tell that the answer stopped at the limit.
        let counts_exactly = wanted.counting == Counting::Exact && wanted.rules.tokenizer.is_some();
        let length_at = wanted.max_tokens.filter(|_| counts_exactly);
        // On a stream nothing is counted unless somebody will see it.
        let seen = !wanted.stream || wanted.include_usage || length_at.is_some();
        let counting = match (seen, cx.ledger.wanted) {
            (true, _) => wanted.counting,
            (false, true) => Counting::Estimate,
            (false, false) => Counting::None,
        };
        Frame {
            shape,
            include_usage: wanted.include_usage,
            counting,
            meter: Meter::new(counting, wanted.rules.counts_with()),
            prompt,
            ledger: cx.ledger.clone(),
            choice: 0,
            tally: None,
            is_stream: wanted.stream,
            id: [shape.id_prefix, cx.id].concat(),
            created: cx.now,
            model: wanted.model.to_owned(),
            old_calls: wanted.old_calls,
            length_at,
        }
    }

    /// The frame of one choice of several.
    pub fn of_choice(&self, choice: usize, tally: Arc<AtomicU64>) -> Self {
        Frame { choice, tally: Some(tally), ..self.clone() }
    }

    /// Notes what an answer was counted to be, and what was asked where that is counted too.
    pub fn note(&self, completion: Option<u64>) {
        let Some(completion) = completion else { return };
        self.ledger.add_completion(completion);
        if !self.is_stream || self.include_usage || self.ledger.wanted {
            self.ledger.set_prompt(self.prompt.tokens());
        }
    }

    /// Opens a choice: the brace and its index.
    pub fn push_choice(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"index\":");
        json::push_number(out, self.choice as u64);
        out.push(b',');
    }

    /// Appends what every reply and chunk has: id, object, created, model.
    pub fn push_common(&self, out: &mut Vec<u8>, object: &str) {
        out.extend_from_slice(b"\"id\":");
        json::push_string(out, &self.id);
        out.extend_from_slice(b",\"object\":");
        json::push_string(out, object);
        out.extend_from_slice(b",\"created\":");
        json::push_number(out, self.created);
        out.extend_from_slice(b",\"model\":");
        json::push_string(out, &self.model);
    }

    /// Why the answer ended.
    pub fn finish_reason(&self, tokens: Option<u64>, has_calls: bool) -> &'static str {
        match (has_calls, self.length_at, tokens) {
            (true, _, _) if self.old_calls => "function_call",
            (true, _, _) => "tool_calls",
            (false, Some(most), Some(tokens)) if tokens >= most => "length",
            _ => "stop",
        }
    }

    /// Whether calls go back in the form that preceded tools, which has one call and no ids.
    pub fn has_old_calls(&self) -> bool {
        self.old_calls
    }

    /// A tool call with an id of its own: the vendor's, or one made from this reply's id.
    pub fn made_call(
        &self,
        index: usize,
        id: Option<Cow<'_, str>>,
        name: Cow<'_, str>,
        arguments: Cow<'_, str>,
    ) -> Made {
        let own = || {
            let choice = if self.choice == 0 { String::new() } else { format!("{}_", self.choice) };
            format!("call_{}{choice}{index}", self.id.trim_start_matches(self.shape.id_prefix))
        };
        Made {
            id: id.filter(|id| !id.is_empty()).map_or_else(own, Cow::into_owned),
            name: name.into_owned(),
            arguments: arguments.into_owned(),
        }
    }
}
