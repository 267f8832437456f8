//! Tools in OpenAI's requests: `tools` with `tool_choice` and `parallel_tool_calls`, and the older form, `functions`
//! with `function_call`.

use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::client::values::{text, wrong_type};
use crate::json::fields::Name;
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
        // An empty list offers nothing, so it may stand beside the other form.
        let is_given = !json::is_null(value) && fields::list_of(value).map_or(true, |list| !list.is_empty());
        *place = Some(value).filter(|_| is_given);
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
        let choice = given.map(|given| GivenChoice::read(upstream, name, given, old)).transpose()?.unwrap_or_default();
        // Without tools a required call is impossible, while any other choice has no effect.
        if offered.is_empty() {
            return match choice.tools {
                Some(ToolChoice::Required | ToolChoice::Named(_)) => {
                    Err(Failure::bad_field(name, format!("'{name}' is only allowed when tools are given.")))
                }
                _ => Ok(None),
            };
        }
        let asked = match self.parallel_tool_calls.map(|given| (given, given.get())) {
            None => None,
            Some((_, "true")) => Some(true),
            Some((_, "false")) => Some(false),
            Some((given, _)) => return Err(wrong_type("parallel_tool_calls", "a boolean", given)),
        };
        let parallel = if choice.one_by_one { Some(false) } else { asked };
        let tools = Tools { offered, choice: choice.tools, parallel };
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

/// `{"type": "function", "function": {…}}`, or without the inner object, as OpenAI's Responses and Anthropic have it.
fn tool<'a>(upstream: &str, place: &str, given: &'a RawValue) -> Result<Tool<'a>, Failure> {
    let fields = Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))?;
    let there = |name: &str| fields.get(name).filter(|value| !json::is_null(value));
    let kind = match there("type") {
        Some(kind) => text(&format!("{place}.type"), kind)?,
        None => None,
    };
    match kind.as_deref() {
        None | Some("function") => {}
        // Anthropic's word for a function. OpenAI's custom tools have no schema.
        Some("custom") if there("input_schema").is_some() => {}
        Some(other) => {
            let why = format!(
                "{upstream} knows tools of type 'function', not '{other}'; offer it as a function, or leave it out"
            );
            return Err(Failure::unsupported(&format!("{place}.type"), &why));
        }
    }
    match there("function") {
        Some(inside) => function(&format!("{place}.function"), inside),
        None if there("name").is_some() => function(place, given),
        None => Err(missing(&format!("{place}.function"), "an object with 'name'")),
    }
}

/// `{"name", "description", "parameters" or Anthropic's "input_schema", "strict"}`
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
        description: kind("description", '"', "a string")?.map(Cow::Borrowed),
        parameters: kind(
            if there("parameters").is_some() { "parameters" } else { "input_schema" },
            '{',
            "a JSON schema",
        )?
        .map(Cow::Borrowed),
        strict: there("strict"),
    })
}

/// `tool_choice` or `function_call`.
#[derive(Default)]
struct GivenChoice<'a> {
    tools: Option<ToolChoice<'a>>,
    /// True if only one tool may be called in a turn. Anthropic says so in the choice.
    one_by_one: bool,
}

impl<'a> GivenChoice<'a> {
    /// Reads a word, or an object whose type is such a word or names a tool.
    fn read(upstream: &str, name: &str, given: &'a RawValue, old: bool) -> Result<Self, Failure> {
        let wanted = if old { "auto, none or {\"name\"}" } else { "auto, none, required or a named function" };
        let wrong = || Failure::bad_field(name, format!("'{name}' is {}; expected {wanted}.", shown(given)));
        if let Some(word) = json::text_of(given) {
            let tools = any_of(&word).filter(|choice| !old || *choice != ToolChoice::Required);
            return Ok(GivenChoice { tools: Some(tools.ok_or_else(wrong)?), one_by_one: false });
        }
        let fields = Fields::parse(given.get()).map_err(|_| wrong())?;
        let one_by_one = fields.get("disable_parallel_tool_use").is_some_and(|value| value.get() == "true");
        let kind = fields.get("type").and_then(json::text_of);
        let tools = match (kind.as_deref(), old) {
            (_, true) | (Some("function" | "tool"), false) => ToolChoice::Named(named(&fields).ok_or_else(wrong)?),
            (Some(kind), false) => any_of(kind)
                .ok_or_else(|| Failure::unsupported(name, &format!("{upstream} has no choice of type '{kind}'")))?,
            (None, false) => return Err(wrong()),
        };
        Ok(GivenChoice { tools: Some(tools), one_by_one })
    }
}

