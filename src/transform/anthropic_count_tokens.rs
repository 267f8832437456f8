//! `anthropic_count_tokens`: how many tokens a message's request has. An upstream of Anthropic's form counts by itself; elsewhere the
//! proxy counts, exactly where the model's tokenizer is public.

use super::candidates::{Candidate, Candidates};
use super::counted::count;
use super::{Entry, Unfit, Wiring};
use crate::dialects::client::anthropic::AnthropicClient;
use crate::dialects::client::anthropic::relay::RelayedRequest;
use crate::dialects::client::anthropic::request::{CountedRequest, MessageRequest};
use crate::dialects::upstream::{AnswerForm, CallTerms, ChatDialect, Dialect, error, front_door};
use crate::json::{self, Fields};
use crate::models::{Chosen, Family, Rules, Thinking};
use crate::plan::{Call, Context, Held, Plan, Reply, Request, Transformer};
use crate::tokens::{Counting, Prompt};
use crate::wire::{Answer, Failure};
use bytes::Bytes;
use http::StatusCode;
use std::sync::Arc;

/// The registry's row.
pub const ENTRY: Entry = Entry {
    name: "anthropic_count_tokens",
    about: "How many tokens a request for a message has",
    client: &AnthropicClient,
    client_suffix: None,
    keys: &[],
    build: |wiring, _| Ok(Arc::new(CountTokens::new(&wiring)?)),
};

/// The most tokens that an image has.
const PER_IMAGE: u64 = 1600;

struct CountTokens(Candidates<dyn ChatDialect>);

impl CountTokens {
    fn new(wiring: &Wiring) -> Result<Self, Unfit> {
        let candidates = Candidates::new(wiring, "answers conversations", |dialect| match dialect {
            Dialect::Chat(dialect) => Some(dialect),
            Dialect::Embedding(_) => None,
        })?;
        Ok(CountTokens(candidates))
    }
}

impl Transformer for CountTokens {
    fn open(&self, request: &Request, cx: &Context<'_>) -> Result<Plan, Failure> {
        let asked = MessageRequest::parse(&request.body)?;
        let model = asked.model()?;
        let chosen = self.0.choose(Some(&model), cx)?;
        let (upstream, chosen) = self.0.take(chosen, cx, |_| Ok(()))?;
        let (as_it_came, counted) = asked.to_count()?;
        let rules = &chosen.model.rules;
        let is_native = upstream.dialect.form() == Some(AnswerForm::Anthropic);
        cx.note_counting(Counting::Exact, is_native, rules);
        if is_native {
            return native(upstream, &chosen, &as_it_came, &counted, cx);
        }
        let tokens = counted_here(&counted, rules, &request.body);
        let mut out = b"{\"input_tokens\":".to_vec();
        json::push_number(&mut out, tokens);
        out.push(b'}');
        Ok(Plan::Answer(Answer::json(StatusCode::OK, out)))
    }
}

/// Returns the call to an upstream that counts.
fn native(
    upstream: &Candidate<dyn ChatDialect>,
    chosen: &Chosen<'_>,
    as_it_came: &RelayedRequest<'_>,
    counted: &CountedRequest<'_>,
    cx: &Context<'_>,
) -> Result<Plan, Failure> {
    let (model, rules) = (&chosen.model.id, &chosen.model.rules);
    let terms = CallTerms { user: &cx.caller.user, model, stream: false, rules };
    let call = Call {
        upstream: upstream.number,
        credential: None,
        stream: false,
        body: Bytes::from(as_it_came.body(&counted.chat, terms, upstream.dialect)?),
        timeout: None,
        model: model.clone(),
        answer_tokens: 0,
        prompt: None,
    };
    Ok(Plan::Call(call, Box::new(NativeCount(upstream.dialect))))
}

/// Returns the tokens as the proxy counts them. They are never too few by much: clients shorten their conversations by this number.
fn counted_here(counted: &CountedRequest<'_>, rules: &Rules, body: &Bytes) -> u64 {
    let mut prompt = Prompt::new(Counting::Exact, rules.counts_with());
    count(&mut prompt, &counted.chat.messages, counted.chat.tools.as_ref(), body, true);
    let tokens = prompt.tokens() * percent(rules) / 100;
    (tokens + counted.images * PER_IMAGE).max(1)
}

/// Returns how many tokens a model has for 100 of the tokenizer that counts. Those of Claude and Gemini are not public; the newest
/// generation of Claude, which thinks in one way alone, has more for the same text.
fn percent(rules: &Rules) -> u64 {
    match (rules.tokenizer, rules.tools, rules.thinking) {
        (Some(_), ..) => 100,
        (None, Some(Family::Anthropic), Some(Thinking::Adaptive)) => 160,
        (None, Some(Family::Anthropic), _) => 130,
        (None, ..) => 110,
    }
}

/// The reply to a call that counts.
struct NativeCount(&'static dyn ChatDialect);

impl Reply for NativeCount {
    fn answer(&mut self, held: &Held) -> Result<Answer, Failure> {
        front_door::refuse(self.0, held)?;
        let text = std::str::from_utf8(&held.body).unwrap_or_default();
        let tokens = Fields::parse(text).ok().and_then(|count| count.get("input_tokens")?.get().parse::<u64>().ok());
        match tokens {
            Some(1..) => Ok(Answer::json(StatusCode::OK, held.body.clone())),
            _ => Err(error::inside(self.0, &held.body)),
        }
    }
}
