//! The client's failure for an error status of an upstream.

use super::{UpstreamDialect, VendorError};
use crate::plan::Held;
use crate::wire::Failure;
use http::{StatusCode, header};

/// Returns the failure of a reply whose status is not a success. It has the vendor's message and `Retry-After`, and the
/// same status if that concerns the client.
pub fn failure(dialect: &dyn UpstreamDialect, held: &Held) -> Failure {
    let (name, VendorError { message, param, code, .. }) = (dialect.name(), dialect.error(held));
    let status = match held.status.as_u16() {
        // The proxy made the request, so a wrong method or media type is not the client's fault.
        405 | 406 | 415 => StatusCode::BAD_GATEWAY,
        400..=599 => held.status,
        _ => StatusCode::BAD_GATEWAY,
    };
    let message = match message.as_str() {
        "" => format!("{name} answered {} without a message.", held.status.as_u16()),
        // A mistake of the client is reported in the vendor's words; one of the upstream is attributed to the upstream.
        message if status == held.status && !status.is_server_error() => message.to_owned(),
        message if message.starts_with(held.status.as_str()) => format!("{name} answered {message}"),
        message => format!("{name} answered {}: {message}", held.status.as_u16()),
    };
    let mut failure = Failure::new(status, message).with_own_words(format!("{name} answered {}", held.status));
    failure.param = param.map(Into::into);
    failure.code = code.map(Into::into);
    if let Some(after) = held.headers.get(header::RETRY_AFTER) {
        failure.headers.push((header::RETRY_AFTER, after.clone()));
    }
    failure
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
    use bytes::Bytes;
    use http::HeaderMap;

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
