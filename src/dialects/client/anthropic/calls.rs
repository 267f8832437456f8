//! Calls of an answer, in the form that Anthropic's clients read.

use crate::dialects::client::call_maker::MadeCall;
use crate::dialects::upstream::anthropic_form;
use crate::json;
use std::borrow::Cow;

/// What ids of calls begin with.
pub const PREFIX: &str = "toolu_";

/// Appends the block of the call, with its input or with none yet.
pub fn push(call: &MadeCall, out: &mut Vec<u8>, with_input: bool) {
    out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
    json::push_string(out, &call.id);
    json::push_key(out, "name");
    json::push_string(out, &call.name);
    json::push_key(out, "input");
    let before = out.len();
    if with_input {
        push_input(call, out);
    }
    if out.len() == before {
        out.extend_from_slice(b"{}");
    }
    out.push(b'}');
}

/// Appends the arguments as an object, in one line; nothing if there are none. What is no object goes along as a text in one:
/// clients fail where it is none.
pub fn push_input(call: &MadeCall, out: &mut Vec<u8>) {
    if matches!(call.arguments.trim(), "" | "{}") {
        return;
    }
    let mut input = Vec::with_capacity(call.arguments.len());
    anthropic_form::push_input(&mut input, &call.arguments);
    json::push_inside(out, &one_line(&String::from_utf8_lossy(&input)));
}

/// Returns a JSON text in one line. Between the parts of a value, a line end is a blank; in a string none can stand.
pub fn one_line(json: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\n', b'\r', json.as_bytes()).is_none() {
        return Cow::Borrowed(json);
    }
    Cow::Owned(json.replace(['\n', '\r'], " "))
}
