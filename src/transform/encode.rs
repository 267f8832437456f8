//! The bodies of a request's calls, and whether the answers are streamed.

use super::candidates::Candidate;
use crate::chat::{Conversation, Delivery};
use crate::dialects::upstream::{CallTerms, ChatDialect};
use crate::models::{Model, RuleEffect, Streaming};
use crate::plan::{Call, Context};
use crate::wire::Failure;
use bytes::Bytes;

/// Returns the body of a call.
pub type Write<'a> = dyn Fn(&Conversation<'_>, CallTerms<'_>) -> Result<Vec<u8>, Failure> + 'a;

/// The parts of a request's calls that depend on its conversations.
pub struct Encoded {
    /// The body of the calls for each conversation.
    pub bodies: Vec<Bytes>,
    /// How the reply arrives and goes on.
    pub delivery: Delivery,
    /// True if the upstream is asked for a stream.
    pub streamed: bool,
    /// The maximum number of tokens of an answer.
    pub max_tokens: Option<u64>,
}

/// Makes each conversation fit the model, and writes the bodies of the calls. Answers that are `wrapped` are needed
/// whole. `write` returns the body of a call.
///
/// # Errors
/// When the upstream's dialect has no way to say a part of a conversation.
pub fn encode(
    upstream: &Candidate<dyn ChatDialect>,
    model: &Model,
    chats: Vec<Conversation<'_>>,
    to_stream: bool,
    wrapped: bool,
    write: &Write<'_>,
    cx: &Context<'_>,
) -> Result<Encoded, Failure> {
    let rules = &model.rules;
    let whole_only = rules.streaming == Some(Streaming::Whole);
    let can_stream = !whole_only && chats.iter().all(|chat| upstream.dialect.streams(chat));
    let delivery = match (to_stream, can_stream && !wrapped) {
        (false, _) => Delivery::Whole,
        (true, true) => Delivery::Stream,
        (true, false) => Delivery::Recut,
    };
    let mut encoded = Encoded {
        bodies: Vec::with_capacity(chats.len()),
        delivery,
        streamed: delivery == Delivery::Stream,
        max_tokens: None,
    };
    if to_stream && whole_only {
        cx.note_rule(rules, RuleEffect::Whole);
    }
    for (index, mut chat) in chats.into_iter().enumerate() {
        // An explanation lists an effect once, not once per conversation.
        let tell = |effect| {
            if index == 0 {
                cx.note_rule(rules, effect);
            }
        };
        rules.apply(&mut chat, tell);
        // The conversations of a request have the same parameters, so this is the same for all of them.
        if encoded.delivery != Delivery::Stream {
            encoded.streamed = rules.must_stream(&mut chat, can_stream && upstream.streams, tell);
        }
        encoded.max_tokens = chat.max_tokens();
        let streamed = encoded.streamed;
        let terms = CallTerms { user: &cx.caller.user, model: &model.id, stream: streamed, rules };
        if index == 0 && cx.steps.is_some() {
            let remarks = upstream.dialect.remarks(&chat, terms);
            remarks.iter().for_each(|remark| cx.note_rule(rules, RuleEffect::Thinking(remark)));
        }
        encoded.bodies.push(Bytes::from(write(&chat, terms)?));
    }
    Ok(encoded)
}

/// Returns a call for each answer to each conversation. They are like `one`, but for their bodies.
pub fn calls(encoded: &Encoded, answers: u64, one: &Call) -> Vec<Call> {
    let bodies = encoded.bodies.iter().flat_map(|body| (0..answers).map(move |_| body.clone()));
    bodies.map(|body| Call { body, ..one.clone() }).collect()
}
