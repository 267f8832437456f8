//! The parts of a content, as the parts of OpenAI's form that the hub has. A part that no model needs is left out and refuses nothing.

use super::spelling::{given, is_any, object};
use super::values::{PlaceOfPart, invalid, text, unserved};
use crate::dialects::client::spoken::{SpokenPart, image_url, plain};
use crate::json::{self, Fields};
use crate::wire::Failure;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a part is.
#[derive(Debug)]
pub enum GeminiPart<'a> {
    /// What somebody says; nothing if it is empty.
    Said(Option<SpokenPart<'a>>),
    /// A call of a function.
    Call(Fields<'a>),
    /// What a call returned.
    Result(Fields<'a>),
    /// Something that has no place at other vendors.
    Unknown,
}

/// Decodes base64 whose padding may be missing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Names that stand beside what a part holds, and say nothing to other vendors.
const BESIDE: [&str; 6] =
    ["thought", "thoughtSignature", "partMetadata", "videoMetadata", "mediaResolution", "mediaProcessing"];

/// Reads a part.
///
/// # Errors
/// 400 for what is no part, and for bytes that no model here takes.
pub fn read(place: PlaceOfPart, raw: &RawValue) -> Result<GeminiPart<'_>, Failure> {
    // The vendor's SDKs turn strings into parts before they send them; recipes do not.
    if json::inside_of(raw).is_some() {
        return Ok(GeminiPart::Said(spoken(raw)));
    }
    let Some(part) = Fields::of(raw) else {
        return Err(invalid(&place.to_string(), &format!("it must be an object, but it is {}.", json::kind_of(raw))));
    };
    if let Some(value) = given(&part, "text") {
        text(&format!("{place}.text"), value)?;
        // What a model thought is of no use to another, and is signed for its vendor alone.
        let is_thought = given(&part, "thought").is_some_and(|flag| flag.get() == "true");
        return Ok(GeminiPart::Said(if is_thought { None } else { spoken(value) }));
    }
    if let Some(call) = object(&part, "functionCall") {
        return Ok(GeminiPart::Call(call));
    }
    if let Some(result) = object(&part, "functionResponse") {
        return Ok(GeminiPart::Result(result));
    }
    if let Some(data) = object(&part, "inlineData") {
        return bytes(place, &data).map(GeminiPart::Said);
    }
    if let Some(file) = object(&part, "fileData") {
        return by_address(place, &file).map(GeminiPart::Said);
    }
    if let Some(code) = object(&part, "executableCode") {
        return Ok(GeminiPart::Said(fenced(&code, "language", "code")));
    }
    if let Some(output) = object(&part, "codeExecutionResult") {
        return Ok(GeminiPart::Said(given(&output, "output").and_then(spoken)));
    }
    let is_empty = part.iter().all(|(name, value)| is_any(name, &BESIDE) || json::is_null(value));
    Ok(if is_empty { GeminiPart::Said(None) } else { GeminiPart::Unknown })
}

fn spoken(text: &RawValue) -> Option<SpokenPart<'_>> {
    json::inside_of(text).filter(|inside| !inside.is_empty()).map(|_| SpokenPart::Text(Cow::Borrowed(text)))
}

/// Returns code as a text with a fence.
fn fenced<'a>(code: &Fields<'a>, language: &str, text: &str) -> Option<SpokenPart<'a>> {
    let of = |name: &str| given(code, name).and_then(json::text_of);
    let language = of(language).unwrap_or_default().to_ascii_lowercase();
    plain(&format!("```{language}\n{}\n```", of(text)?))
}

/// `{"mimeType", "data"}`
fn bytes<'a>(place: PlaceOfPart, data: &Fields<'a>) -> Result<Option<SpokenPart<'a>>, Failure> {
    let field = |name: &str| {
        let place = || format!("{place}.inlineData.{name}");
        let value = given(data, name).ok_or_else(|| invalid(&place(), "it is missing."))?;
        json::inside_of(value).ok_or_else(|| invalid(&place(), "it must be a string."))
    };
    let (kind, bytes) = (field("mimeType")?.to_ascii_lowercase(), standard(field("data")?));
    match kind.split(['/', ';']).next() {
        Some("image") => Ok(image_url(&["data:", &kind, ";base64,", &bytes])),
        Some("text") => as_text(&bytes)
            .map(|text| plain(&text))
            .ok_or_else(|| invalid(&format!("{place}.inlineData.data"), "it must be a text of UTF-8 in base64.")),
        _ if kind == "application/json" => Ok(as_text(&bytes).and_then(|text| plain(&text))),
        _ if kind == "application/pdf" => Ok(file(&kind, &bytes)),
        _ => {
            let why = format!("no model here takes {kind}; images, PDF and texts can be sent.");
            Err(unserved(&format!("{place}.inlineData.mimeType"), &why))
        }
    }
}

