//! The offered tools of a request in the shape of the model's vendor. ARGO passes them to the vendor unchanged.

use crate::chat::Conversation;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::upstream::openai_form;
use crate::json;
use crate::models::Family;
use std::borrow::Cow;

/// The schema of a tool that takes no arguments.
const NO_ARGUMENTS: &[u8] = b"{\"type\":\"object\",\"properties\":{}}";

/// Appends `tools`, `tool_choice` and related fields.
pub fn push(out: &mut Vec<u8>, chat: &Conversation<'_>, family: Family) {
    let from_history;
    let tools = match &chat.tools {
        Some(tools) => tools,
        // Claude refuses earlier calls unless their tools are offered again.
        None if family == Family::Anthropic && chat.has_calls() => {
            from_history = named_in_history(chat);
            &from_history
        }
        None => return,
    };
    if family == Family::Openai {
        return openai_form::push_tools(out, tools);
    }
    json::push_key(out, "tools");
    out.push(b'[');
    // Google cannot be asked for one named tool, so offer only that tool and require a call.
    let only = match &tools.choice {
        Some(ToolChoice::Named(name)) if family == Family::Google => Some(name),
        _ => None,
    };
    let offered = tools.offered.iter().filter(|tool| only.is_none_or(|only| *only == tool.name));
    for (index, tool) in offered.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_tool(out, tool, family);
    }
    out.push(b']');
    push_choice(out, tools, family);
}

fn named_in_history<'a>(chat: &'a Conversation<'_>) -> Tools<'a> {
    let mut tools = Tools { choice: Some(ToolChoice::None), ..Tools::default() };
    for call in chat.messages.iter().flat_map(|message| &message.calls) {
        if !tools.has(&call.name) {
            let name = Cow::Borrowed(call.name.as_ref());
            tools.offered.push(Tool { name, description: None, parameters: None, strict: None });
        }
    }
    tools
}

fn push_tool(out: &mut Vec<u8>, tool: &Tool<'_>, family: Family) {
    out.extend_from_slice(b"{\"name\":");
    json::push_string(out, &tool.name);
    if let Some(description) = tool.description {
        json::push_key(out, "description");
        out.extend_from_slice(description.get().as_bytes());
    }
    let schema = tool.parameters.map(|schema| schema.get().as_bytes());
    match (family, schema) {
        (Family::Anthropic, schema) => {
            json::push_key(out, "input_schema");
            // Claude requires a type, which an empty schema does not have.
            out.extend_from_slice(schema.filter(|schema| schema.len() > 2).unwrap_or(NO_ARGUMENTS));
        }
        (_, Some(schema)) => {
            json::push_key(out, "parameters");
            out.extend_from_slice(schema);
        }
        (_, None) => {}
    }
    out.push(b'}');
}

fn push_choice(out: &mut Vec<u8>, tools: &Tools<'_>, family: Family) {
    match family {
        Family::Openai | Family::None => openai_form::push_choice(out, tools),
        Family::Anthropic => push_anthropic_choice(out, tools),
        Family::Google => {
            if let Some(choice) = &tools.choice {
                json::push_key(out, "tool_choice");
                out.extend_from_slice(match choice {
                    ToolChoice::Auto => b"\"AUTO\"",
                    ToolChoice::None => b"\"NONE\"",
                    ToolChoice::Required | ToolChoice::Named(_) => b"\"ANY\"",
                });
            }
        }
    }
}

/// Appends the choice. Claude's limit to one call at a time is a field of the choice, so the limit adds a choice if the
/// client made none.
fn push_anthropic_choice(out: &mut Vec<u8>, tools: &Tools<'_>) {
    let one_by_one = tools.parallel == Some(false);
    let choice = match &tools.choice {
        None if !one_by_one => return,
        None => &ToolChoice::Auto,
        Some(choice) => choice,
    };
    json::push_key(out, "tool_choice");
    let kind = match choice {
        ToolChoice::Auto => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required => "any",
        ToolChoice::Named(_) => "tool",
    };
    out.extend_from_slice(b"{\"type\":");
    json::push_string(out, kind);
    if let ToolChoice::Named(name) = choice {
        json::push_key(out, "name");
        json::push_string(out, name);
    }
    if one_by_one && *choice != ToolChoice::None {
        out.extend_from_slice(b",\"disable_parallel_tool_use\":true");
    }
    out.push(b'}');
}
