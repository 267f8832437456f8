//! The content of a message as blocks: a text, or a list of parts in OpenAI's form. Parts in Anthropic's own form pass as
//! they are.

use super::about::Anthropic;
use crate::chat::{Message, Role, Text};
use crate::dialects::upstream::{UpstreamDialect, Vendor};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The media type of documents.
const PDF: &str = "application/pdf";

/// One block of a turn that is neither a call nor a result.
#[derive(Debug)]
pub enum ContentBlock<'a> {
    /// A text: the inside of a JSON string.
    Text(&'a str, Option<&'a RawValue>),
    /// A file: its bytes in base64 as the inside of a JSON string.
    Bytes {
        kind: &'static str,
        media_type: String,
        data: &'a str,
        title: Option<&'a RawValue>,
        cache: Option<&'a RawValue>,
    },
    /// An image at a URL.
    ImageUrl(&'a RawValue, Option<&'a RawValue>),
    /// A block that the client wrote in Anthropic's form.
    Own(&'a RawValue),
}

/// Where a content stands, for messages to the client.
#[derive(Debug, Clone, Copy)]
pub struct ContentPlace {
    /// The index of the message.
    pub message: usize,
    /// Who wrote it.
    pub role: Role,
}

impl ContentPlace {
    fn of_part(self, part: usize) -> String {
        format!("messages[{}].content[{part}]", self.message)
    }
}

/// Returns the blocks of a content. Texts without any word are left out: the vendor refuses them.
///
/// # Errors
/// 400 naming a part that has no block.
pub fn blocks<'a>(
    about: Anthropic,
    place: ContentPlace,
    content: &'a RawValue,
) -> Result<Vec<ContentBlock<'a>>, Failure> {
    if let Some(inside) = json::inside_of(content) {
        return Ok(text(inside, None).into_iter().collect());
    }
    if json::is_null(content) {
        return Ok(Vec::new());
    }
    let parts = fields::list_of(content).map_err(|_| {
        let place = format!("messages[{}].content", place.message);
        Failure::bad_field(&*place, format!("'{place}' must be a string or a list of parts."))
    })?;
    let mut blocks = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        blocks.extend(block(about, place, index, part)?);
    }
    Ok(blocks)
}

/// Refuses messages with a part that has no block. Contents that are one text have none.
///
/// # Errors
/// As of [`blocks`].
pub fn check(about: Anthropic, messages: &[Message<'_>]) -> Result<(), Failure> {
    let lists = messages.iter().enumerate().filter(|(_, message)| message.content.get().starts_with('['));
    for (index, message) in lists {
        blocks(about, ContentPlace { message: index, role: message.role }, &message.content)?;
    }
    Ok(())
}

/// Returns the block of a text, unless it is blank.
pub fn text<'a>(inside: &'a str, cache: Option<&'a RawValue>) -> Option<ContentBlock<'a>> {
    if is_blank(inside) { None } else { Some(ContentBlock::Text(inside, cache)) }
}

fn block<'a>(
    about: Anthropic,
    place: ContentPlace,
    index: usize,
    part: &'a RawValue,
) -> Result<Option<ContentBlock<'a>>, Failure> {
    let at = || place.of_part(index);
    let Some(part_fields) = Fields::of(part) else {
        return Err(Failure::bad_field(at(), format!("'{}' must be an object with a type.", at())));
    };
    let cache = part_fields.get("cache_control").filter(|cache| !json::is_null(cache));
    let kind = part_fields.get("type").and_then(json::text_of).unwrap_or_default();
    let has_source = part_fields.get("source").is_some();
    let speaks = matches!(place.role, Role::User | Role::Tool | Role::Function);
    match kind.as_ref() {
        "text" => match part_fields.get("text").and_then(json::inside_of) {
            Some(inside) => Ok(text(inside, cache)),
            None => Err(Failure::bad_field(format!("{}.text", at()), format!("'{}.text' must be a string.", at()))),
        },
        "image_url" if speaks => image(about, &at(), &part_fields, cache).map(Some),
        "file" if speaks => file(about, &at(), &part_fields, cache).map(Some),
        "image" | "document" | "search_result" if speaks && has_source => Ok(Some(ContentBlock::Own(part))),
        "thinking" if place.role == Role::Assistant => Ok(is_signed(&part_fields).then_some(ContentBlock::Own(part))),
        "redacted_thinking" if place.role == Role::Assistant => Ok(Some(ContentBlock::Own(part))),
        kind => {
            let why = format!("{} takes no part of type '{kind}' in a message of this role", about.name());
            Err(Failure::unsupported(&at(), &why))
        }
    }
}

/// Returns true for thinking that its vendor signed. Other thinking is refused, so it is left out.
fn is_signed(thinking: &Fields<'_>) -> bool {
    let says = |name: &str| thinking.get(name).is_some_and(|value| !json::is_null(value) && value.get() != "\"\"");
    says("signature") && says("thinking")
}

