//! Rewrites the parts of choices that whole replies and chunks have in common: values, contents, tool calls.

use crate::chat::Text;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::openai::stream::push_text;
use crate::dialects::upstream::openai::reading::{arguments_of, given, text_at, texts};
use crate::json::{self, Fields, fields};
use crate::tokens::Meter;
use serde_json::value::RawValue;
use std::ops::Range;

/// Fields that gateways add and OpenAI's clients do not know.
const LEFT_OUT: [&str; 4] =
    ["content_filter_results", "content_filter_offsets", "prompt_filter_results", "obfuscation"];

/// Returns true for a field that reaches the client. OpenAI writes no fields without a value but those that are written anyway.
pub fn is_kept(name: &str, value: &RawValue) -> bool {
    let is_empty = name == "annotations" && value.get() == "[]";
    !(json::is_null(value) || is_empty || LEFT_OUT.contains(&name))
}

/// Appends a value in one line.
pub fn push_raw(out: &mut Vec<u8>, value: &str) {
    if memchr::memchr2(b'\n', b'\r', value.as_bytes()).is_none() {
        return json::push_inside(out, value);
    }
    // Between the parts of a value, a line end is a blank; in a string none can stand.
    json::push_inside(out, &value.replace(['\n', '\r'], " "));
}

/// Appends a field as it came.
pub fn push_field(out: &mut Vec<u8>, name: &str, value: &RawValue) {
    json::push_key(out, name);
    push_raw(out, value.get());
}

/// Appends a content: a string as it came, a list of parts as one string. Returns true if it says something.
pub fn push_content(out: &mut Vec<u8>, content: &RawValue, meter: &mut Meter) -> bool {
    let mut says = false;
    out.push(b'"');
    texts(content, &mut |text| {
        says = true;
        meter.push(text);
        let (Text::Json(inside) | Text::Plain(inside)) = text;
        json::push_inside(out, inside);
    });
    out.push(b'"');
    says
}

/// What was written of one call of a stream.
#[derive(Debug)]
pub struct RelayedCall {
    index: u64,
    has_id: bool,
    has_name: bool,
}

/// Appends the pieces of calls in a delta. Each call gets one id and one name, with its first piece where possible. Returns the
/// text that alone makes this piece different from others of its call, and where it was written.
pub fn push_pieces<'a>(
    out: &mut Vec<u8>,
    list: &'a RawValue,
    calls: &mut Vec<RelayedCall>,
    frame: &mut ReplyFrame,
) -> Option<(&'a str, Range<usize>)> {
    let mut hole = None;
    let pieces = fields::list_of(list).unwrap_or_default();
    let is_alone = pieces.len() == 1;
    out.push(b'[');
    for (at, piece) in pieces.into_iter().enumerate() {
        let Some(piece) = Fields::of(piece) else { continue };
        if !matches!(out.last(), Some(b'[')) {
            out.push(b',');
        }
        let index = piece.get("index").and_then(|index| index.get().parse().ok()).unwrap_or(at as u64);
        let known = calls.iter().position(|call| call.index == index).unwrap_or_else(|| {
            calls.push(RelayedCall { index, has_id: false, has_name: false });
            calls.len() - 1
        });
        let Some(call) = calls.get_mut(known) else { continue };
        let begun = call.has_id && call.has_name;
        let arguments = push_piece(out, &piece, call, frame);
        hole = arguments.filter(|_| is_alone && begun);
    }
    out.push(b']');
    hole
}

fn push_piece<'a>(
    out: &mut Vec<u8>,
    piece: &Fields<'a>,
    call: &mut RelayedCall,
    frame: &mut ReplyFrame,
) -> Option<(&'a str, Range<usize>)> {
    let function = given(piece, "function").and_then(Fields::of).unwrap_or_default();
    let id = text_at(piece, "id").filter(|_| !call.has_id);
    let name = text_at(&function, "name").filter(|_| !call.has_name);
    out.extend_from_slice(b"{\"index\":");
    json::push_number(out, call.index);
    if let Some(id) = &id {
        push_id(out, id);
    } else if name.is_some() && !call.has_id {
        push_id(out, &format!("call_{}{}", frame.id, call.index));
    }
    call.has_id |= id.is_some() || name.is_some();
    push_rest(out, piece);
    out.extend_from_slice(b",\"function\":{");
    if let Some(name) = &name {
        call.has_name = true;
        frame.meter.push(Text::Plain(name));
        json::push_key(out, "name");
        json::push_string(out, name);
    }
    let arguments = arguments_of(&function).unwrap_or(Text::Json(""));
    frame.meter.push(arguments);
    json::push_key(out, "arguments");
    out.push(b'"');
    let start = out.len();
    match arguments {
        Text::Json(inside) => json::push_inside(out, inside),
        Text::Plain(text) => json::push_escaped(out, text),
    }
    let written = start..out.len();
    out.extend_from_slice(b"\"}}");
    if let Text::Json(inside) = arguments { Some((inside, written)) } else { None }
}

/// Appends the tool calls of a whole message.
pub fn push_calls(out: &mut Vec<u8>, list: &RawValue, frame: &mut ReplyFrame) {
    out.push(b'[');
    for (at, call) in fields::list_of(list).unwrap_or_default().into_iter().enumerate() {
        let Some(call) = Fields::of(call) else { continue };
        let function = given(&call, "function").and_then(Fields::of).unwrap_or_default();
        out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
        let id = text_at(&call, "id");
        push_id(out, &id.unwrap_or_else(|| format!("call_{}{at}", frame.id).into()));
        push_rest(out, &call);
        out.extend_from_slice(b",\"function\":{\"name\":");
        let (name, arguments) = (text_at(&function, "name").unwrap_or_default(), arguments_of(&function));
        frame.meter.push(Text::Plain(&name));
        json::push_string(out, &name);
        out.extend_from_slice(b",\"arguments\":");
        let arguments = arguments.filter(|text| !text.decoded().trim().is_empty()).unwrap_or(Text::Plain("{}"));
        frame.meter.push(arguments);
        push_text(out, arguments);
        out.extend_from_slice(b"}}");
    }
    out.push(b']');
}

fn push_id(out: &mut Vec<u8>, id: &str) {
    json::push_key(out, "id");
    json::push_string(out, id);
    out.extend_from_slice(b",\"type\":\"function\"");
}

/// Appends the fields of a call that OpenAI does not have. The next turn may have to give them back.
fn push_rest(out: &mut Vec<u8>, call: &Fields<'_>) {
    for (name, value) in call.iter().filter(|(name, value)| is_kept(name, value)) {
        if !["index", "id", "type", "function"].contains(&name) {
            push_field(out, name, value);
        }
    }
}
