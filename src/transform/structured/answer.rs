//! Takes the JSON of an answer out of its wrapping: a tool call or a code fence.

use crate::chat::format::MEMBER;
use crate::chat::{Event, FinishReason, JsonPart, Sink, Text, Usage};
use crate::json::{self, Fields};
use serde::de::IgnoredAny;
use std::borrow::Cow;

/// What the JSON of an answer is taken out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrapping {
    /// Where the JSON stands.
    pub carrier: Carrier,
    /// What of it the client gets.
    pub part: JsonPart,
}

/// Where the JSON of an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The arguments of a call to the one tool that the model was offered.
    Call,
    /// Text: the bare JSON, or one fenced block.
    Text,
}

const FENCE: &str = "```";

/// Collects an answer until it is whole.
// A fence at the end decides about the one at the beginning, so nothing can be passed on before the end.
#[derive(Debug)]
pub struct Wrapped {
    wrapping: Wrapping,
    texts: Vec<Said>,
    calls: Vec<Called>,
    refusal: String,
    finish: Option<FinishReason>,
    usage: Option<Usage>,
}

#[derive(Debug)]
enum Said {
    Plain(String),
    Json(String),
}

#[derive(Debug)]
struct Called {
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Wrapped {
    /// Creates an empty answer.
    pub fn new(wrapping: Wrapping) -> Self {
        let (texts, calls, refusal) = (Vec::new(), Vec::new(), String::new());
        Wrapped { wrapping, texts, calls, refusal, finish: None, usage: None }
    }

    /// Passes the unwrapped answer to `sink`. Text that is not JSON is passed unchanged.
    pub fn hand_on(self, sink: &mut dyn Sink) {
        if !self.refusal.is_empty() {
            sink.event(Event::Refusal(Text::Plain(&self.refusal)));
        }
        if let Some(usage) = self.usage {
            sink.event(Event::Usage(usage));
        }
        let is_call = self.wrapping.carrier == Carrier::Call && !self.calls.is_empty();
        // The client sees no call here, because the call becomes the answer.
        if let Some(reason) = self.finish.filter(|reason| !is_call || *reason != FinishReason::ToolCalls) {
            sink.event(Event::Finish(reason));
        }
        if is_call {
            // Text beside the call is not part of the JSON. Several calls cannot be joined to one JSON, so each keeps
            // its own line.
            for (index, call) in self.calls.iter().enumerate() {
                if index > 0 {
                    sink.event(Event::Text(Text::Plain("\n")));
                }
                sink.event(Event::Text(Text::Plain(&self.part_of(&call.arguments))));
            }
            return;
        }
        let text = self.calls.is_empty().then(|| self.fenced_text()).flatten();
        match text.as_deref().and_then(unfenced) {
            Some(json) => sink.event(Event::Text(Text::Plain(&self.part_of(json)))),
            None if self.wrapping.part != JsonPart::All && self.calls.is_empty() => {
                let whole: String = self.texts.iter().filter_map(Said::decoded).collect();
                sink.event(Event::Text(Text::Plain(&self.part_of(&whole))));
            }
            None => self.texts.iter().for_each(|said| sink.event(Event::Text(said.as_text()))),
        }
        for Called { id, name, arguments } in self.calls {
            sink.event(Event::ToolCall {
                id: id.map(Cow::Owned),
                name: Cow::Owned(name),
                arguments: Cow::Owned(arguments),
            });
        }
    }

    /// Returns what the client gets of this JSON; all of it where that is not there, as models answer that do not keep to a schema.
    fn part_of<'j>(&self, json: &'j str) -> Cow<'j, str> {
        if self.wrapping.part == JsonPart::All {
            return Cow::Borrowed(json);
        }
        let fields = Fields::parse(json).ok();
        let Some(member) = fields.and_then(|fields| fields.get(MEMBER)) else { return Cow::Borrowed(json) };
        let word = if self.wrapping.part == JsonPart::Word { json::text_of(member) } else { None };
        word.unwrap_or(Cow::Borrowed(member.get()))
    }

    /// Returns the whole text if it may contain a fence.
    fn fenced_text(&self) -> Option<String> {
        if !self.texts.iter().any(|said| said.inside().contains(FENCE)) {
            return None;
        }
        self.texts.iter().map(Said::decoded).collect()
    }
}

impl Said {
    fn inside(&self) -> &str {
        match self {
            Said::Plain(text) | Said::Json(text) => text,
        }
    }

    fn as_text(&self) -> Text<'_> {
        match self {
            Said::Plain(text) => Text::Plain(text),
            Said::Json(inside) => Text::Json(inside),
        }
    }

    fn decoded(&self) -> Option<Cow<'_, str>> {
        match self {
            Said::Plain(text) => Some(Cow::Borrowed(text)),
            Said::Json(inside) => serde_json::from_str::<String>(&format!("\"{inside}\"")).ok().map(Cow::Owned),
        }
    }
}

