//! What ARGO's vendors write into texts: Python literals, leaked calls, errors.

use super::{Target, json, seeds};
use argo_openai_proxy::chat::{Event, Sink, Text};
use argo_openai_proxy::dialects::upstream::argo::{error_body, leaked_calls, python};
use serde_json::Value;

pub const PYTHON: Target =
    Target { name: "python", usual: 60_000, seeds: || literals(), words: WORDS, run: python_literal };
pub const LEAKED_CALLS: Target =
    Target { name: "leaked_calls", usual: 60_000, seeds: || literals(), words: WORDS, run: leaked };
pub const ERROR_BODY: Target = Target { name: "error_body", usual: 40_000, seeds: errors, words: WORDS, run: error };

const WORDS: &[&str] = &[
    "{'type': 'tool_use', 'id': 'i', 'name': 'Read', 'input': {'a': 1}}",
    "'type': 'tool_use'",
    "'name': 'Run'",
    "{'",
    "'input': {}",
    "'tool_calls': []",
    "'content': ''",
    "None",
    "True",
    "False",
    "(",
    ")",
    "()",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    ": ",
    ", ",
    "\\'",
    "\\x41",
    "\\u00e9",
    "\\U0001F600",
    "\\\n",
    "\\",
    "-1.5e3",
    "0x1",
    "{'error': ",
    "'message': ",
    "{\"error\": {\"message\": \"",
    "\"detail\": [{\"loc\": [\"body\"], \"msg\": \"m\"}]",
    "<html>",
    "<!DOCTYPE html>",
    "<title>",
    "</",
    ">",
    "Error code: 400 - ",
    "\u{2003}",
    "é",
    "nan",
    "inf",
    "1_0",
];

fn literals() -> Vec<Vec<u8>> {
    let mut all = seeds::answers("openai_chat_completions", |_| true);
    all.extend(seeds::texts(&[
        r#"{'error': {'message': "Unsupported value: 'temperature'", 'param': None, 'ok': [True, -1.5, ()], 'n': 'a\'b\u00e9'}} tail"#,
        "Now let me read the file:{'type': 'tool_use', 'id': 'toolu_1', 'name': 'Read', 'input': {'file_path': '/tmp/x'}}",
        "{'name': 'Run', 'cache_control': None, 'input': {'command': 'echo \"{}\"\nls', 'n': [1, None]}, 'id': 'a', 'type': 'tool_use'} {'type': 'tool_use', 'id': 'b', 'name': 'Read', 'input': {}} done",
        "{'content': 'Hi', 'tool_calls': [{'id': 'c', 'name': 'Run', 'args': {}}]}",
        r#"{"a": [1, 2.5, {"b": null, "c": [true, false, "x"]}], "d": {}}"#,
    ]));
    all
}

fn errors() -> Vec<Vec<u8>> {
    let mut all = seeds::answers("", |head| !head.starts_with('2'));
    all.extend(literals());
    all.extend(seeds::texts(&[
        r#"{"detail": [{"loc": ["body", "model"], "msg": "field required", "type": "missing"}]}"#,
        r#"{"error": "Error code: 400 - {'error': {'message': 'no', 'code': 'x', 'param': 'p'}}"}"#,
        "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
    ]));
    all
}

fn python_literal(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some((value, rest)) = python::literal(&text) {
        assert!(text.ends_with(rest) && rest.len() < text.len());
        let mut repr = String::new();
        write(&value, &mut repr);
        let (again, rest) = python::literal(&repr).unwrap_or_else(|| panic!("{repr}"));
        assert_eq!((again, rest), (value, ""));
    }
    // JSON without escapes is a literal, too, unless it is very deep.
    let depth = text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count();
    if let (Some(value), false) = (json::value(text.as_bytes()), text.contains('\\') || depth > 64) {
        let (literal, rest) = python::literal(&text).unwrap();
        assert!(rest.trim().is_empty() && same(&value, &literal), "{value} and {literal}");
    }
}

/// Writes a value as Python does.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_text(text, out),
        Value::Array(list) => {
            out.push('[');
            for value in list {
                write(value, out);
                out.push_str(", ");
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (name, value) in map {
                write_text(name, out);
                out.push_str(": ");
                write(value, out);
                out.push_str(", ");
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if !c.is_ascii() => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('\'');
}

/// Whole numbers beyond 64 bits are floats in one of them, and serde_json may miss the last bit of a float.
fn same(json: &Value, literal: &Value) -> bool {
    match (json, literal) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-15
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.into_iter().all(|((a, one), (b, other))| a == b && same(one, other))
        }
        (one, other) => one == other,
    }
}

#[derive(Default)]
struct Said {
    texts: Vec<String>,
    calls: Vec<(String, String)>,
}

impl Sink for Said {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(Text::Plain(text)) => self.texts.push(text.to_owned()),
            Event::ToolCall { name, arguments, .. } => self.calls.push((name.into_owned(), arguments.into_owned())),
            other => panic!("{other:?}"),
        }
    }
}

fn leaked(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let offered = ["Read".to_owned(), "Run".to_owned()];
    let mut said = Said::default();
    let found = leaked_calls::recover(&text, &offered, &mut said);
    assert_eq!(found, !said.calls.is_empty());
    assert!(said.calls.len() <= text.matches("tool_use").count());
    for (name, arguments) in &said.calls {
        assert!(offered.contains(name));
        assert!(json::value(arguments.as_bytes()).is_some_and(|value| value.is_object()));
    }
    // What is said comes in order, and without a call it is everything but white space.
    let rest =
        said.texts.iter().try_fold(text.as_ref(), |rest, piece| rest.split_once(piece.as_str()).map(|(_, rest)| rest));
    assert!(rest.is_some());
    assert!(found || said.texts.concat().trim() == text.trim());

    let escaped = serde_json::to_string(&text).unwrap();
    let inside = &escaped[1..escaped.len() - 1];
    assert_eq!(leaked_calls::parts(inside, &[]), None);
    if let Some(parts) = leaked_calls::parts(inside, &offered) {
        let parts = json::value(parts.as_bytes()).unwrap();
        assert!(parts["tool_calls"].is_array() && parts.get("content").is_some());
    }
}

fn error(body: &[u8]) {
    let said = error_body::said(body);
    assert!(said.message.chars().count() <= 2_001);
    let text = String::from_utf8_lossy(body);
    let is_page = text.trim_start().starts_with('<');
    assert!(
        !said.message.is_empty() || text.trim().is_empty() || is_page || json::value(text.trim().as_bytes()).is_some(),
        "{text:?}"
    );
}
