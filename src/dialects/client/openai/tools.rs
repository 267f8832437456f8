//! Tools in OpenAI's requests: `tools` with `tool_choice` and `parallel_tool_calls`, and the older form, `functions`
//! with `function_call`.

use super::values::{text, wrong_type};
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The fields of a request that are about tools, as the client wrote them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offer<'a> {
    tools: Option<&'a RawValue>,
    tool_choice: Option<&'a RawValue>,
    parallel_tool_calls: Option<&'a RawValue>,
    functions: Option<&'a RawValue>,
    function_call: Option<&'a RawValue>,
}

impl<'a> Offer<'a> {
    /// Takes a field if it is about tools. Returns true if it took the field.
    pub fn take(&mut self, name: &str, value: &'a RawValue) -> bool {
        let place = match name {
            "tools" => &mut self.tools,
            "tool_choice" => &mut self.tool_choice,
            "parallel_tool_calls" => &mut self.parallel_tool_calls,
            "functions" => &mut self.functions,
            "function_call" => &mut self.function_call,
            _ => return false,
        };
        *place = Some(value).filter(|value| !json::is_null(value));
        true
    }

    /// Returns true if tools are offered in the form that preceded `tools`. The reply must have that form too.
    pub fn is_old_form(&self) -> bool {
        self.tools.is_none() && self.functions.is_some()
    }

    /// Returns the offered tools; `None` if there are none or the list is empty. `upstream` is the upstream's name in
    /// messages.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn read(self, upstream: &str) -> Result<Option<Tools<'a>>, Failure> {
        let offered = match (self.tools, self.functions) {
            (Some(_), Some(_)) => {
                return Err(Failure::bad_field("functions", "'functions' and 'tools' cannot be given together."));
            }
            (Some(tools), None) => each("tools", tools, |place, given| tool(upstream, place, given))?,
            (None, Some(functions)) => each("functions", functions, function)?,
            (None, None) => Vec::new(),
        };
        let old = self.is_old_form();
        let (name, given) = if old { ("function_call", self.function_call) } else { ("tool_choice", self.tool_choice) };
        let choice = given.map(|given| choice(upstream, name, given, old)).transpose()?;
        // Without tools a required call is impossible, while any other choice has no effect.
        if offered.is_empty() {
            return match choice {
                Some(ToolChoice::Required | ToolChoice::Named(_)) => {
                    Err(Failure::bad_field(name, format!("'{name}' is only allowed when tools are given.")))
                }
                _ => Ok(None),
            };
        }
        let parallel = match self.parallel_tool_calls.map(|given| (given, given.get())) {
            None => None,
            Some((_, "true")) => Some(true),
            Some((_, "false")) => Some(false),
            Some((given, _)) => return Err(wrong_type("parallel_tool_calls", "a boolean", given)),
        };
        let tools = Tools { offered, choice, parallel };
        match &tools.choice {
            Some(ToolChoice::Named(wanted)) if !tools.has(wanted) => {
                let message = format!("'{name}' names the tool '{wanted}', which is not among those given.");
                Err(Failure::bad_field(name, message))
            }
            _ => Ok(Some(tools)),
        }
    }
}

fn each<'a>(
    name: &str,
    list: &'a RawValue,
    read: impl Fn(&str, &'a RawValue) -> Result<Tool<'a>, Failure>,
) -> Result<Vec<Tool<'a>>, Failure> {
    let list = fields::list_of(list).map_err(|_| wrong_type(name, "a list", list))?;
    list.into_iter().enumerate().map(|(index, one)| read(&format!("{name}[{index}]"), one)).collect()
}

/// `{"type": "function", "function": {…}}`
fn tool<'a>(upstream: &str, place: &str, given: &'a RawValue) -> Result<Tool<'a>, Failure> {
    let fields = Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))?;
    let kind = match fields.get("type") {
        Some(kind) => text(&format!("{place}.type"), kind)?,
        None => None,
    };
    match kind.as_deref() {
        Some("function") => {}
        Some(other) => {
            let place = format!("{place}.type");
            return Err(Failure::unsupported(
                &place,
                &format!("{upstream} knows tools of type 'function', not '{other}'"),
            ));
        }
        None => return Err(missing(&format!("{place}.type"), "'function'")),
    }
    let place = format!("{place}.function");
    match fields.get("function") {
        Some(inside) => function(&place, inside),
        None => Err(missing(&place, "an object with 'name'")),
    }
}

/// `{"name", "description", "parameters", "strict"}`
fn function<'a>(place: &str, given: &'a RawValue) -> Result<Tool<'a>, Failure> {
    let fields = Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))?;
    let there = |name: &str| fields.get(name).filter(|value| !json::is_null(value));
    let name_place = format!("{place}.name");
    let name = match there("name") {
        Some(name) => text(&name_place, name)?.filter(|name| !name.is_empty()),
        None => None,
    };
    let name = name.ok_or_else(|| missing(&name_place, "the tool's name"))?;
    let kind = |name: &str, opens: char, wanted: &str| match there(name) {
        Some(value) if !value.get().starts_with(opens) => Err(wrong_type(&format!("{place}.{name}"), wanted, value)),
        value => Ok(value),
    };
    Ok(Tool {
        name,
        description: kind("description", '"', "a string")?,
        parameters: kind("parameters", '{', "a JSON schema")?,
        strict: there("strict"),
    })
}

