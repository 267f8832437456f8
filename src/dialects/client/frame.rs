//! What a chat reply is about, whichever dialect writes it: id, model, tokens, and why it ended.

use crate::chat::{FinishReason, Usage};
use crate::models::Rules;
use crate::plan::Context;
use crate::tokens::{Counting, Ledger, Meter, Prompt};
use std::sync::{Arc, Mutex, PoisonError};

/// What a request says about its reply.
pub struct ReplyOptions<'a> {
    /// The model's name as the client wrote it.
    pub model: &'a str,
    /// The model's quirks.
    pub rules: &'a Rules,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether a stream tells its usage.
    pub include_usage: bool,
    /// The most tokens that the answer may have.
    pub max_tokens: Option<u64>,
    /// How the route counts.
    pub counting: Counting,
    /// The name of the upstream in messages.
    pub upstream: &'static str,
}

/// What a reply is about: the same in a whole reply and in every event of a stream.
#[derive(Clone)]
pub struct ReplyFrame {
    /// The random id of the exchange.
    pub id: String,
    /// When it began, in Unix seconds.
    pub created: u64,
    /// The model's name as the client wrote it.
    pub model: String,
    /// The name of the upstream in messages.
    pub upstream: &'static str,
    /// How this reply's tokens are counted: not at all where nobody will see it.
    pub counting: Counting,
    /// Counts the answer.
    pub meter: Meter,
    /// The number of the answer among several.
    pub choice: usize,
    /// Where the tokens of several answers are added up; what they have in common is written by whoever joins them.
    pub tally: Option<Arc<Tally>>,
    /// Whether a stream tells its usage.
    pub include_usage: bool,
    prompt: Arc<Prompt>,
    ledger: Arc<Ledger>,
    is_stream: bool,
    tells_usage: bool,
    length_at: Option<u64>,
    /// What the upstream said of the end.
    told: UpstreamEnd,
}

/// What an upstream said of the end of its answer.
#[derive(Debug, Clone, Copy, Default)]
struct UpstreamEnd {
    finish: Option<FinishReason>,
    usage: Option<Usage>,
}

/// The tokens of several answers.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Sum>);

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    /// The tokens of all answers, counted by whoever counted each.
    output: u64,
    /// What the upstream counted.
    own: Usage,
    /// How many answers were counted by the upstream, and how many were not.
    by_upstream: usize,
    by_us: usize,
}

impl ReplyFrame {
    /// The frame of the reply that `options` ask for.
    pub fn new(options: &ReplyOptions<'_>, prompt: Arc<Prompt>, cx: &Context<'_>) -> Self {
        // Only an exact count by the model's own tokenizer can tell that the answer stopped at the limit.
        let counts_exactly = options.counting == Counting::Exact && options.rules.tokenizer.is_some();
        let length_at = options.max_tokens.filter(|_| counts_exactly);
        // On a stream nothing is counted unless somebody will see it.
        let seen = !options.stream || options.include_usage || length_at.is_some();
        let counting = match (seen, cx.ledger.wanted) {
            (true, _) => options.counting,
            (false, true) => Counting::Estimate,
            (false, false) => Counting::None,
        };
        ReplyFrame {
            id: cx.id.to_owned(),
            created: cx.now,
            model: options.model.to_owned(),
            upstream: options.upstream,
            counting,
            meter: Meter::new(counting, options.rules.counts_with()),
            choice: 0,
            tally: None,
            include_usage: options.include_usage,
            prompt,
            ledger: cx.ledger.clone(),
            is_stream: options.stream,
            tells_usage: options.counting != Counting::None && (!options.stream || options.include_usage),
            length_at,
            told: UpstreamEnd::default(),
        }
    }

    /// The frame of one answer of several.
    pub fn of_choice(&self, choice: usize, tally: Arc<Tally>) -> Self {
        ReplyFrame { choice, tally: Some(tally), ..self.clone() }
    }

    /// Keeps what the upstream says of the end of its answer.
    pub fn finished(&mut self, reason: FinishReason) {
        self.told.finish = Some(reason);
    }

    /// Keeps what the upstream counted; it takes the place of what is counted here.
    pub fn used(&mut self, usage: Usage) {
        self.told.usage = Some(usage);
    }

    /// Notes the tokens of an answer that is complete, and returns why it ended.
    pub fn end(&self, has_calls: bool) -> (FinishReason, Option<u64>) {
        let output = self.told.usage.map(|usage| usage.output).or_else(|| self.meter.tokens());
        self.note(output);
        if let Some(tally) = &self.tally {
            tally.add(output.unwrap_or(0), self.told.usage);
        }
        let reason = match (self.told.finish, has_calls) {
            (None | Some(FinishReason::Stop), true) => FinishReason::ToolCalls,
            (Some(reason), _) => reason,
            (None, false) => match (self.length_at, output) {
                (Some(most), Some(tokens)) if tokens >= most => FinishReason::Length,
                _ => FinishReason::Stop,
            },
        };
        (reason, output)
    }

    /// Returns the usage that the reply tells: the upstream's own, else `output` and what the prompt is counted to have; `None`
    /// where nobody is told.
    pub fn usage(&self, output: Option<u64>) -> Option<Usage> {
        if !self.tells_usage {
            return None;
        }
        let counted = |output| Usage { input: self.prompt.tokens(), output, ..Usage::default() };
        self.told.usage.or_else(|| output.map(counted))
    }

    /// Returns the usage of several answers.
    pub fn usage_of_all(&self, tally: &Tally) -> Option<Usage> {
        let sum = tally.sum();
        if sum.by_upstream > 0 && sum.by_us == 0 {
            return Some(sum.own).filter(|_| self.tells_usage);
        }
        self.usage(Some(sum.output).filter(|_| self.counting != Counting::None))
    }

    fn note(&self, output: Option<u64>) {
        let Some(output) = output else { return };
        self.ledger.add_completion(output);
        match self.told.usage {
            Some(usage) => self.ledger.set_prompt(usage.input),
            None if !self.is_stream || self.include_usage || self.ledger.wanted => {
                self.ledger.set_prompt(self.prompt.tokens());
            }
            None => {}
        }
    }
}

impl Tally {
    fn add(&self, output: u64, own: Option<Usage>) {
        let mut sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.output += output;
        match own {
            Some(usage) => {
                sum.own = sum.own.and(usage);
                sum.by_upstream += 1;
            }
            None => sum.by_us += 1,
        }
    }

    fn sum(&self) -> Sum {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