/// Returns the choice that names no tool. `any` is Anthropic's word for `required`.
fn any_of(word: &str) -> Option<ToolChoice<'static>> {
    Some(match word {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "required" | "any" => ToolChoice::Required,
        _ => return None,
    })
}

/// Returns the tool that a choice names, in an inner object or without one.
fn named<'a>(choice: &Fields<'a>) -> Option<Name<'a>> {
    let inside = choice.get("function").and_then(|inside| Fields::parse(inside.get()).ok());
    inside.as_ref().unwrap_or(choice).get("name").and_then(json::text_of)
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
        read.map_err(|failure| String::from(failure.param.unwrap()))
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
    fn what_other_apis_write_has_its_plain_meaning() {
        let one = r#""tools": [{"type": "function", "function": {"name": "f"}}]"#;
        for (more, told) in [
            (r#""tool_choice": "any""#, "f Some(Required) None"),
            (r#""tool_choice": {"type": "any"}"#, "f Some(Required) None"),
            (r#""tool_choice": {"type": "required"}"#, "f Some(Required) None"),
            (r#""tool_choice": {"type": "auto"}"#, "f Some(Auto) None"),
            (r#""tool_choice": {"type": "none"}"#, "f Some(None) None"),
            (r#""tool_choice": {"type": "auto", "disable_parallel_tool_use": true}"#, "f Some(Auto) Some(false)"),
            (r#""tool_choice": {"type": "any", "disable_parallel_tool_use": false}"#, "f Some(Required) None"),
            (r#""tool_choice": {"type": "tool", "name": "f"}"#, "f Some(Named(\"f\")) None"),
            (r#""tool_choice": {"type": "function", "name": "f"}"#, "f Some(Named(\"f\")) None"),
            (r#""functions": []"#, "f None None"),
            (r#""functions": [ ], "function_call": "auto""#, "f None None"),
        ] {
            assert_eq!(read(&format!("{{{one}, {more}}}")).as_deref(), Ok(told), "{more}");
        }
        for tool in [
            r#"{"type": "function", "name": "f", "parameters": {}, "strict": true}"#,
            r#"{"type": "function", "function": null, "name": "f"}"#,
            r#"{"function": {"name": "f"}}"#,
            r#"{"name": "f", "input_schema": {}}"#,
            r#"{"type": "custom", "name": "f", "input_schema": {}}"#,
        ] {
            assert_eq!(read(&format!("{{\"tools\": [{tool}]}}")).as_deref(), Ok("f None None"), "{tool}");
        }
        let old = r#"{"tools": [], "functions": [{"name": "f"}], "function_call": "auto"}"#;
        assert_eq!(read(old).as_deref(), Ok("f Some(Auto) None"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (given, param) in [
            (r#"{"tools": {}}"#, "tools"),
            (r#"{"tools": [1]}"#, "tools[0]"),
            (r#"{"tools": [{"type": "custom", "custom": {}}]}"#, "tools[0].type"),
            (r#"{"tools": [{"type": "custom", "name": "f", "format": {"type": "text"}}]}"#, "tools[0].type"),
            (r#"{"tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]}"#, "tools[1].type"),
            (r#"{"tools": [{"type": "function", "name": ""}]}"#, "tools[0].name"),
            (r#"{"tools": [{"name": "f", "input_schema": []}]}"#, "tools[0].input_schema"),
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
            (r#"{"functions": [{"name": "f"}], "tools": [{"type": "function", "name": "f"}]}"#, "functions"),
            (r#"{"functions": [{"name": "f"}], "function_call": "any"}"#, "function_call"),
            (r#"{"functions": [{"name": "f"}], "function_call": {"type": "auto"}}"#, "function_call"),
            (r#"{"tool_choice": "required"}"#, "tool_choice"),
            (r#"{"functions": [], "tool_choice": {"type": "any"}}"#, "tool_choice"),
            (r#"{"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "f"}"#, "tool_choice"),
            (r#"{"tools": [{"name": "f"}], "tool_choice": {"type": "function"}}"#, "tool_choice"),
            (r#"{"tools": [{"name": "f"}], "tool_choice": {"name": "f"}}"#, "tool_choice"),
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
