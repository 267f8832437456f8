//! Reads the text of a reply in OpenAI's format, whole or streamed.

use crate::explain::ShownBody;
use serde_json::Value;

/// The text and the finish reason of the first choice.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReplyText {
    /// The joined text. `None` if there is none.
    pub content: Option<String>,
    /// Why the answer ended.
    pub finish_reason: Option<String>,
}

impl ReplyText {
    /// Reads the body of a reply.
    pub fn of(body: &ShownBody) -> Self {
        let ShownBody::Text(text) = body else { return ReplyText::default() };
        let mut said = ReplyText::default();
        match serde_json::from_str::<Value>(text) {
            Ok(whole) => said.add(&whole),
            Err(_) => {
                let events = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
                events.filter_map(|data| serde_json::from_str(data).ok()).for_each(|chunk| said.add(&chunk));
            }
        }
        said
    }

    fn add(&mut self, object: &Value) {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str);
        let pieces = ["/choices/0/message/content", "/choices/0/delta/content", "/choices/0/text"];
        if let Some(piece) = pieces.into_iter().find_map(text) {
            self.content.get_or_insert_default().push_str(piece);
        }
        if let Some(reason) = text("/choices/0/finish_reason") {
            self.finish_reason = Some(reason.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_answers_and_streams_say_the_same() {
        let said = ReplyText { content: Some("ab".to_owned()), finish_reason: Some("stop".to_owned()) };
        for body in [
            r#"{"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"text":"ab","finish_reason":"stop"}]}"#,
            "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[]}\n\ndata: [DONE]\n\n",
        ] {
            assert_eq!(ReplyText::of(&ShownBody::Text(body.to_owned())), said, "{body}");
        }
        for body in ["", "x", "{\"error\":{}}"] {
            assert_eq!(ReplyText::of(&ShownBody::Text(body.to_owned())), ReplyText::default());
        }
    }
}
