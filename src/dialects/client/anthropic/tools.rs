//! Tools of a request. Those with a schema are functions. Of the vendor's own, those that the client runs get a schema here; those that
//! the vendor's servers run exist nowhere else.

use super::values::invalid;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::client::known_names::KnownNames;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

/// The vendor's tools that the client runs, by the beginning of their type: what they do, and their schema.
const RUN_BY_CLIENT: [(&str, &str, &str); 3] = [
    (
        "bash_",
        "\"Runs a command in a shell that stays open between calls. With restart, a new shell is opened.\"",
        r#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run"},"restart":{"type":"boolean","description":"True to open a new shell"}}}"#,
    ),
    (
        "text_editor_",
        "\"Views, creates and edits text files.\"",
        r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string","description":"The path of the file or directory"},"file_text":{"type":"string","description":"The content, for create"},"old_str":{"type":"string","description":"The text to replace, for str_replace"},"new_str":{"type":"string","description":"The new text, for str_replace"},"insert_line":{"type":"integer","description":"The line after which to insert, for insert"},"insert_text":{"type":"string","description":"The text to insert, for insert"},"view_range":{"type":"array","items":{"type":"integer"},"description":"The first and the last line, for view"}},"required":["command","path"]}"#,
    ),
    (
        "memory_",
        "\"Keeps notes in files below /memories.\"",
        r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}},"old_path":{"type":"string"},"new_path":{"type":"string"}},"required":["command"]}"#,
    ),
];

/// The tools of a request as other upstreams get them.
#[derive(Debug, Default)]
pub struct ToolOffer<'a> {
    /// The tools; `None` if none are offered.
    pub tools: Option<Tools<'a>>,
    /// What only an upstream of Anthropic's own form can do.
    pub bound: Option<Failure>,
    /// The tools and keys that others do not get.
    pub left_out: Vec<String>,
}

/// One tool of the list.
enum AnyTool<'a> {
    /// Someone else than the vendor runs it.
    Function(Tool<'a>),
    /// The vendor's servers run it.
    OnServer(ServerTool),
}

/// A tool that is left out, and the name by which a choice may force it.
struct ServerTool {
    place: String,
    kind: String,
    name: String,
}

/// Reads `tools` and `tool_choice`. Of deferred tools only those are offered that `referenced` names.
///
/// # Errors
/// 400 naming the place.
pub fn read<'a>(
    tools: Option<&'a RawValue>,
    choice: Option<&'a RawValue>,
    referenced: &HashSet<String>,
    names: &mut KnownNames,
) -> Result<ToolOffer<'a>, Failure> {
    let mut all = ToolOffer::default();
    let mut on_servers = Vec::new();
    let mut offered = Vec::new();
    let list = tools.filter(|tools| !json::is_null(tools)).map(fields::list_of).transpose();
    let list = list.map_err(|_| invalid("tools", "Input should be a list"))?.unwrap_or_default();
    for (index, tool) in list.into_iter().enumerate() {
        let place = format!("tools.{index}");
        let fields = Fields::of(tool).ok_or_else(|| invalid(&place, "Input should be an object"))?;
        let is_deferred = fields.get("defer_loading").is_some_and(|flag| flag.get() == "true");
        match one(&place, &fields)? {
            AnyTool::Function(tool) if is_deferred && !referenced.contains(tool.name.as_ref()) => {
                all.left_out.push(place)
            }
            AnyTool::Function(tool) => {
                all.left_out.extend(tool.strict.map(|_| format!("{place}.strict")));
                let name = names.short(tool.name);
                offered.push(Tool { name, strict: None, ..tool });
            }
            AnyTool::OnServer(server) => on_servers.push(server),
        }
    }
    let (choice, parallel) = choice_of(choice)?;
    all.bound = unserved(&offered, &on_servers, choice.as_ref());
    all.left_out.extend(on_servers.into_iter().map(|tool| tool.place));
    let choice = choice.map(|choice| match choice {
        ToolChoice::Named(name) => ToolChoice::Named(names.short(name)),
        choice => choice,
    });
    if offered.is_empty() {
        let forced = matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_)));
        if forced && all.bound.is_none() {
            return Err(invalid("tool_choice", "it may only be specified while providing `tools`"));
        }
        return Ok(all);
    }
    let tools = Tools { offered, choice, parallel };
    match &tools.choice {
        Some(ToolChoice::Named(name)) if all.bound.is_none() && !tools.has(name) => {
            Err(invalid("tool_choice", &format!("Tool '{}' not found in provided tools", names.given(name))))
        }
        _ => Ok(ToolOffer { tools: Some(tools), ..all }),
    }
}

