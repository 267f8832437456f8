//! The items of `input`: each is read by its type, and what has no place in a conversation is told apart from what is wrong.

use super::names::flat;
use super::parts::{self, ReadContent};
use crate::chat::Role;
use crate::dialects::client::values::wrong_type;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name of the function by which tools are looked for.
pub const TOOL_SEARCH: &str = "tool_search";

/// An item of a conversation.
pub enum Item<'a> {
    /// Something was said.
    Message { role: Role, said: ReadContent<'a> },
    /// A tool was called.
    Call { id: Cow<'a, str>, namespace: Option<Cow<'a, str>>, name: Cow<'a, str>, arguments: Cow<'a, str> },
    /// A call was answered.
    Result { id: Cow<'a, str>, said: ReadContent<'a> },
    /// The model thought; the text is what a reply of this proxy had as `encrypted_content`.
    Reasoning(Cow<'a, str>),
    /// It says nothing that a model reads: its type.
    Nothing(Cow<'a, str>),
}

/// An item with its place, and the tools that it brings along.
pub struct ReadItem<'a> {
    /// Its number in `input`.
    pub index: usize,
    /// What it is.
    pub item: Item<'a>,
    /// A list of tools that may be called from there on.
    pub tools: Option<&'a RawValue>,
}

/// Reads `input`: a text, or a list of items.
///
/// # Errors
/// 400 naming an item that is wrong, or that stands for something that is not kept here.
pub fn read(given: Option<&RawValue>) -> Result<Vec<ReadItem<'_>>, Failure> {
    let Some(given) = given else {
        return Err(Failure::bad_field("input", "'input' is missing; expected a text or a list of items."));
    };
    if given.get().starts_with('"') {
        let said = ReadContent { content: Cow::Borrowed(given), bound: None };
        return Ok(vec![ReadItem { index: 0, item: Item::Message { role: Role::User, said }, tools: None }]);
    }
    let list = fields::list_of(given).map_err(|_| wrong_type("input", "a text or a list of items", given))?;
    list.into_iter().enumerate().map(|(index, one)| item(index, one)).collect()
}

/// The fields of an item, with its place.
struct ItemFields<'a> {
    place: String,
    fields: Fields<'a>,
}

impl<'a> ItemFields<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.get(name).filter(|value| !json::is_null(value))
    }

    fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).and_then(json::text_of)
    }

    fn needed(&self, name: &str) -> Result<Cow<'a, str>, Failure> {
        self.text(name).filter(|text| !text.is_empty()).ok_or_else(|| {
            let place = format!("{}.{name}", self.place);
            Failure::bad_field(&*place, format!("'{place}' is missing; expected a text."))
        })
    }

    fn content(&self, role: Role, name: &str) -> Result<ReadContent<'a>, Failure> {
        parts::read(role, &format!("{}.{name}", self.place), self.get(name))
    }

    /// Returns a value as the text that a model reads: a string as it is, anything else as JSON.
    fn json_text(&self, names: &[&str]) -> Cow<'a, str> {
        let value = names.iter().find_map(|name| self.get(name));
        match value {
            // It is JSON inside of a text, so it was not mended with the body.
            Some(value) => json::paired(json::text_of(value).unwrap_or(Cow::Borrowed(value.get()))),
            None => Cow::Borrowed("{}"),
        }
    }

    fn call(&self, name: Cow<'a, str>, arguments: Cow<'a, str>) -> Result<Item<'a>, Failure> {
        let arguments = if arguments.trim().is_empty() { Cow::Borrowed("{}") } else { arguments };
        Ok(Item::Call { id: self.needed("call_id")?, namespace: self.text("namespace"), name, arguments })
    }

    fn result(&self) -> Result<Item<'a>, Failure> {
        Ok(Item::Result { id: self.needed("call_id")?, said: self.content(Role::Tool, "output")? })
    }
}

fn item(index: usize, one: &RawValue) -> Result<ReadItem<'_>, Failure> {
    let place = format!("input[{index}]");
    let fields = Fields::of(one).ok_or_else(|| wrong_type(&place, "an object", one))?;
    let given = ItemFields { place, fields };
    let kind = given.text("type").unwrap_or_else(|| {
        // Messages and references may leave it out.
        Cow::Borrowed(if given.get("role").is_some() { "message" } else { "item_reference" })
    });
    let tools = match kind.as_ref() {
        "additional_tools" | "tool_search_output" => given.get("tools"),
        _ => None,
    };
    Ok(ReadItem { index, item: of_kind(&given, kind)?, tools })
}

