//! Extracts the error from a body: JSON of OpenAI, Anthropic or FastAPI, a page, or plain text.

use super::facts::VendorError;
use http::StatusCode;
use serde_json::Value;

/// The maximum length of a message, in characters. A longer message is cut, so that an error stays readable.
const MAX_MESSAGE: usize = 2_000;
/// How deep errors are looked for inside errors.
const MAX_DEPTH: usize = 16;
/// A code of a gateway that says nothing.
const NO_CODE: &str = "internal_error";

/// An error that a text quotes.
#[derive(Debug)]
pub struct Quoted {
    /// The status that the text gives it.
    pub status: Option<StatusCode>,
    /// The error itself.
    pub value: Value,
}

/// Finds the error that a text quotes. Gateways quote those of their vendors in forms of their own.
pub type Quotes<'a> = &'a dyn Fn(&str) -> Option<Quoted>;

/// Reads an error body of any of the known shapes.
pub fn read(body: &[u8], quotes: Quotes<'_>) -> VendorError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let mut found = match serde_json::from_str::<Value>(text) {
        Ok(value) => from_value(&value, quotes, 0).unwrap_or_else(|| alone(text.to_owned())),
        Err(_) if looks_like_html(text) => alone(from_html(text)),
        Err(_) => from_text(text, quotes, 0),
    };
    if let Some((at, _)) = found.message.char_indices().nth(MAX_MESSAGE) {
        found.message.truncate(at);
        found.message.push('…');
    }
    found
}

fn alone(message: String) -> VendorError {
    VendorError { message, ..VendorError::default() }
}

/// Returns the error inside a JSON value if it has a known error shape. What stands inside counts before what stands around it.
fn from_value(value: &Value, quotes: Quotes<'_>, depth: usize) -> Option<VendorError> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut found = match value {
        Value::String(text) => from_text(text, quotes, depth),
        Value::Object(map) => {
            let error = ["error", "detail", "message"].iter().find_map(|key| map.get(*key).filter(|v| !v.is_null()))?;
            match error {
                Value::Array(items) => from_details(items),
                other => from_value(other, quotes, depth + 1)?,
            }
        }
        _ => return None,
    };
    let inner = value.get("error").filter(|inner| inner.is_object()).unwrap_or(value);
    let text = |key: &str| inner.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    found.kind = found.kind.or_else(|| text("type").filter(|kind| !is_class(kind) && kind != "error"));
    found.param = found.param.or_else(|| text("param"));
    found.code = found.code.or_else(|| text("code").filter(|code| code != NO_CODE));
    found.status = found.status.or_else(|| inner.get("code").and_then(status_in));
    Some(found)
}

/// Reads a text that may quote an error.
fn from_text(text: &str, quotes: Quotes<'_>, depth: usize) -> VendorError {
    let quoted = quotes(text);
    let inside = quoted.as_ref().and_then(|quoted| from_value(&quoted.value, quotes, depth + 1));
    match inside {
        Some(found) if !found.message.is_empty() => {
            let status = quoted.and_then(|quoted| quoted.status);
            VendorError { status: status.or(found.status), ..found }
        }
        _ => alone(text.trim().to_owned()),
    }
}

/// Returns the status that some servers put in place of a code.
fn status_in(code: &Value) -> Option<StatusCode> {
    let number = code.as_u64().and_then(|number| u16::try_from(number).ok());
    let number = number.or_else(|| code.as_str()?.parse().ok());
    StatusCode::from_u16(number.filter(|number| (400..600).contains(number))?).ok()
}

/// Returns true for the name of a class of a program, such as `BadRequestError`: it is no type that clients know.
fn is_class(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.contains(|c: char| c.is_ascii_lowercase())
}

/// Reads FastAPI's validation errors: `[{"loc": ["body", "model"], "msg": "field required"}]`.
fn from_details(items: &[Value]) -> VendorError {
    let mut found = VendorError::default();
    for item in items {
        let place: Vec<String> = item
            .get("loc")
            .and_then(Value::as_array)
            .map(|loc| loc.iter().filter(|part| *part != "body").map(plain).collect())
            .unwrap_or_default();
        let place = place.join(".");
        let message = item.get("msg").map_or_else(|| plain(item), plain);
        if !found.message.is_empty() {
            found.message.push_str("; ");
        }
        if !place.is_empty() {
            found.message.push_str(&place);
            found.message.push_str(": ");
            found.param.get_or_insert(place);
        }
        found.message.push_str(&message);
    }
    found
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn looks_like_html(text: &str) -> bool {
    let start: String = text.chars().take(64).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
}

/// Returns the visible text of a page in one line, without repetitions from its title.
fn from_html(page: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => {
                in_tag = true;
                text.push('\n');
            }
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join(" – ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> VendorError {
        read(body.as_bytes(), &|_| None)
    }

    #[test]
    fn what_no_gateway_quotes_is_taken_as_it_stands() {
        let quoted = r#"{"error":{"message":"Error code: 400 - {'error': {'message': 'x'}}","type":"BadRequestError","param":null,"code":400}}"#;
        let error = found(quoted);
        assert_eq!(error.message, "Error code: 400 - {'error': {'message': 'x'}}");
        assert_eq!((error.status, error.kind, error.code), (Some(StatusCode::BAD_REQUEST), None, None));
    }

    #[test]
    fn types_and_codes_are_those_of_vendors_and_no_classes() {
        for (body, kind, code, status) in [
            (
                r#"{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}"#,
                Some("invalid_request_error"),
                Some("model_not_found"),
                None,
            ),
            (
                r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
                Some("overloaded_error"),
                None,
                None,
            ),
            (r#"{"object":"error","message":"m","type":"NotFoundError","code":404}"#, None, None, Some(404)),
            (r#"{"error":{"message":"m","code":"429"}}"#, None, Some("429"), Some(429)),
            (r#"{"error":{"message":"m","status":"RESOURCE_EXHAUSTED","code":429}}"#, None, None, Some(429)),
            (r#"{"error":"m"}"#, None, None, None),
        ] {
            let error = found(body);
            let status = status.map(|status: u16| StatusCode::from_u16(status).unwrap());
            assert_eq!(
                (error.message.as_str(), error.kind.as_deref(), error.code.as_deref(), error.status),
                ("m", kind, code, status),
                "{body}"
            );
        }
    }

    #[test]
    fn errors_in_errors_are_bounded() {
        let deep = format!("{}\"m\"{}", "{\"error\":".repeat(200), "}".repeat(200));
        assert!(found(&deep).message.starts_with("{\"error\""));
    }
}
