//! The parts of a message, from the form of chat completions to that of Responses.

use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// Appends what the model reads: a string as it is, a list with each part renamed. `place` is the content's place in the request.
///
/// # Errors
/// 400 naming a part that this API does not take.
pub fn push_input(out: &mut Vec<u8>, content: &RawValue, place: &str) -> Result<(), Failure> {
    if content.get().starts_with('"') {
        out.extend_from_slice(content.get().as_bytes());
        return Ok(());
    }
    push_list(out, content, ContentSide::Input, place)
}

/// Appends what the model said: always a list, since this API gives its text the type of an output.
///
/// # Errors
/// As of [`push_input`].
pub fn push_output(out: &mut Vec<u8>, content: &RawValue, place: &str) -> Result<(), Failure> {
    if content.get().starts_with('"') {
        out.push(b'[');
        push_text(out, "output_text", content);
        out.push(b']');
        return Ok(());
    }
    push_list(out, content, ContentSide::Output, place)
}

/// Returns true if a content has no text and nothing else.
pub fn is_empty(content: &RawValue) -> bool {
    content.get() == "\"\"" || fields::list_of(content).is_ok_and(|parts| parts.is_empty())
}

/// Who wrote a content, which decides the parts that it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentSide {
    /// The model reads it.
    Input,
    /// The model wrote it.
    Output,
}

/// A part of a content, read and not yet written.
enum ContentPart<'a> {
    /// It has this API's form already.
    Own(&'a RawValue),
    Text(&'static str, &'a RawValue),
    /// A URL and how closely it is looked at.
    Image(&'a RawValue, Option<&'a RawValue>),
    File(Fields<'a>),
}

/// Refuses a content with a part that this API does not take.
///
/// # Errors
/// As of [`push_input`].
pub fn check(content: &RawValue, side: ContentSide, place: &str) -> Result<(), Failure> {
    each(content, side, place, |_| {})
}

fn push_list(out: &mut Vec<u8>, content: &RawValue, side: ContentSide, place: &str) -> Result<(), Failure> {
    out.push(b'[');
    let mut is_first = true;
    each(content, side, place, |part| {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        part.push(out);
    })?;
    out.push(b']');
    Ok(())
}

/// Hands over each part of a list.
fn each<'a>(
    content: &'a RawValue,
    side: ContentSide,
    place: &str,
    mut take: impl FnMut(ContentPart<'a>),
) -> Result<(), Failure> {
    let parts = fields::list_of(content).map_err(|_| wrong(place, "a text or a list of parts"))?;
    for (index, part) in parts.into_iter().enumerate() {
        let place = || format!("{place}[{index}]");
        let part_fields = Fields::of(part).ok_or_else(|| wrong(&place(), "an object"))?;
        let kind = part_fields.get("type").and_then(json::text_of);
        let kind = kind.as_deref().ok_or_else(|| wrong(&format!("{}.type", place()), "the type of a part"))?;
        let read = ContentPart::read(part, kind, &part_fields, side).ok_or_else(|| refusal(kind, side, &place()))?;
        take(read);
    }
    Ok(())
}

impl<'a> ContentPart<'a> {
    /// Reads a part; `None` if this API has no such part there.
    fn read(part: &'a RawValue, kind: &str, fields: &Fields<'a>, side: ContentSide) -> Option<Self> {
        match (kind, side) {
            ("input_text" | "input_image" | "input_file" | "output_text" | "refusal", _) => {
                Some(ContentPart::Own(part))
            }
            ("text", ContentSide::Input) => Some(ContentPart::Text("input_text", fields.get("text")?)),
            ("text", ContentSide::Output) => Some(ContentPart::Text("output_text", fields.get("text")?)),
            ("image_url", ContentSide::Input) => ContentPart::image(fields.get("image_url")?),
            ("file", ContentSide::Input) => fields.get("file").and_then(Fields::of).map(ContentPart::File),
            _ => None,
        }
    }

    /// Reads `{"url", "detail"}`, or the URL alone.
    fn image(image: &'a RawValue) -> Option<Self> {
        let (url, detail) = match Fields::of(image) {
            Some(inside) => (inside.get("url"), inside.get("detail").filter(|detail| !json::is_null(detail))),
            None => (Some(image), None),
        };
        Some(ContentPart::Image(url.filter(|url| url.get().starts_with('"'))?, detail))
    }

    fn push(&self, out: &mut Vec<u8>) {
        match self {
            ContentPart::Own(part) => out.extend_from_slice(part.get().as_bytes()),
            ContentPart::Text(kind, text) => push_text(out, kind, text),
            ContentPart::Image(url, detail) => {
                out.extend_from_slice(b"{\"type\":\"input_image\",\"image_url\":");
                out.extend_from_slice(url.get().as_bytes());
                // This API's schema wants it written out.
                json::push_key(out, "detail");
                out.extend_from_slice(detail.map_or("\"auto\"", RawValue::get).as_bytes());
                out.push(b'}');
            }
            ContentPart::File(file) => {
                out.extend_from_slice(b"{\"type\":\"input_file\"");
                for (name, value) in file.iter().filter(|(_, value)| !json::is_null(value)) {
                    json::push_key(out, name);
                    out.extend_from_slice(value.get().as_bytes());
                }
                out.push(b'}');
            }
        }
    }
}

fn push_text(out: &mut Vec<u8>, kind: &str, text: &RawValue) {
    out.extend_from_slice(b"{\"type\":");
    json::push_string(out, kind);
    json::push_key(out, "text");
    out.extend_from_slice(text.get().as_bytes());
    out.push(b'}');
}

/// Returns the failure of a part that cannot be read: this API has no such part, or it lacks what such a part has.
fn refusal(kind: &str, side: ContentSide, place: &str) -> Failure {
    if kind == "text" || side == ContentSide::Input && matches!(kind, "image_url" | "file") {
        return wrong(place, &format!("a complete part of type '{kind}'"));
    }
    Failure::unsupported(&format!("{place}.type"), &format!("no part '{kind}' is taken here"))
}

fn wrong(place: &str, wanted: &str) -> Failure {
    Failure::bad_field(place, format!("'{place}' is not {wanted}."))
}
