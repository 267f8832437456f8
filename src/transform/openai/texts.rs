//! Texts as OpenAI's older endpoints take them: a string, a list of strings, token ids, or a list of lists of token ids.

use super::asked::wrong_type;
use crate::chat::tokens::Tokenizer;
use crate::wire::{Failure, fields};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One text as it was given.
#[derive(Debug)]
pub enum Given<'a> {
    /// A JSON string.
    Text(&'a RawValue),
    /// Token ids, and the field that holds them.
    Ids(Vec<u32>, String),
}

impl<'a> Given<'a> {
    /// The text as a JSON string.
    ///
    /// # Errors
    /// 400 for ids that `tokenizer` does not have, or that make no text.
    pub fn text(self, tokenizer: Tokenizer) -> Result<Cow<'a, RawValue>, Failure> {
        let (ids, place) = match self {
            Given::Text(text) => return Ok(Cow::Borrowed(text)),
            Given::Ids(ids, place) => (ids, place),
        };
        let message =
            format!("'{place}' holds token ids that are no text in {}; send the text itself.", tokenizer.name());
        let text = tokenizer.decode(&ids).and_then(|text| serde_json::value::to_raw_value(&text).ok());
        text.map(Cow::Owned).ok_or_else(|| Failure::bad_field(place, message))
    }
}

/// Reads the value of `field`.
///
/// # Errors
/// 400 naming the field for anything else.
pub fn read<'a>(field: &str, given: &'a RawValue) -> Result<Vec<Given<'a>>, Failure> {
    let wanted = "a string, a list of strings, or token ids";
    if given.get().starts_with('"') {
        return Ok(vec![Given::Text(given)]);
    }
    let list = fields::list_of(given).map_err(|_| wrong_type(field, wanted, given))?;
    match list.first().map(|first| first.get().as_bytes().first()) {
        Some(Some(b'0'..=b'9' | b'-')) => Ok(vec![ids(field, given)?]),
        _ => list.into_iter().enumerate().map(|(index, one)| element(&format!("{field}[{index}]"), one)).collect(),
    }
}

fn element<'a>(place: &str, given: &'a RawValue) -> Result<Given<'a>, Failure> {
    match given.get().starts_with('"') {
        true => Ok(Given::Text(given)),
        false => ids(place, given),
    }
}

fn ids<'a>(place: &str, given: &RawValue) -> Result<Given<'a>, Failure> {
    match serde_json::from_str::<Vec<u32>>(given.get()) {
        Ok(ids) if !ids.is_empty() => Ok(Given::Ids(ids, place.to_owned())),
        Ok(_) => Err(Failure::bad_field(place, format!("'{place}' is an empty list."))),
        Err(_) => Err(wrong_type(place, "a string or a list of token ids", given)),
    }
}
