//! Token counts and reasons to end in Google's form.

use crate::chat::{FinishReason, Usage};
use crate::json;

/// Appends `"usageMetadata":{…}`. Cached tokens are part of the prompt here, and thoughts are no part of the answer.
pub fn push_usage(out: &mut Vec<u8>, usage: Usage) {
    let Usage { input, cached, output, reasoning } = usage;
    let thoughts = reasoning.unwrap_or(0).min(output);
    out.extend_from_slice(b"\"usageMetadata\":{\"promptTokenCount\":");
    json::push_number(out, input);
    out.extend_from_slice(b",\"candidatesTokenCount\":");
    json::push_number(out, output - thoughts);
    out.extend_from_slice(b",\"totalTokenCount\":");
    json::push_number(out, input.saturating_add(output));
    for (name, number) in [("thoughtsTokenCount", thoughts), ("cachedContentTokenCount", cached.unwrap_or(0))] {
        if number > 0 {
            json::push_key(out, name);
            json::push_number(out, number);
        }
    }
    push_details(out, input);
    out.push(b'}');
}

/// Appends `"promptTokensDetails":[…]`: how many tokens are of which kind. Here all are of texts.
fn push_details(out: &mut Vec<u8>, tokens: u64) {
    out.extend_from_slice(b",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":");
    json::push_number(out, tokens);
    out.extend_from_slice(b"}]");
}

/// Appends the answer to a request that counts.
pub fn push_total_tokens(out: &mut Vec<u8>, tokens: u64) {
    out.extend_from_slice(b"{\"totalTokens\":");
    json::push_number(out, tokens);
    push_details(out, tokens);
    out.push(b'}');
}

/// How an answer ended, as far as calls and texts show it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnswerEnd {
    /// True if a call was withheld, since its arguments are no object.
    pub is_malformed: bool,
    /// True if the model declines to answer.
    pub declines: bool,
}

impl AnswerEnd {
    /// Returns Google's word for the end of an answer. One with calls ends like one without.
    pub fn word(self, reason: FinishReason) -> &'static str {
        match reason {
            FinishReason::Length => "MAX_TOKENS",
            FinishReason::Filtered => "SAFETY",
            _ if self.is_malformed => "MALFORMED_FUNCTION_CALL",
            _ if self.declines => "SAFETY",
            FinishReason::Stop | FinishReason::ToolCalls => "STOP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(usage: Usage) -> String {
        let mut out = Vec::new();
        push_usage(&mut out, usage);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn thoughts_are_beside_the_answer_and_cached_tokens_in_the_prompt() {
        let usage = Usage { input: 25, cached: Some(11), output: 7, reasoning: Some(3) };
        assert_eq!(
            told(usage),
            r#""usageMetadata":{"promptTokenCount":25,"candidatesTokenCount":4,"totalTokenCount":32,"thoughtsTokenCount":3,"cachedContentTokenCount":11,"promptTokensDetails":[{"modality":"TEXT","tokenCount":25}]}"#
        );
        let odd = Usage { input: 1, output: 2, reasoning: Some(9), ..Usage::default() };
        assert!(told(odd).contains("\"candidatesTokenCount\":0,\"totalTokenCount\":3,\"thoughtsTokenCount\":2"));
    }

    #[test]
    fn an_answer_with_calls_stops_like_any_other() {
        use FinishReason::{Filtered, Length, Stop, ToolCalls};
        for (reason, is_malformed, declines, word) in [
            (Stop, false, false, "STOP"),
            (ToolCalls, false, false, "STOP"),
            (Length, true, false, "MAX_TOKENS"),
            (Filtered, false, false, "SAFETY"),
            (ToolCalls, true, false, "MALFORMED_FUNCTION_CALL"),
            (Stop, false, true, "SAFETY"),
        ] {
            assert_eq!(AnswerEnd { is_malformed, declines }.word(reason), word, "{reason:?}");
        }
    }
}
