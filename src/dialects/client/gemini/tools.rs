//! Tools of a request: functions, declared in one list or in several. The vendor's own tools run at its servers and exist nowhere else.

use super::schema::as_json_schema;
use super::spelling::{elements, given, is, object};
use super::values::{invalid, text, unserved};
use crate::chat::tools::{Tool, ToolChoice, Tools};
use crate::dialects::client::known_names::KnownNames;
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The tools that other vendors get, and the places of those that they do not.
#[derive(Debug, Default)]
pub struct FunctionOffer<'a> {
    /// The tools; `None` if none are offered.
    pub tools: Option<Tools<'a>>,
    /// The vendor's own tools.
    pub left_out: Vec<String>,
}

/// Which functions may be called.
struct Calling<'a> {
    choice: Option<ToolChoice<'a>>,
    /// The functions that may be called; empty for all.
    allowed: Vec<Cow<'a, str>>,
}

/// Reads `tools` and `toolConfig`.
///
/// # Errors
/// 400 naming the place.
pub fn read<'a>(request: &Fields<'a>, names: &mut KnownNames) -> Result<FunctionOffer<'a>, Failure> {
    let mut read = FunctionOffer::default();
    let mut offered = Vec::new();
    for (index, entry) in given(request, "tools").map(elements).unwrap_or_default().into_iter().enumerate() {
        let place = format!("tools[{index}]");
        let entry = Fields::of(entry).ok_or_else(|| invalid(&place, "it must be an object."))?;
        for (kind, value) in entry.iter().filter(|(_, value)| !json::is_null(value)) {
            if !is(kind, "functionDeclarations") {
                read.left_out.push(format!("{place}.{kind}"));
                continue;
            }
            for (number, declaration) in elements(value).into_iter().enumerate() {
                offered.push(function(&format!("{place}.functionDeclarations[{number}]"), declaration)?);
            }
        }
    }
    let Calling { choice, allowed } = calling(request)?;
    for name in &allowed {
        if !offered.iter().any(|tool| tool.name == *name) {
            let place = "toolConfig.functionCallingConfig.allowedFunctionNames";
            return Err(invalid(place, &format!("'{name}' is not declared.")));
        }
    }
    if offered.is_empty() {
        return match (choice, read.left_out.first()) {
            (Some(ToolChoice::Required), Some(tool)) => {
                Err(unserved(tool, "this tool runs at Google; this model has no such tool, and is to call one."))
            }
            (Some(ToolChoice::Required), None) => {
                Err(invalid("toolConfig.functionCallingConfig.mode", "ANY needs functions that are declared."))
            }
            _ => Ok(read),
        };
    }
    offered.retain(|tool| allowed.is_empty() || allowed.contains(&tool.name));
    for tool in &mut offered {
        tool.name = names.short(std::mem::take(&mut tool.name));
    }
    let choice = match (choice, offered.as_slice()) {
        (Some(ToolChoice::Required), [one]) if !allowed.is_empty() => Some(ToolChoice::Named(one.name.clone())),
        (choice, _) => choice,
    };
    read.tools = Some(Tools { offered, choice, parallel: None });
    Ok(read)
}

/// `{"name", "description"?, "parameters"? | "parametersJsonSchema"?}`
fn function<'a>(place: &str, declaration: &'a RawValue) -> Result<Tool<'a>, Failure> {
    let fields = Fields::of(declaration).ok_or_else(|| invalid(place, "it must be an object."))?;
    let name_place = format!("{place}.name");
    let name = given(&fields, "name").ok_or_else(|| invalid(&name_place, "it is missing."))?;
    let name = text(&name_place, name)?;
    if name.is_empty() {
        return Err(invalid(&name_place, "it is empty."));
    }
    let description = given(&fields, "description").filter(|text| json::inside_of(text).is_some());
    let parameters = match (given(&fields, "parametersJsonSchema"), given(&fields, "parameters")) {
        (Some(schema), _) if schema.get().starts_with('{') => Some(Cow::Borrowed(schema)),
        (Some(_), _) => return Err(invalid(&format!("{place}.parametersJsonSchema"), "it must be an object.")),
        (None, Some(schema)) => Some(as_json_schema(&format!("{place}.parameters"), schema)?),
        (None, None) => None,
    };
    Ok(Tool { name, description: description.map(Cow::Borrowed), parameters, strict: None })
}

