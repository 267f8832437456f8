//! Decodes a whole reply.

use super::reading::{arguments_of, finish_of, given, reasoning_of, text_at, texts, usage_of};
use super::screen;
use crate::chat::{Event, Sink, Text};
use crate::dialects::upstream::{ChatDialect, error};
use crate::json::{self, Fields, fields};
use crate::wire::Failure;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Passes everything that a complete body says.
///
/// # Errors
/// For an error, a notice or a page in place of the answer, and for what is none of these.
pub fn decode(dialect: &dyn ChatDialect, body: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
    let name = dialect.name();
    let text =
        std::str::from_utf8(body).map_err(|_| Failure::upstream(format!("{name}'s answer is not valid UTF-8.")))?;
    // A client that reads a lone surrogate fails where it writes the text.
    let text = json::paired(Cow::Borrowed(text.trim_start_matches('\u{feff}')));
    let reply = Fields::parse(&text).map_err(|_| error::inside(dialect, body))?;
    let choices = screen::choices(dialect, &reply, &text)?;
    let no_answer = || Failure::upstream(format!("{name} answered without a message."));
    let choice = choices.first().and_then(|choice| Fields::of(choice)).ok_or_else(no_answer)?;
    let message = given(&choice, "message").and_then(Fields::of).ok_or_else(no_answer)?;
    if let Some(content) = given(&message, "content").and_then(json::inside_of) {
        screen::whole_text(dialect.vendor(), content)?;
    }
    if let Some(reasoning) = reasoning_of(&message) {
        texts(reasoning, &mut |text| sink.event(Event::Reasoning(text)));
    }
    if let Some(content) = given(&message, "content") {
        texts(content, &mut |text| sink.event(Event::Text(text)));
    }
    if let Some(refusal) = given(&message, "refusal") {
        texts(refusal, &mut |text| sink.event(Event::Refusal(text)));
    }
    calls(name, &message, sink)?;
    if let Some(reason) = finish_of(&choice) {
        sink.event(Event::Finish(reason));
    }
    if let Some(usage) = usage_of(&reply) {
        sink.event(Event::Usage(usage));
    }
    Ok(())
}

/// Passes the tool calls of a message, in either form.
fn calls(upstream: &str, message: &Fields<'_>, sink: &mut dyn Sink) -> Result<(), Failure> {
    let unreadable = || Failure::upstream(format!("{upstream}'s answer has a tool call of unknown shape."));
    let mut call = |id: Option<Cow<'_, str>>, function: &RawValue| {
        let function = Fields::of(function).ok_or_else(unreadable)?;
        let name = text_at(&function, "name").ok_or_else(unreadable)?;
        let arguments = arguments_of(&function).unwrap_or(Text::Plain("")).decoded();
        // JSON inside of a text was not mended with the answer.
        let arguments = json::paired(arguments);
        let arguments = if arguments.trim().is_empty() { Cow::Borrowed("{}") } else { arguments };
        sink.event(Event::ToolCall { id, name, arguments });
        Ok(())
    };
    match (given(message, "tool_calls"), given(message, "function_call")) {
        (Some(list), _) if list.get() != "[]" => {
            for one in fields::list_of(list).map_err(|_| unreadable())? {
                let one = Fields::of(one).ok_or_else(unreadable)?;
                call(text_at(&one, "id"), given(&one, "function").ok_or_else(unreadable)?)?;
            }
            Ok(())
        }
        (_, Some(old)) => call(None, old),
        (_, None) => Ok(()),
    }
}
