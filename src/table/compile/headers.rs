//! Compiles the headers that go along with every call. Secrets in them are never displayed.

use super::expansion::expanded;
use crate::table::raw;
use crate::table::{Header, Variables};
use crate::yaml::expand::expand;
use crate::yaml::{At, Source};
use http::{HeaderName, HeaderValue};

/// Headers that the proxy sets itself, and why the table cannot set them.
const OWN: &[(&[&str], &str)] = &[
    (&["host"], "it is the URL's host; `connect_to` sends connections elsewhere"),
    (
        &["content-type", "content-encoding", "accept", "accept-encoding"],
        "it describes what the dialect sends and reads",
    ),
    (
        &["content-length", "transfer-encoding", "te", "trailer", "expect", "upgrade"],
        "it frames the body, which differs with each call",
    ),
    (&["connection", "keep-alive", "proxy-connection"], "it governs the connection, which outlives a call"),
];

/// Compiles the headers of an upstream; `None` when one of them is wrong.
pub fn compile(row: &raw::Upstream, source: &mut Source<'_>, variables: &Variables<'_>) -> Option<Vec<Header>> {
    let mut headers: Vec<Header> = Vec::new();
    let mut sound = true;
    for (name, value) in &row.headers {
        let setting = format!("upstreams.{}.headers.{}", row.name.value, name.value);
        let known = self::name(&setting, name, &headers, source);
        let value = self::value(&setting, value, source, variables);
        match (known, value) {
            (Some(name), Some((value, shown))) => headers.push(Header { name, value, shown }),
            _ => sound = false,
        }
    }
    sound.then_some(headers)
}

fn name(setting: &str, written: &At<String>, before: &[Header], source: &mut Source<'_>) -> Option<HeaderName> {
    let Ok(name) = written.value.parse::<HeaderName>() else {
        let help = "letters, digits and hyphens make a name, such as X-Api-Key".to_owned();
        source.error(&written.path, format!("{setting}: this is no name of a header"), Some(help));
        return None;
    };
    if let Some((_, why)) = OWN.iter().find(|(names, _)| names.contains(&name.as_str())) {
        let message = format!("{setting}: the proxy sends this header itself");
        source.error(&written.path, message, Some(format!("remove it: {why}")));
        return None;
    }
    if before.iter().any(|header| header.name == name) {
        let message = format!("{setting}: set twice, since upper and lower case are the same here");
        source.error(&written.path, message, Some("keep one of the two".to_owned()));
        return None;
    }
    Some(name)
}

/// Returns the value to send and the value to display. Messages leave the value out: it may be a secret.
fn value(
    setting: &str,
    written: &At<String>,
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Option<(HeaderValue, String)> {
    let text = expanded(setting, written, source, variables)?.text;
    let Ok(mut value) = HeaderValue::from_str(text.trim()) else {
        let help = "a header has one line: leave line breaks and control characters out".to_owned();
        source.error(&written.path, format!("{setting}: its value cannot be sent in a header"), Some(help));
        return None;
    };
    if value.is_empty() {
        let help = "give it a value, or remove it".to_owned();
        source.warn(&written.path, format!("{setting}: its value is empty"), Some(help));
    }
    let masked =
        |name: &str| (variables.config)(name).or_else(|| (variables.environment)(name).map(|_| "***".to_owned()));
    let shown = expand(&written.value, &masked).map(|done| done.text.trim().to_owned()).unwrap_or_default();
    if shown.as_bytes() == value.as_bytes() {
        return Some((value, shown));
    }
    value.set_sensitive(true);
    Some((value, format!("{shown} (from {})", written.value)))
}
