//! Tools and tool calls in the form of Anthropic's messages, which several upstreams read.

use super::openai_form;
use crate::chat::Conversation;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::json::{self, Fields};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The schema of a tool that takes no arguments.
const NO_ARGUMENTS: &[u8] = b"{\"type\":\"object\",\"properties\":{}}";

/// Appends a tool. `strict` goes along only where the upstream takes it.
pub fn push_tool(out: &mut Vec<u8>, tool: &Tool<'_>, takes_strict: bool) {
    out.extend_from_slice(b"{\"name\":");
    json::push_string(out, &tool.name);
    if let Some(description) = &tool.description {
        openai_form::push_field(out, "description", description);
    }
    json::push_key(out, "input_schema");
    push_schema(out, tool.parameters.as_deref());
    if let Some(strict) = tool.strict.filter(|strict| takes_strict && !json::is_null(strict)) {
        openai_form::push_field(out, "strict", strict);
    }
    out.push(b'}');
}

/// Appends a schema. Its type is required, and an object is the only one.
fn push_schema(out: &mut Vec<u8>, schema: Option<&RawValue>) {
    let Some((schema, fields)) = schema.and_then(|schema| Some((schema.get(), Fields::of(schema)?))) else {
        return out.extend_from_slice(NO_ARGUMENTS);
    };
    if fields.iter().next().is_none() {
        out.extend_from_slice(NO_ARGUMENTS);
    } else if fields.get("type").is_some() {
        out.extend_from_slice(schema.as_bytes());
    } else {
        out.extend_from_slice(b"{\"type\":\"object\",");
        out.extend_from_slice(schema.get(1..).unwrap_or_default().as_bytes());
    }
}

/// Appends the choice. The limit to one call at a time is a field of the choice, so the limit adds a choice if the client
/// made none.
pub fn push_choice(out: &mut Vec<u8>, tools: &Tools<'_>) {
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

/// Returns the tools of earlier calls, none of which may be called again. Earlier calls are refused unless their tools are
/// offered.
pub fn named_in_history<'a>(chat: &'a Conversation<'_>) -> Tools<'a> {
    let mut tools = Tools { choice: Some(ToolChoice::None), ..Tools::default() };
    for call in chat.messages.iter().flat_map(|message| &message.calls) {
        if !tools.has(&call.name) {
            let name = Cow::Borrowed(call.name.as_ref());
            tools.offered.push(Tool { name, description: None, parameters: None, strict: None });
        }
    }
    tools
}

/// Appends a call of an earlier turn.
pub fn push_call(out: &mut Vec<u8>, id: &str, name: &str, arguments: &str) {
    out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
    json::push_string(out, id);
    json::push_key(out, "name");
    json::push_string(out, name);
    json::push_key(out, "input");
    push_input(out, arguments);
    out.push(b'}');
}

/// Appends the arguments as an object. If the model did not write an object, it gets its text back under a name that
/// says so.
pub fn push_input(out: &mut Vec<u8>, arguments: &str) {
    if Fields::parse(arguments).is_ok() {
        out.extend_from_slice(arguments.as_bytes());
        return;
    }
    out.extend_from_slice(b"{\"not_a_json_object\":");
    json::push_string(out, arguments);
    out.push(b'}');
}

/// Returns the id with only letters, digits, `_` and `-`. No other characters are taken, but other vendors' ids may have
/// more.
pub fn clean_id(id: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.chars().all(fits) {
        return Cow::Borrowed(id);
    }
    id.chars().map(|c| if fits(c) { c } else { '_' }).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn tool(parameters: Option<&str>, strict: Option<&str>, takes_strict: bool) -> Value {
        let raw = |text: Option<&str>| text.map(|text| RawValue::from_string(text.to_owned()).unwrap());
        let (parameters, strict) = (raw(parameters), raw(strict));
        let tool = Tool {
            name: "f".into(),
            description: None,
            parameters: parameters.as_deref().map(Cow::Borrowed),
            strict: strict.as_deref(),
        };
        let mut out = Vec::new();
        push_tool(&mut out, &tool, takes_strict);
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_schema_always_has_the_type_of_an_object() {
        let none = json!({"type": "object", "properties": {}});
        for schema in [None, Some("{}"), Some("{ }"), Some("null"), Some("true")] {
            assert_eq!(tool(schema, None, true)["input_schema"], none, "{schema:?}");
        }
        let untyped = json!({"type": "object", "properties": {"a": {}}});
        assert_eq!(tool(Some(r#"{ "properties":{"a":{}}}"#), None, true)["input_schema"], untyped);
        let typed = r#"{"properties":{},"type":"object","$schema":"x"}"#;
        assert_eq!(tool(Some(typed), None, true)["input_schema"], serde_json::from_str::<Value>(typed).unwrap());
    }

    #[test]
    fn strict_goes_only_where_it_is_taken() {
        assert_eq!(tool(None, Some("true"), true)["strict"], json!(true));
        assert_eq!(tool(None, Some("true"), false)["strict"], Value::Null);
        assert!(tool(None, Some("null"), true).get("strict").is_none());
    }

    #[test]
    fn arguments_that_are_no_object_are_kept_as_text() {
        for (arguments, input) in [
            (r#"{"a": 1}"#, json!({"a": 1})),
            ("[1]", json!({"not_a_json_object": "[1]"})),
            (r#"{"a": "#, json!({"not_a_json_object": r#"{"a": "#})),
            ("", json!({"not_a_json_object": ""})),
        ] {
            let mut out = Vec::new();
            push_call(&mut out, "c", "f", arguments);
            assert_eq!(serde_json::from_slice::<Value>(&out).unwrap()["input"], input, "{arguments}");
        }
    }
}
