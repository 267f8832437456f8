//! The items of a reply while they are written, and the JSON of each.

use super::names::{NamedTool, ToolKind};
use crate::chat::Text;
use crate::json::{self, Fields};
use serde::de::IgnoredAny;

/// The place of an item: its id and its number in `output`.
#[derive(Debug, Clone)]
pub struct ItemPlace {
    /// The id, the same in every event.
    pub id: String,
    /// The number.
    pub index: usize,
}

/// What a part of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// The answer.
    Text,
    /// That there is none.
    Refusal,
}

impl PartKind {
    /// Returns the name of its type.
    pub fn name(self) -> &'static str {
        match self {
            PartKind::Text => "output_text",
            PartKind::Refusal => "refusal",
        }
    }

    /// Returns the name of its field.
    pub fn field(self) -> &'static str {
        match self {
            PartKind::Text => "text",
            PartKind::Refusal => "refusal",
        }
    }

    /// Returns what events and parts have beside the text.
    pub fn extras(self) -> &'static [u8] {
        match self {
            PartKind::Text => b",\"logprobs\":[]",
            PartKind::Refusal => b"",
        }
    }
}

/// A part while it is written.
#[derive(Debug)]
pub struct OpenPart {
    /// What it says.
    pub kind: PartKind,
    /// Its number among the parts of its message.
    pub index: usize,
    /// Its text so far: the inside of a JSON string.
    pub inside: Vec<u8>,
}

impl OpenPart {
    /// Appends the part as it is so far.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":");
        json::push_string(out, self.kind.name());
        json::push_key(out, self.kind.field());
        push_quoted(out, &self.inside);
        if self.kind == PartKind::Text {
            out.extend_from_slice(b",\"annotations\":[]");
        }
        out.extend_from_slice(self.kind.extras());
        out.push(b'}');
    }
}

/// A message while it is written.
#[derive(Debug)]
pub struct OpenMessage {
    /// Its place.
    pub place: ItemPlace,
    /// The parts that are complete, with commas between them.
    pub parts: Vec<u8>,
    /// The part that is open.
    pub part: Option<OpenPart>,
    /// How many parts have begun.
    pub count: usize,
}

/// Appends a message.
pub fn push_message(out: &mut Vec<u8>, place: &ItemPlace, status: &str, parts: &[u8]) {
    open(out, place, "message", Some(status));
    out.extend_from_slice(b",\"role\":\"assistant\",\"content\":[");
    out.extend_from_slice(parts);
    out.extend_from_slice(b"]}");
}

/// Thinking while it is written.
#[derive(Debug)]
pub struct OpenReasoning {
    /// Its place.
    pub place: ItemPlace,
    /// Its text so far: the inside of a JSON string; `None` before the first.
    pub inside: Option<Vec<u8>>,
}

/// Appends a summary of thinking as its part.
pub fn push_summary(out: &mut Vec<u8>, inside: &[u8]) {
    out.extend_from_slice(b"{\"type\":\"summary_text\",\"text\":");
    push_quoted(out, inside);
    out.push(b'}');
}

/// Appends thinking.
pub fn push_reasoning(out: &mut Vec<u8>, place: &ItemPlace, inside: Option<&[u8]>, sealed: Option<&str>) {
    open(out, place, "reasoning", None);
    out.extend_from_slice(b",\"summary\":[");
    if let Some(inside) = inside {
        push_summary(out, inside);
    }
    out.push(b']');
    if let Some(sealed) = sealed {
        json::push_key(out, "encrypted_content");
        json::push_string(out, sealed);
    }
    out.push(b'}');
}

/// A call while it is written.
#[derive(Debug)]
pub struct CallItem {
    /// Its place.
    pub place: ItemPlace,
    /// Its number among the calls of the answer.
    pub number: usize,
    /// The id that its result will name.
    pub call_id: String,
    /// The tool.
    pub tool: NamedTool,
    /// The arguments so far: the inside of a JSON string.
    pub inside: Vec<u8>,
}

