//! Items as messages: what a model said and called in one turn is one message, and its results follow in the order of its calls.

use super::input::{Item, ReadItem};
use super::names::ToolNames;
use super::parts::{ReadContent, written};
use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::json::{Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

/// The result of a call that was interrupted. Every vendor refuses a call without one.
const ABORTED: &[u8] = b"\"aborted\"";

/// The messages of a request.
#[derive(Debug, Default)]
pub struct Turns<'a> {
    /// The messages in order.
    pub messages: Vec<Message<'a>>,
    /// For each message the number of the item that it begins with.
    pub places: Vec<usize>,
    /// Why only an upstream of this form takes the request, if it is so.
    pub bound: Option<Failure>,
    /// The items that no model reads, as error messages name them.
    pub left_out: Vec<String>,
}

/// The turns while they are made.
struct TurnBuilder<'a> {
    turns: Turns<'a>,
    /// The results by the id of their call, in order.
    results: HashMap<Cow<'a, str>, VecDeque<(usize, Cow<'a, RawValue>)>>,
    /// The ids of all calls so far.
    called: HashSet<Cow<'a, str>>,
    /// True while the last message is an assistant's that may go on.
    is_open: bool,
    /// What the model thought before what it says next.
    thought: Vec<Cow<'a, RawValue>>,
}

/// Returns the messages of the items. `instructions` come first; `unseal` returns the thinking that a reply of this proxy sealed.
///
/// # Errors
/// No request can cause one.
pub fn read<'a>(
    instructions: Option<Cow<'a, RawValue>>,
    items: Vec<ReadItem<'a>>,
    names: &ToolNames,
    unseal: &dyn Fn(&str) -> Option<Box<RawValue>>,
) -> Result<Turns<'a>, Failure> {
    let (turns, results) = (Turns::default(), HashMap::new());
    let mut all = TurnBuilder { turns, results, called: HashSet::new(), is_open: false, thought: Vec::new() };
    if let Some(instructions) = instructions {
        all.push(0, Message::plain(Role::System, instructions, Fields::default()));
    }
    let items = all.take_results(items);
    for ReadItem { index, item, .. } in items {
        match item {
            Item::Message { role, said } => all.message(index, role, said)?,
            Item::Call { id, namespace, name, arguments } => {
                let name = Cow::Owned(names.told(namespace.as_deref(), &name).into_owned());
                all.call(index, ToolCall { id, name, arguments })?;
            }
            Item::Result { id, said } => all.result(index, &id, said)?,
            Item::Reasoning(sealed) => match unseal(&sealed) {
                Some(block) => all.thought.push(Cow::Owned(block)),
                None => all.turns.left_out.push(format!("input[{index}] (reasoning)")),
            },
            Item::Nothing(kind) => all.turns.left_out.push(format!("input[{index}] ({kind})")),
        }
    }
    all.end_turn()?;
    Ok(all.turns)
}

impl<'a> TurnBuilder<'a> {
    /// Keeps the results by their calls, so that each can follow its call wherever it stands. A mark stays in its place.
    fn take_results(&mut self, items: Vec<ReadItem<'a>>) -> Vec<ReadItem<'a>> {
        let calls: HashSet<Cow<'a, str>> = items
            .iter()
            .filter_map(|read| if let Item::Call { id, .. } = &read.item { Some(id.clone()) } else { None })
            .collect();
        let keep = |mut read: ReadItem<'a>| {
            if let Item::Result { id, said } = &mut read.item
                && calls.contains(id)
            {
                let nothing = ReadContent { content: Cow::Borrowed(RawValue::NULL), bound: None };
                let ReadContent { content, bound } = std::mem::replace(said, nothing);
                self.turns.bound = self.turns.bound.take().or(bound);
                self.results.entry(id.clone()).or_default().push_back((read.index, content));
            }
            read
        };
        items.into_iter().map(keep).collect()
    }

    fn push(&mut self, place: usize, message: Message<'a>) {
        self.turns.messages.push(message);
        self.turns.places.push(place);
    }

    fn message(&mut self, place: usize, role: Role, said: ReadContent<'a>) -> Result<(), Failure> {
        self.turns.bound = self.turns.bound.take().or(said.bound);
        if role == Role::Assistant {
            let open = self.answer(place)?;
            open.content = together(&open.content, said.content)?;
            return Ok(());
        }
        self.end_turn()?;
        self.push(place, Message::plain(role, said.content, Fields::default()));
        Ok(())
    }

