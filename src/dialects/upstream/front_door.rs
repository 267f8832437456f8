//! What a web server in front of an upstream says: that there is no such endpoint, or a page for people.

use super::{UpstreamDialect, error};
use crate::json::Fields;
use crate::plan::Held;
use crate::wire::Failure;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Returns true if a body is a web page: a front door's, and no answer.
pub fn is_page(headers: &HeaderMap) -> bool {
    let is_html = |kind: &HeaderValue| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/html");
    headers.get(header::CONTENT_TYPE).is_some_and(is_html)
}

/// Returns the failure of a web page that came where an answer was expected.
pub fn page(dialect: &dyn UpstreamDialect) -> Failure {
    Failure::upstream(format!("{} answered with a web page instead of an answer.", dialect.name()))
}

/// Refuses a held reply that is no answer: its status is no success, or it is a web page.
///
/// # Errors
/// The failure that the client receives.
pub fn refuse(dialect: &dyn UpstreamDialect, held: &Held) -> Result<(), Failure> {
    if held.status != StatusCode::OK {
        return Err(error::failure(dialect, held));
    }
    if is_page(&held.headers) { Err(page(dialect)) } else { Ok(()) }
}

/// Returns true if an answer shows that the upstream has no such endpoint, so that it ran nothing: 404, 405 and 501 in the words of a
/// web server, a page of a front door, a redirect. An error of a vendor is none of these.
pub fn is_no_endpoint(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    let of_vendor = || {
        let text = std::str::from_utf8(body).unwrap_or_default();
        Fields::parse(text).is_ok_and(|fields| fields.get("error").is_some())
    };
    match status.as_u16() {
        404 | 405 | 501 => !of_vendor(),
        300..=399 => true,
        200..=499 => is_page(headers),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_web_server_says_that_there_is_no_endpoint() {
        let is = |status: u16, kind: &str, body: &str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            is_no_endpoint(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())
        };
        for (status, kind, body) in [
            (404, "application/json", r#"{"detail":"Not Found"}"#),
            (405, "application/json", r#"{"detail":"Method Not Allowed"}"#),
            (404, "text/html", "<html>"),
            (404, "text/plain", "404 page not found"),
            (404, "text/plain", ""),
            (200, "text/html; charset=utf-8", "<!doctype html>"),
            (403, "Text/HTML", "<html>"),
            (302, "text/plain", ""),
        ] {
            assert!(is(status, kind, body), "{status} {body}");
        }
        for (status, kind, body) in [
            (404, "application/json", r#"{"error":{"code":"model_not_found"}}"#),
            (404, "application/json", r#"{"type":"error","error":{"type":"not_found_error"}}"#),
            (400, "application/json", r#"{"detail":"x"}"#),
            (403, "application/json", r#"{"detail":"x"}"#),
            (200, "application/json", "{}"),
            // The application may have run before its front door gave up.
            (502, "text/html", "<html>"),
            (500, "text/html", "<html>"),
        ] {
            assert!(!is(status, kind, body), "{status} {body}");
        }
    }
}
