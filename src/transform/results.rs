//! Images in the results of calls, for upstreams whose results are texts.

use crate::chat::{Message, Role};
use crate::json::{self, Fields, fields};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Says in a result that its images follow.
const BELOW: &str = "\"(The images of this result follow below.)\"";

/// Moves what is no text out of the results of calls, into a message of the user behind all results of the turn. Each says
/// which call it is of.
pub fn move_images(messages: &mut Vec<Message<'_>>) {
    let mut at = 0;
    let mut moved = Vec::new();
    while at < messages.len() {
        let is_result = messages.get(at).is_some_and(|message| message.role == Role::Tool);
        if !is_result && !moved.is_empty() {
            insert(messages, at, &std::mem::take(&mut moved));
            at += 1;
        }
        if let Some(message) = messages.get_mut(at).filter(|_| is_result) {
            take_images(message, &mut moved);
        }
        at += 1;
    }
    if !moved.is_empty() {
        insert(messages, at, &moved);
    }
}

/// Takes the parts that are no text out of a result, and appends them to `moved` as elements of a list.
fn take_images(message: &mut Message<'_>, moved: &mut Vec<u8>) {
    // A text is no list, and a list of texts has nothing to move.
    let Ok(parts) = fields::list_of(&message.content) else { return };
    let (texts, others): (Vec<&RawValue>, Vec<&RawValue>) = parts.into_iter().partition(|part| is_text(part));
    if others.is_empty() {
        return;
    }
    let about = format!("The result of the call {}:", message.result_of.as_deref().unwrap_or_default());
    push_next(moved, |out| {
        out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
        json::push_string(out, &about);
        out.push(b'}');
    });
    others.iter().for_each(|part| push_next(moved, |out| out.extend_from_slice(part.get().as_bytes())));
    let mut kept = Vec::new();
    texts.iter().for_each(|part| push_next(&mut kept, |out| out.extend_from_slice(part.get().as_bytes())));
    let content = if kept.is_empty() { BELOW.to_owned() } else { listed(&kept) };
    // It is made of JSON, so it is some.
    if let Ok(content) = RawValue::from_string(content) {
        message.content = Cow::Owned(content);
    }
}

fn is_text(part: &RawValue) -> bool {
    let kind = Fields::of(part).and_then(|part| part.get("type")).and_then(json::inside_of);
    kind == Some("text")
}

fn push_next(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    if !out.is_empty() {
        out.push(b',');
    }
    push(out);
}

fn listed(elements: &[u8]) -> String {
    format!("[{}]", String::from_utf8_lossy(elements))
}

fn insert(messages: &mut Vec<Message<'_>>, at: usize, parts: &[u8]) {
    if let Ok(content) = RawValue::from_string(listed(parts)) {
        messages.insert(at, Message::plain(Role::User, Cow::Owned(content), Fields::default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(role: Role, id: Option<&'a str>, content: &str) -> Message<'a> {
        let content = RawValue::from_string(content.to_owned()).unwrap();
        Message { result_of: id.map(Cow::Borrowed), ..Message::plain(role, Cow::Owned(content), Fields::default()) }
    }

    fn moved(mut messages: Vec<Message<'_>>) -> Vec<String> {
        move_images(&mut messages);
        messages.iter().map(|message| format!("{} {}", message.role.name(), message.content.get())).collect()
    }

    #[test]
    fn images_follow_all_results_of_their_turn() {
        let image = r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}"#;
        let text = r#"{"type":"text","text":"seen"}"#;
        let list = format!("[{text},{image}]");
        let only = format!("[{image}]");
        let messages = vec![
            message(Role::User, None, "\"look\""),
            message(Role::Assistant, None, "\"\""),
            message(Role::Tool, Some("a"), &list),
            message(Role::Tool, Some("b"), &only),
            message(Role::Assistant, None, "\"well\""),
            message(Role::Tool, Some("c"), &only),
        ];
        let of = |id: &str| format!(r#"{{"type":"text","text":"The result of the call {id}:"}},{image}"#);
        assert_eq!(
            moved(messages),
            [
                "user \"look\"".to_owned(),
                "assistant \"\"".to_owned(),
                format!("tool [{text}]"),
                format!("tool {BELOW}"),
                format!("user [{},{}]", of("a"), of("b")),
                "assistant \"well\"".to_owned(),
                format!("tool {BELOW}"),
                format!("user [{}]", of("c")),
            ]
        );
    }

    #[test]
    fn results_of_text_stay_as_they_are() {
        let text = r#"[{"type":"text","text":"seen"}]"#;
        let messages = vec![message(Role::Tool, Some("a"), "\"x\""), message(Role::Tool, Some("b"), text)];
        assert_eq!(moved(messages), ["tool \"x\"".to_owned(), format!("tool {text}")]);
        let image = r#"[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]"#;
        assert_eq!(moved(vec![message(Role::User, None, image)]), [format!("user {image}")]);
    }
}
