//! `response_format` of a request: the JSON format of the answer.

use crate::chat::{Format, JsonSchema};
use crate::dialects::client::values::{text, wrong_type};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The maximum length of a schema's name, in characters, as OpenAI documents it. It becomes the name of a tool.
const LONGEST_NAME: usize = 64;

/// Reads the value of `response_format`; `None` if it asks for text.
///
/// # Errors
/// 400 naming the field.
pub fn read(given: &RawValue) -> Result<Option<Format<'_>>, Failure> {
    if json::is_null(given) {
        return Ok(None);
    }
    let place = "response_format";
    let fields = object(place, given)?;
    let kind_place = format!("{place}.type");
    let kind = match fields.get("type") {
        Some(kind) => text(&kind_place, kind)?,
        None => None,
    };
    let place = format!("{place}.json_schema");
    match kind.as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::Object)),
        Some("json_schema") => match fields.get("json_schema").filter(|inside| !json::is_null(inside)) {
            Some(inside) => Ok(Some(Format::Schema(schema(&place, inside)?))),
            None => Err(missing(&place, "an object with 'name' and 'schema'")),
        },
        Some(other) => {
            let message = format!("'{kind_place}' is '{other}'; expected text, json_object or json_schema.");
            Err(Failure::bad_field(kind_place, message))
        }
        None => Err(missing(&kind_place, "text, json_object or json_schema")),
    }
}

fn object<'a>(place: &str, given: &'a RawValue) -> Result<Fields<'a>, Failure> {
    Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))
}

fn schema<'a>(place: &str, given: &'a RawValue) -> Result<JsonSchema<'a>, Failure> {
    let fields = object(place, given)?;
    let there = |name: &str| fields.get(name).filter(|value| !json::is_null(value));
    let name_place = format!("{place}.name");
    let name = match there("name") {
        Some(name) => text(&name_place, name)?,
        None => None,
    };
    let name = name.ok_or_else(|| missing(&name_place, "the schema's name"))?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(fits) {
        let message = format!(
            "'{name_place}' must be 1 to {LONGEST_NAME} letters, digits, underscores and dashes, but it is '{name}'."
        );
        return Err(Failure::bad_field(name_place, message));
    }
    let kind = |name: &str, opens: &[char], wanted: &str| match there(name) {
        Some(value) if !value.get().starts_with(opens) => Err(wrong_type(&format!("{place}.{name}"), wanted, value)),
        value => Ok(value),
    };
    Ok(JsonSchema {
        name,
        description: kind("description", &['"'], "a string")?,
        schema: kind("schema", &['{'], "a JSON schema")?,
        strict: kind("strict", &['t', 'f'], "a boolean")?,
    })
}

fn missing(place: &str, wanted: &str) -> Failure {
    Failure::bad_field(place, format!("'{place}' is missing; expected {wanted}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &str) -> Result<String, String> {
        let given: &RawValue = serde_json::from_str(given).unwrap();
        let told = |format: Option<Format<'_>>| match format {
            None => "text".to_owned(),
            Some(Format::Object) => "object".to_owned(),
            Some(Format::Schema(JsonSchema { name, description, schema, strict })) => {
                let raw = |value: Option<&RawValue>| value.map_or("-", |raw| raw.get()).to_owned();
                format!("{name} {} {} {}", raw(description), raw(schema), raw(strict))
            }
        };
        super::read(given).map(told).map_err(|failure| String::from(failure.param.unwrap()))
    }

    #[test]
    fn every_format_is_read() {
        for (given, told) in [
            ("null", "text"),
            (r#"{"type": "text"}"#, "text"),
            (r#"{"type": "json_object"}"#, "object"),
            (r#"{"type": "json_schema", "json_schema": {"name": "a-B_1"}}"#, "a-B_1 - - -"),
            (
                r#"{"type": "json_schema", "json_schema": {"name": "a", "description": "d", "schema": {"x":1}, "strict": true}}"#,
                r#"a "d" {"x":1} true"#,
            ),
            (
                r#"{"type": "json_schema", "json_schema": {"name": "a", "description": null, "schema": null, "strict": null}}"#,
                "a - - -",
            ),
        ] {
            assert_eq!(read(given).as_deref(), Ok(told), "{given}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let long = format!(r#"{{"type": "json_schema", "json_schema": {{"name": "{}"}}}}"#, "a".repeat(65));
        for (given, param) in [
            (r#""json""#, "response_format"),
            ("[]", "response_format"),
            ("{}", "response_format.type"),
            (r#"{"type": 1}"#, "response_format.type"),
            (r#"{"type": "xml"}"#, "response_format.type"),
            (r#"{"type": "json_schema"}"#, "response_format.json_schema"),
            (r#"{"type": "json_schema", "json_schema": 1}"#, "response_format.json_schema"),
            (r#"{"type": "json_schema", "json_schema": {}}"#, "response_format.json_schema.name"),
            (r#"{"type": "json_schema", "json_schema": {"name": 1}}"#, "response_format.json_schema.name"),
            (r#"{"type": "json_schema", "json_schema": {"name": ""}}"#, "response_format.json_schema.name"),
            (r#"{"type": "json_schema", "json_schema": {"name": "A[int]"}}"#, "response_format.json_schema.name"),
            (long.as_str(), "response_format.json_schema.name"),
            (
                r#"{"type": "json_schema", "json_schema": {"name": "a", "schema": []}}"#,
                "response_format.json_schema.schema",
            ),
            (
                r#"{"type": "json_schema", "json_schema": {"name": "a", "strict": 1}}"#,
                "response_format.json_schema.strict",
            ),
            (
                r#"{"type": "json_schema", "json_schema": {"name": "a", "description": 1}}"#,
                "response_format.json_schema.description",
            ),
        ] {
            assert_eq!(read(given).unwrap_err(), param, "{given}");
        }
    }
}