impl CallItem {
    /// Returns the prefix of the ids of such items.
    pub fn prefix(kind: ToolKind) -> &'static str {
        match kind {
            ToolKind::Function => "fc_",
            ToolKind::Custom => "ctc_",
            ToolKind::Search => "tsc_",
        }
    }

    /// Returns the arguments as text.
    pub fn arguments(&self) -> String {
        let inside = std::str::from_utf8(&self.inside).unwrap_or_default();
        Text::Json(inside).decoded().into_owned()
    }

    /// Returns true if the arguments are one JSON value.
    pub fn is_complete(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.arguments()).is_ok()
    }

    /// Returns what a custom tool is given: the text in its arguments, or what the model wrote instead.
    pub fn input(&self) -> String {
        let arguments = self.arguments();
        let fields = Fields::parse(&arguments).unwrap_or_default();
        let named = fields.get("input").and_then(json::text_of);
        let mut texts = fields.iter().filter_map(|(_, value)| json::text_of(value));
        let only = texts.next().filter(|_| fields.iter().count() == 1);
        match named.or(only) {
            Some(text) => text.into_owned(),
            None => arguments.clone(),
        }
    }

    /// Appends the item. Of one that is open the arguments are empty.
    pub fn push(&self, out: &mut Vec<u8>, status: &str, is_open: bool) {
        let CallWords { item, field } = self.words();
        open(out, &self.place, item, Some(status));
        json::push_key(out, "call_id");
        json::push_string(out, &self.call_id);
        match self.tool.kind {
            ToolKind::Search => out.extend_from_slice(b",\"execution\":\"client\""),
            ToolKind::Function | ToolKind::Custom => {
                json::push_key(out, "name");
                json::push_string(out, &self.tool.name);
                if let Some(namespace) = &self.tool.namespace {
                    json::push_key(out, "namespace");
                    json::push_string(out, namespace);
                }
            }
        }
        json::push_key(out, field);
        match self.tool.kind {
            ToolKind::Search => self.push_object(out, is_open),
            _ if is_open => out.extend_from_slice(b"\"\""),
            ToolKind::Function => push_quoted(out, &self.inside),
            ToolKind::Custom => json::push_string(out, &self.input()),
        }
        out.push(b'}');
    }

    /// Appends the arguments of a search: an object, not its text.
    fn push_object(&self, out: &mut Vec<u8>, is_open: bool) {
        let arguments = self.arguments();
        if !is_open && Fields::parse(&arguments).is_ok() {
            json::push_line(out, &arguments);
        } else {
            out.extend_from_slice(b"{}");
        }
    }

    fn words(&self) -> CallWords {
        match self.tool.kind {
            ToolKind::Function => CallWords { item: "function_call", field: "arguments" },
            ToolKind::Custom => CallWords { item: "custom_tool_call", field: "input" },
            ToolKind::Search => CallWords { item: "tool_search_call", field: "arguments" },
        }
    }
}

/// The type of an item and the name of its field.
struct CallWords {
    item: &'static str,
    field: &'static str,
}

/// Returns the tool of a name that no offered tool has: a function, as the model calls it.
pub fn unknown_tool(name: &str) -> NamedTool {
    NamedTool { flat: name.to_owned(), kind: ToolKind::Function, namespace: None, name: name.to_owned() }
}

fn open(out: &mut Vec<u8>, place: &ItemPlace, kind: &str, status: Option<&str>) {
    out.extend_from_slice(b"{\"id\":");
    json::push_string(out, &place.id);
    json::push_key(out, "type");
    json::push_string(out, kind);
    if let Some(status) = status {
        json::push_key(out, "status");
        json::push_string(out, status);
    }
}

/// Appends the inside of a JSON string with its quotes.
pub fn push_quoted(out: &mut Vec<u8>, inside: &[u8]) {
    out.push(b'"');
    out.extend_from_slice(inside);
    out.push(b'"');
}
