//! Token counts and reasons to stop in Anthropic's form.

use crate::chat::{FinishReason, Usage};
use crate::json;

/// Appends `"usage":{…}`. Cached tokens are no part of the input here.
pub fn push_usage(out: &mut Vec<u8>, usage: Usage) {
    let Usage { input, cached, output, reasoning } = usage;
    let cached = cached.unwrap_or(0).min(input);
    out.extend_from_slice(b"\"usage\":{\"input_tokens\":");
    json::push_number(out, input - cached);
    out.extend_from_slice(b",\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":");
    json::push_number(out, cached);
    out.extend_from_slice(b",\"output_tokens\":");
    json::push_number(out, output);
    if let Some(reasoning) = reasoning {
        out.extend_from_slice(b",\"output_tokens_details\":{\"thinking_tokens\":");
        json::push_number(out, reasoning);
        out.push(b'}');
    }
    out.push(b'}');
}

/// Returns Anthropic's word for the end of an answer. Whatever an upstream says, an answer with a call ends for it, unless the call was
/// cut; and one that declines is a refusal.
pub fn stop_reason(reason: FinishReason, has_calls: bool, is_cut: bool, declines: bool) -> &'static str {
    match reason {
        FinishReason::Length if is_cut || !has_calls => "max_tokens",
        _ if has_calls => "tool_use",
        FinishReason::Filtered => "refusal",
        _ if declines => "refusal",
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Length => "end_turn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_beside_the_input() {
        let told = |usage| {
            let mut out = Vec::new();
            push_usage(&mut out, usage);
            String::from_utf8(out).unwrap()
        };
        let usage = Usage { input: 25, cached: Some(11), output: 3, reasoning: Some(2) };
        assert_eq!(
            told(usage),
            r#""usage":{"input_tokens":14,"cache_creation_input_tokens":0,"cache_read_input_tokens":11,"output_tokens":3,"output_tokens_details":{"thinking_tokens":2}}"#
        );
        let odd = Usage { input: 1, cached: Some(5), ..Usage::default() };
        assert!(told(odd).contains("\"input_tokens\":0,") && told(odd).contains("\"cache_read_input_tokens\":1,"));
    }

    #[test]
    fn an_answer_with_a_call_ends_for_it() {
        use FinishReason::{Filtered, Length, Stop, ToolCalls};
        for (reason, has_calls, is_cut, declines, word) in [
            (Stop, false, false, false, "end_turn"),
            (Stop, true, false, false, "tool_use"),
            (Length, true, false, false, "tool_use"),
            (Length, true, true, false, "max_tokens"),
            (Length, false, false, false, "max_tokens"),
            (Filtered, false, false, false, "refusal"),
            (Stop, false, false, true, "refusal"),
            (ToolCalls, false, false, false, "end_turn"),
        ] {
            assert_eq!(stop_reason(reason, has_calls, is_cut, declines), word, "{reason:?} {has_calls} {is_cut}");
        }
    }
}
