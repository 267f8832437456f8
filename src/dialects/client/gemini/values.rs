//! Reads values of a request. A wrong one is refused with its place, in the vendor's words: `Invalid value at 'contents[0].role'`.

use crate::json;
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Where a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceOfPart {
    /// Part of a content.
    Content(usize, usize),
    /// Part of the system instruction.
    System(usize),
    /// A part that belongs to the result of a call, which is part of a content.
    Result(usize, usize, usize),
}

impl PlaceOfPart {
    /// Returns the place of a part of this result.
    pub fn inner(self, number: usize) -> Self {
        match self {
            PlaceOfPart::Content(content, part) | PlaceOfPart::Result(content, part, _) => {
                PlaceOfPart::Result(content, part, number)
            }
            PlaceOfPart::System(_) => self,
        }
    }
}

impl fmt::Display for PlaceOfPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceOfPart::Content(content, part) => write!(f, "contents[{content}].parts[{part}]"),
            PlaceOfPart::System(part) => write!(f, "systemInstruction.parts[{part}]"),
            PlaceOfPart::Result(content, part, inner) => {
                write!(f, "contents[{content}].parts[{part}].functionResponse.parts[{inner}]")
            }
        }
    }
}

/// Returns a 400 for a field.
pub fn invalid(place: &str, why: &str) -> Failure {
    Failure::bad_field(place, format!("Invalid value at '{place}': {why}"))
}

/// Returns a 400 for a field that has no counterpart here.
pub fn unserved(place: &str, why: &str) -> Failure {
    invalid(place, why).with_code("unsupported_parameter")
}

/// Reads a string.
pub fn text<'a>(place: &str, value: &'a RawValue) -> Result<Cow<'a, str>, Failure> {
    json::text_of(value)
        .ok_or_else(|| invalid(place, &format!("it must be a string, but it is {}.", json::kind_of(value))))
}

/// Reads a whole number. The vendor's clients write some with a fraction, `3.0`, and some as strings.
pub fn whole(place: &str, value: &RawValue) -> Result<i64, Failure> {
    let text = json::inside_of(value).unwrap_or(value.get());
    number_of(text).ok_or_else(|| invalid(place, "it must be a whole number."))
}

fn number_of(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (whole, fraction) = text.split_once('.')?;
    whole.parse().ok().filter(|_| !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0'))
}

/// Returns a JSON string of this text.
pub fn raw_text<'a>(text: &str) -> Cow<'a, RawValue> {
    let mut out = Vec::with_capacity(text.len() + 2);
    json::push_string(&mut out, text);
    raw(out)
}

/// Returns JSON that was written here.
pub fn raw<'a>(json: Vec<u8>) -> Cow<'a, RawValue> {
    let raw = String::from_utf8(json).ok().and_then(|json| RawValue::from_string(json).ok());
    raw.map_or(Cow::Borrowed(RawValue::NULL), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_form_that_clients_write() {
        let read = |text: &str| whole("n", serde_json::from_str::<&RawValue>(text).unwrap()).ok();
        for (text, number) in
            [("3", Some(3)), ("3.0", Some(3)), ("\"42\"", Some(42)), ("-1", Some(-1)), ("3.5", None), ("\"x\"", None)]
        {
            assert_eq!(read(text), number, "{text}");
        }
        assert_eq!((read("true"), read("{}")), (None, None));
    }

    #[test]
    fn places_read_as_the_vendor_writes_them() {
        assert_eq!(PlaceOfPart::Content(1, 2).to_string(), "contents[1].parts[2]");
        assert_eq!(PlaceOfPart::Content(1, 2).inner(0).to_string(), "contents[1].parts[2].functionResponse.parts[0]");
        assert_eq!(PlaceOfPart::System(3).to_string(), "systemInstruction.parts[3]");
    }
}
