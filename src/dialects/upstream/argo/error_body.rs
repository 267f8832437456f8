//! Extracts the message from an error body: JSON of OpenAI, Anthropic or FastAPI, Python's repr inside JSON, nginx's
//! HTML, or plain text.

use super::python;
use crate::dialects::upstream::VendorError;
use serde_json::Value;

/// The maximum length of a message, in characters. A longer message is cut, so that an error stays readable.
const MAX_MESSAGE: usize = 2_000;

/// Reads an error body of any of the known shapes.
pub fn said(body: &[u8]) -> VendorError {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    let mut said = match serde_json::from_str::<Value>(text) {
        Ok(value) => {
            from_value(&value).unwrap_or_else(|| VendorError { message: text.to_owned(), ..VendorError::default() })
        }
        Err(_) if looks_like_html(text) => VendorError { message: from_html(text), ..VendorError::default() },
        Err(_) => from_text(text),
    };
    if let Some((at, _)) = said.message.char_indices().nth(MAX_MESSAGE) {
        said.message.truncate(at);
        said.message.push('…');
    }
    said
}

/// Returns the error inside a JSON value if it has a known error shape.
pub fn from_value(value: &Value) -> Option<VendorError> {
    let mut said = match value {
        Value::String(text) => from_text(text),
        Value::Object(map) => {
            let error = ["error", "detail", "message"].iter().find_map(|key| map.get(*key).filter(|v| !v.is_null()))?;
            match error {
                Value::Array(items) => from_details(items),
                Value::Object(inner) if inner.contains_key("message") => from_value(inner.get("message")?)?,
                other => from_value(other)?,
            }
        }
        _ => return None,
    };
    let inner = value.get("error").unwrap_or(value);
    let text = |key: &str| inner.get(key).and_then(Value::as_str).map(str::to_owned);
    said.param = said.param.or_else(|| text("param"));
    said.code = said.code.or_else(|| text("code").filter(|code| code != "internal_error"));
    Some(said)
}

/// Reads text that may contain a Python repr: `Error code: 400 - {'error': {'message': …}}`, or the dict alone.
fn from_text(text: &str) -> VendorError {
    let repr = text.find('{').and_then(|at| text.get(at..)).and_then(python::literal);
    match repr.as_ref().and_then(|(value, _)| value.as_object().and_then(|_| from_value(value))) {
        Some(said) if !said.message.is_empty() => said,
        _ => VendorError { message: text.trim().to_owned(), ..VendorError::default() },
    }
}

/// Reads FastAPI's validation errors: `[{"loc": ["body", "model"], "msg": "field required"}]`.
fn from_details(items: &[Value]) -> VendorError {
    let mut said = VendorError::default();
    for item in items {
        let place: Vec<String> = item
            .get("loc")
            .and_then(Value::as_array)
            .map(|loc| loc.iter().filter(|part| *part != "body").map(plain).collect())
            .unwrap_or_default();
        let place = place.join(".");
        let message = item.get("msg").map_or_else(|| plain(item), plain);
        if !said.message.is_empty() {
            said.message.push_str("; ");
        }
        if !place.is_empty() {
            said.message.push_str(&place);
            said.message.push_str(": ");
            said.param.get_or_insert(place);
        }
        said.message.push_str(&message);
    }
    said
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

    fn message(body: &str) -> String {
        said(body.as_bytes()).message
    }

    #[test]
    fn captured_bodies_give_their_vendor_message() {
        let temperature = said(
            br#"{"error":{"message":"Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.\", 'type': 'invalid_request_error', 'param': 'temperature', 'code': 'unsupported_value'}}","type":"BadRequestError","code":"internal_error"}}"#,
        );
        assert_eq!(
            temperature,
            VendorError {
                message: "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.".into(),
                param: Some("temperature".into()),
                code: Some("unsupported_value".into()),
                ..VendorError::default()
            }
        );
        assert_eq!(
            said(br#"{"error":{"message":"'NoneType' object is not iterable","type":"TypeError","code":"internal_error"}}"#),
            VendorError { message: "'NoneType' object is not iterable".into(), ..VendorError::default() }
        );
        assert_eq!(
            message(r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens is required"}}"#),
            "max_tokens is required"
        );
        assert_eq!(
            message(
                r#"{"type":"error","error":{"type":"api_error","message":"{'type': 'error', 'error': {'details': None, 'type': 'api_error', 'message': 'Internal server error'}, 'request_id': 'req_vrtx_011CbG3UVeDZ59TexEC4258S'}"}}"#
            ),
            "Internal server error"
        );
        assert_eq!(
            message(
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': '\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.'}, 'request_id': 'req_vrtx_…'}"}}"#
            ),
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        );
        assert_eq!(message(r#"{"detail":"Method Not Allowed"}"#), "Method Not Allowed");
    }

    #[test]
    fn fastapi_details_name_the_field() {
        let said = said(br#"{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required"},{"loc":["body","user"],"msg":"Field required"}]}"#);
        assert_eq!(said.message, "model: Field required; user: Field required");
        assert_eq!(said.param.as_deref(), Some("model"));
    }

    #[test]
    fn pages_and_text_become_one_line() {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.20.1</center>\r\n</body>\r\n</html>";
        assert_eq!(message(page), "502 Bad Gateway – nginx/1.20.1");
        assert_eq!(message("  upstream {exploded}\n"), "upstream {exploded}");
        assert_eq!(message(""), "");
        assert_eq!(message("{\"odd\": 1}"), "{\"odd\": 1}");
        assert!(message(&"é".repeat(5000)).chars().count() == MAX_MESSAGE + 1);
    }
}
