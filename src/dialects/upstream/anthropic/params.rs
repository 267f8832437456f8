//! The parameters of a request, from OpenAI's names to Anthropic's.

use super::content::is_blank;
use crate::chat::Conversation;
use crate::chat::conversation::LIMIT_NAMES;
use crate::dialects::upstream::CallTerms;
use crate::json::{self, fields};
use crate::models::Rules;
use serde_json::value::RawValue;

/// The parameters that have a place in a request.
pub const TAKEN: [&str; 8] = [
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "temperature",
    "top_p",
    "top_k",
    "reasoning_effort",
    // Anthropic's own, which clients of other dialects may send as well.
    "thinking",
];

/// The parameters of sampling, which pass as they are.
pub const SAME: [&str; 3] = ["temperature", "top_p", "top_k"];

/// The limit of an answer where neither the request nor the table has one.
const USUAL_LIMIT: u64 = 4096;

/// Returns a parameter's value. Null means that it is not given.
pub fn given<'a>(chat: &Conversation<'a>, name: &str) -> Option<&'a RawValue> {
    let values = chat.params.iter().filter(|(own, value)| own == name && !json::is_null(value));
    values.map(|(_, value)| *value).next_back()
}

/// Returns the limit of the answer as the client wrote it.
fn given_limit<'a>(chat: &Conversation<'a>) -> Option<&'a RawValue> {
    let limits =
        chat.params.iter().filter(|(name, value)| LIMIT_NAMES.contains(&name.as_ref()) && !json::is_null(value));
    limits.map(|(_, value)| *value).next_back()
}

/// Returns the limit of the answer, given or not; `None` if the given one is no whole number.
pub fn limit(chat: &Conversation<'_>, call: CallTerms<'_>) -> Option<u64> {
    given_limit(chat).map_or_else(|| Some(usual_limit(call.rules, call.stream)), |value| value.get().parse().ok())
}

/// Returns the limit of a request that has none, since the vendor requires one: the most that the table says of the model, and of
/// a whole call at most what the upstream answers whole.
fn usual_limit(rules: &Rules, is_streamed: bool) -> u64 {
    let most = rules.facts.max_output_tokens.unwrap_or(USUAL_LIMIT);
    let whole = rules.stream_above.iter().filter(|(name, _)| !is_streamed && LIMIT_NAMES.contains(&name.as_str()));
    let whole = whole.filter_map(|(_, cap)| cap.json.get().parse::<u64>().ok()).min();
    whole.map_or(most, |whole| most.min(whole))
}

/// Appends the limit. What is no whole number goes as it came, and the vendor says what is wrong.
pub fn push_limit(out: &mut Vec<u8>, chat: &Conversation<'_>, call: CallTerms<'_>) {
    json::push_key(out, "max_tokens");
    match given_limit(chat) {
        Some(value) => out.extend_from_slice(value.get().as_bytes()),
        None => json::push_number(out, usual_limit(call.rules, call.stream)),
    }
}

/// Appends the stop sequences and the parameters of sampling that `keeps` keeps.
pub fn push(out: &mut Vec<u8>, chat: &Conversation<'_>, keeps: impl Fn(&str, &RawValue) -> bool) {
    if let Some(stop) = given(chat, "stop") {
        push_stop(out, stop);
    }
    for name in SAME {
        if let Some(value) = given(chat, name).filter(|value| keeps(name, value)) {
            json::push_key(out, name);
            out.extend_from_slice(value.get().as_bytes());
        }
    }
}

/// Appends a text or a list of texts. Blank ones are left out: the vendor refuses them.
fn push_stop(out: &mut Vec<u8>, stop: &RawValue) {
    let texts = fields::list_of(stop).unwrap_or_else(|_| vec![stop]);
    let is_blank_text = |text: &&RawValue| json::inside_of(text).is_some_and(is_blank);
    let mut texts = texts.into_iter().filter(|text| !is_blank_text(text)).peekable();
    if texts.peek().is_none() {
        return;
    }
    json::push_key(out, "stop_sequences");
    json::push_list(out, texts, |out, text| out.extend_from_slice(text.get().as_bytes()));
}