    fn call(&mut self, place: usize, call: ToolCall<'a>) -> Result<(), Failure> {
        self.called.insert(call.id.clone());
        self.answer(place)?.calls.push(call);
        Ok(())
    }

    /// Takes the place of a result. The results of a turn end it; one without its call becomes what the user says.
    fn result(&mut self, place: usize, id: &str, said: ReadContent<'a>) -> Result<(), Failure> {
        if self.called.contains(id) || self.results.contains_key(id) {
            // What the model does next is another turn.
            self.is_open = false;
            return Ok(());
        }
        self.end_turn()?;
        self.turns.bound = self.turns.bound.take().or(said.bound);
        let about = format!("The result of the call {id}, which is not in this conversation:");
        let mut text = Vec::new();
        crate::json::push_string(&mut text, &about);
        let content = together(&written(&text)?, said.content)?;
        self.push(place, Message::plain(Role::User, content, Fields::default()));
        Ok(())
    }

    /// Returns the message of the model that is open, or a new one. Thinking that came after it began belongs to another one.
    fn answer(&mut self, place: usize) -> Result<&mut Message<'a>, Failure> {
        let says = |message: &Message<'_>| message.content.get() != "\"\"" || !message.calls.is_empty();
        let goes_on = self.is_open && (self.thought.is_empty() || !self.turns.messages.last().is_some_and(says));
        if !goes_on {
            if !self.is_open {
                self.end_turn()?;
            }
            let empty = Cow::Owned(written(b"\"\"")?);
            self.push(place, Message::plain(Role::Assistant, empty, Fields::default()));
            self.is_open = true;
        }
        let thought = std::mem::take(&mut self.thought);
        let Some(open) = self.turns.messages.last_mut() else {
            return Err(Failure::bad_field("input", "'input' has no message."));
        };
        open.reasoning.extend(thought);
        Ok(open)
    }

    /// Ends the turn of the model: each of its calls gets its result.
    fn end_turn(&mut self) -> Result<(), Failure> {
        self.is_open = false;
        let begins = self.turns.messages.iter().rposition(|message| message.role != Role::Assistant);
        let turn = self.turns.messages.get(begins.map_or(0, |at| at + 1)..).unwrap_or_default();
        let ids: Vec<Cow<'a, str>> =
            turn.iter().flat_map(|message| &message.calls).map(|call| call.id.clone()).collect();
        let last = self.turns.places.last().copied().unwrap_or_default();
        for id in ids {
            let result = self.results.get_mut(&id).and_then(VecDeque::pop_front);
            let (place, content) = match result {
                Some(result) => result,
                None => (last, Cow::Owned(written(ABORTED)?)),
            };
            let message = Message::plain(Role::Tool, content, Fields::default());
            self.push(place, Message { result_of: Some(id), ..message });
        }
        Ok(())
    }
}

/// Returns two contents as one: texts as paragraphs, anything else as a list of parts.
fn together<'a>(first: &RawValue, second: Cow<'a, RawValue>) -> Result<Cow<'a, RawValue>, Failure> {
    let (one, two) = (first.get(), second.get());
    if one == "\"\"" {
        return Ok(second);
    }
    if two == "\"\"" {
        return Ok(Cow::Owned(first.to_owned()));
    }
    let inside = |text: &str| text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(str::to_owned);
    if let (Some(one), Some(two)) = (inside(one), inside(two)) {
        return Ok(Cow::Owned(written(format!("\"{one}\\n\\n{two}\"").as_bytes())?));
    }
    let parts = |content: &RawValue| match fields::list_of(content) {
        Ok(list) => list.iter().map(|part| part.get().to_owned()).collect::<Vec<_>>(),
        Err(_) => vec![format!("{{\"type\":\"text\",\"text\":{}}}", content.get())],
    };
    let all = [parts(first), parts(&second)].concat();
    Ok(Cow::Owned(written(format!("[{}]", all.join(",")).as_bytes())?))
}

#[cfg(test)]
mod tests {
    use super::super::input;
    use super::*;

