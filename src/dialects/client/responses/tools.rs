//! The tools of a request: functions, custom tools, namespaces of both, and the search for tools become functions. Tools that the
//! vendor runs are left out.

use super::input::TOOL_SEARCH;
use super::names::{ToolKind, ToolNames};
use super::parts::written;
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::client::values::wrong_type;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The arguments of a custom tool: its input as one text.
const INPUT: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// The tools of a request.
#[derive(Default)]
pub struct OfferedTools<'a> {
    /// The tools as functions; `None` if none is offered.
    pub tools: Option<Tools<'a>>,
    /// Their names.
    pub names: ToolNames,
    /// Why only an upstream of this form takes the request, if it is so.
    pub bound: Option<Failure>,
    /// The tools that are left out, as error messages name them.
    pub left_out: Vec<String>,
}

/// The tools while they are read.
struct ToolReader<'a> {
    read: OfferedTools<'a>,
    offered: Vec<Tool<'a>>,
}

/// Reads lists of tools, each with its place.
///
/// # Errors
/// 400 naming a tool or a choice that is wrong.
pub fn read<'a>(
    lists: &[(String, &'a RawValue)],
    choice: Option<&'a RawValue>,
    parallel: Option<&RawValue>,
) -> Result<OfferedTools<'a>, Failure> {
    let mut reader = ToolReader { read: OfferedTools::default(), offered: Vec::new() };
    for (place, list) in lists {
        reader.list(place, None, list)?;
    }
    let ToolReader { mut read, mut offered } = reader;
    let choice = choice.map(|given| chosen(given, &mut offered, &mut read)).transpose()?.flatten();
    if offered.is_empty() {
        if matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_))) && read.bound.is_none() {
            let message = "'tool_choice' asks for a call, and no tool is offered that can be called here.";
            return Err(Failure::bad_field("tool_choice", message));
        }
        return Ok(read);
    }
    let parallel = parallel.and_then(|value| value.get().parse().ok());
    read.tools = Some(Tools { offered, choice, parallel });
    Ok(read)
}

impl<'a> ToolReader<'a> {
    fn list(&mut self, place: &str, namespace: Option<&str>, list: &'a RawValue) -> Result<(), Failure> {
        let list = fields::list_of(list).map_err(|_| wrong_type(place, "a list of tools", list))?;
        for (index, one) in list.into_iter().enumerate() {
            let place = format!("{place}[{index}]");
            let fields = Fields::of(one).ok_or_else(|| wrong_type(&place, "an object", one))?;
            self.tool(&place, namespace, &fields)?;
        }
        Ok(())
    }

    fn tool(&mut self, place: &str, namespace: Option<&str>, tool: &Fields<'a>) -> Result<(), Failure> {
        // Clients of chat completions put a function into an object of its own.
        let inner = tool.get("function").and_then(Fields::of);
        let kind = tool.get("type").and_then(json::text_of);
        match kind.as_deref() {
            Some("function") => self.function(place, namespace, inner.as_ref().unwrap_or(tool)),
            None if tool.get("name").is_some() || inner.is_some() => {
                self.function(place, namespace, inner.as_ref().unwrap_or(tool))
            }
            Some("custom") => self.custom(place, namespace, tool),
            Some("namespace") => {
                let name = name_of(place, tool)?;
                match given(tool, "tools") {
                    Some(list) => self.list(&format!("{place}.tools"), Some(&name), list),
                    None => Ok(()),
                }
            }
            Some("tool_search") => self.search(place, tool),
            Some(kind) if is_needed(kind) => {
                let why = format!("'{kind}' is run by its vendor, or has a form that no upstream of this route takes");
                let failure = Failure::unsupported(&format!("{place}.type"), &why);
                self.read.bound.get_or_insert(failure);
                Ok(())
            }
            kind => {
                self.read.left_out.push(format!("{place} ({})", kind.unwrap_or("no type")));
                Ok(())
            }
        }
    }

