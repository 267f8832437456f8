//! Messages and tools in the form of OpenAI's chat completions, which several upstreams read.

use crate::chat::tools::{Tool, ToolCall, ToolChoice, Tools};
use crate::chat::{Conversation, Message};
use crate::json;
use serde_json::value::RawValue;

/// Appends the fields of a conversation: `messages`, tools, and every parameter unchanged.
pub fn push_conversation(out: &mut Vec<u8>, chat: &Conversation<'_>) {
    json::push_key(out, "messages");
    let push = |out: &mut Vec<u8>, message| push_message(out, message, message.content.get(), &message.calls);
    json::push_list(out, &chat.messages, push);
    push_around(out, chat);
}

/// Appends the fields of a conversation beside its messages: tools, and every parameter unchanged.
pub fn push_around(out: &mut Vec<u8>, chat: &Conversation<'_>) {
    if let Some(tools) = &chat.tools {
        push_tools(out, tools);
    }
    for (name, value) in &chat.params {
        push_field(out, name, value);
    }
}

/// Appends a message with this content and these calls.
pub fn push_message(out: &mut Vec<u8>, message: &Message<'_>, content: &str, calls: &[ToolCall<'_>]) {
    out.push(b'{');
    json::push_key(out, "role");
    json::push_string(out, message.role.name());
    json::push_key(out, "content");
    out.extend_from_slice(content.as_bytes());
    if let Some(id) = &message.result_of {
        json::push_key(out, "tool_call_id");
        json::push_string(out, id);
    }
    for (index, call) in calls.iter().enumerate() {
        out.extend_from_slice(if index == 0 { b",\"tool_calls\":[{\"id\":" } else { b",{\"id\":" });
        json::push_string(out, &call.id);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        json::push_string(out, &call.name);
        out.extend_from_slice(b",\"arguments\":");
        json::push_string(out, &call.arguments);
        out.extend_from_slice(b"}}");
    }
    if !calls.is_empty() {
        out.push(b']');
    }
    for (name, value) in message.rest.iter() {
        push_field(out, name, value);
    }
    out.push(b'}');
}

/// Appends a field that passes unchanged.
pub fn push_field(out: &mut Vec<u8>, name: &str, value: &RawValue) {
    json::push_key(out, name);
    out.extend_from_slice(value.get().as_bytes());
}

/// Appends `tools`, `tool_choice` and `parallel_tool_calls`.
pub fn push_tools(out: &mut Vec<u8>, tools: &Tools<'_>) {
    json::push_key(out, "tools");
    json::push_list(out, &tools.offered, push_tool);
    push_choice(out, tools);
}

fn push_tool(out: &mut Vec<u8>, tool: &Tool<'_>) {
    out.extend_from_slice(b"{\"type\":\"function\",\"function\":{\"name\":");
    json::push_string(out, &tool.name);
    let fields = [
        ("description", tool.description.as_deref()),
        ("parameters", tool.parameters.as_deref()),
        ("strict", tool.strict),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            push_field(out, name, value);
        }
    }
    out.extend_from_slice(b"}}");
}

/// Appends which tools may be called, and how many at a time.
pub fn push_choice(out: &mut Vec<u8>, tools: &Tools<'_>) {
    if let Some(choice) = &tools.choice {
        json::push_key(out, "tool_choice");
        match choice {
            ToolChoice::Auto => out.extend_from_slice(b"\"auto\""),
            ToolChoice::None => out.extend_from_slice(b"\"none\""),
            ToolChoice::Required => out.extend_from_slice(b"\"required\""),
            ToolChoice::Named(name) => {
                out.extend_from_slice(b"{\"type\":\"function\",\"function\":{\"name\":");
                json::push_string(out, name);
                out.extend_from_slice(b"}}");
            }
        }
    }
    if let Some(parallel) = tools.parallel {
        json::push_key(out, "parallel_tool_calls");
        out.extend_from_slice(if parallel { b"true" } else { b"false" });
    }
}
