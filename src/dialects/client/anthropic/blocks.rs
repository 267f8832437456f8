//! The blocks of a turn, as the parts of OpenAI's form that the hub has. An unknown block is left out and refuses nothing: a history
//! may come from another server, or from a later version.

use super::values::{BlockPlace, invalid};
use crate::dialects::upstream::anthropic::content::is_blank;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

/// A part of what somebody says.
#[derive(Debug)]
pub enum SpokenPart<'a> {
    /// A text: a JSON string.
    Text(Cow<'a, RawValue>),
    /// An image in OpenAI's form.
    Image(Box<RawValue>),
}

/// What the blocks of a request have beside what they say.
#[derive(Debug, Default)]
pub struct BlockNotes {
    /// Why the request can only go to an upstream of Anthropic's own form.
    pub bound: Option<Failure>,
    /// What other upstreams do not get.
    pub left_out: Vec<BlockPlace>,
    /// The tools that earlier results made known.
    pub referenced: HashSet<String>,
    /// How many images there are.
    pub images: u64,
    /// True if a block has to be changed where the request is handed on as it came.
    pub is_odd: bool,
}

impl BlockNotes {
    /// Notes that the request has a part which only Anthropic's own form has.
    pub fn bind(&mut self, place: BlockPlace, why: &str) {
        self.bound.get_or_insert_with(|| invalid(&place.to_string(), why).with_code("unsupported_parameter"));
    }

    /// Notes that a block is left out.
    fn leave_out(&mut self, place: BlockPlace) {
        self.left_out.push(place);
    }
}

/// Returns the blocks of a content that is no string, each with its fields.
///
/// # Errors
/// 400 for what is no list, and for a block that is no object.
pub fn list<'a>(
    place: BlockPlace,
    content: &'a RawValue,
) -> Result<Vec<(BlockPlace, &'a RawValue, Fields<'a>)>, Failure> {
    let blocks = fields::list_of(content)
        .map_err(|_| invalid(&format!("{place}.content"), "Input should be a string or a list of content blocks"))?;
    let read = |(index, block): (usize, &'a RawValue)| {
        let place = place.of_block(index);
        let fields = Fields::of(block).ok_or_else(|| invalid(&place.to_string(), "Input should be an object"))?;
        Ok((place, block, fields))
    };
    blocks.into_iter().enumerate().map(read).collect()
}

/// Appends what a block says that is neither a call nor a result.
///
/// # Errors
/// 400 for a text that is none.
pub fn say<'a>(
    place: BlockPlace,
    block: &Fields<'a>,
    notes: &mut BlockNotes,
    said: &mut Vec<SpokenPart<'a>>,
) -> Result<(), Failure> {
    let kind = block.get("type").and_then(json::text_of).unwrap_or_default();
    match kind.as_ref() {
        "text" => {
            let inside = block.get("text").and_then(|text| Some((text, json::inside_of(text)?)));
            let Some((text, inside)) = inside else {
                return Err(invalid(&format!("{place}.text"), "Input should be a valid string"));
            };
            if is_blank(inside) {
                notes.is_odd = true;
            } else {
                said.push(SpokenPart::Text(Cow::Borrowed(text)));
            }
        }
        "image" => {
            notes.images += 1;
            said.extend(image(place, block, notes));
        }
        "document" => document(place, block, notes, said)?,
        "search_result" => said.extend(search_result(block)),
        "tool_reference" => {
            if let Some(name) = block.get("tool_name").or(block.get("name")).and_then(json::text_of) {
                said.extend(plain(&format!("tool {name} is available")));
                notes.referenced.insert(name.into_owned());
            }
        }
        "container_upload" => notes.bind(place, "files are only known to the vendor that keeps them"),
        // What an earlier turn was made shorter to.
        "compaction" => {
            let text = block.get("content").filter(|text| json::inside_of(text).is_some_and(|text| !is_blank(text)));
            said.extend(text.map(|text| SpokenPart::Text(Cow::Borrowed(text))));
        }
        _ => notes.leave_out(place),
    }
    Ok(())
}