fn of_kind<'a>(given: &ItemFields<'a>, kind: Cow<'a, str>) -> Result<Item<'a>, Failure> {
    match kind.as_ref() {
        "message" => message(given),
        "function_call" => given.call(given.needed("name")?, given.json_text(&["arguments"])),
        "custom_tool_call" => {
            let mut input = b"{\"input\":".to_vec();
            json::push_string(&mut input, &given.text("input").unwrap_or_default());
            input.push(b'}');
            given.call(given.needed("name")?, Cow::Owned(String::from_utf8_lossy(&input).into_owned()))
        }
        "tool_search_call" => given.call(Cow::Borrowed(TOOL_SEARCH), given.json_text(&["arguments"])),
        // Tools that the client runs, by the names that they have at OpenAI.
        "local_shell_call" | "shell_call" | "apply_patch_call" => {
            let name = kind.strip_suffix("_call").unwrap_or(&kind).to_owned();
            given.call(Cow::Owned(name), given.json_text(&["action", "operation"]))
        }
        "function_call_output"
        | "custom_tool_call_output"
        | "local_shell_call_output"
        | "shell_call_output"
        | "apply_patch_call_output" => given.result(),
        "tool_search_output" => search_result(given),
        "reasoning" => Ok(given.text("encrypted_content").map_or(Item::Nothing(kind), Item::Reasoning)),
        "item_reference" => reference(given),
        "compaction" | "compaction_summary" => Err(not_made_here(given, &kind)),
        "compaction_trigger" => {
            let message = format!(
                "'{}' asks for a compaction by the server, which is not done here. Name the provider something else than OpenAI in the client's settings, so that it compacts by itself.",
                given.place
            );
            Err(Failure::bad_field(&*given.place, message).with_code("unsupported_parameter"))
        }
        _ => Ok(Item::Nothing(kind)),
    }
}

fn message<'a>(given: &ItemFields<'a>) -> Result<Item<'a>, Failure> {
    let name = given.needed("role")?;
    let role = match Role::parse(&name) {
        Some(role @ (Role::System | Role::User | Role::Assistant)) => role,
        _ => {
            let place = format!("{}.role", given.place);
            let message = format!("'{place}' is '{name}'; expected user, assistant, system or developer.");
            return Err(Failure::bad_field(place, message));
        }
    };
    Ok(Item::Message { role, said: given.content(role, "content")? })
}

/// Returns the result of a search for tools: the names of those that were found.
fn search_result<'a>(given: &ItemFields<'a>) -> Result<Item<'a>, Failure> {
    let mut names = Vec::new();
    push_names(&mut names, None, given.get("tools"));
    let mut text = Vec::new();
    json::push_string(&mut text, &format!("These tools were found, and may be called: {}", names.join(", ")));
    let said = ReadContent { content: Cow::Owned(parts::written(&text)?), bound: None };
    Ok(Item::Result { id: given.needed("call_id")?, said })
}

/// Adds the names that the model is told for tools, those of namespaces included.
fn push_names(names: &mut Vec<String>, namespace: Option<&str>, tools: Option<&RawValue>) {
    let list = tools.and_then(|tools| fields::list_of(tools).ok()).unwrap_or_default();
    for tool in list.into_iter().filter_map(Fields::of) {
        let Some(name) = tool.get("name").and_then(json::text_of) else { continue };
        match tool.get("tools").filter(|_| namespace.is_none()) {
            Some(inner) => push_names(names, Some(&name), Some(inner)),
            None => names.push(flat(namespace, &name).into_owned()),
        }
    }
}

/// Returns what an item stands for that the client names by its id. Thinking that is left out changes no conversation; anything
/// else would be forgotten.
fn reference<'a>(given: &ItemFields<'a>) -> Result<Item<'a>, Failure> {
    let id = given.text("id").unwrap_or_default();
    if id.starts_with("rs_") {
        return Ok(Item::Nothing(Cow::Borrowed("item_reference")));
    }
    let message = format!(
        "'{}' names the item '{id}', and items are not kept here. Send the item itself (AI SDK: set store to false in the provider's options).",
        given.place
    );
    Err(Failure::bad_field(&*given.place, message).with_code("item_not_found"))
}

