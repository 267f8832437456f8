//! A streamed message: events as recorded, with their names and without pings.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::native::answer::{Answer, Finish, THOUGHT};
use crate::native::json::dumps;
use crate::native::model::Model;
use crate::native::pieces;
use crate::options::Family;

use super::whole::{id, signature, stop, usage};

/// The tokens of an answer that its first event reports already.
const FIRST_TOKENS: u64 = 8;

pub(super) fn events(model: Model<'_>, answer: &Answer, piece: usize) -> Vec<Bytes> {
    let mut stream = Stream { out: Vec::new(), index: 0 };
    stream.start(model, answer);
    if answer.thinks {
        let block = json!({"signature": "", "thinking": "", "type": "thinking"});
        stream.block(&block, |stream| {
            for part in pieces::of(THOUGHT, piece) {
                stream.delta("thinking", part, "thinking_delta");
            }
            stream.delta("signature", &signature(answer), "signature_delta");
        });
    }
    if !answer.text.is_empty() {
        stream.block(&json!({"citations": null, "text": "", "type": "text"}), |stream| {
            for part in pieces::of(&answer.text, piece) {
                stream.delta("text", part, "text_delta");
            }
        });
    }
    for call in &answer.calls {
        let block = json!({"id": call.id(Family::Anthropic), "input": {}, "name": call.name, "type": "tool_use"});
        stream.block(&block, |stream| {
            // The first delta of arguments is always empty.
            stream.delta("partial_json", "", "input_json_delta");
            for part in pieces::of(&call.arguments.to_string(), piece) {
                stream.delta("partial_json", part, "input_json_delta");
            }
        });
    }
    stream.end(answer);
    stream.out
}

struct Stream {
    out: Vec<Bytes>,
    /// The place of the current block.
    index: usize,
}

impl Stream {
    fn start(&mut self, model: Model<'_>, answer: &Answer) {
        let name = match answer.finish {
            Finish::Denied(_) => model.id.to_owned(),
            _ => model.answers_as(),
        };
        let message = json!({
            "id": id(answer),
            "content": [],
            "model": name,
            "role": "assistant",
            "stop_reason": null,
            "stop_sequence": null,
            "type": "message",
            "usage": usage(answer.usage, answer.usage.output.min(FIRST_TOKENS)),
            "stop_details": null
        });
        self.push("message_start", &dumps(&json!({"message": message, "type": "message_start"})));
    }

    /// Adds a block: its start, what `fill` adds, its end.
    fn block(&mut self, start: &Value, fill: impl FnOnce(&mut Self)) {
        let index = self.index;
        let start = json!({"content_block": start, "index": index, "type": "content_block_start"});
        self.push("content_block_start", &dumps(&start));
        fill(self);
        self.push("content_block_stop", &format!(r#"{{"index": {index}, "type": "content_block_stop"}}"#));
        self.index += 1;
    }

    fn delta(&mut self, member: &str, part: &str, kind: &str) {
        let (part, index) = (dumps(part), self.index);
        self.push(
            "content_block_delta",
            &format!(
                r#"{{"delta": {{"{member}": {part}, "type": "{kind}"}}, "index": {index}, "type": "content_block_delta"}}"#
            ),
        );
    }

    fn end(&mut self, answer: &Answer) {
        let (reason, sequence) = stop(&answer.finish);
        let tokens = answer.usage;
        let delta = json!({
            "delta": {"stop_reason": reason, "stop_sequence": sequence, "stop_details": null},
            "type": "message_delta",
            "usage": {
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": tokens.cached,
                "input_tokens": tokens.input - tokens.cached.min(tokens.input),
                "output_tokens": tokens.output,
                "server_tool_use": null
            }
        });
        self.push("message_delta", &dumps(&delta));
        self.push("message_stop", r#"{"type": "message_stop"}"#);
    }

    fn push(&mut self, name: &str, data: &str) {
        self.out.push(format!("event: {name}\ndata: {data}\n\n").into());
    }
}