/// `{"source": {"type": "base64" | "url" | "file", …}}`
fn image<'a>(place: BlockPlace, block: &Fields<'a>, notes: &mut BlockNotes) -> Option<SpokenPart<'a>> {
    let source = block.get("source").and_then(Fields::of).unwrap_or_default();
    let kind = source.get("type").and_then(json::text_of).unwrap_or_default();
    let inside = |name: &str| source.get(name).and_then(json::inside_of);
    match kind.as_ref() {
        "base64" => {
            if let (Some(media_type), Some(data)) = (inside("media_type"), inside("data")) {
                return image_url(&["data:", media_type, ";base64,", data]);
            }
            notes.bind(place, "an image needs 'media_type' and 'data'");
        }
        "url" => {
            if let Some(url) = inside("url") {
                // An address that was fetched here. Anthropic's form has another place for the bytes.
                notes.is_odd |= url.starts_with("data:");
                return image_url(&[url]);
            }
            notes.bind(place, "an image needs 'url'");
        }
        _ => notes.bind(place, "an image can be sent in base64 or by its URL; files are only known to their vendor"),
    }
    None
}

/// Returns an image in OpenAI's form. `url` has insides of JSON strings.
fn image_url<'a>(url: &[&str]) -> Option<SpokenPart<'a>> {
    let length: usize = url.iter().map(|part| part.len()).sum();
    let mut out = String::with_capacity(length + 64);
    out.push_str("{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    url.iter().for_each(|part| out.push_str(part));
    out.push_str("\"}}");
    RawValue::from_string(out).ok().map(SpokenPart::Image)
}

/// `{"source": {"type": "text" | "content" | "base64" | …}, "title"?, "context"?}`
fn document<'a>(
    place: BlockPlace,
    block: &Fields<'a>,
    notes: &mut BlockNotes,
    said: &mut Vec<SpokenPart<'a>>,
) -> Result<(), Failure> {
    let source = block.get("source").and_then(Fields::of).unwrap_or_default();
    let kind = source.get("type").and_then(json::text_of).unwrap_or_default();
    let mut head = TextInside::default();
    for name in ["title", "context"] {
        head.line(block.get(name).and_then(json::inside_of));
    }
    match kind.as_ref() {
        "text" => {
            head.line(source.get("data").and_then(json::inside_of));
            said.extend(head.part());
        }
        "content" => {
            let content = source.get("content");
            if let Some(text) = content.and_then(json::inside_of) {
                head.line(Some(text));
            }
            said.extend(head.part());
            if let Some(content) = content.filter(|content| content.get().starts_with('[')) {
                for (place, _, block) in list(place, content)? {
                    // A document holds texts and images, and no documents.
                    if block.get("type").and_then(json::inside_of) != Some("document") {
                        say(place, &block, notes, said)?;
                    }
                }
            }
        }
        _ => notes.bind(place, "this model reads no PDF and no files; send the document's text, or ask a Claude model"),
    }
    Ok(())
}

/// `{"title", "source", "content": [text]}`
fn search_result<'a>(block: &Fields<'a>) -> Option<SpokenPart<'a>> {
    let mut text = TextInside::default();
    text.line(block.get("title").and_then(json::inside_of));
    text.line(block.get("source").and_then(json::inside_of));
    let content = block.get("content").and_then(|content| fields::list_of(content).ok()).unwrap_or_default();
    for part in content.into_iter().filter_map(Fields::of) {
        text.line(part.get("text").and_then(json::inside_of));
    }
    text.part()
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

    fn part<'a>(self) -> Option<SpokenPart<'a>> {
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
            SpokenPart::Image(image) => out.push_str(image.get()),
        }
    }
    out.push(']');
    RawValue::from_string(out).ok().map(Cow::Owned)
}

impl SpokenPart<'_> {
    fn len(&self) -> usize {
        match self {
            SpokenPart::Text(text) => text.get().len(),
            SpokenPart::Image(image) => image.get().len(),
        }
    }
}