fn choice<'a>(upstream: &str, name: &str, given: &'a RawValue, old: bool) -> Result<ToolChoice<'a>, Failure> {
    let wanted = if old { "auto, none or {\"name\"}" } else { "auto, none, required or a named function" };
    let wrong = || Failure::bad_field(name, format!("'{name}' is {}; expected {wanted}.", shown(given)));
    if let Some(word) = json::text_of(given) {
        return match (word.as_ref(), old) {
            ("auto", _) => Ok(ToolChoice::Auto),
            ("none", _) => Ok(ToolChoice::None),
            ("required", false) => Ok(ToolChoice::Required),
            _ => Err(wrong()),
        };
    }
    let fields = Fields::parse(given.get()).map_err(|_| wrong())?;
    let holder = if old {
        fields
    } else {
        match fields.get("type").and_then(json::text_of).as_deref() {
            Some("function") => {
                let inside = fields.get("function").ok_or_else(wrong)?;
                Fields::parse(inside.get()).map_err(|_| wrong())?
            }
            Some(other) => {
                return Err(Failure::unsupported(name, &format!("{upstream} has no choice of type '{other}'")));
            }
            None => return Err(wrong()),
        }
    };
    holder.get("name").and_then(json::text_of).map(ToolChoice::Named).ok_or_else(wrong)
}

fn missing(place: &str, wanted: &str) -> Failure {
    Failure::bad_field(place, format!("'{place}' is missing; {wanted} is expected."))
}

fn shown(given: &RawValue) -> Cow<'_, str> {
    match given.get().char_indices().nth(60) {
        Some((end, _)) => Cow::Owned(format!("{}…", given.get().get(..end).unwrap_or_default())),
        None => Cow::Borrowed(given.get()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Result<String, String> {
        let fields = Fields::parse(given).unwrap();
        let mut offer = Offer::default();
        for (name, value) in fields {
            assert!(offer.take(&name, value));
        }
        let told = |tools: Tools<'_>| {
            let names: Vec<&str> = tools.offered.iter().map(|tool| tool.name.as_ref()).collect();
            format!("{} {:?} {:?}", names.join(","), tools.choice, tools.parallel)
        };
        let read = offer.read("ARGO").map(|tools| tools.map_or("nothing".to_owned(), told));
        read.map_err(|failure| failure.param.unwrap())
    }

    #[test]
    fn what_is_offered_is_read_in_both_forms() {
        for (given, told) in [
            (r#"{"tools": []}"#, "nothing"),
            (r#"{"tools": null, "tool_choice": "auto", "parallel_tool_calls": true}"#, "nothing"),
            (r#"{"tools": [{"type": "function", "function": {"name": "f"}}]}"#, "f None None"),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f", "description": "", "parameters": {}, "strict": true}}], "tool_choice": "required", "parallel_tool_calls": false}"#,
                "f Some(Required) Some(false)",
            ),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}], "tool_choice": {"type": "function", "function": {"name": "g"}}}"#,
                "f,g Some(Named(\"g\")) None",
            ),
            (r#"{"functions": [{"name": "f"}], "function_call": {"name": "f"}}"#, "f Some(Named(\"f\")) None"),
            (r#"{"functions": [{"name": "f"}], "function_call": "none"}"#, "f Some(None) None"),
        ] {
            assert_eq!(read(given).as_deref(), Ok(told), "{given}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (given, param) in [
            (r#"{"tools": {}}"#, "tools"),
            (r#"{"tools": [1]}"#, "tools[0]"),
            (r#"{"tools": [{"function": {"name": "f"}}]}"#, "tools[0].type"),
            (r#"{"tools": [{"type": "custom", "custom": {}}]}"#, "tools[0].type"),
            (r#"{"tools": [{"type": "function"}]}"#, "tools[0].function"),
            (r#"{"tools": [{"type": "function", "function": {}}]}"#, "tools[0].function.name"),
            (r#"{"tools": [{"type": "function", "function": {"name": ""}}]}"#, "tools[0].function.name"),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f", "description": 1}}]}"#,
                "tools[0].function.description",
            ),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}"#,
                "tools[0].function.parameters",
            ),
            (r#"{"functions": [{}]}"#, "functions[0].name"),
            (r#"{"functions": [{"name": "f"}], "tools": []}"#, "functions"),
            (r#"{"tool_choice": "required"}"#, "tool_choice"),
            (r#"{"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "any"}"#, "tool_choice"),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": "function", "function": {"name": "g"}}}"#,
                "tool_choice",
            ),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": {"type": "allowed_tools"}}"#,
                "tool_choice",
            ),
            (
                r#"{"tools": [{"type": "function", "function": {"name": "f"}}], "parallel_tool_calls": 1}"#,
                "parallel_tool_calls",
            ),
        ] {
            assert_eq!(read(given).unwrap_err(), param, "{given}");
        }
    }
}
