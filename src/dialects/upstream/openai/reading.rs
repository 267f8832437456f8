//! Reads the fields of replies and chunks: choices, texts, why an answer ended, tokens.

use crate::chat::{FinishReason, Text, Usage};
use crate::json::{self, Fields, fields};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Returns a field that is there and not null.
pub fn given<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a RawValue> {
    fields.get(name).filter(|value| !json::is_null(value))
}

/// Returns the reason that a choice gives for its end; `None` while it has not ended.
pub fn finish_of(choice: &Fields<'_>) -> Option<FinishReason> {
    let reason = given(choice, "finish_reason").and_then(json::inside_of).filter(|reason| !reason.is_empty())?;
    Some(match reason {
        "length" => FinishReason::Length,
        // `function_call` is the word of the form that preceded tools.
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::Filtered,
        // `stop`, and what other servers call it.
        _ => FinishReason::Stop,
    })
}

/// Returns the counts of a reply or a chunk; `None` if it has none.
pub fn usage_of(reply: &Fields<'_>) -> Option<Usage> {
    counts(given(reply, "usage")?)
}

/// Returns the counts in the value of `usage`.
pub fn counts(usage: &RawValue) -> Option<Usage> {
    let usage = Fields::of(usage)?;
    let number = |fields: &Fields<'_>, name: &str| fields.get(name)?.get().parse().ok();
    let detail = |of: &str, name: &str| number(&Fields::of(usage.get(of)?)?, name);
    Some(Usage {
        input: number(&usage, "prompt_tokens")?,
        cached: detail("prompt_tokens_details", "cached_tokens"),
        output: number(&usage, "completion_tokens").unwrap_or(0),
        reasoning: detail("completion_tokens_details", "reasoning_tokens"),
    })
}

/// Passes each text of a content to `each`: a string, or the texts of a list of parts. Empty texts are left out.
pub fn texts<'a>(content: &'a RawValue, each: &mut dyn FnMut(Text<'a>)) {
    if let Some(inside) = json::inside_of(content) {
        if !inside.is_empty() {
            each(Text::Json(inside));
        }
        return;
    }
    for part in fields::list_of(content).unwrap_or_default() {
        let text = Fields::of(part).and_then(|part| part.get("text")).and_then(json::inside_of);
        if let Some(inside) = text.filter(|inside| !inside.is_empty()) {
            each(Text::Json(inside));
        }
    }
}

/// Returns the reasoning of a message or delta, under the names that servers give it.
pub fn reasoning_of<'a>(said: &Fields<'a>) -> Option<&'a RawValue> {
    ["reasoning_content", "reasoning"].into_iter().find_map(|name| given(said, name))
}

/// Returns the arguments of a function as text. OpenAI sends a string; an object counts as its own text.
pub fn arguments_of<'a>(function: &Fields<'a>) -> Option<Text<'a>> {
    let arguments = given(function, "arguments")?;
    Some(json::inside_of(arguments).map_or(Text::Plain(arguments.get()), Text::Json))
}

/// Returns a text that is there and not empty.
pub fn text_at<'a>(fields: &Fields<'a>, name: &str) -> Option<Cow<'a, str>> {
    given(fields, name).and_then(json::text_of).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_with_and_without_details() {
        for (usage, expected) in [
            (r#"{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}"#, Some((3, None, 4, None))),
            (
                r#"{"prompt_tokens":3,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":null},"completion_tokens_details":{"reasoning_tokens":1}}"#,
                Some((3, Some(2), 4, Some(1))),
            ),
            (r#"{"prompt_tokens":3,"prompt_tokens_details":null}"#, Some((3, None, 0, None))),
            (r#"{"completion_tokens":4}"#, None),
            ("7", None),
        ] {
            let raw: &RawValue = serde_json::from_str(usage).unwrap();
            let found = counts(raw).map(|usage| (usage.input, usage.cached, usage.output, usage.reasoning));
            assert_eq!(found, expected, "{usage}");
        }
    }

    #[test]
    fn every_word_for_an_end_is_read() {
        let of = |word: &str| finish_of(&Fields::parse(&format!("{{\"finish_reason\":{word}}}")).unwrap());
        assert_eq!(of("null"), None);
        assert_eq!(of("\"\""), None);
        assert_eq!(of("\"stop\""), Some(FinishReason::Stop));
        assert_eq!(of("\"eos\""), Some(FinishReason::Stop));
        assert_eq!(of("\"length\""), Some(FinishReason::Length));
        assert_eq!(of("\"function_call\""), Some(FinishReason::ToolCalls));
        assert_eq!(of("\"content_filter\""), Some(FinishReason::Filtered));
    }
}
