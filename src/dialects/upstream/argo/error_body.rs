//! Errors as ARGO writes them: those of its vendors are quoted as Python's reprs inside JSON.

use super::{python, spent};
use crate::dialects::upstream::VendorError;
use crate::dialects::upstream::error_body::{self, Quoted};
use http::StatusCode;

/// What stands before a quoted error and its status.
const STATUS_OPENING: &str = "Error code: ";

/// Reads an error body of any of the known shapes.
pub fn said(body: &[u8]) -> VendorError {
    error_body::read(body, &quoted)
}

/// Reads an error body of the endpoints that speak the vendors' own dialects.
pub fn of_native(body: &[u8]) -> VendorError {
    spent::explained(said(body))
}

/// Finds a Python repr in a text: `Error code: 400 - {'error': {'message': …}}`, or the dict alone.
fn quoted(text: &str) -> Option<Quoted> {
    let (before, repr) = text.split_at_checked(text.find('{')?)?;
    let (value, _) = python::literal(repr).filter(|(value, _)| value.is_object())?;
    let number = before.trim_start().strip_prefix(STATUS_OPENING).and_then(|rest| rest.get(..3));
    let status = number
        .and_then(|number| number.parse().ok())
        .filter(|status: &StatusCode| status.is_client_error() || status.is_server_error());
    Some(Quoted { status, value })
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
                status: Some(StatusCode::BAD_REQUEST),
                kind: Some("invalid_request_error".into()),
                message: "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.".into(),
                param: Some("temperature".into()),
                code: Some("unsupported_value".into()),
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
        assert_eq!(message(&"é".repeat(5000)).chars().count(), 2001);
    }
}
