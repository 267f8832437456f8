//! The offered tools in the flat form of Responses, and the choice among them.

use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::json;
use serde_json::value::RawValue;

/// The schema of a tool that takes no arguments. This API wants one.
const NO_ARGUMENTS: &str = "{\"type\":\"object\",\"properties\":{}}";

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`.
pub fn push(out: &mut Vec<u8>, tools: &Tools<'_>) {
    json::push_key(out, "tools");
    json::push_list(out, &tools.offered, push_tool);
    if let Some(choice) = &tools.choice {
        json::push_key(out, "tool_choice");
        push_choice(out, choice);
    }
    if let Some(parallel) = tools.parallel {
        json::push_key(out, "parallel_tool_calls");
        out.extend_from_slice(if parallel { b"true" } else { b"false" });
    }
}

fn push_tool(out: &mut Vec<u8>, tool: &Tool<'_>) {
    out.extend_from_slice(b"{\"type\":\"function\",\"name\":");
    json::push_string(out, &tool.name);
    if let Some(description) = &tool.description {
        json::push_key(out, "description");
        out.extend_from_slice(description.get().as_bytes());
    }
    json::push_key(out, "parameters");
    out.extend_from_slice(tool.parameters.as_deref().map_or(NO_ARGUMENTS, RawValue::get).as_bytes());
    // Without the word, this API makes a schema strict where it can: the model would fill in arguments that chat
    // completions leave optional.
    json::push_key(out, "strict");
    out.extend_from_slice(tool.strict.map_or("false", RawValue::get).as_bytes());
    out.push(b'}');
}

fn push_choice(out: &mut Vec<u8>, choice: &ToolChoice<'_>) {
    match choice {
        ToolChoice::Auto => out.extend_from_slice(b"\"auto\""),
        ToolChoice::None => out.extend_from_slice(b"\"none\""),
        ToolChoice::Required => out.extend_from_slice(b"\"required\""),
        ToolChoice::Named(name) => {
            out.extend_from_slice(b"{\"type\":\"function\",\"name\":");
            json::push_string(out, name);
            out.push(b'}');
        }
    }
}