    fn told(given: &str) -> Vec<String> {
        let given: &RawValue = serde_json::from_str(given).unwrap();
        let unseal = |sealed: &str| {
            RawValue::from_string(format!("{{\"sealed\":\"{sealed}\"}}")).ok().filter(|_| sealed != "foreign")
        };
        let turns = read(None, input::read(Some(given)).unwrap(), &ToolNames::default(), &unseal).unwrap();
        assert_eq!(turns.messages.len(), turns.places.len());
        let one = |message: &Message<'_>| {
            let mut told = format!("{} {}", message.role.name(), message.content.get());
            message.reasoning.iter().for_each(|block| told += &format!(" thought {}", block.get()));
            message.calls.iter().for_each(|call| told += &format!(" {}:{}{}", call.id, call.name, call.arguments));
            message.result_of.iter().for_each(|id| told += &format!(" of {id}"));
            told
        };
        turns.messages.iter().map(one).collect()
    }

    const CALL_A: &str = r#"{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}"#;
    const CALL_B: &str = r#"{"type":"function_call","call_id":"b","name":"g","arguments":"{}"}"#;
    const OUT_A: &str = r#"{"type":"function_call_output","call_id":"a","output":"A"}"#;
    const OUT_B: &str = r#"{"type":"function_call_output","call_id":"b","output":"B"}"#;
    const SAID: &str = r#"{"role":"assistant","content":"well"}"#;
    const ASKED: &str = r#"{"role":"user","content":"hi"}"#;

    fn items(list: &[&str]) -> Vec<String> {
        told(&format!("[{}]", list.join(",")))
    }

    #[test]
    fn what_the_model_says_and_calls_in_a_turn_is_one_message() {
        let both = ["user \"hi\"", "assistant \"well\" a:f{} b:g{}", "tool \"A\" of a", "tool \"B\" of b"];
        let thought = r#"{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"foreign"}"#;
        assert_eq!(items(&[ASKED, SAID, CALL_A, CALL_B, OUT_A, OUT_B]), both);
        assert_eq!(items(&[ASKED, SAID, thought, CALL_A, thought, CALL_B, OUT_B, OUT_A]), both);
        assert_eq!(items(&[ASKED, CALL_A, SAID, CALL_B, OUT_A, OUT_B]), both);
        let two = r#"{"role":"assistant","content":[{"type":"output_text","text":"more"}]}"#;
        assert_eq!(items(&[SAID, two]), ["assistant \"well\\n\\nmore\""]);
    }

    #[test]
    fn a_call_behind_a_result_is_another_turn() {
        let turns = ["assistant \"\" a:f{}", "tool \"A\" of a", "assistant \"\" b:g{}", "tool \"B\" of b"];
        assert_eq!(items(&[CALL_A, OUT_A, CALL_B, OUT_B]), turns);
        assert_eq!(items(&[CALL_A, OUT_A, CALL_B, OUT_B, SAID])[4], "assistant \"well\"");
    }

    #[test]
    fn every_call_has_a_result_and_every_result_its_call() {
        assert_eq!(
            items(&[CALL_A, CALL_B, OUT_B, ASKED]),
            ["assistant \"\" a:f{} b:g{}", "tool \"aborted\" of a", "tool \"B\" of b", "user \"hi\""]
        );
        assert_eq!(
            items(&[ASKED, OUT_A]),
            ["user \"hi\"", "user \"The result of the call a, which is not in this conversation:\\n\\nA\""]
        );
        // A result that comes late still follows its call.
        assert_eq!(
            items(&[CALL_A, CALL_B, OUT_A, ASKED, OUT_B]),
            ["assistant \"\" a:f{} b:g{}", "tool \"A\" of a", "tool \"B\" of b", "user \"hi\""]
        );
    }

    #[test]
    fn an_id_that_is_called_twice_has_its_results_in_order() {
        let again = OUT_A.replace("\"A\"", "\"again\"");
        assert_eq!(
            items(&[CALL_A, OUT_A, CALL_A, &again]),
            ["assistant \"\" a:f{}", "tool \"A\" of a", "assistant \"\" a:f{}", "tool \"again\" of a"]
        );
        // A second result of one call has nowhere to go.
        assert_eq!(items(&[CALL_A, OUT_A, &again]), ["assistant \"\" a:f{}", "tool \"A\" of a"]);
    }

    #[test]
    fn thinking_goes_before_what_it_led_to() {
        let thought = |text: &str| format!(r#"{{"type":"reasoning","summary":[],"encrypted_content":"{text}"}}"#);
        assert_eq!(
            items(&[&thought("1"), SAID, &thought("2"), CALL_A, OUT_A]),
            [
                r#"assistant "well" thought {"sealed":"1"}"#,
                r#"assistant "" thought {"sealed":"2"} a:f{}"#,
                r#"tool "A" of a"#
            ]
        );
    }
}
