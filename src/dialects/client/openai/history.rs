//! Tool calls and their results in the messages of an OpenAI request. As at OpenAI, every call must have its result,
//! and every result its call.

use super::values::wrong_type;
use crate::chat::tools::ToolCall;
use crate::chat::{Message, Role};
use crate::json::fields::Name;
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

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

/// Links results to calls. Results in the form that preceded tools get the id of the last call of their name.
///
/// # Errors
/// 400 for a result without its call, and for a call without its result.
pub fn link(messages: &mut [Message<'_>]) -> Result<(), Failure> {
    let mut open: Vec<String> = Vec::new();
    let mut caller = 0;
    let mut last_old: Option<(String, String)> = None;
    for (index, message) in messages.iter_mut().enumerate() {
        match message.role {
            Role::Tool => {
                let id = message.result_of.as_deref().unwrap_or_default();
                let Some(at) = open.iter().position(|open| open == id) else { return Err(orphan(index, id)) };
                open.remove(at);
                continue;
            }
            Role::Function => {
                let name = message.rest.get("name").and_then(json::text_of);
                let call = last_old.take().filter(|(called, _)| name.as_deref() == Some(called));
                if let Some((_, id)) = call {
                    message.role = Role::Tool;
                    message.result_of = Some(Cow::Owned(id));
                    open.clear();
                }
                continue;
            }
            _ => {}
        }
        unanswered(caller, &open)?;
        // A call in the old form is recognized by the id that was made from the message's index.
        let is_old = message.calls.first().is_some_and(|call| call.id == format!("call_{index}"));
        last_old = message.calls.first().filter(|_| is_old).map(|call| (call.name.to_string(), call.id.to_string()));
        open = message.calls.iter().map(|call| call.id.to_string()).collect();
        caller = index;
    }
    unanswered(caller, &open)
}

fn orphan(index: usize, id: &str) -> Failure {
    let place = format!("messages[{index}]");
    let message = format!("'{place}' is the result of '{id}', which the assistant's message before it does not call.");
    Failure::bad_field(format!("{place}.tool_call_id"), message)
}

fn unanswered(caller: usize, open: &[String]) -> Result<(), Failure> {
    if open.is_empty() {
        return Ok(());
    }
    let place = format!("messages[{caller}].tool_calls");
    let message =
        format!("'{place}' must be followed by a tool's message for each call; missing: {}.", open.join(", "));
    Err(Failure::bad_field(place, message))
}
