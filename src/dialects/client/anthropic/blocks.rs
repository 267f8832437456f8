//! The blocks of a turn, as the parts of OpenAI's form that the hub has. An unknown block is left out and refuses nothing: a history
//! may come from another server, or from a later version.

use super::values::{BlockPlace, invalid};
use crate::dialects::client::spoken::{SpokenPart, TextInside, image_url, plain};
use crate::dialects::upstream::anthropic::content::is_blank;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

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