fn not_made_here(given: &ItemFields<'_>, kind: &str) -> Failure {
    let message = format!("'{}' is a {kind} that was not made here, so that nobody here can read it.", given.place);
    Failure::bad_field(&*given.place, message).with_code("unsupported_parameter")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(given: &str) -> Result<Vec<String>, String> {
        let given: &RawValue = serde_json::from_str(given).unwrap();
        let item = |read: ReadItem<'_>| match read.item {
            Item::Message { role, said } => format!("{} {}", role.name(), said.content.get()),
            Item::Call { id, namespace, name, arguments } => {
                format!("call {id} {} {name} {arguments}", namespace.as_deref().unwrap_or("-"))
            }
            Item::Result { id, said } => format!("result {id} {}", said.content.get()),
            Item::Reasoning(text) => format!("thought {text}"),
            Item::Nothing(kind) => format!("nothing: {kind}"),
        };
        let read = read(Some(given)).map_err(|failure| String::from(failure.param.unwrap()))?;
        Ok(read.into_iter().map(item).collect())
    }

    #[test]
    fn every_kind_of_item_is_read() {
        for (given, expected) in [
            (r#""hi""#, "user \"hi\""),
            (r#"[{"role":"developer","content":"be brief"}]"#, "system \"be brief\""),
            (
                r#"[{"type":"message","role":"assistant","phase":"commentary","id":"msg_1","content":"so"}]"#,
                "assistant \"so\"",
            ),
            (
                r#"[{"type":"function_call","id":"fc_1","call_id":"c","name":"f","namespace":"n","arguments":"{\"a\":1}"}]"#,
                r#"call c n f {"a":1}"#,
            ),
            (r#"[{"type":"function_call","call_id":"c","name":"f","arguments":" "}]"#, "call c - f {}"),
            (
                r#"[{"type":"custom_tool_call","call_id":"c","name":"f","input":"a\n\"b\""}]"#,
                r#"call c - f {"input":"a\n\"b\""}"#,
            ),
            (
                r#"[{"type":"tool_search_call","call_id":"c","arguments":{"query":"x"}}]"#,
                r#"call c - tool_search {"query":"x"}"#,
            ),
            (
                r#"[{"type":"shell_call","call_id":"c","action":{"commands":["ls"]}}]"#,
                r#"call c - shell {"commands":["ls"]}"#,
            ),
            (r#"[{"type":"function_call_output","call_id":"c","output":"done"}]"#, "result c \"done\""),
            (
                r#"[{"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"done"}]}]"#,
                "result c \"done\"",
            ),
            (
                r#"[{"type":"tool_search_output","call_id":"c","tools":[{"type":"function","name":"f"},{"type":"namespace","name":"n","tools":[{"name":"g"}]}]}]"#,
                "result c \"These tools were found, and may be called: f, n__g\"",
            ),
            (r#"[{"type":"reasoning","id":"rs_1","summary":[],"content":null,"encrypted_content":"x"}]"#, "thought x"),
            (r#"[{"type":"reasoning","id":"rs_1","summary":[]}]"#, "nothing: reasoning"),
            (r#"[{"type":null,"id":"rs_1"}]"#, "nothing: item_reference"),
            (r#"[{"type":"web_search_call","id":"ws_1","status":"completed"}]"#, "nothing: web_search_call"),
            (r#"[{"type":"from_the_future","x":1}]"#, "nothing: from_the_future"),
        ] {
            assert_eq!(told(given), Ok(vec![expected.to_owned()]), "{given}");
        }
    }

    #[test]
    fn what_is_wrong_or_not_kept_is_named() {
        for (given, param) in [
            ("1", "input"),
            ("[1]", "input[0]"),
            (r#"[{"role":"user"}]"#, "input[0].content"),
            (r#"[{"role":"tool","content":"x"}]"#, "input[0].role"),
            (r#"[{"type":"message","content":"x"}]"#, "input[0].role"),
            (r#"["x",{}]"#, "input[0]"),
            (r#"[{"type":"function_call","id":"fc_1","name":"f","arguments":"{}"}]"#, "input[0].call_id"),
            (r#"[{"type":"function_call","call_id":"c","arguments":"{}"}]"#, "input[0].name"),
            (r#"[{"type":"function_call_output","output":"x"}]"#, "input[0].call_id"),
            (r#"[{"type":"item_reference","id":"msg_1"}]"#, "input[0]"),
            (r#"[{"id":"msg_1"}]"#, "input[0]"),
            (r#"[{"type":"compaction","encrypted_content":"x"}]"#, "input[0]"),
            (r#"[{"type":"compaction_trigger"}]"#, "input[0]"),
        ] {
            assert_eq!(told(given), Err(param.to_owned()), "{given}");
        }
    }
}