fn one<'a>(place: &str, fields: &Fields<'a>) -> Result<AnyTool<'a>, Failure> {
    let there = |name: &str| fields.get(name).filter(|value| !json::is_null(value));
    let kind = there("type").and_then(json::text_of).unwrap_or_default();
    let name = there("name").and_then(json::text_of).filter(|name| !name.is_empty());
    let description = there("description").filter(|text| text.get().starts_with('"')).map(Cow::Borrowed);
    if matches!(kind.as_ref(), "" | "custom" | "function") {
        let name = name.ok_or_else(|| invalid(&format!("{place}.custom.name"), "Field required"))?;
        let parameters = there("input_schema");
        if parameters.is_some_and(|schema| !schema.get().starts_with('{')) {
            return Err(invalid(&format!("{place}.custom.input_schema"), "Input should be an object"));
        }
        let parameters = parameters.map(Cow::Borrowed);
        return Ok(AnyTool::Function(Tool { name, description, parameters, strict: there("strict") }));
    }
    let own = RUN_BY_CLIENT.iter().find(|(beginning, ..)| kind.starts_with(beginning));
    let raw = |text: &'static str| serde_json::from_str::<&'static RawValue>(text).ok().map(Cow::Borrowed);
    Ok(match (own, name) {
        (Some((_, about, schema)), Some(name)) => {
            AnyTool::Function(Tool { name, description: raw(about), parameters: raw(schema), strict: None })
        }
        (_, name) => {
            let (kind, name) = (kind.into_owned(), name.unwrap_or_default().into_owned());
            AnyTool::OnServer(ServerTool { place: place.to_owned(), kind, name })
        }
    })
}