    fn function(&mut self, place: &str, namespace: Option<&str>, tool: &Fields<'a>) -> Result<(), Failure> {
        let name = name_of(place, tool)?;
        let Some(flat) = self.read.names.add(namespace, &name, ToolKind::Function) else { return Ok(()) };
        let text = |name| given(tool, name).filter(|value| json::inside_of(value).is_some());
        self.offered.push(Tool {
            name: Cow::Owned(flat),
            description: text("description").map(Cow::Borrowed),
            parameters: given(tool, "parameters").map(Cow::Borrowed),
            // Where it is absent, this API makes it true if it can, and chat completions leave it false.
            strict: given(tool, "strict"),
        });
        Ok(())
    }

    /// Adds a tool whose input is a text. What its grammar says goes into the description, since functions have none.
    fn custom(&mut self, place: &str, namespace: Option<&str>, tool: &Fields<'a>) -> Result<(), Failure> {
        let name = name_of(place, tool)?;
        let Some(flat) = self.read.names.add(namespace, &name, ToolKind::Custom) else { return Ok(()) };
        let mut about = given(tool, "description").and_then(json::text_of).unwrap_or_default().into_owned();
        let format = given(tool, "format").and_then(Fields::of);
        let part = |name| format.as_ref().and_then(|format| format.get(name)).and_then(json::text_of);
        if let Some(grammar) = part("definition") {
            let syntax = part("syntax").unwrap_or_default();
            about += &format!("\n\nThe input is plain text that follows this {syntax} grammar:\n{grammar}");
        }
        let mut description = Vec::new();
        json::push_string(&mut description, &about);
        self.offered.push(Tool {
            name: Cow::Owned(flat),
            description: Some(Cow::Owned(written(&description)?)),
            parameters: Some(Cow::Owned(written(INPUT.as_bytes())?)),
            strict: None,
        });
        Ok(())
    }

    /// Adds the search for tools that the client makes. One that the vendor makes is left out.
    fn search(&mut self, place: &str, tool: &Fields<'a>) -> Result<(), Failure> {
        if given(tool, "execution").and_then(json::inside_of) != Some("client") {
            self.read.left_out.push(format!("{place} ({TOOL_SEARCH})"));
            return Ok(());
        }
        let Some(flat) = self.read.names.add(None, TOOL_SEARCH, ToolKind::Search) else { return Ok(()) };
        let description = given(tool, "description").filter(|value| json::inside_of(value).is_some());
        let parameters = given(tool, "parameters").map(Cow::Borrowed);
        self.offered.push(Tool {
            name: Cow::Owned(flat),
            description: description.map(Cow::Borrowed),
            parameters,
            strict: None,
        });
        Ok(())
    }
}

/// Returns true for tools without which the answer would be another one. Searches of the web and images are offered by clients
/// that do not know whether the server has them.
fn is_needed(kind: &str) -> bool {
    matches!(
        kind,
        "file_search"
            | "code_interpreter"
            | "mcp"
            | "programmatic_tool_calling"
            | "local_shell"
            | "shell"
            | "apply_patch"
    ) || kind.starts_with("computer")
}

fn given<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a RawValue> {
    fields.get(name).filter(|value| !json::is_null(value))
}

fn name_of<'a>(place: &str, tool: &Fields<'a>) -> Result<Cow<'a, str>, Failure> {
    tool.get("name").and_then(json::text_of).filter(|name| !name.is_empty()).ok_or_else(|| {
        let place = format!("{place}.name");
        Failure::bad_field(&*place, format!("'{place}' is missing; a tool needs a name."))
    })
}

