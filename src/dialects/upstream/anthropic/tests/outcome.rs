//! What an answer says and how it fails, for comparisons; the captures; streams made up.

use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::anthropic::of;
use crate::dialects::upstream::{ChatDialect, Vendor};
use crate::wire::Failure;

/// The events of an answer, each in one line. Pieces of one kind that follow each other are one line.
#[derive(Default)]
pub struct Lines(pub Vec<(String, String)>);

impl Sink for Lines {
    fn event(&mut self, event: Event<'_>) {
        let text = |kind: &str, text: Text<'_>| (kind.to_owned(), text.decoded().into_owned());
        let (kind, text) = match event {
            Event::Text(piece) => text("text", piece),
            Event::Reasoning(piece) => text("reasoning", piece),
            Event::Refusal(piece) => text("refusal", piece),
            Event::Arguments { call, piece } => text(&format!("arguments {call}"), piece),
            Event::Signature(signature) => ("signature".to_owned(), signature.chars().take(8).collect()),
            Event::Usage(usage) => {
                let (input, cached, output, reasoning) = (usage.input, usage.cached, usage.output, usage.reasoning);
                ("usage".to_owned(), format!("{input} {cached:?} {output} {reasoning:?}"))
            }
            Event::ToolCall { id, name, arguments } => {
                ("call".to_owned(), format!("{} {name} {arguments}", id.as_deref().unwrap_or_default()))
            }
            Event::CallStart { id, name } => {
                ("start".to_owned(), format!("{} {name}", id.as_deref().unwrap_or_default()))
            }
            other => (format!("{other:?}"), String::new()),
        };
        let is_text = matches!(kind.as_str(), "text" | "reasoning" | "refusal") || kind.starts_with("arguments");
        match self.0.last_mut().filter(|(last, _)| is_text && *last == kind) {
            Some((_, so_far)) => so_far.push_str(&text),
            None => self.0.push((kind, text)),
        }
    }
}

/// What an answer says, and how it fails.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    pub lines: Vec<String>,
    pub failure: Option<Failure>,
}

impl Outcome {
    pub fn of(lines: Lines, read: Result<(), Failure>) -> Self {
        let lines = lines.0.into_iter().map(|(kind, text)| format!("{kind} {text}").trim_end().to_owned()).collect();
        Outcome { lines, failure: read.err() }
    }

    /// The status and the code of the failure, and that nothing was said before it.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let failure = self.failure.as_ref().unwrap_or_else(|| panic!("no failure: {self:?}"));
        assert_eq!(self.lines, [""; 0], "{failure:?}");
        (failure.status.as_u16(), failure.code.as_deref().unwrap_or_default(), &failure.message)
    }
}

pub fn whole(vendor: Vendor, body: &str) -> Outcome {
    let mut lines = Lines::default();
    let read = of(vendor).whole(body.as_bytes(), &[], &mut lines);
    Outcome::of(lines, read)
}

pub fn streamed<'p>(vendor: Vendor, pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
    let (mut lines, mut decoder) = (Lines::default(), of(vendor).stream());
    let read = pieces.into_iter().try_for_each(|piece| decoder.piece(piece, &mut lines));
    let read = read.and_then(|()| decoder.end(&mut lines));
    Outcome::of(lines, read)
}

/// Decodes a stream cut at every byte and in pieces of some sizes, and returns what all of these say.
pub fn cut_everywhere(vendor: Vendor, body: &str) -> Outcome {
    let body = body.as_bytes();
    let expected = streamed(vendor, [body]);
    for at in 0..=body.len() {
        assert_eq!(streamed(vendor, [&body[..at], &body[at..]]), expected, "cut at {at}");
    }
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(streamed(vendor, body.chunks(size)), expected, "pieces of {size}");
    }
    expected
}

/// The text of a capture. The places are those of the tests of the whole program.
macro_rules! capture {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/messages/", $name))
    };
}

pub(super) use capture;

/// A stream whose text comes in pieces of a few characters.
pub fn stream_of(id: &str, text: &str) -> String {
    let mut body = format!(
        "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"usage\":{{\"input_tokens\":0,\"output_tokens\":0}}}}}}\n\nevent: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n"
    );
    for piece in text.chars().collect::<Vec<_>>().chunks(16) {
        let piece = serde_json::json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece.iter().collect::<String>()}});
        body.push_str(&format!("event: content_block_delta\ndata: {piece}\n\n"));
    }
    body.push_str("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    body
}

/// The data of one event per line, without names.
pub fn events(data: &[&str]) -> String {
    data.iter().map(|data| format!("data: {data}\n\n")).collect()
}
