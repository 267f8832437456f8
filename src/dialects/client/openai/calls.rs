//! Tool calls of a reply, as OpenAI's clients read them.

use crate::dialects::client::frame::ReplyFrame;
use crate::json;
use std::borrow::Cow;

/// The arguments of a call that has none.
pub const NO_ARGUMENTS: &str = "{}";

/// A tool call with an id in any case.
pub struct Made {
    /// The vendor's id or one made here.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// A JSON object as text, as far as it has come.
    pub arguments: String,
    /// Whether the arguments come in pieces.
    pub in_pieces: bool,
}

impl Made {
    /// The call of this number without its arguments: with the vendor's id, or one made from the reply's.
    pub fn new(frame: &ReplyFrame, number: usize, id: Option<Cow<'_, str>>, name: Cow<'_, str>) -> Self {
        let own = || {
            let choice = if frame.choice == 0 { String::new() } else { format!("{}_", frame.choice) };
            format!("call_{}{choice}{number}", frame.id)
        };
        Made {
            id: id.filter(|id| !id.is_empty()).map_or_else(own, Cow::into_owned),
            name: name.into_owned(),
            arguments: String::new(),
            in_pieces: false,
        }
    }

    /// Appends the call as a whole reply has it.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        json::push_string(out, &self.id);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        json::push_string(out, &self.name);
        out.extend_from_slice(b",\"arguments\":");
        json::push_string(out, &self.arguments);
        out.extend_from_slice(b"}}");
    }

    /// Appends the call in the form that preceded tools, which has room for one.
    pub fn push_old(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"function_call\":{\"name\":");
        json::push_string(out, &self.name);
        out.extend_from_slice(b",\"arguments\":");
        json::push_string(out, &self.arguments);
        out.push(b'}');
    }
}
