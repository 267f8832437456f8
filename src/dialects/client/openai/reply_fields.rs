//! Fields that clients send back with the history because replies have them. Requests have none of these, and some
//! vendors refuse a message with a field that they do not know.

use crate::chat::{Message, Role};
use crate::json;
use std::borrow::Cow;

/// Fields of the assistant's messages in our replies, in those of other gateways, and in the objects that OpenAI's
/// clients make of replies.
const OF_REPLIES: [&str; 9] = [
    "annotations",
    "audio",
    "parsed",
    "provider_specific_fields",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "thinking_blocks",
];
/// A hint to a gateway. Vendors know it in parts, not in messages.
const CACHE_HINT: &str = "cache_control";

/// Leaves out of a message what only replies have, and what is null, which means "not given". Passes each left-out name
/// to `tell`. A refusal becomes the text of a message that has no other.
pub fn leave_out(message: &mut Message<'_>, mut tell: impl FnMut(&str)) {
    let of_model = message.role == Role::Assistant;
    if let Some(refusal) = message.rest.get("refusal")
        && of_model
        && message.content.get() == "\"\""
        && json::inside_of(refusal).is_some()
    {
        message.content = Cow::Borrowed(refusal);
    }
    message.rest.retain(|name, value| {
        let is_of_reply = of_model && OF_REPLIES.contains(&name);
        let is_kept = !is_of_reply && name != CACHE_HINT && !json::is_null(value);
        if !is_kept {
            tell(name);
        }
        is_kept
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Fields;
    use serde_json::value::RawValue;

    fn left(role: Role, content: &str, rest: &str) -> (String, Vec<String>, Vec<String>) {
        let content: &RawValue = serde_json::from_str(content).unwrap();
        let mut message = Message::plain(role, Cow::Borrowed(content), Fields::parse(rest).unwrap());
        let mut told = Vec::new();
        leave_out(&mut message, |name| told.push(name.to_owned()));
        let kept = message.rest.iter().map(|(name, _)| name.to_owned()).collect();
        (message.content.get().to_owned(), kept, told)
    }

    #[test]
    fn what_replies_add_is_left_out_of_the_models_messages_alone() {
        let rest = r#"{"name": "ann", "refusal": null, "reasoning": "so", "cache_control": {}, "parsed": {"a": 1}, "odd": null}"#;
        let (content, kept, told) = left(Role::Assistant, "\"x\"", rest);
        assert_eq!((content.as_str(), kept), ("\"x\"", vec!["name".to_owned()]));
        assert_eq!(told, ["refusal", "reasoning", "cache_control", "parsed", "odd"]);
        let (_, kept, told) = left(Role::User, "\"x\"", rest);
        assert_eq!(kept, ["name", "reasoning", "parsed"]);
        assert_eq!(told, ["refusal", "cache_control", "odd"]);
    }

    #[test]
    fn a_refusal_is_the_text_of_a_message_without_one() {
        for (role, content, refusal, expected) in [
            (Role::Assistant, "\"\"", "\"I \\u00e9\"", "\"I \\u00e9\""),
            (Role::Assistant, "\"yes\"", "\"no\"", "\"yes\""),
            (Role::Assistant, "\"\"", "null", "\"\""),
            (Role::Assistant, "\"\"", "{}", "\"\""),
            (Role::User, "\"\"", "\"no\"", "\"\""),
        ] {
            assert_eq!(left(role, content, &format!("{{\"refusal\": {refusal}}}")).0, expected, "{role:?} {content}");
        }
    }
}
