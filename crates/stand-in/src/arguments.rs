//! Arguments of tool calls that fit a JSON schema, so that the tool of a client can run.

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// The deepest nesting of a value: a schema may refer to itself.
const DEEPEST: usize = 8;

/// Returns an object that fits the schema of a tool's arguments. It has the required members, or all if none is required.
pub(crate) fn plausible(schema: Option<&RawValue>) -> Value {
    let root: Value = schema.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    match value(&root, &root, "value", DEEPEST) {
        object @ Value::Object(_) => object,
        _ => json!({}),
    }
}

/// Returns a value that fits `schema`. `name` is the name of the member that gets the value.
fn value(root: &Value, schema: &Value, name: &str, depth: usize) -> Value {
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    // What the schema names comes first, then what it refers to, then the first of its alternatives, then its type.
    if let Some(example) = example(schema) {
        return example.clone();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = target.strip_prefix('#').and_then(|path| root.pointer(path));
        return target.map_or(Value::Null, |target| value(root, target, name, depth));
    }
    let nested = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(key)?.get(0));
    if let Some(first) = nested {
        return value(root, first, name, depth);
    }
    match kind(schema) {
        "object" => object(root, schema, depth),
        "array" => match schema.get("items") {
            Some(items) => json!([value(root, items, name, depth)]),
            None => json!([]),
        },
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => json!(text(schema, name)),
    }
}

/// Returns a value that the schema itself names.
fn example(schema: &Value) -> Option<&Value> {
    let first = |key| schema.get(key).and_then(|values| values.get(0));
    schema.get("const").or_else(|| schema.get("default")).or_else(|| first("examples")).or_else(|| first("enum"))
}

/// Returns the type of a schema, or the first of several types. Vendors write it in upper or lower case.
fn kind(schema: &Value) -> &'static str {
    let written = match schema.get("type") {
        Some(Value::Array(several)) => several.first(),
        one => one,
    };
    let written = written.and_then(Value::as_str);
    let is = |kind: &&str| written.is_some_and(|written| written.eq_ignore_ascii_case(kind));
    match ["object", "array", "integer", "number", "boolean", "null", "string"].into_iter().find(is) {
        Some(kind) => kind,
        None if schema.get("properties").is_some() => "object",
        None => "string",
    }
}

fn object(root: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_none_or(|names| names.iter().any(|required| required == name));
    let members = schema.get("properties").and_then(Value::as_object);
    let members = members.into_iter().flatten();
    let filled: Map<String, Value> = members
        .filter(|(name, _)| is_required(name))
        .map(|(name, schema)| (name.clone(), value(root, schema, name, depth)))
        .collect();
    Value::Object(filled)
}

fn text(schema: &Value, name: &str) -> String {
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => "2025-03-01".to_owned(),
        Some("date-time") => "2025-03-01T12:00:00Z".to_owned(),
        Some("time") => "12:00:00".to_owned(),
        Some("email") => "someone@example.com".to_owned(),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        _ => format!("sample {}", name.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::to_raw_value;

    fn plausible_for(schema: Value) -> Value {
        plausible(Some(&to_raw_value(&schema).unwrap()))
    }

    #[test]
    fn members_get_values_of_their_type() {
        let arguments = plausible_for(json!({"type": "object", "properties": {
            "file_path": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "day": {"type": "string", "format": "date"},
            "count": {"type": ["integer", "null"], "minimum": 3},
            "deep": {"type": "OBJECT", "properties": {"flags": {"type": "array", "items": {"type": "boolean"}}}},
            "either": {"anyOf": [{"type": "number"}, {"type": "string"}]},
        }}));
        assert_eq!(
            arguments,
            json!({
                "file_path": "sample file path", "unit": "celsius", "day": "2025-03-01", "count": 3,
                "deep": {"flags": [true]}, "either": 1,
            })
        );
    }

    #[test]
    fn only_required_members_are_filled() {
        let properties = json!({"a": {"type": "integer"}, "b": {"type": "integer"}});
        let schema = json!({"type": "object", "properties": properties, "required": ["b"]});
        assert_eq!(plausible_for(schema), json!({"b": 1}));
    }

    #[test]
    fn references_are_followed_but_not_for_ever() {
        let node = json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}});
        let schema = json!({"$ref": "#/$defs/node", "$defs": {"node": node}});
        assert!(plausible_for(schema)["next"].is_object());
    }

    #[test]
    fn a_tool_without_a_schema_gets_an_empty_object() {
        assert_eq!(plausible(None), json!({}));
        assert_eq!(plausible_for(json!({"type": "string"})), json!({}));
    }
}
