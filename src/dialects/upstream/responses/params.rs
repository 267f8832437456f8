//! The parameters of chat completions by the names that Responses has for them.

use crate::chat::Conversation;
use crate::chat::conversation::LIMIT_NAMES;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The parameters that both APIs know by one name.
const SAME: [&str; 7] = [
    "temperature",
    "top_p",
    "metadata",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
];
/// The parameters that have another name or another place in Responses.
const MOVED: [&str; 3] = ["reasoning_effort", "verbosity", "response_format"];
/// Ends an answer early; Responses has nothing like it.
const STOP: &str = "stop";
/// The least that Responses takes as the limit of an answer.
const LEAST_LIMIT: u64 = 16;

/// Returns true if a parameter has a place in Responses.
pub fn takes(param: &str) -> bool {
    let known = SAME.iter().chain(&MOVED).chain(&LIMIT_NAMES);
    known.into_iter().any(|name| *name == param)
}

/// Returns why a parameter cannot be served.
pub fn refuses(param: &str, value: &str) -> Option<&'static str> {
    (param == STOP && !matches!(value, "\"\"" | "[]")).then_some("has no stop sequences")
}

/// Appends the parameters.
///
/// # Errors
/// 400 naming a parameter of a wrong form.
pub fn push(out: &mut Vec<u8>, chat: &Conversation<'_>) -> Result<(), Failure> {
    let (mut effort, mut verbosity, mut format) = (None, None, None);
    for (name, value) in chat.params.iter().filter(|(_, value)| !json::is_null(value)) {
        match name.as_ref() {
            "reasoning_effort" => effort = Some(*value),
            "verbosity" => verbosity = Some(*value),
            "response_format" => format = Some(*value),
            // What would end an answer is refused before.
            STOP => {}
            // The limit follows below.
            name if LIMIT_NAMES.contains(&name) => {}
            // One of the same name, or one that the table sets.
            name => push_raw(out, name, value),
        }
    }
    if let Some(limit) = chat.max_tokens() {
        json::push_key(out, "max_output_tokens");
        json::push_number(out, limit.max(LEAST_LIMIT));
    }
    if let Some(effort) = effort {
        json::push_key(out, "reasoning");
        out.push(b'{');
        push_raw(out, "effort", effort);
        out.push(b'}');
    }
    push_text(out, format, verbosity)
}

/// Appends `text`: the format of the answer, and how long-winded it is.
fn push_text(out: &mut Vec<u8>, format: Option<&RawValue>, verbosity: Option<&RawValue>) -> Result<(), Failure> {
    if format.is_none() && verbosity.is_none() {
        return Ok(());
    }
    json::push_key(out, "text");
    out.push(b'{');
    if let Some(format) = format {
        json::push_key(out, "format");
        push_format(out, format)?;
    }
    if let Some(verbosity) = verbosity {
        push_raw(out, "verbosity", verbosity);
    }
    out.push(b'}');
    Ok(())
}

/// Appends a format. A schema's name and settings stand beside its type here, and in `json_schema` in chat completions.
fn push_format(out: &mut Vec<u8>, format: &RawValue) -> Result<(), Failure> {
    let wrong = |place: &str| Failure::bad_field(place, format!("'{place}' is not an object."));
    let fields = Fields::of(format).ok_or_else(|| wrong("response_format"))?;
    let Some(inside) = fields.get("json_schema").filter(|inside| !json::is_null(inside)) else {
        out.extend_from_slice(format.get().as_bytes());
        return Ok(());
    };
    let inside = Fields::of(inside).ok_or_else(|| wrong("response_format.json_schema"))?;
    out.extend_from_slice(b"{\"type\":\"json_schema\"");
    for (name, value) in inside.iter().filter(|(name, value)| *name != "type" && !json::is_null(value)) {
        push_raw(out, name, value);
    }
    out.push(b'}');
    Ok(())
}

fn push_raw(out: &mut Vec<u8>, name: &str, value: &RawValue) {
    json::push_key(out, name);
    out.extend_from_slice(value.get().as_bytes());
}
