//! The content of items, in the form of chat completions.

use crate::chat::Role;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A content, and what keeps it from upstreams of another form.
pub struct ReadContent<'a> {
    /// A JSON string or a list of parts.
    pub content: Cow<'a, RawValue>,
    /// Why only an upstream of this form takes it.
    pub bound: Option<Failure>,
}

/// One part, in the form of chat completions.
enum ReadPart<'a> {
    /// A text: the inside of a JSON string.
    Text(&'a str),
    /// Another part, written out.
    Other(Vec<u8>),
}

/// Returns the content of a message, or the output of a call.
///
/// # Errors
/// 400 naming what has no form of a content.
pub fn read<'a>(role: Role, place: &str, given: Option<&'a RawValue>) -> Result<ReadContent<'a>, Failure> {
    let Some(given) = given.filter(|given| !json::is_null(given)) else {
        if role == Role::User {
            return Err(Failure::bad_field(
                place,
                format!("'{place}' is missing; expected a text or a list of parts."),
            ));
        }
        return Ok(ReadContent { content: Cow::Owned(written(b"\"\"")?), bound: None });
    };
    if given.get().starts_with('"') {
        return Ok(ReadContent { content: Cow::Borrowed(given), bound: None });
    }
    let Ok(list) = fields::list_of(given) else {
        // What a tool returns may be any JSON: the model reads its text.
        let mut text = Vec::with_capacity(given.get().len() + 16);
        json::push_string(&mut text, given.get());
        return Ok(ReadContent { content: Cow::Owned(written(&text)?), bound: None });
    };
    if let [one] = list.as_slice()
        && let Some(text) = text_of(one)
    {
        return Ok(ReadContent { content: Cow::Borrowed(text), bound: None });
    }
    let mut bound = None;
    let mut parts = Vec::with_capacity(list.len());
    for (index, one) in list.into_iter().enumerate() {
        match part(&format!("{place}[{index}]"), one) {
            Ok(part) => parts.push(part),
            Err(failure) => bound = bound.or(Some(failure)),
        }
    }
    Ok(ReadContent { content: Cow::Owned(written(&joined(role, &parts))?), bound })
}

/// Returns the text of a part that is one, with its quotes.
fn text_of(part: &RawValue) -> Option<&RawValue> {
    let fields = Fields::of(part)?;
    let kind = fields.get("type").and_then(json::inside_of)?;
    let name = match kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => "text",
        "refusal" => "refusal",
        _ => return None,
    };
    fields.get(name).filter(|text| json::inside_of(text).is_some())
}

fn part<'a>(place: &str, given: &'a RawValue) -> Result<ReadPart<'a>, Failure> {
    if let Some(text) = text_of(given).and_then(json::inside_of) {
        return Ok(ReadPart::Text(text));
    }
    let Some(fields) = Fields::of(given) else {
        return Err(Failure::bad_field(place, format!("'{place}' must be an object with a type.")));
    };
    match fields.get("type").and_then(json::text_of).as_deref() {
        Some("input_image" | "image_url") => image(place, &fields).map(ReadPart::Other),
        Some("input_file" | "file") => file(place, &fields).map(ReadPart::Other),
        Some("input_audio") => Ok(ReadPart::Other(given.get().as_bytes().to_vec())),
        Some(kind) => {
            Err(Failure::unsupported(&format!("{place}.type"), &format!("no upstream takes a part '{kind}'")))
        }
        None => Err(Failure::bad_field(format!("{place}.type"), format!("'{place}.type' is missing."))),
    }
}

/// Returns an image. Clients of chat completions put the URL into an object.
fn image(place: &str, part: &Fields<'_>) -> Result<Vec<u8>, Failure> {
    let given = |name: &str| part.get(name).filter(|value| !json::is_null(value));
    let inner = given("image_url").and_then(Fields::of);
    let url = inner.as_ref().map_or_else(|| given("image_url"), |inner| inner.get("url"));
    let Some(url) = url.filter(|url| json::inside_of(url).is_some()) else {
        let why = "files are not kept here; send the image as 'image_url', a URL or a data URL";
        return Err(Failure::unsupported(&format!("{place}.file_id"), why));
    };
    let mut out = b"{\"type\":\"image_url\",\"image_url\":{\"url\":".to_vec();
    out.extend_from_slice(url.get().as_bytes());
    let detail = given("detail").or_else(|| inner.as_ref().and_then(|inner| inner.get("detail")));
    if let Some(detail) = detail.filter(|detail| json::inside_of(detail).is_some()) {
        json::push_key(&mut out, "detail");
        // Chat completions know no more than that.
        let detail = if detail.get() == "\"original\"" { "\"high\"" } else { detail.get() };
        out.extend_from_slice(detail.as_bytes());
    }
    out.extend_from_slice(b"}}");
    Ok(out)
}

