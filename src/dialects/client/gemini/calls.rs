//! Calls of an answer, in the form that Gemini's clients read. A call is written when it is complete.

use crate::chat::Text;
use crate::dialects::client::call_maker::{CallMaker, MadeCall};
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::client::known_names::KnownNames;
use crate::json::{self, Fields};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

/// What ids of calls begin with. They differ from answer to answer, since clients send them back.
const PREFIX: &str = "call_";

/// The calls of one answer that are not written yet.
#[derive(Debug)]
pub struct PendingCalls {
    maker: CallMaker,
    pending: VecDeque<MadeCall>,
    /// The number of the first of them.
    first: usize,
}

impl PendingCalls {
    /// Returns the calls of an answer in a conversation with these names.
    pub fn new(known: Arc<KnownNames>) -> Self {
        PendingCalls { maker: CallMaker::new(known, PREFIX), pending: VecDeque::new(), first: 0 }
    }

    /// Returns true if the answer has calls.
    pub fn are_some(&self) -> bool {
        self.maker.count() > 0
    }

    /// Adds a call whose arguments follow, or come along.
    pub fn add(&mut self, frame: &ReplyFrame, id: Option<Cow<'_, str>>, name: &str, arguments: Cow<'_, str>) {
        let made = self.maker.make(frame, id, name);
        self.pending.push_back(made.with(arguments));
    }

    /// Adds a piece of the arguments of a call.
    pub fn add_arguments(&mut self, number: usize, piece: Text<'_>) {
        let call = number.checked_sub(self.first).and_then(|place| self.pending.get_mut(place));
        if let Some(call) = call {
            call.arguments.push_str(&piece.decoded());
        }
    }

    /// Takes the next call: if it is complete, or whatever it is if the answer `is_over`.
    pub fn next(&mut self, is_over: bool) -> Option<MadeCall> {
        let is_due = self.pending.front().is_some_and(|call| is_over || call.is_complete());
        let call = if is_due { self.pending.pop_front() } else { None }?;
        self.first += 1;
        Some(call)
    }
}

/// Appends the part of a call. Returns false, and appends nothing, for arguments that are no object.
pub fn push(call: &MadeCall, out: &mut Vec<u8>) -> bool {
    let arguments = match call.arguments.trim() {
        "" => "{}",
        arguments if Fields::parse(arguments).is_ok() => arguments,
        _ => return false,
    };
    out.extend_from_slice(b"{\"functionCall\":{\"id\":");
    json::push_string(out, &call.id);
    json::push_key(out, "name");
    json::push_string(out, &call.name);
    json::push_key(out, "args");
    json::push_line(out, arguments);
    out.extend_from_slice(b"}}");
    true
}
