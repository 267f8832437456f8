//! Compiles the options of a row: whether it is enabled, its limits, its headers, and the body fields that it sets.

use super::{images, request};
use crate::json::overlay::{Field, Overlay};
use crate::table::raw::{self, Switch};
use crate::table::{Options, Variables};
use crate::yaml::expand::expand;
use crate::yaml::value::parse_bool;
use crate::yaml::{At, Node, PathStep, Source};
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use std::sync::Arc;

/// Headers that the proxy writes itself: they describe the framing or the content of the reply.
const OURS: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "location",
    "proxy-connection",
    "retry-after",
    "retry-after-ms",
    "server-timing",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "x-ratelimit-limit-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-request-id",
];

/// Compiles the options of a row, except `enabled`.
pub fn compile(row: &raw::Route<'_>, source: &mut Source<'_>) -> Options {
    let written = &row.options;
    let set = fields(row, "set", written.set.as_ref(), source);
    let default = fields(row, "default", written.default.as_ref(), source);
    twice(row, &set, source);
    let overlay = Overlay { set, default };
    Options {
        timeout: written.timeout,
        max_body: written.max_body,
        limits: written.limits,
        headers: written
            .response_headers
            .iter()
            .enumerate()
            .filter_map(|(at, pair)| header(row, at, pair, source))
            .collect(),
        overlay: (!overlay.is_empty()).then_some(overlay),
        images: Arc::new(images::compile(row, source)),
        callers: None,
    }
}

/// Returns true if the only purpose of a row is to remove another row when a variable is false.
pub fn is_only_a_switch(row: &raw::Route<'_>) -> bool {
    !row.has_action && matches!(row.options.enabled, Some(At { value: Switch::Says(_), .. }))
}

/// Returns true if a row is enabled.
pub fn is_enabled(row: &raw::Route<'_>, source: &mut Source<'_>, variables: &Variables<'_>) -> bool {
    let (text, path) = match &row.options.enabled {
        None => return true,
        Some(At { value: Switch::Is(value), .. }) => return *value,
        Some(At { value: Switch::Says(text), path }) => (text, path),
    };
    let value = |name: &str| (variables.config)(name).or_else(|| (variables.environment)(name));
    match expand(text, &value) {
        Ok(expanded) => parse_bool(&expanded.text).unwrap_or_else(|| {
            let message = format!("{}.enabled: expected true or false, found {:?}", row.called, expanded.text);
            source.error(path, message, Some("true, yes, on and 1 switch it on; false, no, off and 0 off".to_owned()));
            true
        }),
        Err(fault) => {
            let message = match fault.unset {
                Some(_) => format!("{} is neither a key of config.yaml nor set in the environment", fault.part),
                None => fault.message.clone(),
            };
            let help = fault.unset.map(|name| format!("set it, or give a default: ${{{name}:-true}}"));
            source.error_in(path, fault.part, format!("{}.enabled: {message}", row.called), help);
            true
        }
    }
}

fn header(
    row: &raw::Route<'_>,
    number: usize,
    (name, value): &(At<String>, At<String>),
    source: &mut Source<'_>,
) -> Option<(HeaderName, HeaderValue)> {
    let setting = format!("{}.response_headers", row.called);
    let Ok(parsed) = HeaderName::try_from(name.value.as_str()) else {
        let message = format!("{setting}: '{}' is no name of a header", name.value);
        source.error(&name.path, message, Some("write it with letters, digits and hyphens: X-Served-By".to_owned()));
        return None;
    };
    if OURS.contains(&parsed.as_str()) {
        let message = format!("{setting}: {} is written by the proxy itself", name.value);
        source.error(&name.path, message, Some("remove it".to_owned()));
        return None;
    }
    let earlier = row.options.response_headers.iter().take(number);
    if let Some((first, _)) = earlier.clone().find(|(first, _)| first.value.eq_ignore_ascii_case(&name.value)) {
        let message = format!("{setting}: '{}' is '{}' again: case does not count", name.value, first.value);
        source.error(&name.path, message, Some("keep one of the two".to_owned()));
        return None;
    }
    let Ok(value_parsed) = HeaderValue::from_str(&value.value) else {
        let message = format!("{setting}.{}: the value has control characters in it", name.value);
        source.error(&value.path, message, Some("write it in one line".to_owned()));
        return None;
    };
    Some((parsed, value_parsed))
}

/// Returns the fields of `set` or `default`, each as JSON.
fn fields(row: &raw::Route<'_>, key: &str, written: Option<&At<&Node>>, source: &mut Source<'_>) -> Vec<Field> {
    let Some(written) = written else { return Vec::new() };
    match request::value(&row.called, &format!("'{key}'"), written, source) {
        Some(Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        _ => Vec::new(),
    }
}

/// Reports defaults for fields that `set` fixes: they have no effect.
fn twice(row: &raw::Route<'_>, set: &[Field], source: &mut Source<'_>) {
    let Some(At { value: Node::Map(entries), path }) = &row.options.default else { return };
    for (index, (key, _)) in entries.iter().enumerate() {
        if let Node::Text(name) = key
            && set.iter().any(|(fixed, _)| fixed == name)
        {
            let message = format!("{}.default: '{name}' does nothing, since it is set", row.called);
            source.warn(
                &[path.as_slice(), &[PathStep::Key(index)]].concat(),
                message,
                Some("keep one of the two".to_owned()),
            );
        }
    }
}