/// Returns the content of the fenced block if the block is the whole text and its content is JSON.
fn unfenced(text: &str) -> Option<&str> {
    let (language, block) = text.trim().strip_prefix(FENCE)?.strip_suffix(FENCE)?.split_once('\n')?;
    let json = block.trim();
    let is_word = language.trim().chars().all(|c| c.is_ascii_alphanumeric());
    (is_word && is_json(json)).then_some(json)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

impl Sink for Wrapped {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(Text::Plain(text)) => self.texts.push(Said::Plain(text.to_owned())),
            Event::Text(Text::Json(inside)) => self.texts.push(Said::Json(inside.to_owned())),
            Event::ToolCall { id, name, arguments } => self.calls.push(Called {
                id: id.map(Cow::into_owned),
                name: name.into_owned(),
                arguments: arguments.into_owned(),
            }),
            Event::CallStart { id, name } => self.calls.push(Called {
                id: id.map(Cow::into_owned),
                name: name.into_owned(),
                arguments: String::new(),
            }),
            Event::Arguments { call, piece } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.arguments.push_str(&piece.decoded());
                }
            }
            Event::Finish(reason) => self.finish = Some(reason),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Refusal(text) => self.refusal.push_str(&text.decoded()),
            // Reasoning is not part of the JSON.
            Event::Reasoning(_) | Event::Signature(_) | Event::Encrypted(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Sink for Heard {
        fn event(&mut self, event: Event<'_>) {
            self.0.push(match event {
                Event::Text(Text::Plain(text)) => text.to_owned(),
                Event::Text(Text::Json(inside)) => format!("json {inside}"),
                Event::ToolCall { name, arguments, .. } => format!("call {name} {arguments}"),
                other => format!("{other:?}"),
            });
        }
    }

    fn call<'a>(arguments: &'a str) -> Event<'a> {
        Event::ToolCall { id: None, name: "f".into(), arguments: arguments.into() }
    }

    fn heard(carrier: Carrier, events: Vec<Event<'_>>) -> Vec<String> {
        part_heard(carrier, JsonPart::All, events)
    }

    fn part_heard(carrier: Carrier, part: JsonPart, events: Vec<Event<'_>>) -> Vec<String> {
        let mut wrapped = Wrapped::new(Wrapping { carrier, part });
        events.into_iter().for_each(|event| wrapped.event(event));
        let mut heard = Heard::default();
        wrapped.hand_on(&mut heard);
        heard.0
    }

    fn text(text: &str) -> Event<'_> {
        Event::Text(Text::Plain(text))
    }

    #[test]
    fn the_arguments_of_the_call_are_the_answer() {
        assert_eq!(heard(Carrier::Call, vec![text("Here:"), call("{\"a\":1}")]), ["{\"a\":1}"]);
        assert_eq!(heard(Carrier::Call, vec![call("{\"a\":")]), ["{\"a\":"], "what is broken stays so");
        assert_eq!(heard(Carrier::Call, vec![call("{}"), call("[]")]), ["{}", "\n", "[]"]);
        assert_eq!(heard(Carrier::Call, vec![text("I cannot.")]), ["I cannot."]);
        assert_eq!(heard(Carrier::Call, vec![text("```json\n{\"a\":1}\n```")]), ["{\"a\":1}"]);
        assert!(heard(Carrier::Call, vec![]).is_empty());
    }

    #[test]
    fn calls_of_the_clients_own_tools_stay_calls() {
        assert_eq!(heard(Carrier::Text, vec![text("Wait"), call("{}")]), ["Wait", "call f {}"]);
    }

    #[test]
    fn a_member_is_taken_out_where_the_root_had_to_be_an_object() {
        for (part, json, told) in [
            (JsonPart::Member, r#"{"value": [1, "a"]}"#, r#"[1, "a"]"#),
            (JsonPart::Member, r#"{"value": "a"}"#, "\"a\""),
            (JsonPart::Word, r#"{"value": "a\n"}"#, "a\n"),
            (JsonPart::Word, r#"{"value": 7}"#, "7"),
            (JsonPart::Member, "[1]", "[1]"),
            (JsonPart::Word, "red", "red"),
            (JsonPart::Member, r#"{"other": 1}"#, r#"{"other": 1}"#),
        ] {
            assert_eq!(part_heard(Carrier::Call, part, vec![call(json)]), [told], "{json}");
            assert_eq!(part_heard(Carrier::Text, part, vec![text(&json[..3]), text(&json[3..])]), [told], "{json}");
            let fenced = format!("```json\n{json}\n```");
            assert_eq!(
                part_heard(Carrier::Text, part, vec![text(&fenced)]),
                [if json == "red" { &fenced } else { told }]
            );
        }
    }

    #[test]
    fn one_fenced_block_of_json_is_opened_and_nothing_else() {
        let inside = |text| heard(Carrier::Text, vec![Event::Text(Text::Json(text))]);
        assert_eq!(inside(r#"```json\n{\"a\": \"`\\n```x\"}\n```"#), ["{\"a\": \"`\\n```x\"}"]);
        assert_eq!(inside(r"\n```\n[1]```\n"), ["[1]"]);
        assert_eq!(heard(Carrier::Text, vec![text("```JSON\r\n"), text("7\r\n```")]), ["7"]);
        for kept in [
            r#"{\"a\": 1}"#,
            r"Here:\n```json\n{}\n```",
            r"```json\n{}\n```\nDone",
            r"```json\n{}\n```\n```json\n{}\n```",
            r"```json\n{\n```",
            r"```json\n{}",
            r"```json {} ```",
            r"```js on\n{}\n```",
            r"```\ud800\n{}\n```",
            "```",
        ] {
            assert_eq!(inside(kept), [format!("json {kept}")]);
        }
    }
}
