//! Tool calls and their results in the messages of an OpenAI request. As at OpenAI, every call must have its result,
//! and every result its call.

use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::dialects::client::values::wrong_type;
use crate::json::fields::Name;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// The most calls of one message, as at OpenAI.
const MOST_CALLS: usize = 128;
/// How many of the calls without a result an error names.
const NAMED: usize = 3;

/// The fields of one message that are about tools, as the client wrote them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Linked<'a> {
    tool_calls: Option<&'a RawValue>,
    function_call: Option<&'a RawValue>,
    tool_call_id: Option<&'a RawValue>,
}

impl<'a> Linked<'a> {
    /// Takes a field if it is about tools and the role has such a field. Returns true if it took the field.
    pub fn take(&mut self, name: &str, value: &'a RawValue) -> bool {
        let place = match name {
            "tool_calls" => &mut self.tool_calls,
            "function_call" => &mut self.function_call,
            "tool_call_id" => &mut self.tool_call_id,
            _ => return false,
        };
        *place = Some(value).filter(|value| !json::is_null(value));
        true
    }

    /// Returns the calls of the assistant's message at `index`.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn calls(self, index: usize) -> Result<Vec<ToolCall<'a>>, Failure> {
        if let Some(list) = self.tool_calls {
            let place = format!("messages[{index}].tool_calls");
            let list = fields::list_of(list).map_err(|_| wrong_type(&place, "a list", list))?;
            if list.len() > MOST_CALLS {
                return Err(too_many(place, list.len()));
            }
            return list.into_iter().enumerate().map(|(nth, one)| call(&format!("{place}[{nth}]"), one)).collect();
        }
        let Some(old) = self.function_call else { return Ok(Vec::new()) };
        // The form that preceded tools has no ids. An id made from the message's index is the same in every turn.
        let (name, arguments) = function(&format!("messages[{index}].function_call"), old)?;
        Ok(vec![ToolCall { id: Cow::Owned(format!("call_{index}")), name, arguments }])
    }

    /// Returns the id that the tool's message at `index` names.
    ///
    /// # Errors
    /// 400 naming the field.
    pub fn result_of(self, index: usize) -> Result<Name<'a>, Failure> {
        let place = format!("messages[{index}].tool_call_id");
        let missing = || Failure::bad_field(&*place, format!("'{place}' is missing; a tool's message needs it."));
        let given = self.tool_call_id.ok_or_else(missing)?;
        json::text_of(given).ok_or_else(|| wrong_type(&place, "a string", given))
    }
}

fn call<'a>(place: &str, given: &'a RawValue) -> Result<ToolCall<'a>, Failure> {
    let fields = Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))?;
    let missing = |name: &str| {
        let place = format!("{place}.{name}");
        Failure::bad_field(&*place, format!("'{place}' is missing."))
    };
    let id = fields.get("id").and_then(json::text_of).filter(|id| !id.is_empty()).ok_or_else(|| missing("id"))?;
    let inside = fields.get("function").ok_or_else(|| missing("function"))?;
    let (name, arguments) = function(&format!("{place}.function"), inside)?;
    Ok(ToolCall { id, name, arguments })
}

fn function<'a>(place: &str, given: &'a RawValue) -> Result<(Name<'a>, Name<'a>), Failure> {
    let fields = Fields::parse(given.get()).map_err(|_| wrong_type(place, "an object", given))?;
    let name = fields.get("name").and_then(json::text_of).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        let place = format!("{place}.name");
        Failure::bad_field(&*place, format!("'{place}' is missing."))
    })?;
    let arguments = match fields.get("arguments").filter(|given| !json::is_null(given)) {
        None => Cow::Borrowed("{}"),
        Some(given) => {
            json::text_of(given).ok_or_else(|| wrong_type(&format!("{place}.arguments"), "a string of JSON", given))?
        }
    };
    // They are JSON inside of a text, so they were not mended with the body.
    let arguments = json::paired(arguments);
    Ok((name, if arguments.trim().is_empty() { Cow::Borrowed("{}") } else { arguments }))
}

/// The calls of one message that have no result yet: how many for each id. So the work grows with the calls, not with calls × results.
#[derive(Default)]
struct OpenCalls {
    caller: usize,
    by_id: HashMap<String, usize>,
}

impl OpenCalls {
    fn of(caller: usize, message: &Message<'_>) -> Self {
        let mut by_id = HashMap::with_capacity(message.calls.len());
        for call in &message.calls {
            *by_id.entry(call.id.to_string()).or_default() += 1;
        }
        OpenCalls { caller, by_id }
    }

    /// Takes a call of this id. Returns false if none is left.
    fn take(&mut self, id: &str) -> bool {
        let Some(left) = self.by_id.get_mut(id) else { return false };
        *left -= 1;
        if *left == 0 {
            self.by_id.remove(id);
        }
        true
    }