/// Reads `tool_choice`. A choice among some of the tools leaves only these.
fn chosen<'a>(
    given: &'a RawValue,
    offered: &mut Vec<Tool<'a>>,
    read: &mut OfferedTools<'a>,
) -> Result<Option<ToolChoice<'a>>, Failure> {
    const NAME: &str = "tool_choice";
    if json::is_null(given) {
        return Ok(None);
    }
    if let Some(word) = json::text_of(given) {
        return mode(NAME, &word).map(Some);
    }
    let choice = Fields::of(given).ok_or_else(|| wrong_type(NAME, "a word or an object", given))?;
    let kind = choice.get("type").and_then(json::text_of).unwrap_or_default();
    match kind.as_ref() {
        "function" | "custom" | "tool_search" => {
            let told = told_name(NAME, &choice, &read.names)?;
            if offered.iter().any(|tool| tool.name == told) {
                return Ok(Some(ToolChoice::Named(Cow::Owned(told))));
            }
            let message = format!("'{NAME}' names a tool that is not among those given.");
            Err(Failure::bad_field(NAME, message))
        }
        "allowed_tools" => {
            let list = choice.get("tools").and_then(|list| fields::list_of(list).ok()).unwrap_or_default();
            let mut allowed = Vec::with_capacity(list.len());
            for one in list.into_iter().filter_map(Fields::of).filter(|one| one.get("name").is_some()) {
                allowed.push(told_name(NAME, &one, &read.names)?);
            }
            offered.retain(|tool| allowed.iter().any(|name| tool.name == *name));
            let word = choice.get("mode").and_then(json::text_of).unwrap_or(Cow::Borrowed("auto"));
            mode("tool_choice.mode", &word).map(Some)
        }
        "auto" | "none" | "required" => mode(NAME, &kind).map(Some),
        _ => {
            let why = format!("a tool of the type '{kind}' cannot be called here");
            read.bound.get_or_insert(Failure::unsupported(NAME, &why));
            Ok(None)
        }
    }
}

/// Returns the name that the model is told for the tool that a choice names.
fn told_name(place: &str, choice: &Fields<'_>, names: &ToolNames) -> Result<String, Failure> {
    if choice.get("type").and_then(json::inside_of) == Some(TOOL_SEARCH) {
        return Ok(names.told(None, TOOL_SEARCH).into_owned());
    }
    let inner = choice.get("function").and_then(Fields::of);
    let name = name_of(place, inner.as_ref().unwrap_or(choice))?;
    let namespace = choice.get("namespace").and_then(json::text_of);
    Ok(names.told(namespace.as_deref(), &name).into_owned())
}

