//! Calls of an answer, in the form that Anthropic's clients read.

use super::short::KnownNames;
use crate::dialects::client::frame::ReplyFrame;
use crate::dialects::upstream::anthropic_form::{self, clean_id};
use crate::json::{self, Fields};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Makes the calls of one answer.
#[derive(Debug)]
pub struct CallMaker {
    known: Arc<KnownNames>,
    /// The ids of this answer.
    taken: HashSet<String>,
}

/// A call of an answer.
#[derive(Debug)]
pub struct MadeCall {
    id: String,
    name: String,
    /// The text of a JSON object, as far as it has arrived.
    pub arguments: String,
}

impl CallMaker {
    /// Makes the calls of an answer in a conversation with these names.
    pub fn new(known: Arc<KnownNames>) -> Self {
        CallMaker { known, taken: HashSet::new() }
    }

    /// Returns how many calls there are.
    pub fn count(&self) -> usize {
        self.taken.len()
    }

    /// Returns a call without arguments. It has the vendor's id, unless that is none or another call's.
    pub fn make(&mut self, frame: &ReplyFrame, id: Option<Cow<'_, str>>, name: &str) -> MadeCall {
        let number = self.taken.len();
        let own = || format!("toolu_{}{number}", frame.id);
        let is_new = |id: &str| !id.is_empty() && !self.known.has_id(id) && !self.taken.contains(id);
        let id = id.map(|id| clean_id(&id).into_owned()).filter(|id| is_new(id)).unwrap_or_else(own);
        self.taken.insert(id.clone());
        MadeCall { id, name: self.known.given(name).to_owned(), arguments: String::new() }
    }
}

impl MadeCall {
    /// Returns the call with all its arguments.
    pub fn with(self, arguments: Cow<'_, str>) -> Self {
        MadeCall { arguments: arguments.into_owned(), ..self }
    }

    /// Returns true if the arguments are a whole object.
    pub fn is_complete(&self) -> bool {
        Fields::parse(&self.arguments).is_ok()
    }

    /// Appends the block of the call, with its input or with none yet.
    pub fn push(&self, out: &mut Vec<u8>, with_input: bool) {
        out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
        json::push_string(out, &self.id);
        json::push_key(out, "name");
        json::push_string(out, &self.name);
        json::push_key(out, "input");
        let before = out.len();
        if with_input {
            self.push_input(out);
        }
        if out.len() == before {
            out.extend_from_slice(b"{}");
        }
        out.push(b'}');
    }

    /// Appends the arguments as an object, in one line; nothing if there are none. What is no object goes along as a text in one:
    /// clients fail where it is none.
    pub fn push_input(&self, out: &mut Vec<u8>) {
        if matches!(self.arguments.trim(), "" | "{}") {
            return;
        }
        let mut input = Vec::with_capacity(self.arguments.len());
        anthropic_form::push_input(&mut input, &self.arguments);
        json::push_inside(out, &one_line(&String::from_utf8_lossy(&input)));
    }
}

/// Returns a JSON text in one line. Between the parts of a value, a line end is a blank; in a string none can stand.
pub fn one_line(json: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\n', b'\r', json.as_bytes()).is_none() {
        return Cow::Borrowed(json);
    }
    Cow::Owned(json.replace(['\n', '\r'], " "))
}