    /// # Errors
    /// 400 if a call is left; it names the first few.
    fn check(&self, messages: &[Message<'_>]) -> Result<(), Failure> {
        if self.by_id.is_empty() {
            return Ok(());
        }
        let calls = messages.get(self.caller).map(|message| message.calls.as_slice()).unwrap_or_default();
        let mut named: Vec<&str> = Vec::with_capacity(NAMED);
        for id in calls.iter().map(|call| call.id.as_ref()).filter(|id| self.by_id.contains_key(*id)) {
            if named.len() == NAMED {
                break;
            }
            if !named.contains(&id) {
                named.push(id);
            }
        }
        let others = self.by_id.values().sum::<usize>().saturating_sub(named.len());
        let others = if others > 0 { format!(" and {others} more") } else { String::new() };
        let place = format!("messages[{}].tool_calls", self.caller);
        let missing = named.join(", ");
        let message =
            format!("'{place}' must be followed by a tool's message for each call; missing: {missing}{others}.");
        Err(Failure::bad_field(place, message))
    }
}

/// Links results to calls. Results in the form that preceded tools get the id of the last call of their name.
///
/// # Errors
/// 400 for a result without its call, and for a call without its result.
pub fn link(messages: &mut [Message<'_>]) -> Result<(), Failure> {
    let mut open = OpenCalls::default();
    let mut last_old: Option<(String, String)> = None;
    for index in 0..messages.len() {
        let Some(message) = messages.get_mut(index) else { break };
        match message.role {
            Role::Tool => {
                let id = message.result_of.as_deref().unwrap_or_default();
                if !open.take(id) {
                    return Err(orphan(index, id));
                }
                continue;
            }
            Role::Function => {
                let name = message.rest.get("name").and_then(json::text_of);
                let call = last_old.take().filter(|(called, _)| name.as_deref() == Some(called));
                if let Some((_, id)) = call {
                    message.role = Role::Tool;
                    message.result_of = Some(Cow::Owned(id));
                    open = OpenCalls::default();
                }
                continue;
            }
            _ => {}
        }
        // A call in the old form is recognized by the id that was made from the message's index.
        let is_old = message.calls.first().is_some_and(|call| call.id == format!("call_{index}"));
        last_old = message.calls.first().filter(|_| is_old).map(|call| (call.name.to_string(), call.id.to_string()));
        let next = OpenCalls::of(index, message);
        std::mem::replace(&mut open, next).check(messages)?;
    }
    open.check(messages)
}

fn too_many(place: String, given: usize) -> Failure {
    let message = format!("'{place}' has {given} calls; at most {MOST_CALLS} are taken in one message.");
    Failure::bad_field(place, message)
}

fn orphan(index: usize, id: &str) -> Failure {
    let place = format!("messages[{index}]");
    let message = format!("'{place}' is the result of '{id}', which the assistant's message before it does not call.");
    Failure::bad_field(format!("{place}.tool_call_id"), message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::tools::ToolCall;

    fn message(role: Role) -> Message<'static> {
        let content = RawValue::from_string("\"\"".to_owned()).unwrap();
        Message::plain(role, Cow::Owned(content), Fields::default())
    }

    fn calling(ids: impl Iterator<Item = usize>) -> Message<'static> {
        let call = |id: usize| ToolCall { id: format!("c{id}").into(), name: "f".into(), arguments: "{}".into() };
        Message { calls: ids.map(call).collect(), ..message(Role::Assistant) }
    }

    fn results(ids: impl Iterator<Item = usize>) -> impl Iterator<Item = Message<'static>> {
        ids.map(|id| Message { result_of: Some(format!("c{id}").into()), ..message(Role::Tool) })
    }

    /// With a list in place of a map these are about 10^10 comparisons of ids.
    #[test]
    fn very_many_results_find_their_calls_in_any_order() {
        const MANY: usize = 150_000;
        for reversed in [false, true] {
            let order = |nth: usize| if reversed { MANY - 1 - nth } else { nth };
            let mut messages = vec![calling(0..MANY)];
            messages.extend(results((0..MANY).map(order)));
            link(&mut messages).unwrap();
        }
    }

    #[test]
    fn an_error_names_the_first_few_calls_without_a_result() {
        let told = |calls: usize, answered: &[usize]| {
            let mut messages = vec![message(Role::User), calling(0..calls)];
            messages.extend(results(answered.iter().copied()));
            messages.push(message(Role::User));
            link(&mut messages).unwrap_err().message
        };
        assert!(told(1, &[]).ends_with("missing: c0."));
        assert!(told(4, &[1]).ends_with("missing: c0, c2, c3."));
        assert!(told(9, &[0, 8]).ends_with("missing: c1, c2, c3 and 4 more."));
        assert!(told(100_000, &[]).len() < 200);
    }

    #[test]
    fn an_id_that_is_called_twice_wants_two_results() {
        let twice = || calling([7, 7].into_iter());
        let linked = |number: usize| {
            let mut messages: Vec<_> =
                std::iter::once(twice()).chain(results(std::iter::repeat_n(7, number))).collect();
            link(&mut messages).map_err(|failure| failure.message.to_string())
        };
        assert!(linked(1).unwrap_err().ends_with("missing: c7."));
        assert_eq!(linked(2), Ok(()));
        assert!(linked(3).unwrap_err().contains("does not call"));
    }
}
