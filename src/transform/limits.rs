//! Limits of models. They are checked here because clients know the errors of their own dialect, and an upstream would
//! answer with a vendor's error.

use crate::chat::{ChatRequest, Message};
use crate::dialects::client::{ChatClient, Exceeded};
use crate::json::{self, Fields, fields};
use crate::models::Rules;
use crate::tokens::Prompt;
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

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

/// Refuses a request with more images than the model takes.
///
/// # Errors
/// 400 naming the messages.
pub fn images(request: &ChatRequest<'_>, rules: &Rules) -> Result<(), Failure> {
    let Some(most) = rules.most_images else { return Ok(()) };
    let parts = |message: &Message<'_>| {
        let list = message.content.get();
        if !list.starts_with('[') {
            return 0;
        }
        fields::list_of(&message.content).map_or(0, |parts| parts.iter().filter(|part| is_image(part)).count())
    };
    let given: usize = request.conversations.iter().flatten().map(parts).sum();
    if given <= most {
        return Ok(());
    }
    let message =
        format!("The request has {given} images; the model takes {most} at most, those of earlier turns included.");
    Err(Failure::bad_field("messages", message).with_code("too_many_images"))
}

fn is_image(part: &RawValue) -> bool {
    let kind =
        Fields::parse(part.get()).ok().and_then(|part| part.get("type").and_then(json::text_of).map(Cow::into_owned));
    matches!(kind.as_deref(), Some("image_url" | "input_image" | "image"))
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

    #[test]
    fn a_request_with_more_images_than_the_model_takes_is_refused() {
        let image = r#"{"type":"image_url","image_url":{"url":"data:,"}}"#;
        let content = |images: usize| {
            format!("[{}{{\"type\":\"text\",\"text\":\"image_url\"}}]", format!("{image},").repeat(images))
        };
        let message = |json: &str| {
            let content = RawValue::from_string(json.to_owned()).unwrap();
            Message::plain(crate::chat::Role::User, Cow::Owned(content), Fields::default())
        };
        let refused = |most: Option<usize>, contents: &[String]| {
            let messages = contents.iter().map(|content| message(content)).collect();
            let request = ChatRequest { conversations: vec![messages], ..ChatRequest::default() };
            images(&request, &Rules { most_images: most, ..Rules::default() }).err()
        };
        let text = "\"[image_url]\"".to_owned();
        assert!(refused(Some(3), &[content(2), text.clone(), content(1)]).is_none());
        assert!(refused(None, &[content(9)]).is_none());
        let failure = refused(Some(2), &[content(2), text, content(1)]).unwrap();
        assert_eq!((failure.status.as_u16(), failure.code.as_deref()), (400, Some("too_many_images")));
        assert!(failure.message.contains("has 3 images; the model takes 2"), "{}", failure.message);
    }
}
