//! JSON, also with comments and trailing commas, as editors have it.

use super::names::NAMES;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::Value;

/// Returns the text with the settings in it.
///
/// # Errors
/// It is no JSON, or has something else where an object or a list belongs.
pub fn merged(old: &str, settings: &str) -> Result<String, String> {
    let unreadable = |e: &dyn std::fmt::Display| format!("it is not JSON: {e}");
    let root = CstRootNode::parse(old, &ParseOptions::default()).map_err(|e| unreadable(&e))?;
    let settings: Value = serde_json::from_str(settings).map_err(|e| unreadable(&e))?;
    match (&settings, root.value()) {
        (_, None) => root.set_value(input(&settings)),
        (_, Some(node)) => lay(&node, &settings, "the file")?,
    }
    Ok(root.to_string())
}

/// Lays settings over a value of the same kind. `path` is what people call the value.
fn lay(node: &CstNode, settings: &Value, path: &str) -> Result<(), String> {
    let other = |kind| Err(format!("{path} is no {kind}"));
    match settings {
        Value::Object(_) => {
            node.as_object().map_or_else(|| other("object"), |object| lay_object(&object, settings, path))
        }
        Value::Array(list) => node.as_array().map_or_else(|| other("list"), |array| lay_list(&array, list, path)),
        _ => Ok(()),
    }
}

fn lay_object(object: &CstObject, settings: &Value, path: &str) -> Result<(), String> {
    for (key, value) in settings.as_object().into_iter().flatten() {
        match object.get(key) {
            None => drop(object.append(key, input(value))),
            Some(property) => match (value, property.value()) {
                (Value::Object(_) | Value::Array(_), Some(old)) if !is_null(&old) => {
                    lay(&old, value, &format!("{path}: {key}"))?;
                }
                _ => property.set_value(input(value)),
            },
        }
    }
    Ok(())
}

fn is_null(node: &CstNode) -> bool {
    node.to_serde_value() == Some(Value::Null)
}

fn lay_list(array: &CstArray, settings: &[Value], path: &str) -> Result<(), String> {
    for value in settings {
        let name =
            |value: &Value| NAMES.iter().find_map(|key| value.get(key)?.as_str().map(|name| (*key, name.to_owned())));
        let own = name(value);
        let same = |node: &CstNode| own.is_some() && node.to_serde_value().is_some_and(|old| name(&old) == own);
        match array.elements().into_iter().find(same) {
            Some(old) => lay(&old, value, &format!("{path}: {}", own.as_ref().map_or("", |(_, name)| name.as_str())))?,
            None if array.elements().iter().any(|old| old.to_serde_value().as_ref() == Some(value)) => {}
            None => drop(array.append(input(value))),
        }
    }
    Ok(())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(is) => CstInputValue::Bool(*is),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(list) => CstInputValue::Array(list.iter().map(input).collect()),
        Value::Object(map) => {
            CstInputValue::Object(map.iter().map(|(key, value)| (key.clone(), input(value))).collect())
        }
    }
}
