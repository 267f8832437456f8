//! The contents of a request as the messages that the hub has. A user's turn is split: the results of calls first, each a message of its
//! own, then the rest, since nothing may stand between a call and its result.

use super::parts::{self, GeminiPart};
use super::results::{self, UnansweredCalls};
use super::spelling::{elements, given};
use super::values::{PlaceOfPart, invalid, raw_text, text};
use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::dialects::client::known_names::KnownNames;
use crate::dialects::client::spoken::{self, SpokenPart, TextInside};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The result of a call that was never answered. Upstreams refuse a call without one.
const ABORTED: &str = "aborted";

/// The messages of a request.
#[derive(Debug, Default)]
pub struct ContentHistory<'a> {
    /// The messages, the system instruction first.
    pub messages: Vec<Message<'a>>,
    /// For each, the index of the content that it comes from.
    pub origins: Vec<usize>,
    /// The parts that have no place at other vendors.
    pub left_out: Vec<String>,
    /// The names and ids of calls.
    pub names: KnownNames,
    calls: UnansweredCalls<'a>,
}

/// What was said in one turn: by contents of one role that follow each other.
#[derive(Debug)]
struct SpokenTurn<'a> {
    role: Role,
    /// The index of its first content.
    first: usize,
    results: Vec<(usize, Cow<'a, str>, Vec<SpokenPart<'a>>)>,
    said: Vec<SpokenPart<'a>>,
    calls: Vec<ToolCall<'a>>,
}

impl<'a> ContentHistory<'a> {
    /// Reads the fields `systemInstruction` and `contents` of a request.
    ///
    /// # Errors
    /// 400 naming the place.
    pub fn read(system: Option<&'a RawValue>, contents: &[&'a RawValue]) -> Result<Self, Failure> {
        let mut history = ContentHistory::default();
        if let Some(system) = system {
            history.open_with(system)?;
        }
        let mut turn: Option<SpokenTurn<'a>> = None;
        for (index, content) in contents.iter().enumerate() {
            let (role, parts) = parts_of(index, content)?;
            if let Some(before) = turn.take_if(|turn| turn.role != role) {
                history.add(before);
            }
            let turn = turn.get_or_insert_with(|| SpokenTurn::new(role, index));
            for (number, part) in parts.into_iter().enumerate() {
                history.take(turn, PlaceOfPart::Content(index, number), index, part)?;
            }
        }
        if let Some(last) = turn {
            history.add(last);
        }
        history.close_calls(contents.len().saturating_sub(1));
        Ok(history)
    }

    /// Takes the system instruction: a content whose role says nothing, or a string.
    fn open_with(&mut self, system: &'a RawValue) -> Result<(), Failure> {
        let parts = match Fields::of(system) {
            Some(content) => given(&content, "parts").map(elements).unwrap_or_default(),
            None => elements(system),
        };
        let mut texts: Vec<Cow<'a, RawValue>> = Vec::new();
        for (number, raw) in parts.into_iter().enumerate() {
            let place = PlaceOfPart::System(number);
            match parts::read(place, raw)? {
                GeminiPart::Said(Some(SpokenPart::Text(text))) => texts.push(text),
                GeminiPart::Said(None) => {}
                _ => return Err(invalid(&place.to_string(), "the system instruction has texts alone.")),
            }
        }
        let content = if texts.len() > 1 {
            let mut all = TextInside::default();
            texts.iter().for_each(|text| all.paragraph(json::inside_of(text)));
            all.raw().map(Cow::Owned)
        } else {
            texts.pop()
        };
        if let Some(content) = content {
            self.push(0, Message::plain(Role::System, content, Fields::default()));
        }
        Ok(())
    }

    fn take(
        &mut self,
        turn: &mut SpokenTurn<'a>,
        place: PlaceOfPart,
        index: usize,
        raw: &'a RawValue,
    ) -> Result<(), Failure> {
        match (parts::read(place, raw)?, turn.role) {
            (GeminiPart::Said(part), _) => turn.said.extend(part),
            (GeminiPart::Call(call), Role::Assistant) => turn.calls.push(self.call(place, &call)?),
            (GeminiPart::Result(result), Role::User) => {
                let (id, name) = results::id_and_name(&result);
                let said = results::said(place, &result)?;
                let Some(sent) = self.calls.answered(id.as_deref(), &name) else {
                    return Err(no_call(place, &name));
                };
                match turn.results.iter_mut().find(|(_, known, _)| *known == sent) {
                    // Gemini CLI repeats results when it resumes a session. A function may also answer in several parts.
                    Some((_, _, before)) if spoken::are_same(before, &said) => {}
                    Some((_, _, before)) => before.extend(said),
                    None => turn.results.push((index, sent, said)),
                }
            }
            (GeminiPart::Call(_), _) => {
                return Err(invalid(&format!("{place}.functionCall"), "only a content of the role 'model' has calls."));
            }
            (GeminiPart::Result(_), _) => {
                let why = "only a content of the role 'user' has what calls returned.";
                return Err(invalid(&format!("{place}.functionResponse"), why));
            }
            (GeminiPart::Unknown, _) => self.left_out.push(place.to_string()),
        }
        Ok(())
    }

    fn call(&mut self, place: PlaceOfPart, call: &Fields<'a>) -> Result<ToolCall<'a>, Failure> {
        let (id, name) = results::id_and_name(call);
        if name.is_empty() {
            return Err(invalid(&format!("{place}.functionCall.name"), "it is missing."));
        }
        let Some(arguments) = results::arguments(call) else {
            return Err(invalid(&format!("{place}.functionCall.args"), "it must be an object."));
        };
        let id = self.calls.add(id, name.clone(), &mut self.names);
        Ok(ToolCall { id, name: self.names.short(name), arguments: Cow::Borrowed(arguments) })
    }

    /// Adds a turn that is complete.
    fn add(&mut self, turn: SpokenTurn<'a>) {
        let SpokenTurn { role, first, results, said, calls } = turn;
        for (index, id, said) in results {
            self.push_result(index, id, spoken::result(said));
        }
        if role == Role::User {
            self.close_calls(first);
        }
        let content = spoken::content(said);
        if content.is_none() && calls.is_empty() {
            return;
        }
        let content = content.unwrap_or_else(spoken::empty);
        self.push(first, Message { calls, ..Message::plain(role, content, Fields::default()) });
    }

    /// Gives each call a result that has none.
    fn close_calls(&mut self, origin: usize) {
        for id in self.calls.close() {
            self.push_result(origin, id, raw_text(ABORTED));
        }
    }

    fn push_result(&mut self, origin: usize, id: Cow<'a, str>, content: Cow<'a, RawValue>) {
        let message = Message::plain(Role::Tool, content, Fields::default());
        self.push(origin, Message { result_of: Some(id), ..message });
    }

    fn push(&mut self, origin: usize, message: Message<'a>) {
        self.messages.push(message);
        self.origins.push(origin);
    }
}

