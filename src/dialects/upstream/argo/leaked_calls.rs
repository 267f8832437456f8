//! Tool calls that leaked into the text. ARGO sometimes returns Claude's calls as Python literals at the end of the
//! answer, beside an empty list of calls.

use super::python;
use crate::chat::{Event, Sink, Text};
use serde_json::Value;
use std::borrow::Cow;

/// The type that a leaked call names.
const KIND: &str = "tool_use";
/// How many braces are tried. A text may have any number of them; the rest is taken as text.
const MOST_ATTEMPTS: usize = 256;

/// Passes a text to the sink, with leaked calls as calls. A leaked call is a literal of Claude's shape that names one
/// of the `offered` tools. Everything else stays text. Returns true if there was a call.
pub fn recover(text: &str, offered: &[String], sink: &mut dyn Sink) -> bool {
    let (mut kept, mut at, mut found) = (0, 0, false);
    let mut attempts = 0;
    while let Some(open) = text.get(at..).and_then(|rest| memchr::memchr(b'{', rest.as_bytes())).map(|open| at + open) {
        let rest = text.get(open..).unwrap_or_default();
        attempts += 1;
        if attempts > MOST_ATTEMPTS || !rest.contains(KIND) {
            break;
        }
        let Some((call, after)) = python::literal(rest).and_then(|(value, after)| Some((read(value, offered)?, after)))
        else {
            at = open + 1;
            continue;
        };
        found = true;
        push_text(text.get(kept..open).unwrap_or_default(), sink);
        sink.event(Event::ToolCall {
            id: call.id.map(Cow::Owned),
            name: Cow::Owned(call.name),
            arguments: Cow::Owned(call.arguments),
        });
        at = text.len() - after.len();
        kept = at;
    }
    push_text(text.get(kept..).unwrap_or_default(), sink);
    found
}

/// Returns the JSON of a whole response that arrived as the text of a Python dict with tool calls. `None` for other
/// texts, or if no tools were `offered`. `inside` is the inside of its JSON string.
pub fn parts(inside: &str, offered: &[String]) -> Option<String> {
    if offered.is_empty() || !inside.trim_start().starts_with('{') {
        return None;
    }
    let text = serde_json::from_str::<String>(&format!("\"{inside}\"")).ok()?;
    let (value, rest) = python::literal(&text)?;
    let has_calls = value.get("tool_calls").is_some_and(Value::is_array) && value.get("content").is_some();
    (has_calls && rest.trim().is_empty()).then(|| value.to_string())
}

/// Passes a text to the sink unless it is white space between calls.
fn push_text(text: &str, sink: &mut dyn Sink) {
    if !text.trim().is_empty() {
        sink.event(Event::Text(Text::Plain(text)));
    }
}

struct Leaked {
    id: Option<String>,
    name: String,
    arguments: String,
}

fn read(value: Value, offered: &[String]) -> Option<Leaked> {
    let Value::Object(mut fields) = value else { return None };
    if fields.get("type").and_then(Value::as_str) != Some(KIND) {
        return None;
    }
    let name = fields.get("name").and_then(Value::as_str).filter(|name| offered.iter().any(|known| known == name))?;
    let name = name.to_owned();
    let input = fields.remove("input").filter(Value::is_object)?;
    let id = fields.get("id").and_then(Value::as_str).map(str::to_owned);
    Some(Leaked { id, name, arguments: input.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Said(Vec<String>);

    impl Sink for Said {
        fn event(&mut self, event: Event<'_>) {
            self.0.push(match event {
                Event::Text(Text::Plain(text) | Text::Json(text)) => format!("text {text}"),
                Event::ToolCall { id, name, arguments } => {
                    format!("call {} {name} {arguments}", id.as_deref().unwrap_or("-"))
                }
                other => format!("{other:?}"),
            });
        }
    }

    fn said(text: &str) -> Vec<String> {
        let mut said = Said::default();
        recover(text, &["Read".to_owned(), "Run".to_owned()], &mut said);
        said.0
    }

    #[test]
    fn calls_are_recovered_and_text_is_kept() {
        let captured = "Now let me read the file:{'type': 'tool_use', 'id': 'toolu_1', 'name': 'Read', 'input': {'file_path': '/tmp/example.txt'}}";
        assert_eq!(
            said(captured),
            ["text Now let me read the file:", r#"call toolu_1 Read {"file_path":"/tmp/example.txt"}"#]
        );
        let several = "{'name': 'Run', 'cache_control': None, 'input': {'command': 'echo \"{}\"\nls', 'fast': True, 'n': [1, None]}, 'id': 'a', 'type': 'tool_use'} {'type': 'tool_use', 'id': 'b', 'name': 'Read', 'input': {}} done";
        assert_eq!(
            said(several),
            [r#"call a Run {"command":"echo \"{}\"\nls","fast":true,"n":[1,null]}"#, "call b Read {}", "text  done"]
        );
    }

    #[test]
    fn what_is_no_call_of_an_offered_tool_stays_text() {
        for text in [
            "{'type': 'tool_use', 'id': 'x', 'name': 'Delete', 'input': {}}",
            "{'type': 'tool_use', 'id': 'x', 'name': 'Read'}",
            "{'type': 'tool_use', 'id': 'x', 'name': 'Read', 'input': {'a': 1}",
            "{'type': 'text', 'name': 'Read', 'input': {}}",
            "fn f() { tool_use }",
            "<tool_call>{\"name\": \"Read\"}</tool_call> tool_use",
        ] {
            assert_eq!(said(text), [format!("text {text}")]);
        }
        assert_eq!(said(&format!("{}{{'tool_use'", "{".repeat(100_000))).len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_panics(text in "([{}':, \"\\\\\n]|tool_use|type|name|Read|input|é){0,40}") {
            let said = said(&text);
            if said.iter().all(|one| one.starts_with("text ")) {
                let joined: String = said.iter().map(|one| &one[5..]).collect();
                prop_assert_eq!(joined.trim(), text.trim());
            }
        }

        #[test]
        fn a_call_between_texts_is_found(before in "[a-z{ ]{0,20}", value in "[a-z{}\" \n]{0,20}", after in "[a-z ]{0,10}") {
            let text = format!("{before}{{'type': 'tool_use', 'id': 'i', 'name': 'Run', 'input': {{'v': '{value}'}}}}{after}");
            let expected = format!("call i Run {}", serde_json::json!({"v": value}));
            let said = said(&text);
            prop_assert!(said.contains(&expected), "{:?}", said);
        }
    }
}
