//! The offered tools of a request in the shape of the model's vendor. ARGO passes them to the vendor unchanged.

use crate::chat::Conversation;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::upstream::{anthropic_form, openai_form};
use crate::json;
use crate::models::Family;

/// Appends `tools`, `tool_choice` and related fields.
pub fn push(out: &mut Vec<u8>, chat: &Conversation<'_>, family: Family) {
    let from_history;
    let tools = match &chat.tools {
        Some(tools) => tools,
        // Claude refuses earlier calls unless their tools are offered again.
        None if family == Family::Anthropic && chat.has_calls() => {
            from_history = anthropic_form::named_in_history(chat);
            &from_history
        }
        None => return,
    };
    if family == Family::Openai {
        return openai_form::push_tools(out, tools);
    }
    json::push_key(out, "tools");
    // Google cannot be asked for one named tool, so offer only that tool and require a call.
    let only = match &tools.choice {
        Some(ToolChoice::Named(name)) if family == Family::Google => Some(name),
        _ => None,
    };
    let offered = tools.offered.iter().filter(|tool| only.is_none_or(|only| *only == tool.name));
    json::push_list(out, offered, |out, tool| push_tool(out, tool, family));
    push_choice(out, tools, family);
}

fn push_tool(out: &mut Vec<u8>, tool: &Tool<'_>, family: Family) {
    if family == Family::Anthropic {
        return anthropic_form::push_tool(out, tool, false);
    }
    out.extend_from_slice(b"{\"name\":");
    json::push_string(out, &tool.name);
    for (key, value) in [("description", &tool.description), ("parameters", &tool.parameters)] {
        if let Some(value) = value {
            openai_form::push_field(out, key, value);
        }
    }
    out.push(b'}');
}

fn push_choice(out: &mut Vec<u8>, tools: &Tools<'_>, family: Family) {
    match family {
        Family::Openai | Family::None => openai_form::push_choice(out, tools),
        Family::Anthropic => anthropic_form::push_choice(out, tools),
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
