//! Token counts and reasons to stop, as whole answers and streams have them.

use crate::chat::{FinishReason, Usage};
use crate::json::Fields;
use serde_json::value::RawValue;

/// The counts so far. Later ones replace earlier ones: a stream repeats and corrects them, and does not add to them.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenCounts {
    /// Without what the next two count.
    input: Option<u64>,
    from_cache: Option<u64>,
    to_cache: Option<u64>,
    output: Option<u64>,
    thinking: Option<u64>,
}

impl TokenCounts {
    /// Takes a `usage`.
    pub fn read(&mut self, usage: &RawValue) {
        let Some(usage) = Fields::of(usage) else { return };
        let number = |fields: &Fields<'_>, name: &str| fields.get(name).and_then(|value| value.get().parse().ok());
        self.input = number(&usage, "input_tokens").or(self.input);
        self.from_cache = number(&usage, "cache_read_input_tokens").or(self.from_cache);
        self.to_cache = number(&usage, "cache_creation_input_tokens").or(self.to_cache);
        self.output = number(&usage, "output_tokens").or(self.output);
        let details = usage.get("output_tokens_details").and_then(Fields::of);
        self.thinking = details.and_then(|details| number(&details, "thinking_tokens")).or(self.thinking);
    }

    /// Returns true if something was counted and everything is zero.
    pub fn are_zero(self) -> bool {
        self.input.or(self.output).is_some() && self.input.unwrap_or(0) == 0 && self.output.unwrap_or(0) == 0
    }

    /// Returns the counts as every dialect has them: cached tokens are part of the input. `None` if nothing was counted.
    pub fn usage(self) -> Option<Usage> {
        self.input.or(self.output)?;
        let input = [self.input, self.from_cache, self.to_cache].into_iter().flatten().fold(0, u64::saturating_add);
        Some(Usage { input, cached: self.from_cache, output: self.output.unwrap_or(0), reasoning: self.thinking })
    }
}

/// Returns why the answer ended. An answer with calls ended for them, whatever else is said.
pub fn finish_reason(stop_reason: &str, has_calls: bool) -> FinishReason {
    match stop_reason {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::Filtered,
        "tool_use" => FinishReason::ToolCalls,
        // `end_turn`, `stop_sequence`, `pause_turn`, and those that are not known yet.
        _ if has_calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(usages: &[&str]) -> Option<Usage> {
        let mut counts = TokenCounts::default();
        usages.iter().for_each(|usage| counts.read(serde_json::from_str(usage).unwrap()));
        counts.usage()
    }

    #[test]
    fn cached_tokens_are_part_of_the_input() {
        let usage = counted(&[
            r#"{"input_tokens":3,"cache_read_input_tokens":20,"cache_creation_input_tokens":100,"output_tokens":7,"output_tokens_details":{"thinking_tokens":5}}"#,
        ]);
        assert_eq!(usage, Some(Usage { input: 123, cached: Some(20), output: 7, reasoning: Some(5) }));
        assert_eq!(counted(&[]), None);
        assert_eq!(counted(&["null", "{}", r#"{"input_tokens":null}"#]), None);
    }

    #[test]
    fn later_counts_replace_earlier_ones_and_missing_ones_stay() {
        let usage = counted(&[r#"{"input_tokens":10,"output_tokens":8}"#, r#"{"output_tokens":19}"#]);
        assert_eq!(usage, Some(Usage { input: 10, cached: None, output: 19, reasoning: None }));
        let huge = format!(r#"{{"input_tokens":{0},"cache_read_input_tokens":{0}}}"#, u64::MAX);
        assert_eq!(counted(&[&huge]).map(|usage| usage.input), Some(u64::MAX));
    }

    #[test]
    fn a_reason_is_told_by_its_kind() {
        for (reason, has_calls, expected) in [
            ("end_turn", false, FinishReason::Stop),
            ("stop_sequence", false, FinishReason::Stop),
            ("pause_turn", false, FinishReason::Stop),
            ("of_tomorrow", false, FinishReason::Stop),
            ("end_turn", true, FinishReason::ToolCalls),
            ("tool_use", false, FinishReason::ToolCalls),
            ("max_tokens", true, FinishReason::Length),
            ("model_context_window_exceeded", false, FinishReason::Length),
            ("refusal", false, FinishReason::Filtered),
        ] {
            assert_eq!(finish_reason(reason, has_calls), expected, "{reason}");
        }
    }
}
