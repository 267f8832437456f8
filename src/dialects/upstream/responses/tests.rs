//! The dialect against answers of OpenAI and examples of each kind, which stand in `tests/support/responses`.

mod answers;
mod requests;

use super::Responses;
use crate::chat::{Event, Sink};
use crate::dialects::upstream::{ChatDialect, Vendor};
use crate::wire::Failure;
use std::fmt::Write;
use std::path::Path;

const OTHERS: Responses = Responses { vendor: Vendor::Other };
const ARGOS: Responses = Responses { vendor: Vendor::Argo };

/// Writes down the events that it gets. Pieces of one text become one.
#[derive(Default)]
struct Notes {
    kind: String,
    text: String,
    calls: Vec<(String, String)>,
}

impl Notes {
    fn text(&mut self, kind: &str, piece: &str) {
        if self.kind != kind {
            self.close();
            self.kind = kind.to_owned();
            write!(self.text, "{kind} ").unwrap();
        }
        self.text.push_str(piece);
    }

    fn note(&mut self, line: &str) {
        self.close();
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn close(&mut self) {
        if !std::mem::take(&mut self.kind).is_empty() {
            self.text.push('\n');
        }
    }

    /// Returns what was said and, below it, the calls.
    fn told(mut self) -> String {
        self.close();
        for (name, arguments) in std::mem::take(&mut self.calls) {
            writeln!(self.text, "{name} {arguments}").unwrap();
        }
        self.text
    }
}

impl Sink for Notes {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) => self.text("says", &text.decoded()),
            Event::Reasoning(text) => self.text("thinks", &text.decoded()),
            Event::Refusal(text) => self.text("refuses", &text.decoded()),
            Event::Signature(text) => self.note(&format!("signs {text}")),
            Event::Encrypted(text) => self.note(&format!("hides {text}")),
            Event::ToolCall { id, name, arguments } => {
                self.calls.push((format!("calls {name} as {}", id.as_deref().unwrap_or("-")), arguments.into_owned()));
            }
            Event::CallStart { id, name } => {
                self.calls.push((format!("calls {name} as {}", id.as_deref().unwrap_or("-")), String::new()));
            }
            Event::Arguments { call, piece } => self.calls[call].1.push_str(&piece.decoded()),
            Event::Finish(reason) => self.note(&format!("ends by {reason:?}")),
            Event::Usage(usage) => self.note(&format!(
                "read {} ({:?} cached), wrote {} ({:?} thought)",
                usage.input, usage.cached, usage.output, usage.reasoning
            )),
        }
    }
}

fn file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/responses").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn told(notes: Notes, read: Result<(), Failure>) -> String {
    let told = notes.told();
    match read {
        Ok(()) => told,
        Err(failure) => {
            format!("{told}{} {}: {}", failure.status.as_u16(), failure.code.unwrap_or_default(), failure.message)
        }
    }
}

fn whole(dialect: Responses, body: &[u8]) -> String {
    let mut notes = Notes::default();
    let read = dialect.whole(body, &[], &mut notes);
    told(notes, read)
}

fn streamed<'a>(dialect: Responses, pieces: impl Iterator<Item = &'a [u8]>) -> String {
    let mut notes = Notes::default();
    let mut decoder = dialect.stream();
    let mut read = Ok(());
    for piece in pieces {
        read = read.and_then(|()| decoder.piece(piece, &mut notes));
    }
    let read = read.and_then(|()| decoder.end(&mut notes));
    told(notes, read)
}
