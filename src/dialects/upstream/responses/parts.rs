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
    push_list(out, content, place, input_part)
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
    push_list(out, content, place, output_part)
}

/// Returns true if a content has no text and nothing else.
pub fn is_empty(content: &RawValue) -> bool {
    content.get() == "\"\"" || fields::list_of(content).is_ok_and(|parts| parts.is_empty())
}

type PushPart = fn(&mut Vec<u8>, &str, &Fields<'_>) -> bool;

fn push_list(out: &mut Vec<u8>, content: &RawValue, place: &str, push: PushPart) -> Result<(), Failure> {
    let parts = fields::list_of(content).map_err(|_| wrong(place, "a text or a list of parts"))?;
    out.push(b'[');
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let place = format!("{place}[{index}]");
        let part_fields = Fields::of(part).ok_or_else(|| wrong(&place, "an object"))?;
        let kind = part_fields.get("type").and_then(json::text_of);
        match kind.as_deref() {
            // They have this API's form already.
            Some("input_text" | "input_image" | "input_file" | "output_text" | "refusal") => {
                out.extend_from_slice(part.get().as_bytes());
            }
            Some(kind) if push(out, kind, &part_fields) => {}
            Some(kind) => {
                return Err(Failure::unsupported(&format!("{place}.type"), &format!("no part '{kind}' is taken here")));
            }
            None => return Err(wrong(&format!("{place}.type"), "the type of a part")),
        }
    }
    out.push(b']');
    Ok(())
}

/// Appends a part that the model reads. Returns false, and appends nothing, if this API has no such part.
fn input_part(out: &mut Vec<u8>, kind: &str, part: &Fields<'_>) -> bool {
    match kind {
        "text" => part.get("text").is_some_and(|text| push_text(out, "input_text", text)),
        "image_url" => part.get("image_url").is_some_and(|image| push_image(out, image)),
        "file" => part.get("file").and_then(Fields::of).is_some_and(|file| {
            out.extend_from_slice(b"{\"type\":\"input_file\"");
            for (name, value) in file.iter().filter(|(_, value)| !json::is_null(value)) {
                json::push_key(out, name);
                out.extend_from_slice(value.get().as_bytes());
            }
            out.push(b'}');
            true
        }),
        _ => false,
    }
}

/// Appends a part that the model said, as [`input_part`] does.
fn output_part(out: &mut Vec<u8>, kind: &str, part: &Fields<'_>) -> bool {
    kind == "text" && part.get("text").is_some_and(|text| push_text(out, "output_text", text))
}

fn push_text(out: &mut Vec<u8>, kind: &str, text: &RawValue) -> bool {
    out.extend_from_slice(b"{\"type\":");
    json::push_string(out, kind);
    json::push_key(out, "text");
    out.extend_from_slice(text.get().as_bytes());
    out.push(b'}');
    true
}

/// `{"url", "detail"}`, or the URL alone. This API's schema wants `detail` written out.
fn push_image(out: &mut Vec<u8>, image: &RawValue) -> bool {
    let inside = Fields::of(image);
    let (url, detail) = match &inside {
        Some(inside) => (inside.get("url"), inside.get("detail").filter(|detail| !json::is_null(detail))),
        None => (Some(image), None),
    };
    let Some(url) = url.filter(|url| url.get().starts_with('"')) else { return false };
    out.extend_from_slice(b"{\"type\":\"input_image\",\"image_url\":");
    out.extend_from_slice(url.get().as_bytes());
    json::push_key(out, "detail");
    out.extend_from_slice(detail.map_or("\"auto\"", RawValue::get).as_bytes());
    out.push(b'}');
    true
}

fn wrong(place: &str, wanted: &str) -> Failure {
    Failure::bad_field(place, format!("'{place}' is not {wanted}."))
}
