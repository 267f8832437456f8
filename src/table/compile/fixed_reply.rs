//! Checks and compiles the replies that are written in the row itself.

use super::request;
use crate::plan::Transformer;
use crate::table::path::names;
use crate::table::raw::{self, FixedReply};
use crate::transform::local::fixed::{Fixed, LocationPart, Redirect};
use crate::wire::Answer;
use crate::yaml::{At, Source, lookup};
use http::{StatusCode, Uri};
use std::sync::Arc;

/// The kind of a reply, the purpose of that kind, and the reply itself.
pub type CompiledReply = (&'static str, &'static str, Arc<dyn Transformer>);

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Compiles the reply of a row.
pub fn compile(row: &raw::Route<'_>, written: &FixedReply<'_>, source: &mut Source<'_>) -> Option<CompiledReply> {
    let called = format!("{}.reply", row.called);
    match written.keys.as_slice() {
        // The only keys are unknown ones, which are reported already.
        [] if !written.is_empty => return None,
        [] => {
            let help = "say `json`, `html`, `text` or `redirect`, or write the name of a reply".to_owned();
            source.error(&written.path, format!("{called}: it says nothing"), Some(help));
            return None;
        }
        [_] => {}
        [(first, _), more @ ..] => {
            for (key, path) in more {
                let message = format!("{called}: it has '{first}' and '{key}'");
                source.error(path, message, Some("keep one of the two".to_owned()));
            }
            return None;
        }
    }
    if let Some(redirect) = &written.redirect {
        let status = status(&called, written, true, source);
        let target = target(&called, row, redirect, source);
        return Some(("redirect", "Another address", Arc::new(Redirect { status: status?, target: target? })));
    }
    let status = status(&called, written, false, source);
    let (does, about, answer): (_, _, Option<Answer>) = match (&written.json, &written.html, &written.text) {
        (Some(json), ..) => {
            let value = request::value(&called, "it", json, source);
            ("json", "A fixed answer", value.map(|value| Answer::json(StatusCode::OK, value.to_string())))
        }
        (_, Some(html), _) => ("html", "A page", Some(Answer::new(StatusCode::OK, HTML, html.value.clone()))),
        (.., Some(text)) => ("text", "A fixed text", Some(Answer::new(StatusCode::OK, TEXT, text.value.clone()))),
        // The value was refused and is reported already.
        _ => return None,
    };
    Some((does, about, Arc::new(Fixed(Answer { status: status?, ..answer? }))))
}

/// Returns the status: one of a redirect for a redirect, else one that allows a body.
fn status(called: &str, written: &FixedReply<'_>, redirect: bool, source: &mut Source<'_>) -> Option<StatusCode> {
    let usual = if redirect { StatusCode::TEMPORARY_REDIRECT } else { StatusCode::OK };
    let Some(code) = &written.status else { return Some(usual) };
    let is_redirect = matches!(code.value, 301 | 302 | 303 | 307 | 308);
    let why = match (redirect, is_redirect) {
        (true, false) => "is no redirect's",
        (false, true) => "needs a redirect",
        (false, false) if matches!(code.value, 204 | 205 | 300..=399) => "has no body",
        _ => return StatusCode::from_u16(code.value).ok(),
    };
    let help = if redirect { "write 301, 302, 303, 307 or 308" } else { "write one such as 200, 404, 410 or 503" };
    source.error(&code.path, format!("{called}.status: {} {why}", code.value), Some(help.to_owned()));
    None
}

/// Splits the address of a redirect into fixed texts and parameters of the row's path.
fn target(
    called: &str,
    row: &raw::Route<'_>,
    written: &At<String>,
    source: &mut Source<'_>,
) -> Option<Vec<LocationPart>> {
    let path = row.path.as_ref()?.value.as_str();
    let is_rest = |name: &str| path.ends_with(&format!("/{{{name}*}}"));
    let mut parts = Vec::new();
    let mut rest = written.value.as_str();
    while let Some((fixed, opened)) = rest.split_once('{') {
        let Some((name, behind)) = opened.split_once('}') else {
            let message = format!("{called}.redirect: '{{' without '}}'");
            source.error(&written.path, message, Some("write {name} for a parameter, %7B for a brace".to_owned()));
            return None;
        };
        let known = names(path).enumerate().map(|(index, name)| (name, index));
        match lookup(name, "parameters", known) {
            Ok(index) => {
                parts.push(LocationPart::Fixed(fixed.to_owned()));
                parts.push(LocationPart::Parameter { index, slashes: is_rest(name) });
            }
            Err(help) => {
                let message = format!("{called}.redirect: the path '{path}' has no parameter '{name}'");
                source.error_in(&written.path, &format!("{{{name}}}"), message, Some(help));
                return None;
            }
        }
        rest = behind;
    }
    // The host must be fixed text. A parameter in it would let a client choose where the redirect goes.
    let first = parts.first().map_or(rest, |first| match first {
        LocationPart::Fixed(text) => text,
        LocationPart::Parameter { .. } => "",
    });
    if let Err(why) = leads_somewhere(first, &written.value) {
        let help = "write a path that begins with one slash, or a URL with its host: https://host/path".to_owned();
        source.error(&written.path, format!("{called}.redirect: '{}' {why}", written.value), Some(help));
        return None;
    }
    if written.value == path.replace("*}", "}") {
        let message = format!("{called}.redirect: it leads back to the row's own path");
        source.error(&written.path, message, Some("name another path".to_owned()));
        return None;
    }
    parts.push(LocationPart::Fixed(rest.to_owned()));
    Some(parts)
}

/// Checks that `first`, the text before the first parameter, holds the start of a path or a whole host.
fn leads_somewhere(first: &str, whole: &str) -> Result<(), &'static str> {
    if !whole.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has a space in it, or what has to be written as %XX");
    }
    if first.starts_with('/') && !first.starts_with("//") && !first.starts_with("/\\") {
        return Ok(());
    }
    let host = ["http://", "https://"].into_iter().find_map(|scheme| first.strip_prefix(scheme));
    match host {
        Some(host) if !host.starts_with('/') && host.contains('/') && first.parse::<Uri>().is_ok() => Ok(()),
        Some(_) => Err("has no complete host before its path"),
        None => Err("is neither a path nor a URL"),
    }
}
