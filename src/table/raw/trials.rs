//! `tests`, as written.

use crate::yaml::value::{Read, Reason, boolean, expected, narrow, plain, text, whole};
use crate::yaml::{At, Node, PathStep, Section, Source};
use http::Method;

/// A row of `tests`.
pub struct Trial<'n> {
    /// The test's name in messages.
    pub called: String,
    /// The path to this row.
    pub start: Vec<PathStep>,
    pub name: Option<At<String>>,
    pub needs: Option<At<String>>,
    pub lacks: Option<At<String>>,
    pub method: Option<Method>,
    pub path: Option<At<String>>,
    pub headers: Vec<(At<String>, At<String>)>,
    pub body: Option<At<&'n Node>>,
    pub answer: Option<Answer<'n>>,
    /// The path to `expect`, if it is there and expects nothing.
    pub expects_nothing: Option<Vec<PathStep>>,
    pub expected: Vec<Expected<'n>>,
}

/// `answer` of a test. It should have exactly one of `json`, `text` and `pieces`.
pub struct Answer<'n> {
    /// The path to this mapping.
    pub path: Vec<PathStep>,
    pub status: Option<u16>,
    pub json: Option<At<&'n Node>>,
    pub text: Option<At<String>>,
    pub pieces: Option<Vec<At<String>>>,
    /// How many of `json`, `text` and `pieces` are written.
    pub bodies: usize,
}

/// A key of `expect`, with the path to its value.
pub enum Expected<'n> {
    Route(At<String>),
    Url(At<String>),
    Stream(At<bool>),
    Sent(At<&'n Node>),
    Status(At<u16>),
    Header(At<String>, At<String>),
    Json(At<&'n Node>),
    Text(At<String>),
    Content(At<String>),
    FinishReason(At<String>),
}

impl<'n> Trial<'n> {
    /// Reads a row.
    pub fn read(mut keys: Section<'n>, source: &mut Source<'_>) -> Self {
        let name = keys.text(source, "name");
        let named = name.as_ref().map_or_else(String::new, |name| format!(" ({})", name.value));
        let mut trial = Trial {
            called: format!("{}{named}", keys.name()),
            start: keys.path().to_vec(),
            name,
            needs: keys.text(source, "needs"),
            lacks: keys.text(source, "lacks"),
            method: None,
            path: None,
            headers: Vec::new(),
            body: None,
            answer: keys.section(source, "answer").map(|keys| answer(keys, source)),
            expects_nothing: None,
            expected: Vec::new(),
        };
        if let Some(section) = keys.section(source, "expect") {
            let (expected, said) = expect(section, source);
            trial.expected = expected;
            trial.expects_nothing = keys.key_path("expect").filter(|_| said == 0);
        }
        if let Some(mut request) = keys.section(source, "request") {
            trial.method = request.get(source, "method", method);
            trial.path = request.text(source, "path");
            trial.headers = request.names(source, "headers", plain);
            trial.body = request.any("body");
            request.finish(source);
        }
        keys.finish(source);
        trial
    }
}

fn method(node: &Node) -> Read<Method> {
    let what = "a method such as GET or POST";
    let known = text(what, node)?.to_ascii_uppercase().parse::<Method>().ok();
    let known = known.filter(|method| crate::table::keys::is_method(method.as_str()));
    known.ok_or_else(|| Reason {
        help: Some("methods are GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE".to_owned()),
        ..expected(what, node)
    })
}

fn answer<'n>(mut keys: Section<'n>, source: &mut Source<'_>) -> Answer<'n> {
    let answer = Answer {
        path: keys.path().to_vec(),
        status: keys.get(source, "status", status),
        json: keys.any("json"),
        text: keys.text(source, "text"),
        pieces: keys.list(source, "pieces", plain),
        bodies: ["json", "text", "pieces"].into_iter().filter(|key| keys.key_path(key).is_some()).count(),
    };
    keys.finish(source);
    answer
}

/// Reads `expect`. Returns the expectations and the number of keys that express one.
fn expect<'n>(mut keys: Section<'n>, source: &mut Source<'_>) -> (Vec<Expected<'n>>, usize) {
    let mut said = keys.written().filter(|key| !["upstream", "reply"].contains(key)).count();
    let mut list: Vec<Expected<'n>> = keys.text(source, "route").map(Expected::Route).into_iter().collect();
    if let Some(mut keys) = keys.section(source, "upstream") {
        said += keys.written().count();
        list.extend(keys.text(source, "url").map(Expected::Url));
        list.extend(keys.at(source, "stream", boolean).map(Expected::Stream));
        list.extend(keys.map(source, "body").map(Expected::Sent));
        keys.finish(source);
    }
    if let Some(mut keys) = keys.section(source, "reply") {
        said += keys.written().count();
        list.extend(keys.at(source, "status", status).map(Expected::Status));
        let headers = keys.names(source, "headers", plain);
        list.extend(headers.into_iter().map(|(name, value)| Expected::Header(name, value)));
        list.extend(keys.any("json").map(Expected::Json));
        list.extend(keys.text(source, "text").map(Expected::Text));
        list.extend(keys.text(source, "content").map(Expected::Content));
        list.extend(keys.text(source, "finish_reason").map(Expected::FinishReason));
        keys.finish(source);
    }
    keys.finish(source);
    (list, said)
}

fn status(node: &Node) -> Read<u16> {
    narrow(whole(node, 200..=599)?)
}
