//! Compiles the table's own tests: valid requests, valid answers, and at least one expectation each.

use super::routes::Compiled;
use super::{layers, request};
use crate::table::find::{joined, wanted};
use crate::table::raw::trials as written;
use crate::table::raw::trials::Expected as Said;
use crate::table::{Expected, Trial, TrialAnswer, Variables, What};
use crate::yaml::{At, Node, Source, file_of};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

/// Compiles all tests. `off` are the disabled rows.
pub fn compile(
    written: &[written::Trial<'_>],
    off: &[Compiled<'_>],
    source: &mut Source<'_>,
    variables: &Variables<'_>,
) -> Vec<Trial> {
    names(written, source);
    let compiled = written.iter().filter_map(|row| {
        let trial = trial(row, source)?;
        let is_left_out = off.iter().any(|off| layers::file(off) > file_of(&row.start).0 && takes(off, &trial));
        let is_set = |name: &At<String>| variables.has(&name.value);
        let is_meant = row.needs.as_ref().is_none_or(is_set) && !row.lacks.as_ref().is_some_and(is_set);
        Some(Trial { is_left_out: is_left_out || !is_meant, ..trial })
    });
    compiled.collect()
}

/// Returns true if a row would take the request of a test.
fn takes(row: &Compiled<'_>, trial: &Trial) -> bool {
    let path = &*joined(&trial.path);
    let fits = row.pattern.as_ref().map_or(row.path.value == path, |pattern| pattern.values(path).is_some());
    fits && row.methods.contains(wanted(&trial.method))
}

/// Reports names that two tests of one file share. Across files, a later test replaces an earlier one of the same name.
fn names(written: &[written::Trial<'_>], source: &mut Source<'_>) {
    for (number, row) in written.iter().enumerate() {
        let Some(name) = &row.name else { continue };
        let first =
            written.iter().take(number).filter_map(|row| row.name.as_ref()).find(|first| first.value == name.value);
        if let Some(first) = first.filter(|first| file_of(&first.path).0 == file_of(&name.path).0) {
            let line = source.line_seen_from(&first.path, &name.path);
            let message = format!("{}: the name is that of the test in {line}", row.called);
            source.error(&name.path, message, Some("give each test a name of its own".to_owned()));
        }
    }
}

fn trial(row: &written::Trial<'_>, source: &mut Source<'_>) -> Option<Trial> {
    let called = source.called(&row.called, &row.start);
    let place = source.place(row.name.as_ref().map_or(&row.start, |name| &name.path));
    let body = row.body.as_ref().map(|body| bytes(&row.called, "the body", body, source));
    let headers: HeaderMap = row.headers.iter().filter_map(|pair| header(row, pair, source)).collect();
    let answer = row.answer.as_ref().map(|written| answer(row, written, source));
    let expected: Vec<Option<Expected>> = row.expected.iter().map(|said| expected(row, said, source)).collect();
    if let Some(path) = &row.expects_nothing {
        let help = "say the `route`, what goes `upstream`, or the `reply`".to_owned();
        source.error(path, format!("{}: it expects nothing", row.called), Some(help));
    }
    if let (Some(needs), Some(lacks)) = (&row.needs, &row.lacks)
        && needs.value == lacks.value
    {
        let message = format!("{}: it never runs, since it needs and lacks {}", row.called, lacks.value);
        source.error(&lacks.path, message, Some("keep one of the two".to_owned()));
    }
    // Return only after the other keys are checked, so that one run reports all mistakes of the test.
    let path = row.path.as_ref()?;
    if !path.value.starts_with('/') || path.value.contains(['#', ' ']) {
        let message = format!("{}: '{}' is no path", row.called, path.value);
        let help = "write it with its first slash, without host and fragment".to_owned();
        source.error(&path.path, message, Some(help));
    }
    let target = path.value.split_once('?').map_or((path.value.as_str(), None), |(path, query)| (path, Some(query)));
    let usual = if row.body.is_some() { Method::POST } else { Method::GET };
    Some(Trial {
        called,
        place,
        method: row.method.clone().unwrap_or(usual),
        path: target.0.to_owned(),
        query: target.1.map(str::to_owned),
        headers,
        body: body.unwrap_or(Some(Bytes::new()))?,
        answer: match answer {
            Some(answer) => Some(answer?),
            None => None,
        },
        expected: expected.into_iter().collect::<Option<_>>()?,
        is_left_out: false,
    })
}

/// Returns the bytes of a body: a text unchanged, anything else as JSON.
fn bytes(called: &str, what: &str, body: &At<&Node>, source: &mut Source<'_>) -> Option<Bytes> {
    match body.value {
        Node::Text(text) => Some(Bytes::from(text.clone())),
        _ => request::value(called, what, body, source).map(|value| Bytes::from(value.to_string())),
    }
}

fn header(
    row: &written::Trial<'_>,
    (name, value): &(At<String>, At<String>),
    source: &mut Source<'_>,
) -> Option<(HeaderName, HeaderValue)> {
    let pair = HeaderName::try_from(name.value.as_str()).ok().zip(HeaderValue::from_str(&value.value).ok());
    if pair.is_none() {
        let message = format!("{}: '{}' with this value is no header", row.called, name.value);
        source.error(
            &name.path,
            message,
            Some("write a name with letters, digits and hyphens, and one line".to_owned()),
        );
    }
    pair
}

fn answer(row: &written::Trial<'_>, written: &written::Answer<'_>, source: &mut Source<'_>) -> Option<TrialAnswer> {
    const TEXT: &str = "text/plain; charset=utf-8";
    if written.bodies != 1 {
        let what = if written.bodies == 0 { "no body" } else { "more than one body" };
        let message = format!("{}: the answer has {what}", row.called);
        let help = "give it one of `json`, `text` and `pieces`".to_owned();
        source.error(&written.path, message, Some(help));
    }
    let (content_type, pieces) = match (&written.json, &written.text, &written.pieces) {
        (Some(json), ..) => {
            let value = request::value(&row.called, "the answer", json, source)?;
            ("application/json", vec![Bytes::from(value.to_string())])
        }
        (_, Some(text), _) => (TEXT, vec![Bytes::from(text.value.clone())]),
        (.., Some(pieces)) => (TEXT, pieces.iter().map(|piece| Bytes::from(piece.value.clone())).collect()),
        _ => return None,
    };
    let status = StatusCode::from_u16(written.status.unwrap_or(200)).ok()?;
    Some(TrialAnswer { status, content_type, pieces })
}

fn expected(row: &written::Trial<'_>, said: &Said<'_>, source: &mut Source<'_>) -> Option<Expected> {
    let json = |node: &At<&Node>, source: &mut Source<'_>| -> Option<Value> {
        request::value(&row.called, "what is expected", node, source)
    };
    let (path, what) = match said {
        Said::Route(path) => (&path.path, What::Route(path.value.clone())),
        Said::Url(url) => (&url.path, What::Url(url.value.clone())),
        Said::Stream(stream) => (&stream.path, What::Stream(stream.value)),
        Said::Sent(node) => (&node.path, What::Sent(json(node, source)?)),
        Said::Status(status) => (&status.path, What::Status(StatusCode::from_u16(status.value).ok()?)),
        Said::Header(name, value) => {
            let parsed = header(row, &(name.clone(), value.clone()), source)?.0;
            (&value.path, What::Header(parsed, value.value.clone()))
        }
        Said::Json(node) => (&node.path, What::Json(json(node, source)?)),
        Said::Text(text) => (&text.path, What::Text(text.value.clone())),
        Said::Content(text) => (&text.path, What::Content(text.value.clone())),
        Said::FinishReason(text) => (&text.path, What::FinishReason(text.value.clone())),
    };
    Some(Expected { place: source.place(path), what })
}