/// `{"fileUri", "mimeType"?}`: images are fetched here, and stand as data URLs by now.
fn by_address<'a>(place: PlaceOfPart, file: &Fields<'a>) -> Result<Option<SpokenPart<'a>>, Failure> {
    let at = format!("{place}.fileData.fileUri");
    let address = given(file, "fileUri").ok_or_else(|| invalid(&at, "it is missing."))?;
    let inside = json::inside_of(address).ok_or_else(|| invalid(&at, "it must be a string."))?;
    let scheme = inside.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default();
    let kind = given(file, "mimeType").and_then(json::inside_of).unwrap_or("image");
    match scheme.as_str() {
        "http" | "https" | "data" if kind.starts_with("image") => Ok(image_url(&[inside])),
        "http" | "https" => Err(unserved(&at, &format!("of addresses, images are read here, and this is {kind}."))),
        _ => Err(unserved(&at, "files are only known to the vendor that keeps them; send the bytes as inlineData.")),
    }
}

/// Returns base64 in the usual alphabet: the vendor takes that of URLs, too.
fn standard(base64: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'-', b'_', base64.as_bytes()).is_none() {
        return Cow::Borrowed(base64);
    }
    Cow::Owned(base64.replace('-', "+").replace('_', "/"))
}

fn as_text(base64: &str) -> Option<String> {
    String::from_utf8(LENIENT.decode(base64).ok()?).ok()
}

/// Returns a file in OpenAI's form.
fn file<'a>(kind: &str, base64: &str) -> Option<SpokenPart<'a>> {
    let json = format!(
        "{{\"type\":\"file\",\"file\":{{\"filename\":\"document.pdf\",\"file_data\":\"data:{kind};base64,{base64}\"}}}}"
    );
    RawValue::from_string(json).ok().map(SpokenPart::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(part: &str) -> String {
        let raw: &RawValue = serde_json::from_str(part).unwrap();
        match read(PlaceOfPart::Content(0, 1), raw) {
            Ok(GeminiPart::Said(None)) => "nothing".to_owned(),
            Ok(GeminiPart::Said(Some(SpokenPart::Text(text)))) => text.get().to_owned(),
            Ok(GeminiPart::Said(Some(SpokenPart::Other(other)))) => other.get().to_owned(),
            Ok(GeminiPart::Call(call)) => format!("call {}", call.get("name").map_or("", RawValue::get)),
            Ok(GeminiPart::Result(result)) => format!("result {}", result.get("name").map_or("", RawValue::get)),
            Ok(GeminiPart::Unknown) => "unknown".to_owned(),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn every_part_has_its_form() {
        let image = r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,+/8="}}"#;
        for (part, expected) in [
            (r#"{"text":"a\n"}"#, r#""a\n""#),
            (r#""a""#, "\"a\""),
            (r#"{"text":""}"#, "nothing"),
            (r#"{"text":"a","thought":true}"#, "nothing"),
            (r#"{"text":"a","thoughtSignature":"no base64!"}"#, "\"a\""),
            (r#"{"thought_signature":"AA=="}"#, "nothing"),
            (r#"{"inlineData":{"mimeType":"image/png","data":"-_8="}}"#, image),
            (r#"{"inline_data":{"mime_type":"image/png","data":"+/8="}}"#, image),
            (r#"{"inlineData":{"mimeType":"text/csv","data":"YSxi"}}"#, "\"a,b\""),
            (
                r#"{"inlineData":{"mimeType":"application/pdf","data":"JVBE"}}"#,
                r#"{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}}"#,
            ),
            (
                r#"{"fileData":{"fileUri":"https://a.test/x.png","mimeType":"image/png"}}"#,
                r#"{"type":"image_url","image_url":{"url":"https://a.test/x.png"}}"#,
            ),
            (r#"{"functionCall":{"name":"f"}}"#, "call \"f\""),
            (r#"{"function_response":{"name":"f"}}"#, "result \"f\""),
            (r#"{"executableCode":{"language":"PYTHON","code":"1"}}"#, r#""```python\n1\n```""#),
            (r#"{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}}"#, "\"1\""),
            (r#"{"toolCall":{"id":"x"}}"#, "unknown"),
            ("{}", "nothing"),
        ] {
            assert_eq!(told(part), expected, "{part}");
        }
    }

    #[test]
    fn what_no_model_takes_is_named() {
        for (part, place) in [
            ("7", "'contents[0].parts[1]'"),
            (r#"{"text":1}"#, "'contents[0].parts[1].text'"),
            (r#"{"inlineData":{"mimeType":"audio/wav","data":""}}"#, "'contents[0].parts[1].inlineData.mimeType'"),
            (r#"{"inlineData":{"data":""}}"#, "'contents[0].parts[1].inlineData.mimeType'"),
            (r#"{"inlineData":{"mimeType":"text/plain","data":"!"}}"#, "'contents[0].parts[1].inlineData.data'"),
            (r#"{"fileData":{"fileUri":"gs://a/b"}}"#, "'contents[0].parts[1].fileData.fileUri'"),
            (
                r#"{"fileData":{"fileUri":"https://a.test/v","mimeType":"video/mp4"}}"#,
                "'contents[0].parts[1].fileData.fileUri'",
            ),
        ] {
            let told = told(part);
            assert!(told.contains(place), "{part}: {told}");
        }
    }
}
