//! Finds the image URLs of a request: blocks of the type `image` whose source is a URL, in messages and in results of calls.

use super::params::given;
use super::request::MessageRequest;
use crate::json::{self, Fields, fields};
use crate::plan::images::{Image, ImageUrls};
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::value::RawValue;

/// The word that every body with an image URL contains, as its type.
static WORD: Lazy<Finder<'static>> = Lazy::new(|| Finder::new("\"url\""));
static SCHEME: Lazy<Finder<'static>> = Lazy::new(|| Finder::new("http"));

/// Returns the images to fetch; none for a body that cannot be read.
pub fn find(body: &[u8]) -> ImageUrls {
    if WORD.find(body).is_none() || SCHEME.find(body).is_none() {
        return ImageUrls::default();
    }
    let Ok(request) = MessageRequest::parse(body) else { return ImageUrls::default() };
    let mut list = Vec::new();
    let messages = given(&request.fields, "messages").and_then(|list| fields::list_of(list).ok()).unwrap_or_default();
    for (index, message) in messages.into_iter().enumerate() {
        let content = Fields::of(message).and_then(|message| message.get("content"));
        in_content(body, &format!("messages.{index}"), content, true, &mut list);
    }
    let stream = given(&request.fields, "stream").is_some_and(|stream| stream.get() == "true");
    ImageUrls { list, stream, timeout: None }
}

fn in_content(body: &[u8], place: &str, content: Option<&RawValue>, looks_inside: bool, list: &mut Vec<Image>) {
    let blocks = content.and_then(|content| fields::list_of(content).ok()).unwrap_or_default();
    for (number, block) in blocks.into_iter().enumerate() {
        let Some(block) = Fields::of(block) else { continue };
        let place = format!("{place}.content.{number}");
        match block.get("type").and_then(json::text_of).as_deref() {
            Some("image") => list.extend(image(body, &place, &block)),
            Some("tool_result") if looks_inside => in_content(body, &place, block.get("content"), false, list),
            _ => {}
        }
    }
}

fn image(body: &[u8], place: &str, block: &Fields<'_>) -> Option<Image> {
    let source = block.get("source").and_then(Fields::of)?;
    let raw = source.get("url").filter(|_| source.get("type").is_some_and(|kind| kind.get() == "\"url\""))?;
    Image::at(body, raw, || format!("{place}.source.url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_found_in_messages_and_in_results() {
        let body = r#"{"stream":true,"messages":[
            {"role":"user","content":"http://no/ \"url\""},
            {"role":"user","content":[
                {"type":"image","source":{"type":"url","url":"https:\/\/a.test/x"}},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},
                {"type":"tool_result","tool_use_id":"t","content":[
                    {"type":"image","source":{"type":"url","url":"HTTP://b.test"}},
                    {"type":"image","source":{"type":"url","url":"data:image/png;base64,AA=="}}]},
                {"type":"image","source":{"type":"url","url":"file:///etc/passwd"}}]}]}"#;
        let images = find(body.as_bytes());
        let found: Vec<_> =
            images.list.iter().map(|i| (i.place.as_str(), i.url.as_str(), &body[i.at.clone()])).collect();
        assert_eq!(
            found,
            [
                ("messages.1.content.0.source.url", "https://a.test/x", r#""https:\/\/a.test/x""#),
                ("messages.1.content.2.content.0.source.url", "HTTP://b.test", r#""HTTP://b.test""#),
            ]
        );
        assert!(images.stream);
        assert_eq!(find(b"{\"messages\":[\"url\" http"), ImageUrls::default());
    }
}
