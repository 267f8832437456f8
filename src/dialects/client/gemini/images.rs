//! Finds the image URLs of a request: parts of the type `fileData` whose address is on the web, in contents and in results of calls.

use super::request::GenerateRequest;
use super::spelling::{elements, given, object};
use crate::json::{self, Fields};
use crate::plan::images::{Image, ImageUrls};
use memchr::memmem::Finder;
use once_cell::sync::Lazy;
use serde_json::value::RawValue;

/// What every body with an image URL contains, in either spelling.
static WORDS: Lazy<[Finder<'static>; 2]> = Lazy::new(|| [Finder::new("fileUri"), Finder::new("file_uri")]);
static SCHEME: Lazy<Finder<'static>> = Lazy::new(|| Finder::new("http"));

/// Returns the images to fetch for a whole answer; none for a body that cannot be read.
pub fn find(body: &[u8]) -> ImageUrls {
    if WORDS.iter().all(|word| word.find(body).is_none()) || SCHEME.find(body).is_none() {
        return ImageUrls::default();
    }
    let Ok(request) = GenerateRequest::parse(body) else { return ImageUrls::default() };
    let mut list = Vec::new();
    for (index, content) in given(&request.fields, "contents").map(elements).unwrap_or_default().into_iter().enumerate()
    {
        let Some(content) = Fields::of(content) else { continue };
        in_parts(body, &format!("contents[{index}]"), &content, &mut list);
    }
    ImageUrls { list, stream: false, timeout: None }
}

/// Returns the images to fetch for an answer in pieces.
pub fn find_for_stream(body: &[u8]) -> ImageUrls {
    ImageUrls { stream: true, ..find(body) }
}

fn in_parts(body: &[u8], place: &str, of: &Fields<'_>, list: &mut Vec<Image>) {
    for (number, part) in given(of, "parts").map(elements).unwrap_or_default().into_iter().enumerate() {
        let Some(part) = Fields::of(part) else { continue };
        let place = format!("{place}.parts[{number}]");
        if let Some(file) = object(&part, "fileData") {
            list.extend(image(body, &place, &file));
        } else if let Some(result) = object(&part, "functionResponse") {
            in_parts(body, &format!("{place}.functionResponse"), &result, list);
        }
    }
}

fn image(body: &[u8], place: &str, file: &Fields<'_>) -> Option<Image> {
    let is_image = given(file, "mimeType").and_then(json::inside_of).is_none_or(|kind| kind.starts_with("image"));
    let raw: &RawValue = given(file, "fileUri").filter(|_| is_image)?;
    Image::at(body, raw, || format!("{place}.fileData.fileUri"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_contents_and_in_results() {
        let body = r#"{"contents":[{"parts":[
            {"text":"fileUri http://no/"},
            {"fileData":{"fileUri":"https:\/\/a.test/x","mimeType":"image/png"}},
            {"file_data":{"file_uri":"HTTP://b.test"}},
            {"fileData":{"fileUri":"https://c.test/v","mimeType":"video/mp4"}},
            {"fileData":{"fileUri":"gs://d/x"}},
            {"functionResponse":{"name":"f","parts":[{"fileData":{"fileUri":"http://e.test"}}]}}]}]}"#;
        let images = find(body.as_bytes());
        let found: Vec<_> =
            images.list.iter().map(|i| (i.place.as_str(), i.url.as_str(), &body[i.at.clone()])).collect();
        assert_eq!(
            found,
            [
                ("contents[0].parts[1].fileData.fileUri", "https://a.test/x", r#""https:\/\/a.test/x""#),
                ("contents[0].parts[2].fileData.fileUri", "HTTP://b.test", r#""HTTP://b.test""#),
                (
                    "contents[0].parts[5].functionResponse.parts[0].fileData.fileUri",
                    "http://e.test",
                    r#""http://e.test""#
                ),
            ]
        );
        assert!(find_for_stream(body.as_bytes()).stream && !images.stream);
        assert_eq!(find(b"{\"contents\":[\"fileUri\" http"), ImageUrls::default());
    }
}
