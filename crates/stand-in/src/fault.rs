//! Replies without a usable answer: errors of ARGO, of the vendor behind it, and of the nginx in front of it.

use serde::Serialize;

use crate::reply::Reply;
use crate::violation::{Violation, Violations};

/// The text of an internal error, which is a Python exception and says nothing of its cause.
pub(crate) const INTERNAL: &str = "'NoneType' object is not subscriptable";

/// A failure that a prompt can ask for.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    NoResponse,
    VendorRefused,
    Unprocessable,
    TooMany,
    Internal,
    BadGateway,
    Overloaded,
    Hang,
    NoEndpoint,
    TooLong,
    /// What comes when hidden reasoning took all tokens of the limit.
    NoRoom,
}

impl Fault {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::NoResponse => Reply::json_bytes(200, &b"{}"[..]),
            Self::VendorRefused => vendor_refused_as(
                "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is \
                 supported.",
                Some("temperature"),
                Some("unsupported_value"),
            ),
            Self::Unprocessable => Violations::from(Violation::missing("model")).reply(),
            Self::TooMany => error(429, "Too many requests. Please try again later.", "RateLimitError", "rate_limited")
                .with("Retry-After", "7".to_owned()),
            Self::Internal => error(500, INTERNAL, "TypeError", "internal_error"),
            Self::NoRoom => error(500, "'NoneType' object is not iterable", "TypeError", "internal_error"),
            Self::BadGateway => Reply::html(502, nginx_page("502 Bad Gateway")),
            Self::Overloaded => {
                error(503, "The service is overloaded. Please try again later.", "ServiceUnavailable", "overloaded")
                    .with("Retry-After", "1".to_owned())
            }
            Self::Hang => Reply::Hang,
            Self::NoEndpoint => detail(404, "Not Found"),
            Self::TooLong => vendor_refused_as(
                "Your input exceeds the context window of this model. Please adjust your input and try again.",
                Some("messages"),
                Some("context_length_exceeded"),
            ),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    r#type: &'a str,
    code: &'a str,
}

/// Returns an error in ARGO's own shape.
pub(crate) fn error(status: u16, message: &str, kind: &str, code: &str) -> Reply {
    let error = Inner { message, r#type: kind, code };
    Reply::json(status, &Body { error })
}

/// Returns a vendor's 400 in ARGO's form: the text of a Python exception, with a Python dict in it.
pub(crate) fn vendor_refused(message: &str, param: Option<&str>) -> Reply {
    vendor_refused_as(message, param, None)
}

/// Returns the same with the vendor's code.
pub(crate) fn vendor_refused_as(message: &str, param: Option<&str>, code: Option<&str>) -> Reply {
    let vendors = serde_json::json!({
        "error": { "message": message, "type": "invalid_request_error", "param": param, "code": code }
    });
    let text = format!("Error code: 400 - {}", crate::python::repr(&vendors));
    error(400, &text, "BadRequestError", "internal_error")
}

/// Returns the refusal of a request that is too large.
pub(crate) fn too_large() -> Reply {
    Reply::html(413, nginx_page("413 Request Entity Too Large"))
}

/// Returns the web framework's refusal of a path or a method.
pub(crate) fn detail(status: u16, text: &str) -> Reply {
    #[derive(Serialize)]
    struct Detail<'a> {
        detail: &'a str,
    }
    Reply::json(status, &Detail { detail: text })
}

fn nginx_page(title: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_refusal_is_python_inside_json() {
        let (status, body) = Fault::VendorRefused.reply().read();
        assert_eq!(status, 400);
        let message = body["error"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("Error code: 400 - {'error': {'message': \"Unsupported value: 'temperature'"),
            "{message}"
        );
        assert!(message.ends_with("'param': 'temperature', 'code': 'unsupported_value'}}"), "{message}");
    }

    #[test]
    fn detail_is_what_the_gateway_sends() {
        let (status, body) = detail(405, "Method Not Allowed").read();
        assert_eq!(status, 405);
        assert_eq!(body, serde_json::json!({"detail": "Method Not Allowed"}));
    }
}
