//! A request's body without its large images, so that nobody who reads it passes over megabytes that only the upstream wants to see.
//! What is written of such a body gets the images back.

use super::Fields;
use bytes::Bytes;
use memchr::memmem::{self, Finder};
use once_cell::sync::Lazy;
use std::ops::Range;

/// Shorter images stay: they cost little.
const LEAST: usize = 32 * 1024;
/// The most images that are taken out. Their numbers have [`DIGITS`] digits.
const MOST: usize = 1000;
const DIGITS: usize = 3;
/// What stands in place of an image's data, before its number: nothing that a text has by chance.
const MARK: &[u8] = b"TheDataOfThisImageStandsBesideTheBody";
/// The length of a mark with its number.
const MARKED: usize = MARK.len() + DIGITS;
/// What comes before the data in a data URL, and the longest URL up to there.
const ENCODING: &[u8] = b";base64,";
const LONGEST_HEAD: usize = 64;
/// The fields that have such URLs in chats, and the fields of a request whose images no reply repeats.
const FIELDS: [&[u8]; 2] = [b"\"url\"", b"\"image_url\""];
const HOLDERS: [&str; 2] = ["messages", "input"];

static FIND_ENCODING: Lazy<Finder<'static>> = Lazy::new(|| Finder::new(ENCODING));
static FIND_MARK: Lazy<Finder<'static>> = Lazy::new(|| Finder::new(MARK));

/// A body in two parts: a text that readers go through, and what was taken out of it.
#[derive(Debug, Clone, Default)]
pub struct SlimBody {
    /// The text, with a mark in place of the data of each large image.
    pub text: Bytes,
    taken: Vec<Bytes>,
}

impl From<Bytes> for SlimBody {
    /// Returns a body out of which nothing is taken.
    fn from(text: Bytes) -> Self {
        SlimBody { text, taken: Vec::new() }
    }
}

impl SlimBody {
    /// Returns true if a body may have images to take out.
    pub fn may_have_images(body: &[u8]) -> bool {
        FIND_ENCODING.find(body).is_some()
    }

    /// Takes the large images out of a body: data URLs that are written without escapes. A body that is no JSON object stays as
    /// it is, so that its reader names the right place of the mistake.
    pub fn without_images(body: Bytes) -> Self {
        let places = places(&body);
        let slim = || {
            let text = marked(&body, &places)?;
            let fields = Fields::parse(std::str::from_utf8(&text).ok()?).ok()?;
            let marks = HOLDERS.iter().filter_map(|name| fields.get(name)).map(|value| marks(value.get().as_bytes()));
            // Elsewhere a reply may repeat them, as that of Responses does with metadata and tools.
            (marks.sum::<usize>() == places.len()).then_some(())?;
            let taken = places.iter().map(|place| body.slice(place.clone())).collect();
            Some(SlimBody { text: Bytes::from(text), taken })
        };
        if places.is_empty() { body.into() } else { slim().unwrap_or_else(|| body.into()) }
    }

    /// Returns the size of the whole body.
    pub fn size(&self) -> usize {
        (self.text.len() + self.beside()).saturating_sub(self.taken.len() * MARKED)
    }

    /// Returns the size of what was taken out.
    fn beside(&self) -> usize {
        self.taken.iter().map(Bytes::len).sum()
    }

    /// Returns the same body with another text made of its own.
    pub fn with_text(self, text: Bytes) -> Self {
        SlimBody { text, ..self }
    }

    /// Returns a text that was made of the body's, with the images in it. Each comes back once, at its first mark.
    pub fn restored(&self, text: Bytes) -> Bytes {
        if self.taken.is_empty() {
            return text;
        }
        let mut left: Vec<Option<&Bytes>> = self.taken.iter().map(Some).collect();
        let mut out = Vec::with_capacity(text.len() + self.beside());
        let mut kept = 0;
        for at in FIND_MARK.find_iter(&text) {
            let end = at + MARKED;
            let number =
                text.get(at + MARK.len()..end).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
            if let Some(data) = number.and_then(|number: usize| left.get_mut(number)?.take()) {
                out.extend_from_slice(text.get(kept..at).unwrap_or_default());
                out.extend_from_slice(data);
                kept = end;
            }
        }
        out.extend_from_slice(text.get(kept..).unwrap_or_default());
        Bytes::from(out)
    }
}

/// Returns where the data of the large images stands.
fn places(body: &[u8]) -> Vec<Range<usize>> {
    let (mut places, mut at) = (Vec::new(), 0);
    while body.len() - at.min(body.len()) > LEAST && places.len() < MOST {
        let Some(found) = body.get(at..).and_then(|rest| FIND_ENCODING.find(rest)) else { break };
        let start = at + found + ENCODING.len();
        at = start;
        if !is_url_of_image(body.get(..at).unwrap_or_default()) {
            continue;
        }
        at = start + plain(body.get(start..).unwrap_or_default());
        if at - start >= LEAST && body.get(at) == Some(&b'"') {
            places.push(start..at);
        }
    }
    places
}

