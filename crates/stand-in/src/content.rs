//! The text in the content of a message, in any of its forms.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Returns the text of a content: a string, or the text parts of a list joined by line feeds. Other parts have no text.
pub(crate) fn text(raw: &RawValue) -> Cow<'_, str> {
    if let Some(text) = string(raw) {
        return text;
    }
    let mut texts = parts(raw).into_iter().filter_map(|part| {
        let nested = part.content.map(text);
        part.text.and_then(string).or(nested)
    });
    let Some(mut all) = texts.next() else {
        return Cow::Borrowed("");
    };
    for more in texts {
        let all = all.to_mut();
        all.push('\n');
        all.push_str(&more);
    }
    all
}

/// Returns the last text part of a list.
pub(crate) fn last_text(raw: &RawValue) -> Option<Cow<'_, str>> {
    raw.get().starts_with('[').then(|| parts(raw).into_iter().rev().find_map(|part| part.text.and_then(string)))?
}

/// Returns the number of image parts of a content, whatever the vendor calls them.
pub(crate) fn images(raw: &RawValue) -> usize {
    if !raw.get().starts_with('[') {
        return 0;
    }
    let parts = parts(raw);
    parts.iter().map(|part| usize::from(part.is_image()) + part.content.map_or(0, images)).sum()
}

/// Returns true for a user message of `tool_result` blocks, which is Anthropic's form of a tool's result.
pub(crate) fn holds_tool_result(raw: &RawValue) -> bool {
    raw.get().starts_with('[')
        && parts(raw).iter().any(|part| part.r#type.map(RawValue::get) == Some("\"tool_result\""))
}

/// Returns the value of a JSON string, or `None` for other JSON. The value is borrowed unless it has an escape.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    let inner = raw.get().strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw.get()).ok().map(Cow::Owned)
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow, default)]
    r#type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    /// The content of a `tool_result` block.
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

impl Part<'_> {
    fn is_image(&self) -> bool {
        matches!(self.r#type.map(RawValue::get), Some("\"image_url\"" | "\"input_image\"" | "\"image\""))
    }
}

fn parts(raw: &RawValue) -> Vec<Part<'_>> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn strings_are_borrowed_until_they_hold_an_escape() {
        assert!(matches!(text(raw(r#""plain 你""#)), Cow::Borrowed("plain 你")));
        assert_eq!(text(raw(r#""a\n\"b\" \ud83d\ude00""#)), "a\n\"b\" 😀");
    }

    #[test]
    fn parts_give_their_texts() {
        let image = r#"{"type":"image_url","image_url":{"url":"data:,"}}"#;
        assert_eq!(text(raw(&format!(r#"[{{"type":"text","text":"a"}},{image}]"#))), "a");
        assert_eq!(text(raw(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#)), "a\nb");
        assert_eq!(
            last_text(raw(&format!(r#"[{{"type":"text","text":"a"}},{{"text":"b"}},{image}]"#))).as_deref(),
            Some("b")
        );
        assert_eq!(images(raw(&format!(r#"[{image},{{"type":"tool_result","content":[{image}]}}]"#))), 2);
        for nothing in [&format!("[{image}]"), "[]", "null", "7", "{}"] {
            assert_eq!(text(raw(nothing)), "", "{nothing}");
        }
    }

    #[test]
    fn tool_results_are_told_from_questions() {
        let result = r#"[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"13"}]}]"#;
        assert!(holds_tool_result(raw(result)));
        assert_eq!(text(raw(result)), "13");
        assert!(!holds_tool_result(raw(r#""tool_result""#)));
        assert!(!holds_tool_result(raw(r#"[{"type":"text","text":"tool_result"}]"#)));
    }
}