fn image<'a>(
    about: Anthropic,
    place: &str,
    part: &Fields<'a>,
    cache: Option<&'a RawValue>,
) -> Result<ContentBlock<'a>, Failure> {
    let place = format!("{place}.image_url");
    // Some clients write only the URL.
    let value = part.get("image_url");
    let url = value.and_then(|value| Fields::of(value).map_or(Some(value), |value| value.get("url")));
    let inside = url.and_then(|url| Some((url, json::inside_of(url)?)));
    let (url, inside) =
        inside.ok_or_else(|| Failure::bad_field(&*place, format!("'{place}' must be an object with a URL.")))?;
    match DataUrl::read(inside) {
        Some(DataUrl { media_type, data }) if media_type == PDF => {
            Ok(ContentBlock::Bytes { kind: "document", media_type, data, title: None, cache })
        }
        Some(DataUrl { media_type, data }) => {
            Ok(ContentBlock::Bytes { kind: "image", media_type: known_type(media_type), data, title: None, cache })
        }
        None if about.vendor == Vendor::Other && !is_data(inside) => Ok(ContentBlock::ImageUrl(url, cache)),
        None if is_data(inside) => Err(Failure::unsupported(&place, "a data URL must be in base64")),
        None => {
            let why = format!("{} fetches no images; send it as a data URL", about.name());
            Err(Failure::unsupported(&place, &why))
        }
    }
}

/// Returns the type that the vendor knows. `image/jpg` is a usual mistake.
fn known_type(media_type: String) -> String {
    if media_type == "image/jpg" { "image/jpeg".to_owned() } else { media_type }
}

fn file<'a>(
    about: Anthropic,
    place: &str,
    part: &Fields<'a>,
    cache: Option<&'a RawValue>,
) -> Result<ContentBlock<'a>, Failure> {
    let file = part.get("file").and_then(Fields::of);
    let named = |name: &str| file.as_ref().and_then(|file| file.get(name)).filter(|value| !json::is_null(value));
    let Some(data) = named("file_data").and_then(json::inside_of) else {
        let why = format!("{} keeps no files; send the file's bytes as file_data, a data URL", about.name());
        return Err(Failure::unsupported(&format!("{place}.file"), &why));
    };
    let title = named("filename");
    match DataUrl::read(data) {
        Some(DataUrl { media_type, data }) if media_type == PDF => {
            Ok(ContentBlock::Bytes { kind: "document", media_type, data, title, cache })
        }
        Some(DataUrl { media_type, data }) if media_type.starts_with("image/") => {
            Ok(ContentBlock::Bytes { kind: "image", media_type: known_type(media_type), data, title: None, cache })
        }
        read => {
            let given =
                read.map_or_else(|| "no data URL in base64".to_owned(), |url| format!("of type {}", url.media_type));
            let why = format!("{} takes PDF files and images, and this is {given}", about.name());
            Err(Failure::unsupported(&format!("{place}.file.file_data"), &why))
        }
    }
}

/// A data URL in base64.
struct DataUrl<'a> {
    media_type: String,
    /// The inside of a JSON string.
    data: &'a str,
}

impl<'a> DataUrl<'a> {
    /// Reads the inside of a JSON string. Only the part before the comma is decoded.
    fn read(inside: &'a str) -> Option<Self> {
        let (head, data) = inside.split_once(',').filter(|_| is_data(inside))?;
        let head = Text::Json(head).decoded();
        let (media_type, encoding) = head.get("data:".len()..)?.rsplit_once(';')?;
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        encoding.trim().eq_ignore_ascii_case("base64").then_some(DataUrl { media_type, data })
    }
}

fn is_data(inside: &str) -> bool {
    inside.get(.."data:".len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// Returns true if the inside of a JSON string has nothing but white space.
pub fn is_blank(inside: &str) -> bool {
    let mut rest = inside.trim_start();
    while let Some(after) = ["\\n", "\\r", "\\t"].iter().find_map(|space| rest.strip_prefix(space)) {
        rest = after.trim_start();
    }
    rest.is_empty()
}

/// Appends a block.
pub fn push(out: &mut Vec<u8>, block: &ContentBlock<'_>) {
    let cache = match block {
        ContentBlock::Text(inside, cache) => {
            out.extend_from_slice(b"{\"type\":\"text\",\"text\":\"");
            out.extend_from_slice(inside.as_bytes());
            out.push(b'"');
            *cache
        }
        ContentBlock::Bytes { kind, media_type, data, title, cache } => {
            out.extend_from_slice(b"{\"type\":");
            json::push_string(out, kind);
            out.extend_from_slice(b",\"source\":{\"type\":\"base64\",\"media_type\":");
            json::push_string(out, media_type);
            out.extend_from_slice(b",\"data\":\"");
            out.extend_from_slice(data.as_bytes());
            out.extend_from_slice(b"\"}");
            push_given(out, "title", *title);
            *cache
        }
        ContentBlock::ImageUrl(url, cache) => {
            out.extend_from_slice(b"{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":");
            out.extend_from_slice(url.get().as_bytes());
            out.push(b'}');
            *cache
        }
        ContentBlock::Own(block) => return out.extend_from_slice(block.get().as_bytes()),
    };
    push_given(out, "cache_control", cache);
    out.push(b'}');
}

fn push_given(out: &mut Vec<u8>, name: &str, value: Option<&RawValue>) {
    if let Some(value) = value {
        json::push_key(out, name);
        out.extend_from_slice(value.get().as_bytes());
    }
}