/// `{"functionCallingConfig": {"mode", "allowedFunctionNames"?}}`
fn calling<'a>(request: &Fields<'a>) -> Result<Calling<'a>, Failure> {
    let config = object(request, "toolConfig").and_then(|config| object(&config, "functionCallingConfig"));
    let Some(config) = config else { return Ok(Calling { choice: None, allowed: Vec::new() }) };
    let place = "toolConfig.functionCallingConfig.mode";
    let mode = given(&config, "mode").map(|mode| text(place, mode)).transpose()?.unwrap_or_default();
    let choice = match mode.to_ascii_uppercase().as_str() {
        "" | "MODE_UNSPECIFIED" => None,
        // Schemas are kept as well as each upstream can, whatever the mode is.
        "AUTO" | "VALIDATED" => Some(ToolChoice::Auto),
        "ANY" => Some(ToolChoice::Required),
        "NONE" => Some(ToolChoice::None),
        _ => return Err(invalid(place, &format!("'{mode}' is no mode; use AUTO, ANY, NONE or VALIDATED."))),
    };
    let list = given(&config, "allowedFunctionNames").map(elements).unwrap_or_default();
    let name = |name| text("toolConfig.functionCallingConfig.allowedFunctionNames", name);
    Ok(Calling { choice, allowed: list.into_iter().map(name).collect::<Result<_, _>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(request: &str) -> String {
        let fields = Fields::parse(request).unwrap();
        match read(&fields, &mut KnownNames::default()) {
            Err(failure) => failure.message,
            Ok(read) => {
                let tools = read.tools.unwrap_or_default();
                let schema =
                    |tool: &Tool<'_>| tool.parameters.as_ref().map_or(String::new(), |schema| schema.get().to_owned());
                let offered: Vec<String> =
                    tools.offered.iter().map(|tool| format!("{}{}", tool.name, schema(tool))).collect();
                format!("{} {:?} left {}", offered.join(","), tools.choice, read.left_out.join(","))
            }
        }
    }

    #[test]
    fn functions_are_collected_and_the_vendors_own_tools_left_out() {
        let tools = r#""tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}],"googleSearch":{}},{"function_declarations":[{"name":"g","parameters_json_schema":{"type":"object"},"response_json_schema":{}}]},{"codeExecution":{}}]"#;
        let both = r#"f{"type":"object"},g{"type":"object"}"#;
        let left = "left tools[0].googleSearch,tools[2].codeExecution";
        for (config, expected) in [
            ("", format!("{both} None {left}")),
            (r#","toolConfig":{"functionCallingConfig":{"mode":"validated"}}"#, format!("{both} Some(Auto) {left}")),
            (r#","tool_config":{"function_calling_config":{"mode":"NONE"}}"#, format!("{both} Some(None) {left}")),
            (
                r#","toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["g"]}}"#,
                format!("g{{\"type\":\"object\"}} Some(Named(\"g\")) {left}"),
            ),
            (
                r#","toolConfig":{"functionCallingConfig":{"mode":"ANY","allowed_function_names":["g","f"]}}"#,
                format!("{both} Some(Required) {left}"),
            ),
        ] {
            assert_eq!(told(&format!("{{{tools}{config}}}")), expected, "{config}");
        }
        assert_eq!(told(r#"{"tools":[{"googleSearch":{}}]}"#), " None left tools[0].googleSearch");
    }

    #[test]
    fn names_that_others_refuse_are_written_otherwise() {
        let mut names = KnownNames::default();
        let request = r#"{"tools":{"functionDeclarations":{"name":"files.read:all"}}}"#;
        let fields = Fields::parse(request).unwrap();
        let read = read(&fields, &mut names).unwrap().tools.unwrap();
        let name = &read.offered[0].name;
        assert!(name.starts_with("files_read_all_") && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        assert_eq!(names.given(name), "files.read:all");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (request, place) in [
            (r#"{"tools":[1]}"#, "tools[0]"),
            (r#"{"tools":[{"functionDeclarations":[{}]}]}"#, "tools[0].functionDeclarations[0].name"),
            (
                r#"{"tools":[{"functionDeclarations":[{"name":"f","parameters":1}]}]}"#,
                "tools[0].functionDeclarations[0].parameters",
            ),
            (r#"{"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}"#, "toolConfig.functionCallingConfig.mode"),
            (r#"{"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}"#, "toolConfig.functionCallingConfig.mode"),
            (
                r#"{"tools":[{"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}"#,
                "tools[0].googleSearch",
            ),
            (
                r#"{"tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"allowedFunctionNames":["g"]}}}"#,
                "toolConfig.functionCallingConfig.allowedFunctionNames",
            ),
        ] {
            let told = told(request);
            assert!(told.starts_with(&format!("Invalid value at '{place}'")), "{request}: {told}");
        }
    }
}
