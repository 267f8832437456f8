//! A streamed response: numbered events, which build each item and then repeat it whole.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::native::answer::{Answer, Finish};
use crate::native::model::Model;
use crate::native::pieces;

use super::response::Responses;

pub(super) fn events(responses: &Responses<'_>, model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
    let mut stream = Stream { out: Vec::new(), piece };
    let begun = responses.skeleton(model, answer, "in_progress");
    stream.push("response.created", json!({"response": begun}));
    stream.push("response.in_progress", json!({"response": begun}));
    let items = responses.items(answer);
    for (at, item) in items.iter().enumerate() {
        stream.item(item, at);
    }
    let end = match answer.finish {
        Finish::Failed => "response.failed",
        Finish::Length | Finish::Filtered => "response.incomplete",
        Finish::Complete | Finish::Calls | Finish::Stopped(_) | Finish::Refused | Finish::Denied(_) => {
            "response.completed"
        }
    };
    stream.push(end, json!({"response": responses.object(model, answer, items)}));
    stream.out
}

struct Stream {
    out: Vec<Bytes>,
    /// The number of bytes in a piece of text.
    piece: usize,
}

impl Stream {
    /// Adds the events of an item: its beginning, its parts, its end.
    fn item(&mut self, item: &Value, at: usize) {
        let mut begun = item.clone();
        for (member, empty) in
            [("summary", json!([])), ("content", json!([])), ("arguments", json!("")), ("input", json!(""))]
        {
            if let Some(found) = begun.get_mut(member).filter(|found| !found.is_object()) {
                *found = empty;
            }
        }
        if let Some(status) = begun.get_mut("status") {
            *status = json!("in_progress");
        }
        self.push("response.output_item.added", json!({"item": begun, "output_index": at}));
        let place = json!({"item_id": item["id"], "output_index": at});
        match item["type"].as_str() {
            Some("function_call") => {
                self.texts("response.function_call_arguments", &place, "arguments", &item["arguments"]);
            }
            Some("custom_tool_call") => self.texts("response.custom_tool_call_input", &place, "input", &item["input"]),
            // Its arguments are an object, which comes with the item.
            Some("tool_search_call") => {}
            Some("reasoning") => {
                self.parts(&item["summary"], "summary_index", &place, "response.reasoning_summary_part")
            }
            _ => self.parts(&item["content"], "content_index", &place, "response.content_part"),
        }
        self.push("response.output_item.done", json!({"item": item, "output_index": at}));
    }

    /// Adds the events of an item's parts.
    fn parts(&mut self, parts: &Value, index: &str, place: &Value, name: &str) {
        for (i, part) in parts.as_array().into_iter().flatten().enumerate() {
            let place = with(place, &json!({ index: i }));
            let (member, kind) = match part["type"].as_str() {
                Some("refusal") => ("refusal", "response.refusal"),
                Some("summary_text") => ("text", "response.reasoning_summary_text"),
                _ => ("text", "response.output_text"),
            };
            let mut begun = part.clone();
            begun[member] = json!("");
            self.push(&format!("{name}.added"), with(&place, &json!({"part": begun})));
            let place_of_text =
                if kind == "response.output_text" { with(&place, &json!({"logprobs": []})) } else { place.clone() };
            self.texts(kind, &place_of_text, member, &part[member]);
            self.push(&format!("{name}.done"), with(&place, &json!({"part": part})));
        }
    }

    /// Adds a text in pieces, and once more whole as `member`.
    fn texts(&mut self, kind: &str, place: &Value, member: &str, text: &Value) {
        let text = text.as_str().unwrap_or_default();
        let (name, piece) = (format!("{kind}.delta"), self.piece);
        for part in pieces::of(text, piece) {
            self.push(&name, with(place, &json!({"delta": part, "obfuscation": "pFT90X0e3ePus"})));
        }
        self.push(&format!("{kind}.done"), with(place, &json!({ member: text })));
    }

    fn push(&mut self, name: &str, members: Value) {
        let kind = json!({"type": name});
        let event = with(&with(&kind, &members), &json!({"sequence_number": self.out.len()}));
        self.out.push(format!("event: {name}\ndata: {event}\n\n").into());
    }
}

/// Returns an object with the members of two.
fn with(one: &Value, other: &Value) -> Value {
    let members = [one, other].into_iter().filter_map(Value::as_object).flatten();
    Value::Object(members.map(|(name, member)| (name.clone(), member.clone())).collect::<Map<_, _>>())
}
