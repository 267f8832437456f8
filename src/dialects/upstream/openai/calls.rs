//! Puts together tool calls that stream in pieces. A piece names its call by an index; id and name usually come with the first
//! one, but servers exist that send them later, again, or never.

use super::reading::{arguments_of, given, text_at};
use crate::chat::{Event, Sink, Text};
use crate::json::{Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// The most calls of one answer.
const MOST_CALLS: usize = 1024;

/// The calls of one stream.
#[derive(Debug, Default)]
pub struct StreamedCalls {
    list: Vec<StreamedCall>,
    /// How many have begun.
    begun: usize,
}

/// One call, as far as it has arrived.
#[derive(Debug)]
struct StreamedCall {
    index: u64,
    id: Option<String>,
    name: Option<String>,
    /// Its number in the order of beginning; `None` while its name, or its id, may still come.
    number: Option<usize>,
    /// The arguments that came before it began.
    early: String,
}

impl StreamedCalls {
    /// Passes what the `tool_calls` of a delta say.
    ///
    /// # Errors
    /// 502 for a call of unknown shape.
    pub fn pieces(&mut self, upstream: &'static str, list: &RawValue, sink: &mut dyn Sink) -> Result<(), Failure> {
        let unreadable = || Failure::upstream(format!("{upstream}'s stream has a tool call of unknown shape."));
        for piece in fields::list_of(list).map_err(|_| unreadable())? {
            let piece = Fields::of(piece).ok_or_else(unreadable)?;
            let function = given(&piece, "function").and_then(Fields::of).unwrap_or_default();
            self.piece(&piece, &function, sink);
            if self.list.len() > MOST_CALLS {
                return Err(unreadable());
            }
        }
        Ok(())
    }

    /// Passes a piece of the one call in the form that preceded tools.
    pub fn old_piece(&mut self, function: &RawValue, sink: &mut dyn Sink) {
        if let Some(function) = Fields::of(function) {
            self.piece(&Fields::default(), &function, sink);
        }
    }

    fn piece(&mut self, piece: &Fields<'_>, function: &Fields<'_>, sink: &mut dyn Sink) {
        let id = text_at(piece, "id");
        let index = piece.get("index").and_then(|index| index.get().parse().ok());
        let at = self.place(index, id.as_deref());
        let Some(call) = self.list.get_mut(at) else { return };
        if call.number.is_none() {
            call.id = id.map(Into::into).or_else(|| call.id.take());
            call.name = text_at(function, "name").map(Into::into).or_else(|| call.name.take());
        }
        let arguments = arguments_of(function).filter(|text| !matches!(text, Text::Json("") | Text::Plain("")));
        let Some(arguments) = arguments else {
            // Without arguments, an id may still come.
            if call.id.is_some() {
                call.begin(&mut self.begun, sink);
            }
            return;
        };
        call.begin(&mut self.begun, sink);
        match call.number {
            Some(call) => sink.event(Event::Arguments { call, piece: arguments }),
            None => call.early.push_str(&arguments.decoded()),
        }
    }

    /// Returns the place of the call that a piece belongs to. Without an index, a new id begins a new call.
    fn place(&mut self, index: Option<u64>, id: Option<&str>) -> usize {
        let last = self.list.len().checked_sub(1);
        let known = match index {
            Some(index) => self.list.iter().position(|call| call.index == index),
            None => match id {
                Some(id) => self.list.iter().position(|call| call.id.as_deref().is_none_or(|known| known == id)),
                None => last,
            },
        };
        known.unwrap_or_else(|| {
            let index = index.unwrap_or_else(|| self.list.iter().map(|call| call.index + 1).max().unwrap_or(0));
            self.list.push(StreamedCall { index, id: None, name: None, number: None, early: String::new() });
            self.list.len() - 1
        })
    }

    /// Begins the calls that still wait for an id.
    ///
    /// # Errors
    /// 502 for a call without a name.
    pub fn complete(&mut self, upstream: &'static str, sink: &mut dyn Sink) -> Result<(), Failure> {
        for call in &mut self.list {
            if call.name.is_none() {
                return Err(Failure::upstream(format!("{upstream} answered with a tool call without a name.")));
            }
            call.begin(&mut self.begun, sink);
        }
        Ok(())
    }
}

impl StreamedCall {
    /// Begins the call if its name is known.
    fn begin(&mut self, begun: &mut usize, sink: &mut dyn Sink) {
        if self.number.is_some() {
            return;
        }
        let Some(name) = self.name.clone() else { return };
        let number = *begun;
        *begun += 1;
        self.number = Some(number);
        sink.event(Event::CallStart { id: self.id.clone().map(Into::into), name: name.into() });
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            sink.event(Event::Arguments { call: number, piece: Text::Plain(&early) });
        }
    }
}
