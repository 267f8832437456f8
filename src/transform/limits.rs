//! Limits of models. They are checked here because clients know the errors of their own dialect, and an upstream would
//! answer with a vendor's error.

use crate::dialects::client::{ChatClient, Exceeded};
use crate::models::Rules;
use crate::tokens::Prompt;
use crate::wire::Failure;

/// Refuses a request for a longer answer than the model gives. `given` is the client's name for the limit; `most` is
/// its number after the rules.
///
/// # Errors
/// 400 naming the parameter.
pub fn output(client: &impl ChatClient, given: Option<&str>, most: Option<u64>, rules: &Rules) -> Result<(), Failure> {
    match (given, most, rules.facts.max_output_tokens) {
        (Some(name), Some(asked), Some(most)) if asked > most => {
            Err(client.exceeded(Exceeded::Output { name, asked, most }))
        }
        _ => Ok(()),
    }
}

/// Refuses a prompt that is surely longer than the model takes. Only a prompt that may be too long is counted.
///
/// The count is not exact with another tokenizer than the model's, or with tools, which each vendor formats
/// differently. Then the upstream decides about prompts of up to 1.5 times the limit.
///
/// # Errors
/// 400 in the client's words.
pub fn context(client: &impl ChatClient, prompt: &Prompt, has_tools: bool, rules: &Rules) -> Result<(), Failure> {
    let Some(most) = rules.facts.context_length else { return Ok(()) };
    // A token has at least one byte, and an estimate of a usual text is wrong by at most a factor of two.
    let may_exceed = u64::try_from(prompt.size()).is_ok_and(|bytes| bytes > most);
    if !may_exceed || prompt.estimated() < most / 2 {
        return Ok(());
    }
    let tokens = prompt.tokens();
    let is_exact = rules.tokenizer.is_some() && !has_tools;
    if tokens <= if is_exact { most } else { most.saturating_add(most / 2) } {
        return Ok(());
    }
    Err(client.exceeded(Exceeded::Context { tokens, most, is_exact }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::client::openai::endpoint::OpenaiChat;
    use crate::dialects::client::openai::shape::{CHAT, COMPLETION, Shape};
    use crate::models::Facts;
    use crate::tokens::{Counting, Tokenizer};
    use bytes::Bytes;
    use serde_json::value::RawValue;

    fn client(shape: &'static Shape) -> OpenaiChat {
        OpenaiChat { shape, old_calls: false }
    }

    fn rules(tokenizer: Option<Tokenizer>) -> Rules {
        let facts = Facts { context_length: Some(1000), max_output_tokens: Some(100), ..Facts::default() };
        Rules { tokenizer, facts, ..Rules::default() }
    }

    fn refused(
        words: usize,
        counting: Counting,
        own: bool,
        has_tools: bool,
        shape: &'static Shape,
    ) -> Option<(String, String)> {
        let text = Bytes::from(format!("\"{}\"", "word ".repeat(words).trim_end()));
        let mut prompt = Prompt::new(counting, Tokenizer::O200k);
        prompt.push_text(&text, serde_json::from_slice::<&RawValue>(&text).unwrap());
        let refusal = context(&client(shape), &prompt, has_tools, &rules(own.then_some(Tokenizer::O200k))).err()?;
        assert_eq!((refusal.status.as_u16(), refusal.code.as_deref()), (400, Some("context_length_exceeded")));
        Some((String::from(refusal.param.unwrap()), refusal.message))
    }

    #[test]
    fn only_what_is_surely_too_long_is_refused() {
        let exact = |words| refused(words, Counting::Exact, true, false, &CHAT);
        assert_eq!(exact(1000), None);
        let (param, message) = exact(1001).unwrap();
        assert_eq!(param, "messages");
        assert!(message.starts_with(
            "This model's maximum context length is 1000 tokens. However, your messages resulted in 1001 tokens"
        ));
        for (own, has_tools) in [(false, false), (true, true)] {
            assert_eq!(refused(1500, Counting::Exact, own, has_tools, &CHAT), None);
            assert!(refused(1501, Counting::Exact, own, has_tools, &CHAT).unwrap().1.contains("about 1501"));
        }
        assert_eq!(refused(2000, Counting::None, true, false, &CHAT), None);
        assert_eq!(refused(2000, Counting::Estimate, true, false, &CHAT), None);
        assert_eq!(refused(1001, Counting::Exact, true, false, &COMPLETION).unwrap().0, "prompt");
    }

    #[test]
    fn an_answer_is_refused_only_above_what_the_model_gives() {
        let refused =
            |given, most| output(&client(&CHAT), given, most, &rules(None)).err().map(|failure| failure.message);
        assert_eq!(refused(Some("max_tokens"), Some(100)), None);
        assert_eq!(refused(None, Some(101)), None, "a rule's own number");
        assert_eq!(refused(Some("max_tokens"), None), None);
        let message = "max_tokens is too large: 101. This model supports at most 100 completion tokens.";
        assert_eq!(refused(Some("max_tokens"), Some(101)).as_deref(), Some(message));
        assert!(output(&client(&CHAT), Some("max_tokens"), Some(101), &Rules::default()).is_ok());
    }
}
