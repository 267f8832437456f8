//! The calls of an answer, as clients know them.

use super::frame::ReplyFrame;
use super::known_names::KnownNames;
use crate::dialects::upstream::anthropic_form::clean_id;
use crate::json::Fields;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// Makes the calls of one answer.
#[derive(Debug)]
pub struct CallMaker {
    known: Arc<KnownNames>,
    /// What ids begin with that are made here.
    prefix: &'static str,
    /// The ids of this answer.
    taken: HashSet<String>,
}

/// A call of an answer.
#[derive(Debug)]
pub struct MadeCall {
    /// The id, unique in the conversation.
    pub id: String,
    /// The name that the client knows.
    pub name: String,
    /// The text of a JSON object, as far as it has arrived.
    pub arguments: String,
}

impl CallMaker {
    /// Makes the calls of an answer in a conversation with these names.
    pub fn new(known: Arc<KnownNames>, prefix: &'static str) -> Self {
        CallMaker { known, prefix, taken: HashSet::new() }
    }

    /// Returns how many calls there are.
    pub fn count(&self) -> usize {
        self.taken.len()
    }

    /// Returns a call without arguments. It has the vendor's id, unless that is none or another call's.
    pub fn make(&mut self, frame: &ReplyFrame, id: Option<Cow<'_, str>>, name: &str) -> MadeCall {
        let number = self.taken.len();
        let own = || format!("{}{}{number}", self.prefix, frame.id);
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
}