fn mode<'a>(place: &str, word: &str) -> Result<ToolChoice<'a>, Failure> {
    match word {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::None),
        "required" => Ok(ToolChoice::Required),
        _ => {
            let message = format!("'{place}' is '{word}'; expected auto, none, required or a tool that is given.");
            Err(Failure::bad_field(place, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(tools: &str, choice: Option<&str>) -> Result<String, String> {
        let tools: &RawValue = serde_json::from_str(tools).unwrap();
        let choice: Option<&RawValue> = choice.map(|choice| serde_json::from_str(choice).unwrap());
        let read = read(&[("tools".to_owned(), tools)], choice, None).map_err(|f| String::from(f.param.unwrap()))?;
        if let Some(failure) = read.bound {
            return Ok(format!("bound by {}", failure.param.unwrap()));
        }
        let names =
            |tools: &Tools<'_>| tools.offered.iter().map(|tool| tool.name.to_string()).collect::<Vec<_>>().join(",");
        let choice = |tools: &Tools<'_>| tools.choice.as_ref().map_or(String::new(), |choice| format!(" {choice:?}"));
        let tools = read.tools.map_or("nothing".to_owned(), |tools| names(&tools) + &choice(&tools));
        Ok(if read.left_out.is_empty() { tools } else { format!("{tools} without {}", read.left_out.join(", ")) })
    }

    const ALL: &str = r#"[
        {"type":"function","name":"f","parameters":null,"strict":false},
        {"type":"custom","name":"patch","description":"d","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
        {"type":"namespace","name":"mcp__a","tools":[{"type":"function","name":"f"},{"type":"custom","name":"c"}]},
        {"type":"namespace","name":"empty"},
        {"type":"tool_search","execution":"client","parameters":{"type":"object"}},
        {"type":"web_search","external_web_access":true},{"type":"image_generation"},{"type":"from_the_future"}]"#;

    #[test]
    fn every_kind_of_tool_is_offered_or_left_out() {
        let left = "without tools[5] (web_search), tools[6] (image_generation), tools[7] (from_the_future)";
        assert_eq!(told(ALL, None), Ok(format!("f,patch,mcp__a__f,mcp__a__c,tool_search {left}")));
        assert_eq!(told("[]", None), Ok("nothing".to_owned()));
        assert_eq!(told(r#"[{"type":"function","function":{"name":"g"}},{"name":"h"}]"#, None), Ok("g,h".to_owned()));
        assert_eq!(told(r#"[{"type":"tool_search"}]"#, None), Ok("nothing without tools[0] (tool_search)".to_owned()));
    }

    #[test]
    fn a_choice_names_a_tool_or_some_of_them() {
        let short = r#"[{"type":"function","name":"f"},{"type":"namespace","name":"n","tools":[{"type":"custom","name":"f"}]}]"#;
        for (choice, expected) in [
            (r#""required""#, "f,n__f Required"),
            (r#"{"type":"function","name":"f"}"#, "f,n__f Named(\"f\")"),
            (r#"{"type":"custom","name":"f","namespace":"n"}"#, "f,n__f Named(\"n__f\")"),
            (
                r#"{"type":"allowed_tools","mode":"required","tools":[{"type":"custom","name":"f","namespace":"n"}]}"#,
                "n__f Required",
            ),
            (r#"{"type":"allowed_tools","mode":"auto","tools":[]}"#, "nothing"),
            (r#"{"type":"web_search_preview"}"#, "bound by tool_choice"),
        ] {
            assert_eq!(told(short, Some(choice)).as_deref(), Ok(expected), "{choice}");
        }
        for (choice, param) in [
            (r#"{"type":"function","name":"gone"}"#, "tool_choice"),
            (r#"{"type":"function"}"#, "tool_choice.name"),
            (r#""any""#, "tool_choice"),
            (r#"{"type":"allowed_tools","mode":"any","tools":[{"type":"function","name":"f"}]}"#, "tool_choice.mode"),
        ] {
            assert_eq!(told(short, Some(choice)), Err(param.to_owned()), "{choice}");
        }
        assert_eq!(told(r#"[{"type":"web_search"}]"#, Some(r#""required""#)), Err("tool_choice".to_owned()));
    }

    #[test]
    fn tools_that_change_the_answer_are_bound_to_their_own_form() {
        for kind in ["file_search", "code_interpreter", "mcp", "computer_use_preview", "local_shell", "shell"] {
            let tools = format!(r#"[{{"type":"function","name":"f"}},{{"type":"{kind}"}}]"#);
            assert_eq!(told(&tools, None).as_deref(), Ok("bound by tools[1].type"), "{kind}");
        }
    }

    #[test]
    fn a_custom_tool_takes_one_text_and_tells_its_grammar() {
        let list: &RawValue = serde_json::from_str(ALL).unwrap();
        let read = read(&[("tools".to_owned(), list)], None, None).unwrap();
        let tools = read.tools.unwrap();
        let patch = &tools.offered[1];
        assert_eq!(patch.parameters.as_ref().unwrap().get(), INPUT);
        assert_eq!(
            json::text_of(patch.description.as_ref().unwrap()).unwrap(),
            "d\n\nThe input is plain text that follows this lark grammar:\nstart: x"
        );
        assert_eq!(tools.offered[0].parameters.as_ref().map(|raw| raw.get()), None);
        assert_eq!(tools.offered[0].strict.map(RawValue::get), Some("false"));
    }

    #[test]
    fn a_wrong_tool_is_named() {
        for (tools, param) in [
            ("{}", "tools"),
            ("[1]", "tools[0]"),
            (r#"[{"type":"function"}]"#, "tools[0].name"),
            (r#"[{"type":"namespace","name":"n","tools":[{"type":"custom"}]}]"#, "tools[0].tools[0].name"),
        ] {
            assert_eq!(told(tools, None), Err(param.to_owned()), "{tools}");
        }
    }
}