/// Returns true if a text ends within the string of a field, after `data:image/…;base64,`.
fn is_url_of_image(text: &[u8]) -> bool {
    let head = text.get(text.len().saturating_sub(LONGEST_HEAD)..).unwrap_or_default();
    let Some(quote) = memchr::memrchr(b'"', head) else { return false };
    let (_, url) = head.split_at_checked(quote + 1).unwrap_or_default();
    let before = text.get(..text.len() - url.len() - 1).unwrap_or_default();
    let name = before.trim_ascii_end().strip_suffix(b":").unwrap_or_default().trim_ascii_end();
    // Within a string, the quotes of a field would be escaped.
    let is_field = |field: &&[u8]| name.strip_suffix(*field).is_some_and(|before| before.last() != Some(&b'\\'));
    url.starts_with(b"data:image/") && FIELDS.iter().any(is_field)
}

/// Returns how many bytes at the start of a text are printable ASCII that a JSON string has without an escape. The code has few
/// branches, so that many bytes are checked at once.
fn plain(text: &[u8]) -> usize {
    let is_plain = |byte: &u8| (0x20..0x7F).contains(byte) & (*byte != b'"') & (*byte != b'\\');
    let (blocks, _) = text.as_chunks::<64>();
    let whole =
        blocks.iter().take_while(|block| block.iter().fold(true, |all, byte| all & is_plain(byte))).count() * 64;
    let rest = text.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| is_plain(byte)).count()
}

/// Returns the body with a mark in each of these places; `None` if it has such a mark already.
fn marked(body: &[u8], places: &[Range<usize>]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(1024);
    let mut kept = 0;
    for (number, place) in places.iter().enumerate() {
        out.extend_from_slice(body.get(kept..place.start)?);
        out.extend_from_slice(MARK);
        out.extend_from_slice(format!("{number:0DIGITS$}").as_bytes());
        kept = place.end;
    }
    out.extend_from_slice(body.get(kept..)?);
    (marks(&out) == places.len()).then_some(out)
}

fn marks(text: &[u8]) -> usize {
    memmem::find_iter(text, MARK).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(size: usize) -> String {
        format!("data:image/png;base64,{}", "iVBO".repeat(size / 4))
    }

    fn body(content: &str) -> Bytes {
        Bytes::from(format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}],"n":1}}"#))
    }

    #[test]
    fn large_images_are_taken_out_and_come_back_where_they_were() {
        let (one, two) = (url(LEAST), url(2 * LEAST));
        for content in [
            format!(r#"[{{"type":"text","text":"é"}},{{"type":"image_url","image_url":{{"url":"{one}"}}}}]"#),
            format!(
                r#"[{{"image_url" : "{one}"}},{{"image_url":{{"detail":"low","url" :"{two}"}}}},{{"url":"{one}"}}]"#
            ),
        ] {
            let body = body(&content);
            let slim = SlimBody::without_images(body.clone());
            assert!(slim.text.len() < 400 && !slim.taken.is_empty(), "{:?}", slim.text);
            assert_eq!((slim.size(), slim.restored(slim.text.clone())), (body.len(), body));
        }
    }

    #[test]
    fn what_may_be_something_else_stays() {
        let (large, small) = (url(LEAST), url(1024));
        let with = |before: &str, url: &str, after: &str| format!("{before}{url}{after}");
        for content in [
            with("\"", &large, "\""),
            with(r#"[{"text":""#, &large, "\"}]"),
            with(r#"[{"url":""#, &small, "\"}]"),
            with(r#"[{"url":""#, &large, "\\n\"}]"),
            with(r#"[{"url":""#, &large, "é\"}]"),
            with(r#"[{"url":""#, &large.replace("image/", "text/"), "\"}]"),
            with(r#"["{\"url\":\""#, &large, r#"\"}"]"#),
            with(r#"[{"x\"url":""#, &large, "\"}]"),
            with(r#"[{"url":""#, &large, r#""},"TheDataOfThisImageStandsBesideTheBody000"]"#),
            with(r#"[{"url":""#, &large, "\"}]}"),
            with(r#"[{"url":""#, &large, ""),
        ] {
            let body = body(&content);
            let slim = SlimBody::without_images(body.clone());
            assert_eq!((slim.text.as_ptr(), slim.beside()), (body.as_ptr(), 0), "{}", &content[..40]);
        }
        // Replies may repeat the metadata of a request.
        let metadata = Bytes::from(format!(r#"{{"metadata":{{"url":"{large}"}},"input":[]}}"#));
        assert_eq!(SlimBody::without_images(metadata).beside(), 0);
    }

    #[test]
    fn an_image_comes_back_once() {
        let slim = SlimBody::without_images(body(&format!(r#"[{{"url":"{}"}}]"#, url(LEAST))));
        let twice = [slim.text.clone(), slim.text.clone()].concat();
        assert_eq!(slim.restored(Bytes::from(twice)).len(), slim.size() + slim.text.len());
        assert_eq!(slim.restored(Bytes::from_static(MARK)), MARK);
    }

    proptest! {
        #[test]
        fn any_body_comes_back_as_it_was(parts in prop::collection::vec(
            prop_oneof![
                Just(format!(r#"{{"url":"{}"}}"#, url(LEAST))), Just(r#"{"url":"data:image/png;base64,AA=="}"#.to_owned()),
                Just(r#""data:image/png;base64,""#.to_owned()), Just("\\".to_owned()), "[\\[\\]{}\":a]{0,3}",
            ],
            0..6,
        )) {
            let body = body(&format!("[{}]", parts.join(",")));
            let slim = SlimBody::without_images(body.clone());
            prop_assert_eq!(slim.restored(slim.text.clone()), body);
        }
    }
}
