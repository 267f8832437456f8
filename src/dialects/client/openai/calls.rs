//! Tool calls of a reply, in the form that OpenAI's clients read.

use crate::dialects::client::frame::ReplyFrame;
use crate::json;
use std::borrow::Cow;

/// The arguments of a call without arguments.
pub const NO_ARGUMENTS: &str = "{}";

/// A tool call that always has an id.
pub struct Made {
    /// The vendor's id, or one that the proxy made.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The text of a JSON object, as far as it has arrived.
    pub arguments: String,
    /// True if the arguments arrive in pieces.
    pub in_pieces: bool,
}

impl Made {
    /// Creates a call without arguments. It has the vendor's id, or one made from the reply's id and `number`.
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

    /// Appends the call in the form of a whole reply.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"id\":");
        json::push_string(out, &self.id);
        out.extend_from_slice(b",\"type\":\"function\",\"function\":{\"name\":");
        json::push_string(out, &self.name);
        out.extend_from_slice(b",\"arguments\":");
        json::push_string(out, &self.arguments);
        out.extend_from_slice(b"}}");
    }

    /// Appends the call in the form that preceded tools, which has room for one call.
    pub fn push_old(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"function_call\":{\"name\":");
        json::push_string(out, &self.name);
        out.extend_from_slice(b",\"arguments\":");
        json::push_string(out, &self.arguments);
        out.push(b'}');
    }
}
