//! What an upstream's error status means for the client.

use crate::dialects::upstream::argo::error_body;
use crate::plan::Held;
use crate::wire::Failure;
use http::{StatusCode, header};

/// The failure of a reply whose status is not a success: the same status where that is the client's business, the
/// vendor's own message, `Retry-After` passed on.
pub fn failure(held: &Held) -> Failure {
    let said = error_body::said(&held.body);
    let status = match held.status.as_u16() {
        // The request was ours, so a wrong method or media type is no fault of the client's.
        405 | 406 | 415 => StatusCode::BAD_GATEWAY,
        400..=599 => held.status,
        _ => StatusCode::BAD_GATEWAY,
    };
    let message = match said.message.as_str() {
        "" => format!("ARGO answered {} without a message.", held.status.as_u16()),
        // What the client did wrong is told in the vendor's words; what ARGO did wrong is told to be ARGO's.
        message if status == held.status && !status.is_server_error() => message.to_owned(),
        message if message.starts_with(held.status.as_str()) => format!("ARGO answered {message}"),
        message => format!("ARGO answered {}: {message}", held.status.as_u16()),
    };
    let mut failure = Failure::new(status, message);
    failure.param = said.param;
    failure.code = said.code.map(Into::into);
    if let Some(after) = held.headers.get(header::RETRY_AFTER) {
        failure.headers.push((header::RETRY_AFTER, after.clone()));
    }
    failure
}

/// The failure of a redirect. None is followed; one that only adds the final slash is a mistake in a setting, which is named.
pub fn redirect(held: &Held, url: &str, setting: &str) -> Failure {
    let to = held.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
    let with_slash = format!("{url}/");
    let message = if to == with_slash || with_slash.ends_with(to) {
        format!("ARGO redirects {url} to {to}: set {setting} to the URL with its final slash.")
    } else {
        format!("ARGO redirects {url} to {to}; redirects are not followed. Check {setting}.")
    };
    Failure::upstream(message)
}

#[cfg(test)]
mod tests {
    use super::*;
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
            assert_eq!(failure(&held(status, "no", None)).status.as_u16(), status);
        }
        for status in [204, 304, 405, 415] {
            assert_eq!(failure(&held(status, "no", None)).status.as_u16(), 502, "{status}");
        }
        let limited = failure(&held(429, "slow down", Some((header::RETRY_AFTER, "7"))));
        assert_eq!(limited.headers, [(header::RETRY_AFTER, "7".parse().unwrap())]);
        assert_eq!(failure(&held(500, "", None)).message, "ARGO answered 500 without a message.");
    }

    #[test]
    fn a_missing_slash_names_the_setting() {
        let location = Some((header::LOCATION, "http://argo/chat/"));
        let told = redirect(&held(307, "", location), "http://argo/chat", "argo_url");
        assert!(told.message.contains("set argo_url to the URL with its final slash"), "{}", told.message);
        let elsewhere = Some((header::LOCATION, "http://login/"));
        assert!(redirect(&held(302, "", elsewhere), "http://argo/chat/", "argo_url").message.contains("not followed"));
    }
}