fn file(place: &str, part: &Fields<'_>) -> Result<Vec<u8>, Failure> {
    let inner = part.get("file").and_then(Fields::of);
    let given = |name: &str| {
        let value = inner.as_ref().map_or_else(|| part.get(name), |inner| inner.get(name));
        value.filter(|value| json::inside_of(value).is_some_and(|inside| !inside.is_empty()))
    };
    let Some(data) = given("file_data") else {
        let name = if given("file_url").is_some() { "file_url" } else { "file_id" };
        let why = "files are neither kept nor fetched here; send the file's bytes as 'file_data', a data URL";
        return Err(Failure::unsupported(&format!("{place}.{name}"), why));
    };
    let mut out = b"{\"type\":\"file\",\"file\":{\"file_data\":".to_vec();
    out.extend_from_slice(data.get().as_bytes());
    if let Some(name) = given("filename") {
        json::push_key(&mut out, "filename");
        out.extend_from_slice(name.get().as_bytes());
    }
    out.extend_from_slice(b"}}");
    Ok(out)
}

/// Returns parts as one text where they are nothing but text and it is not the user's, and else as a list.
fn joined(role: Role, parts: &[ReadPart<'_>]) -> Vec<u8> {
    let texts: Option<Vec<&str>> =
        parts.iter().map(|part| if let ReadPart::Text(text) = part { Some(*text) } else { None }).collect();
    if let Some(texts) = texts.filter(|_| role != Role::User) {
        // The texts of one answer continue each other; others are separate.
        let between = if role == Role::Assistant { "" } else { "\\n" };
        return format!("\"{}\"", texts.join(between)).into_bytes();
    }
    let mut out = vec![b'['];
    for part in parts {
        if out.len() > 1 {
            out.push(b',');
        }
        match part {
            ReadPart::Text(text) => {
                out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
                out.extend_from_slice(text.as_bytes());
                out.extend_from_slice(b"\"}");
            }
            ReadPart::Other(part) => out.extend_from_slice(part),
        }
    }
    out.push(b']');
    out
}

/// Returns bytes that are one JSON value.
///
/// # Errors
/// No request can cause one.
pub fn written(json: &[u8]) -> Result<Box<RawValue>, Failure> {
    serde_json::from_slice::<&RawValue>(json)
        .map(ToOwned::to_owned)
        .map_err(|e| Failure::bad_field("input", e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(role: Role, given: &str) -> (String, Option<String>) {
        let given: &RawValue = serde_json::from_str(given).unwrap();
        let read = read(role, "input[0].content", Some(given)).unwrap();
        (read.content.get().to_owned(), read.bound.map(|failure| String::from(failure.param.unwrap())))
    }

    #[test]
    fn a_text_is_a_text_in_every_form() {
        for given in [
            r#""a\n""#,
            r#"[{"type":"input_text","text":"a\n"}]"#,
            r#"[{"type":"output_text","text":"a\n","annotations":[],"logprobs":[]}]"#,
            r#"[{"type":"text","text":"a\n"}]"#,
            r#"[{"type":"refusal","refusal":"a\n"}]"#,
        ] {
            assert_eq!(content(Role::Assistant, given), (r#""a\n""#.to_owned(), None), "{given}");
        }
    }

    #[test]
    fn several_texts_are_joined_but_for_the_users() {
        let two = r#"[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]"#;
        assert_eq!(content(Role::Assistant, two).0, r#""ab""#);
        assert_eq!(content(Role::System, two).0, r#""a\nb""#);
        assert_eq!(content(Role::Tool, two).0, r#""a\nb""#);
        assert_eq!(content(Role::User, two).0, r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#);
    }

    #[test]
    fn images_and_files_have_the_form_of_chat_completions() {
        let given = r#"[{"type":"input_text","text":"see"},
            {"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"original"},
            {"type":"input_image","image_url":{"url":"https://a/b.png"},"file_id":null},
            {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}]"#;
        assert_eq!(
            content(Role::User, given).0,
            concat!(
                r#"[{"type":"text","text":"see"},"#,
                r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"high"}},"#,
                r#"{"type":"image_url","image_url":{"url":"https://a/b.png"}},"#,
                r#"{"type":"file","file":{"file_data":"data:application/pdf;base64,AA==","filename":"a.pdf"}}]"#
            )
        );
    }

    #[test]
    fn what_is_kept_elsewhere_or_unknown_is_bound_to_its_own_form() {
        for (given, param) in [
            (r#"[{"type":"input_image","file_id":"file-1"}]"#, "input[0].content[0].file_id"),
            (r#"[{"type":"input_file","file_id":"file-1"}]"#, "input[0].content[0].file_id"),
            (r#"[{"type":"input_file","file_url":"https://a/"}]"#, "input[0].content[0].file_url"),
            (r#"[{"type":"input_text","text":"a"},{"type":"odd"}]"#, "input[0].content[1].type"),
            (r#"[1]"#, "input[0].content[0]"),
        ] {
            assert_eq!(content(Role::User, given).1.as_deref(), Some(param), "{given}");
        }
    }

    #[test]
    fn a_result_may_be_any_json_or_nothing() {
        assert_eq!(content(Role::Tool, r#"{"a":"b"}"#).0, r#""{\"a\":\"b\"}""#);
        assert_eq!(read(Role::Tool, "x", None).unwrap().content.get(), "\"\"");
        assert!(read(Role::User, "x", None).is_err());
    }
}
