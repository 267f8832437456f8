//! The client's failure for an error status of an upstream.

use super::{UpstreamDialect, VendorError};
use crate::plan::Held;
use crate::wire::Failure;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

/// The types of errors that OpenAI's and Anthropic's clients know, each with the status that it usually has.
const KINDS: [(&str, u16); 16] = [
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("invalid_authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("insufficient_quota", 429),
    ("requests", 429),
    ("tokens", 429),
    ("api_error", 502),
    ("server_error", 502),
    ("service_unavailable_error", 503),
    ("overloaded_error", 503),
    ("timeout_error", 504),
];
/// The codes of errors whose type may say nothing, each with the status that it usually has.
const CODES: [(&str, u16); 10] = [
    ("rate_limit_exceeded", 429),
    ("insufficient_quota", 429),
    ("invalid_api_key", 401),
    ("model_not_found", 404),
    ("context_length_exceeded", 400),
    ("invalid_prompt", 400),
    ("invalid_image", 400),
    ("invalid_image_url", 400),
    ("failed_to_download_image", 400),
    ("server_is_overloaded", 503),
];
/// The code of a prompt that is too long, and how vendors without such a code say it.
const TOO_LONG: (&str, [&str; 2]) = ("context_length_exceeded", ["maximum context length", "prompt is too long"]);
/// The code of a success that says nothing.
pub const EMPTY: &str = "empty_answer";
/// How much a message quotes of a body that is no known error, in characters.
const QUOTED: usize = 300;

/// Returns the failure of a reply whose status is not a success. It has the vendor's message and `Retry-After`, and the
/// same status if that concerns the client. A status that a gateway's body gives for its vendor counts before the gateway's own.
pub fn failure(dialect: &dyn UpstreamDialect, held: &Held) -> Failure {
    let (name, error) = (dialect.name(), dialect.error(held));
    let said = held.status;
    let status = error.status.unwrap_or(said);
    let status = match status.as_u16() {
        // The proxy made the request, so a wrong method or media type is not the client's fault.
        405 | 406 | 415 => StatusCode::BAD_GATEWAY,
        // Anthropic's own status for an overload, which few clients know.
        529 => StatusCode::SERVICE_UNAVAILABLE,
        400..=599 => status,
        _ => StatusCode::BAD_GATEWAY,
    };
    let message = match error.message.as_str() {
        "" => format!("{name} answered {} without a message.", said.as_u16()),
        // A mistake of the client is reported in the vendor's words; one of the upstream is attributed to the upstream.
        message if !status.is_server_error() => message.to_owned(),
        message if message.starts_with(said.as_str()) => format!("{name} answered {message}"),
        message => format!("{name} answered {}: {message}", said.as_u16()),
    };
    let own_words = match error.status {
        Some(inner) if inner != said => format!("{name} answered {said}, for the vendor's {}", inner.as_u16()),
        Some(_) | None => format!("{name} answered {said}"),
    };
    let mut failure = described(Failure::new(status, message).with_own_words(own_words), error);
    if let Some(after) = held.headers.get(header::RETRY_AFTER) {
        failure.headers.push((header::RETRY_AFTER, after.clone()));
    }
    failure
}

/// Returns the failure of a body that is no answer though its status is a success: an error, a page, nothing.
pub fn inside(dialect: &dyn UpstreamDialect, body: &[u8]) -> Failure {
    let name = dialect.name();
    if body.trim_ascii().is_empty() {
        return empty(name);
    }
    let held = Held { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body) };
    let mut error = dialect.error(&held);
    let status = match error.status.map(|status| status.as_u16()).or_else(|| usual_status(&error)) {
        Some(529) => StatusCode::SERVICE_UNAVAILABLE,
        Some(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        None => {
            let message = error.message.chars().take(QUOTED).collect();
            error.message = message;
            StatusCode::BAD_GATEWAY
        }
    };
    let message = match error.message.as_str() {
        "" => format!("{name} answered with an error without a message."),
        message if status.is_client_error() => message.to_owned(),
        message => format!("{name} answered with an error: {message}"),
    };
    let mut failure =
        Failure::new(status, message).with_own_words(format!("{name} answered with an error in a success"));
    if status == StatusCode::BAD_GATEWAY {
        failure = failure.with_code("bad_upstream_answer");
    }
    described(failure, error)
}

/// Returns the failure of an upstream that answered a success without a body.
pub fn empty(name: &str) -> Failure {
    Failure::upstream(format!("{name} answered with an empty body.")).with_code(EMPTY)
}

/// Returns the failure with what else the vendor says of it.
fn described(mut failure: Failure, error: VendorError) -> Failure {
    let (code, words) = TOO_LONG;
    let is_too_long =
        failure.status == StatusCode::BAD_REQUEST && words.iter().any(|words| error.message.contains(words));
    let known = KINDS.iter().find(|(kind, _)| error.kind.as_deref() == Some(kind));
    failure.kind = known.map(|(kind, _)| *kind);
    failure.param = error.param.map(Into::into);
    failure.code = error.code.map(Into::into).or(is_too_long.then_some(code.into())).or(failure.code);
    failure
}

/// Returns the status that an error of this type or code usually has.
fn usual_status(error: &VendorError) -> Option<u16> {
    let of = |table: &[(&str, u16)], name: &Option<String>| {
        let known = table.iter().find(|(known, _)| name.as_deref() == Some(known));
        known.map(|(_, status)| *status)
    };
    of(&CODES, &error.code).or_else(|| of(&KINDS, &error.kind))
}

/// Returns the failure of a redirect of the upstream `name`; no redirect is followed. A redirect that only adds the
/// final slash means that a setting is wrong, and the message names the setting.
pub fn redirect(name: &str, held: &Held, url: &str, setting: &str) -> Failure {
    let to = held.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
    let with_slash = format!("{url}/");
    let message = if to == with_slash || with_slash.ends_with(to) {
        format!("{name} redirects {url} to {to}: set {setting} to the URL with its final slash.")
    } else {
        format!("{name} redirects {url} to {to}; redirects are not followed. Check {setting}.")
    };
    // Where it leads may hold anything.
    Failure::upstream(message).with_own_words(format!("{name} redirects {url}; check {setting}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::upstream::argo::Argo;

    fn held(status: u16, body: &'static str, header: Option<(http::HeaderName, &'static str)>) -> Held {
        let headers = header.map(|(name, value)| HeaderMap::from_iter([(name, value.parse().unwrap())]));
        Held {
            status: StatusCode::from_u16(status).unwrap(),
            headers: headers.unwrap_or_default(),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn statuses_are_kept_where_they_concern_the_client() {
        for status in [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504] {
            assert_eq!(failure(&Argo, &held(status, "no", None)).status.as_u16(), status);
        }
        for status in [204, 304, 405, 415] {
            assert_eq!(failure(&Argo, &held(status, "no", None)).status.as_u16(), 502, "{status}");
        }
        let limited = failure(&Argo, &held(429, "slow down", Some((header::RETRY_AFTER, "7"))));
        assert_eq!(limited.headers, [(header::RETRY_AFTER, "7".parse().unwrap())]);
        assert_eq!(failure(&Argo, &held(500, "", None)).message, "ARGO answered 500 without a message.");
    }

    #[test]
    fn a_prompt_that_is_too_long_has_its_code_whatever_the_vendor_calls_it() {
        for (message, code) in [
            ("This model's maximum context length is 8 tokens.", Some("context_length_exceeded")),
            ("prompt is too long: 9 tokens > 8 maximum", Some("context_length_exceeded")),
            ("the prompt is rude", None),
        ] {
            let body = format!(r#"{{"error":{{"message":"{message}","type":"invalid_request_error"}}}}"#);
            let failure = failure(&Argo, &held(400, body.leak(), None));
            assert_eq!((failure.code.as_deref(), failure.kind), (code, Some("invalid_request_error")), "{message}");
        }
    }

    #[test]
    fn a_missing_slash_names_the_setting() {
        let location = Some((header::LOCATION, "http://argo/chat/"));
        let told = redirect("ARGO", &held(307, "", location), "http://argo/chat", "argo_url");
        assert!(told.message.contains("set argo_url to the URL with its final slash"), "{}", told.message);
        let elsewhere = Some((header::LOCATION, "http://login/"));
        assert!(
            redirect("ARGO", &held(302, "", elsewhere), "http://argo/chat/", "argo_url")
                .message
                .contains("not followed")
        );
    }
}
