//! Tool calls in ARGO's answers. They have the shape of the model's vendor.

use crate::chat::{Event, Sink};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Passes each call of a `tool_calls` list to the sink, in any of the three shapes.
///
/// # Errors
/// 502 when an element has none of these shapes.
pub fn decode(calls: &RawValue, sink: &mut dyn Sink) -> Result<(), Failure> {
    let list = fields::list_of(calls).map_err(|_| unreadable(calls))?;
    for call in list {
        let call_fields = Fields::parse(call.get()).map_err(|_| unreadable(call))?;
        let (holder, arguments) = match call_fields.get("function") {
            Some(function) => {
                let function = Fields::parse(function.get()).map_err(|_| unreadable(call))?;
                let arguments = function.get("arguments");
                (function, arguments)
            }
            None => {
                let arguments = call_fields.get("input").or_else(|| call_fields.get("args"));
                (call_fields.clone(), arguments)
            }
        };
        let name = holder.get("name").and_then(json::text_of).ok_or_else(|| unreadable(call))?;
        sink.event(Event::ToolCall {
            id: call_fields.get("id").and_then(json::text_of),
            name,
            arguments: arguments_text(arguments),
        });
    }
    Ok(())
}

/// Returns the arguments as JSON text. Vendors send an object or a string with an object; missing arguments become an
/// empty object.
fn arguments_text(arguments: Option<&RawValue>) -> Cow<'_, str> {
    let text = match arguments {
        None => Cow::Borrowed(""),
        Some(raw) if json::is_null(raw) => Cow::Borrowed(""),
        // JSON inside of a text was not mended with the answer.
        Some(raw) => json::paired(json::text_of(raw).unwrap_or(Cow::Borrowed(raw.get()))),
    };
    if text.trim().is_empty() { Cow::Borrowed("{}") } else { text }
}

fn unreadable(call: &RawValue) -> Failure {
    let shown: String = call.get().chars().take(200).collect();
    Failure::upstream(format!("ARGO's answer has a tool call of unknown shape: {shown}"))
        .with_own_words("ARGO's answer has a tool call of unknown shape")
}