impl SpokenTurn<'_> {
    fn new(role: Role, first: usize) -> Self {
        SpokenTurn { role, first, results: Vec::new(), said: Vec::new(), calls: Vec::new() }
    }
}

/// Returns role and parts of a content. A content without a role is the user's.
fn parts_of(index: usize, content: &RawValue) -> Result<(Role, Vec<&RawValue>), Failure> {
    if json::inside_of(content).is_some() {
        return Ok((Role::User, vec![content]));
    }
    let place = format!("contents[{index}]");
    let fields = Fields::of(content);
    let fields = fields.ok_or_else(|| invalid(&place, "it must be an object with 'role' and 'parts'."))?;
    let place = format!("{place}.role");
    let role = match given(&fields, "role") {
        Some(role) => text(&place, role)?,
        None => Cow::Borrowed("user"),
    };
    let role = match role.as_ref() {
        "model" => Role::Assistant,
        "user" | "function" | "" => Role::User,
        other => return Err(invalid(&place, &format!("'{other}' is no role; use user or model."))),
    };
    // `{"text": "…"}` stands for a content in some recipes.
    let parts = given(&fields, "parts").or(given(&fields, "text"));
    Ok((role, parts.map(elements).unwrap_or_default()))
}

fn no_call(place: PlaceOfPart, name: &str) -> Failure {
    let place = format!("{place}.functionResponse");
    let why = format!(
        "there is no call of '{name}' in the turn before that it could answer. The turn of the function's response comes right after the turn of its call."
    );
    invalid(&place, &why)
}

#[cfg(test)]
mod tests;