/// Returns the failure of a tool that the model would have to call, or that is the only one, where it is left out.
fn unserved(offered: &[Tool<'_>], left_out: &[ServerTool], choice: Option<&ToolChoice<'_>>) -> Option<Failure> {
    let forced = left_out.iter().find(|tool| matches!(choice, Some(ToolChoice::Named(name)) if *name == tool.name));
    let only = left_out.first().filter(|_| offered.is_empty());
    let tool = forced.or(only)?;
    let why = format!("the tool '{}' runs at Anthropic; this model has no such tool", tool.kind);
    Some(invalid(&tool.place, &why).with_code("unsupported_parameter"))
}

/// Reads `tool_choice`: which tools may be called, and whether several may be called in one turn.
fn choice_of(given: Option<&RawValue>) -> Result<(Option<ToolChoice<'_>>, Option<bool>), Failure> {
    let Some(given) = given.filter(|given| !json::is_null(given)) else { return Ok((None, None)) };
    let wrong = || invalid("tool_choice", "Input should be an object whose type is auto, any, tool or none");
    let fields = Fields::of(given).ok_or_else(wrong)?;
    let kind = fields.get("type").and_then(json::text_of);
    let one_by_one = fields.get("disable_parallel_tool_use").is_some_and(|flag| flag.get() == "true");
    let choice = match kind.as_deref() {
        Some("auto") => ToolChoice::Auto,
        Some("any") => ToolChoice::Required,
        Some("none") => ToolChoice::None,
        Some("tool") => {
            let name = fields.get("name").and_then(json::text_of);
            ToolChoice::Named(name.ok_or_else(|| invalid("tool_choice.tool.name", "Field required"))?)
        }
        _ => return Err(wrong()),
    };
    let parallel = (one_by_one && choice != ToolChoice::None).then_some(false);
    Ok((Some(choice), parallel))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tools: &str, choice: Option<&str>, referenced: &[&str]) -> Result<String, String> {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let (tools, choice) = (raw(tools), choice.map(raw));
        let referenced = referenced.iter().map(|name| (*name).to_owned()).collect();
        let mut names = KnownNames::default();
        let read = read(Some(&tools), choice.as_deref(), &referenced, &mut names);
        let read = read.map_err(|failure| failure.message)?;
        let (offered, choice) = match &read.tools {
            Some(tools) => {
                let names: Vec<&str> = tools.offered.iter().map(|tool| tool.name.as_ref()).collect();
                (names.join(","), format!("{:?} {:?}", tools.choice, tools.parallel))
            }
            None => ("nothing".to_owned(), String::new()),
        };
        let bound = read.bound.map_or(String::new(), |failure| format!(" bound {}", failure.message));
        Ok(format!("{offered} {choice} left {}{bound}", read.left_out.join(",")))
    }

    #[test]
    fn tools_are_functions_wherever_someone_else_than_the_vendor_runs_them() {
        for (tools, choice, referenced, expected) in [
            (r#"[{"name":"f","input_schema":{}}]"#, None, &[][..], "f None None left "),
            (
                r#"[{"type":null,"name":"f"},{"type":"custom","name":"g","strict":true}]"#,
                None,
                &[],
                "f,g None None left tools.1.strict",
            ),
            ("[]", None, &[], "nothing  left "),
            (
                r#"[{"type":"bash_20250124","name":"bash"},{"type":"text_editor_20250728","name":"str_replace_based_edit_tool"},{"type":"memory_20250818","name":"memory"}]"#,
                None,
                &[],
                "bash,str_replace_based_edit_tool,memory None None left ",
            ),
            (
                r#"[{"name":"a","defer_loading":true},{"name":"b","defer_loading":true},{"name":"c"}]"#,
                None,
                &["b"],
                "b,c None None left tools.0",
            ),
            (
                r#"[{"name":"f"},{"type":"web_search_20250305","name":"web_search"}]"#,
                Some(r#"{"type":"auto"}"#),
                &[],
                "f Some(Auto) None left tools.1",
            ),
            (
                r#"[{"name":"f"}]"#,
                Some(r#"{"type":"any","disable_parallel_tool_use":true}"#),
                &[],
                "f Some(Required) Some(false) left ",
            ),
            (
                r#"[{"name":"f"}]"#,
                Some(r#"{"type":"none","disable_parallel_tool_use":true}"#),
                &[],
                "f Some(None) None left ",
            ),
            (r#"[{"name":"f"}]"#, Some(r#"{"type":"tool","name":"f"}"#), &[], "f Some(Named(\"f\")) None left "),
        ] {
            assert_eq!(told(tools, choice, referenced).as_deref(), Ok(expected), "{tools}");
        }
    }

    #[test]
    fn a_tool_of_the_vendors_servers_is_refused_where_it_is_wanted() {
        let search = r#"{"type":"web_search_20250305","name":"web_search"}"#;
        let forced = Some(r#"{"type":"tool","name":"web_search"}"#);
        for (tools, choice) in [(format!("[{search}]"), None), (format!("[{{\"name\":\"f\"}},{search}]"), forced)] {
            let told = told(&tools, choice, &[]).unwrap();
            assert!(told.contains("bound tools.") && told.contains("web_search_20250305"), "{told}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (tools, choice, place) in [
            ("{}", None, "tools:"),
            ("[1]", None, "tools.0:"),
            ("[{}]", None, "tools.0.custom.name:"),
            (r#"[{"name":"f","input_schema":[]}]"#, None, "tools.0.custom.input_schema:"),
            (r#"[{"name":"f"}]"#, Some("\"auto\""), "tool_choice:"),
            (r#"[{"name":"f"}]"#, Some(r#"{"type":"tool"}"#), "tool_choice.tool.name:"),
            (r#"[{"name":"f"}]"#, Some(r#"{"type":"tool","name":"g"}"#), "tool_choice: Tool 'g' not found"),
            ("[]", Some(r#"{"type":"any"}"#), "tool_choice:"),
        ] {
            assert!(told(tools, choice, &[]).unwrap_err().starts_with(place), "{tools} {choice:?}");
        }
    }
}
