//! Finds the image URLs of a request: those of its messages, and those that tools returned.

use crate::dialects::client::values;
use crate::json::fields::list_of;
use crate::json::{self, Fields};
use crate::plan::images::{Image, ImageUrls};
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::value::RawValue;

/// The word that every body with an image has.
static WORD: Lazy<Finder<'static>> = Lazy::new(|| Finder::new("input_image"));

/// Returns the images to fetch; none for a body that cannot be read.
pub fn find(body: &[u8]) -> ImageUrls {
    if WORD.find(body).is_none() {
        return ImageUrls::default();
    }
    let Some(fields) = std::str::from_utf8(body).ok().and_then(|text| Fields::parse(text).ok()) else {
        return ImageUrls::default();
    };
    let mut list = Vec::new();
    for (number, item) in lists(fields.get("input")) {
        let Some(item) = Fields::of(item) else { continue };
        for name in ["content", "output"] {
            for (part_number, part) in lists(item.get(name)) {
                let place = || format!("input[{number}].{name}[{part_number}].image_url");
                list.extend(Fields::of(part).and_then(|part| image(body, &part, place)));
            }
        }
    }
    ImageUrls {
        list,
        stream: fields.get("stream").is_some_and(|stream| stream.get() == "true"),
        timeout: fields.get("timeout").and_then(|timeout| values::timeout(timeout).ok().flatten()),
    }
}

fn lists(value: Option<&RawValue>) -> impl Iterator<Item = (usize, &RawValue)> {
    value.and_then(|value| list_of(value).ok()).unwrap_or_default().into_iter().enumerate()
}

fn image(body: &[u8], part: &Fields<'_>, place: impl Fn() -> String) -> Option<Image> {
    let kind = part.get("type").and_then(json::text_of);
    if kind.as_deref() != Some("input_image") {
        return None;
    }
    let value = part.get("image_url")?;
    let raw = Fields::of(value).map_or(Some(value), |inner| inner.get("url"))?;
    Image::at(body, raw, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_messages_and_of_results_are_found() {
        let body = r#"{"stream":true,"input":[
            {"role":"user","content":[{"type":"input_text","text":"https://no/"},{"type":"input_image","image_url":"https://a/1"}]},
            {"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,AA=="},
              {"type":"input_image","image_url":{"url":"HTTP://b/2"}},{"type":"input_image","file_id":"f"}]},
            {"role":"user","content":"input_image https://no/"}, 7]}"#;
        let images = find(body.as_bytes());
        let found: Vec<_> = images.list.iter().map(|one| (one.place.as_str(), &body[one.at.clone()])).collect();
        assert_eq!(
            found,
            [("input[0].content[1].image_url", "\"https://a/1\""), ("input[1].output[1].image_url", "\"HTTP://b/2\"")]
        );
        assert!(images.stream);
        assert_eq!(find(b"{\"input\":[{\"type\":\"input_image\""), ImageUrls::default());
    }
}
