//! What a turn says, as the parts of OpenAI's form that the hub has.

use crate::dialects::upstream::anthropic::content::is_blank;
use crate::json;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A part of what somebody says.
#[derive(Debug)]
pub enum SpokenPart<'a> {
    /// A text: a JSON string.
    Text(Cow<'a, RawValue>),
    /// An image or a file, in OpenAI's form.
    Other(Box<RawValue>),
}

/// Returns an image in OpenAI's form. `url` has insides of JSON strings.
pub fn image_url<'a>(url: &[&str]) -> Option<SpokenPart<'a>> {
    let length: usize = url.iter().map(|part| part.len()).sum();
    let mut out = String::with_capacity(length + 64);
    out.push_str("{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    url.iter().for_each(|part| out.push_str(part));
    out.push_str("\"}}");
    RawValue::from_string(out).ok().map(SpokenPart::Other)
}

/// Returns a part of this text.
pub fn plain<'a>(text: &str) -> Option<SpokenPart<'a>> {
    let mut out = Vec::with_capacity(text.len() + 2);
    json::push_string(&mut out, text);
    let raw = String::from_utf8(out).ok().and_then(|text| RawValue::from_string(text).ok());
    raw.map(|raw| SpokenPart::Text(Cow::Owned(raw)))
}

/// A text that is put together: the inside of a JSON string.
#[derive(Debug, Default)]
pub struct TextInside(String);

impl TextInside {
    /// Adds a text after a line end. `None` and blank ones add nothing.
    pub fn line(&mut self, inside: Option<&str>) {
        self.add("\\n", inside);
    }

    /// Adds a text after a blank line.
    pub fn paragraph(&mut self, inside: Option<&str>) {
        self.add("\\n\\n", inside);
    }

    fn add(&mut self, between: &str, inside: Option<&str>) {
        let Some(inside) = inside.filter(|inside| !is_blank(inside)) else { return };
        if !self.0.is_empty() {
            self.0.push_str(between);
        }
        self.0.push_str(inside);
    }

    /// Returns the JSON string; `None` if there is no text.
    pub fn raw(self) -> Option<Box<RawValue>> {
        if self.0.is_empty() { None } else { RawValue::from_string(format!("\"{}\"", self.0)).ok() }
    }

    /// Returns the text as a part; `None` if there is none.
    pub fn part<'a>(self) -> Option<SpokenPart<'a>> {
        self.raw().map(|raw| SpokenPart::Text(Cow::Owned(raw)))
    }
}

/// Returns parts as the content of a message: one text as a string, everything else as a list; `None` if nothing is said.
pub fn content<'a>(mut said: Vec<SpokenPart<'a>>) -> Option<Cow<'a, RawValue>> {
    if said.len() == 1
        && let Some(SpokenPart::Text(text)) = said.pop_if(|part| matches!(part, SpokenPart::Text(_)))
    {
        return Some(text);
    }
    if said.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(said.iter().map(|part| part.len() + 32).sum());
    for (index, part) in said.iter().enumerate() {
        out.push(if index == 0 { '[' } else { ',' });
        match part {
            SpokenPart::Text(text) => {
                out.push_str("{\"type\":\"text\",\"text\":");
                out.push_str(text.get());
                out.push('}');
            }
            SpokenPart::Other(image) => out.push_str(image.get()),
        }
    }
    out.push(']');
    RawValue::from_string(out).ok().map(Cow::Owned)
}

/// Returns what a call returned: one text where it is texts alone.
pub fn result(said: Vec<SpokenPart<'_>>) -> Cow<'_, RawValue> {
    let texts = said.iter().map(|part| match part {
        SpokenPart::Text(text) => Some(text.as_ref()),
        SpokenPart::Other(_) => None,
    });
    match texts.collect::<Option<Vec<&RawValue>>>().filter(|texts| texts.len() > 1) {
        Some(texts) => {
            let mut all = TextInside::default();
            texts.iter().for_each(|text| all.line(json::inside_of(text)));
            all.raw().map_or_else(empty, Cow::Owned)
        }
        None => content(said).unwrap_or_else(empty),
    }
}

/// Returns a content that says nothing.
pub fn empty<'a>() -> Cow<'a, RawValue> {
    match serde_json::from_str::<&'static RawValue>("\"\"") {
        Ok(empty) => Cow::Borrowed(empty),
        // It is JSON.
        Err(_) => Cow::Borrowed(RawValue::NULL),
    }
}

/// Returns true if both say the same.
pub fn are_same(left: &[SpokenPart<'_>], right: &[SpokenPart<'_>]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.json() == right.json())
}

impl SpokenPart<'_> {
    fn json(&self) -> &str {
        match self {
            SpokenPart::Text(text) => text.get(),
            SpokenPart::Other(other) => other.get(),
        }
    }

    fn len(&self) -> usize {
        self.json().len()
    }
}
