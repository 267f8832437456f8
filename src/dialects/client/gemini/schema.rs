//! Schemas in the vendor's form, a subset of OpenAPI's, as JSON schemas: types in lower case, null as a type, numbers as numbers.

use super::spelling::{given, is, is_any};
use super::values::{invalid, raw};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How deep a schema may be nested.
const DEEPEST: usize = 64;
/// Keywords that mean nothing in a JSON schema, and those that are written elsewhere.
const LEFT_OUT: [&str; 5] = ["type", "nullable", "propertyOrdering", "example", "format"];
/// Formats that vendors know. Others, such as int64 and double, are no formats of a text.
const FORMATS: [&str; 9] = ["date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];
/// Keywords whose numbers the vendor writes as strings.
const COUNTS: [&str; 6] = ["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"];

/// Returns the JSON schema of a schema.
///
/// # Errors
/// 400 for one that is no object, or too deep.
pub fn as_json_schema<'a>(place: &str, schema: &RawValue) -> Result<Cow<'a, RawValue>, Failure> {
    let mut out = Vec::with_capacity(schema.get().len() + 32);
    push(&mut out, schema, 0).map_err(|why| invalid(place, why))?;
    Ok(raw(out))
}

fn push(out: &mut Vec<u8>, schema: &RawValue, depth: usize) -> Result<(), &'static str> {
    let fields = Fields::of(schema).ok_or("a schema must be an object.")?;
    if depth > DEEPEST {
        return Err("the schema is nested too deep.");
    }
    out.push(b'{');
    push_type(out, &fields);
    for (key, value) in fields.iter().filter(|(key, value)| !is_any(key, &LEFT_OUT) && !json::is_null(value)) {
        if is(key, "properties") {
            push_properties(out, &fields, value, depth)?;
        } else if is_any(key, &["items", "additionalProperties"]) && value.get().starts_with('{') {
            json::push_key(out, &camel(key));
            push(out, value, depth + 1)?;
        } else if is_any(key, &["anyOf", "oneOf", "allOf", "prefixItems"]) {
            json::push_key(out, &camel(key));
            push_all(out, value, depth)?;
        } else {
            json::push_key(out, &camel(key));
            let number = json::inside_of(value).filter(|text| is_any(key, &COUNTS) && text.parse::<u64>().is_ok());
            out.extend_from_slice(number.unwrap_or(value.get()).as_bytes());
        }
    }
    let format =
        given(&fields, "format").filter(|format| json::inside_of(format).is_some_and(|f| FORMATS.contains(&f)));
    if let Some(format) = format {
        json::push_key(out, "format");
        out.extend_from_slice(format.get().as_bytes());
    }
    out.push(b'}');
    Ok(())
}

fn push_type(out: &mut Vec<u8>, fields: &Fields<'_>) {
    let is_nullable = given(fields, "nullable").is_some_and(|flag| flag.get() == "true");
    let Some(kind) = given(fields, "type") else { return };
    match json::text_of(kind).map(|kind| kind.to_ascii_lowercase()).as_deref() {
        Some("type_unspecified") => {}
        Some(kind) => {
            json::push_key(out, "type");
            if is_nullable {
                out.push(b'[');
            }
            json::push_string(out, kind);
            if is_nullable {
                out.extend_from_slice(b",\"null\"]");
            }
        }
        // A list of types is a JSON schema's own.
        None => {
            json::push_key(out, "type");
            out.extend_from_slice(kind.get().to_ascii_lowercase().as_bytes());
        }
    }
}

/// Appends the properties in the order that the schema asks for: models answer in the order in which they read.
fn push_properties(
    out: &mut Vec<u8>,
    fields: &Fields<'_>,
    properties: &RawValue,
    depth: usize,
) -> Result<(), &'static str> {
    let all = Fields::of(properties).ok_or("'properties' must be an object.")?;
    let order = given(fields, "propertyOrdering").and_then(|order| fields::list_of(order).ok()).unwrap_or_default();
    let order: Vec<Cow<'_, str>> = order.into_iter().filter_map(json::text_of).collect();
    let mut sorted: Vec<(&str, &RawValue)> = all.iter().collect();
    let place = |name: &str| order.iter().position(|known| known == name).unwrap_or(order.len());
    sorted.sort_by_key(|(name, _)| place(name));
    json::push_key(out, "properties");
    out.push(b'{');
    for (name, schema) in sorted {
        json::push_key(out, name);
        push(out, schema, depth + 1)?;
    }
    out.push(b'}');
    Ok(())
}

fn push_all(out: &mut Vec<u8>, list: &RawValue, depth: usize) -> Result<(), &'static str> {
    let list = fields::list_of(list).map_err(|_| "alternatives must be a list.")?;
    let mut failed = Ok(());
    json::push_list(out, list, |out, schema| {
        if failed.is_ok() {
            failed = push(out, schema, depth + 1);
        }
    });
    failed
}

/// Returns a keyword in its usual spelling. JSON schemas know no underscores in keywords.
fn camel(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut words = key.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(schema: &str) -> String {
        let raw: &RawValue = serde_json::from_str(schema).unwrap();
        as_json_schema("s", raw).map_or_else(|failure| failure.message, |schema| schema.get().to_owned())
    }

    #[test]
    fn schemas_are_json_schemas() {
        for (schema, expected) in [
            (
                r#"{"type":"STRING","nullable":true,"format":"date-time"}"#,
                r#"{"type":["string","null"],"format":"date-time"}"#,
            ),
            (r#"{"type":"INTEGER","format":"int64","minimum":1,"example":2}"#, r#"{"type":"integer","minimum":1}"#),
            (
                r#"{"type":"ARRAY","items":{"type":"STRING","enum":["A","B"]},"min_items":"2","maxItems":3}"#,
                r#"{"type":"array","items":{"type":"string","enum":["A","B"]},"minItems":2,"maxItems":3}"#,
            ),
            (
                r#"{"type":"OBJECT","properties":{"type":{"type":"STRING"},"any_of":{"type":"NUMBER"}},"required":["type"],"propertyOrdering":["any_of","type"]}"#,
                r#"{"type":"object","properties":{"any_of":{"type":"number"},"type":{"type":"string"}},"required":["type"]}"#,
            ),
            (
                r#"{"any_of":[{"type":"STRING"},{"type":"NULL"}],"description":"x","title":null}"#,
                r#"{"anyOf":[{"type":"string"},{"type":"null"}],"description":"x"}"#,
            ),
            (r#"{"type":["string","NULL"]}"#, r#"{"type":["string","null"]}"#),
            (r#"{"type":"TYPE_UNSPECIFIED"}"#, "{}"),
            (r#"{"type":"object","additionalProperties":false}"#, r#"{"type":"object","additionalProperties":false}"#),
        ] {
            assert_eq!(told(schema), expected, "{schema}");
        }
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for schema in ["1", r#"{"items":{"items":{"properties":1}}}"#, r#"{"anyOf":{}}"#, r#"{"anyOf":[1]}"#] {
            assert!(told(schema).starts_with("Invalid value at 's':"), "{schema}");
        }
        let deep = format!("{}1{}", "{\"items\":".repeat(80), "}".repeat(80));
        assert!(told(&deep).contains("too deep"));
    }
}
