//! The facts of a chat reply that every dialect writes: id, model, tokens, and why it ended.

use crate::chat::{FinishReason, Usage};
use crate::dialects::upstream::AnswerForm;
use crate::models::Rules;
use crate::plan::Context;
use crate::tokens::{CountNeed, Counting, Ledger, Meter, Prompt};
use std::sync::{Arc, Mutex, PoisonError};

/// A count is far too low where an estimate is so many times higher.
const FAR_TOO_LOW: u64 = 8;

/// What a request determines about its reply.
pub struct ReplyOptions<'a> {
    /// The model's name as the client wrote it.
    pub model: &'a str,
    /// The model's quirks.
    pub rules: &'a Rules,
    /// True if the client wants a stream.
    pub stream: bool,
    /// True if a stream reports its usage.
    pub include_usage: bool,
    /// The maximum number of tokens of the answer.
    pub max_tokens: Option<u64>,
    /// How the route counts.
    pub counting: Counting,
    /// True if the upstream counts. Then an estimate is enough, for an answer that has no counts after all.
    pub is_counted: bool,
    /// The name of the upstream in messages.
    pub upstream: &'static str,
    /// The client dialect that the upstream speaks, if there is one.
    pub form: Option<AnswerForm>,
}

/// The facts of a reply, which are the same in a whole reply and in every event of a stream.
#[derive(Clone)]
pub struct ReplyFrame {
    /// The random id of the exchange.
    pub id: String,
    /// When the exchange began, in Unix seconds.
    pub created: u64,
    /// The model's name as the client wrote it.
    pub model: String,
    /// The name of the upstream in messages.
    pub upstream: &'static str,
    /// The client dialect that the upstream speaks, if there is one.
    pub form: Option<AnswerForm>,
    /// How this reply's tokens are counted. They are not counted if the count is not shown anywhere.
    pub counting: Counting,
    /// Counts the tokens of the answer.
    pub meter: Meter,
    /// The number of the answer among several.
    pub choice: usize,
    /// Adds up the tokens of several answers. If it is set, the join writes what the answers have in common.
    pub tally: Option<Arc<Tally>>,
    /// True if a stream reports its usage.
    pub include_usage: bool,
    prompt: Arc<Prompt>,
    ledger: Arc<Ledger>,
    is_stream: bool,
    tells_usage: bool,
    length_at: Option<u64>,
    /// What the upstream reported about the end.
    told: UpstreamEnd,
}

/// What an upstream reported about the end of its answer.
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
    /// The tokens of all answers, each counted by the upstream or by the proxy.
    output: u64,
    /// The sum of the upstream's counts.
    own: Usage,
    /// How many answers the upstream counted, and how many the proxy counted.
    by_upstream: usize,
    by_us: usize,
}

impl ReplyFrame {
    /// Creates the frame of the reply that `options` ask for.
    pub fn new(options: &ReplyOptions<'_>, prompt: Arc<Prompt>, cx: &Context<'_>) -> Self {
        // Only an exact count by the model's own tokenizer can show that the answer stopped at the limit.
        let own = if options.is_counted && options.counting == Counting::Exact {
            Counting::Estimate
        } else {
            options.counting
        };
        let counts_exactly = own == Counting::Exact && options.rules.tokenizer.is_some();
        let length_at = options.max_tokens.filter(|_| counts_exactly);
        // A stream is not counted unless the count is used, because counting costs time.
        let seen = !options.stream || options.include_usage || length_at.is_some();
        let counting = match (seen, own, cx.ledger.need) {
            (true, counting, _) => counting,
            (false, Counting::None, _) | (false, _, CountNeed::Nobody) => Counting::None,
            (false, _, CountNeed::Metrics | CountNeed::Limits) => Counting::Estimate,
        };
        ReplyFrame {
            id: cx.id.to_owned(),
            created: cx.now,
            model: options.model.to_owned(),
            upstream: options.upstream,
            form: options.form,
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

    /// Returns the frame of one answer of several.
    pub fn of_choice(&self, choice: usize, tally: Arc<Tally>) -> Self {
        ReplyFrame { choice, tally: Some(tally), ..self.clone() }
    }

    /// Returns an estimate of the prompt's tokens, for what is written before the answer.
    pub fn estimated_prompt(&self) -> u64 {
        self.prompt.estimated()
    }

    /// Returns what outlives the attempts at the request.
    pub fn ledger(&self) -> Arc<Ledger> {
        self.ledger.clone()
    }

    /// Keeps why the answer ended, as the upstream reports it.
    pub fn finished(&mut self, reason: FinishReason) {
        self.told.finish = Some(reason);
    }

    /// Keeps the upstream's counts, which replace the proxy's own.
    pub fn used(&mut self, usage: Usage) {
        self.told.usage = Some(usage);
    }

    /// Records the tokens of a complete answer. Returns why it ended, and its tokens if they were counted.
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

    /// Returns the usage that the reply reports: the upstream's own, else `output` and the counted prompt. `None` if
    /// the reply reports no usage.
    pub fn usage(&self, output: Option<u64>) -> Option<Usage> {
        if !self.tells_usage {
            return None;
        }
        let counted = |output| Usage { input: self.prompt.tokens(), output, ..Usage::default() };
        self.told.usage.or_else(|| output.map(counted))
    }

    /// Returns counts for clients that fail without them. An input that is far too low is replaced by an estimate: an upstream
    /// may count one token of any prompt, and clients shorten their conversations by this number.
    pub fn shown_usage(&self, output: Option<u64>) -> Usage {
        let estimated = self.estimated_prompt();
        let own = || Usage { input: estimated, output: output.unwrap_or(0), ..Usage::default() };
        let usage = self.usage(output).unwrap_or_else(own);
        if usage.input >= estimated / FAR_TOO_LOW { usage } else { Usage { input: estimated, ..usage } }
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
            None if !self.is_stream || self.include_usage => self.ledger.set_prompt(self.prompt.tokens()),
            None => match self.ledger.need {
                CountNeed::Nobody => {}
                CountNeed::Metrics => self.ledger.set_prompt(self.prompt.estimated()),
                CountNeed::Limits => self.ledger.set_prompt(self.prompt.tokens()),
            },
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
