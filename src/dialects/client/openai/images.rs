//! Finds the image URLs of a chat request: the `image_url` parts with an http or https URL.

use super::body::{ChatBody, Messages};
use crate::dialects::client::values;
use crate::json::fields::list_of;
use crate::json::{self, Fields};
use crate::plan::images::{Image, ImageUrls};
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::value::RawValue;

/// The word that every body with an image URL contains.
static WORD: Lazy<Finder<'static>> = Lazy::new(|| Finder::new("image_url"));

/// Returns the images to fetch; none for a body that cannot be read.
pub fn find(body: &[u8]) -> ImageUrls {
    if !may_name_images(body) {
        return ImageUrls::default();
    }
    let Some(parsed) = std::str::from_utf8(body).ok().and_then(|text| ChatBody::parse(text).ok()) else {
        return ImageUrls::default();
    };
    let mut list = Vec::new();
    if let Some(Messages::List(messages)) = &parsed.messages {
        for (index, message) in messages.iter().enumerate() {
            let content = message.as_ref().and_then(|message| message.get("content"));
            in_content(body, index, content, &mut list);
        }
    }
    ImageUrls {
        list,
        stream: parsed.fields.get("stream").is_some_and(|stream| stream.get() == "true"),
        timeout: parsed.fields.get("timeout").and_then(|timeout| values::timeout(timeout).ok().flatten()),
    }
}

/// Returns true if the body is worth parsing: it has the word, and a string that begins like a URL. A URL in an unusual
/// spelling may be missed; it then goes upstream unchanged.
fn may_name_images(body: &[u8]) -> bool {
    WORD.find(body).is_some()
        && memchr::memchr_iter(b':', body).any(|colon| {
            let before = body.get(colon.saturating_sub(6)..colon).unwrap_or_default();
            let ends = |word: &[u8]| {
                before.len() >= word.len()
                    && before.get(before.len() - word.len()..).is_some_and(|end| end.eq_ignore_ascii_case(word))
            };
            ends(b"\"http") || ends(b"\"https")
        })
}

fn in_content(body: &[u8], message: usize, content: Option<&RawValue>, list: &mut Vec<Image>) {
    let parts = content.and_then(|content| list_of(content).ok()).unwrap_or_default();
    for (number, part) in parts.into_iter().enumerate() {
        let Some(part) = Fields::of(part) else { continue };
        let kind = part.get("type").and_then(json::text_of);
        if kind.as_deref() != Some("image_url") {
            continue;
        }
        let place = || format!("messages[{message}].content[{number}].image_url");
        let Some(value) = part.get("image_url") else { continue };
        // Some clients write only the URL.
        let url = Fields::of(value).map_or(Some(value), |fields| fields.get("url"));
        list.extend(url.and_then(|url| Image::at(body, url, place)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn urls_are_found_with_their_places_and_all_else_is_left_alone() {
        let body = r#"{"timeout": 2.5, "stream":true, "messages": [
            {"role": "system", "content": "see \"https://a/\" image_url"},
            7,
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
                {"type": "text", "text": "https://a/", "image_url": {"url": "https://no/"}},
                {"type": "image_url", "image_url": {"detail": "high", "url" : "HTTPS:\/\/a.test\/\u00e9?b=c" }},
                {"type": "image_url", "image_url": "http://b.test"},
                {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
                {"type": "image_url", "image_url": {"url": "http://c/1", "url": "http://c/2"}},
                {"type": "image_url"}, null
            ]}]}"#;
        let images = find(body.as_bytes());
        assert_eq!((images.stream, images.timeout), (true, Some(Duration::from_millis(2500))));
        let found: Vec<_> =
            images.list.iter().map(|i| (i.place.as_str(), i.url.as_str(), &body[i.at.clone()])).collect();
        assert_eq!(
            found,
            [
                ("messages[2].content[2].image_url", "HTTPS://a.test/é?b=c", r#""HTTPS:\/\/a.test\/\u00e9?b=c""#),
                ("messages[2].content[3].image_url", "http://b.test", r#""http://b.test""#),
                ("messages[2].content[5].image_url", "http://c/2", r#""http://c/2""#),
            ]
        );
    }

    #[test]
    fn a_body_without_image_urls_is_not_parsed() {
        for body in [
            r#"{"messages": "http://a/"}"#,
            r#"{"image_url": "data:image/png;base64,http"}"#,
            r#"image_url : see http://a/ or <https://b/>"#,
            "image_url:",
            "",
        ] {
            assert!(!may_name_images(body.as_bytes()), "{body}");
        }
        assert!(may_name_images(br#"{"image_url":"Http://a"}"#));
        assert_eq!(find(br#"{"image_url":"http://a", "messages": ["#), ImageUrls::default());
    }
}
