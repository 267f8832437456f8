//! How a response ended: its status, why it is incomplete, and what it cost.

use super::speech::Speech;
use super::words::ResponseState;
use crate::chat::{Event, FinishReason, Sink, Usage};
use crate::dialects::upstream::{ChatDialect, error};
use crate::json::{self, Fields};
use crate::wire::Failure;
use serde_json::value::RawValue;

/// Returns how a response ended, which is a success. `event` is the word of the event that it came in, if any; a response
/// that does not say is complete. `body` is its text.
///
/// # Errors
/// The vendor's error with the status that it would have had as an answer.
pub fn of(
    dialect: &dyn ChatDialect,
    response: &Fields<'_>,
    event: Option<ResponseState>,
    body: &[u8],
) -> Result<ResponseState, Failure> {
    if response.get("error").is_some_and(|error| !json::is_null(error)) {
        return Err(error::inside(dialect, body));
    }
    let name = dialect.name();
    let said = response.get("status").and_then(json::text_of).and_then(|word| ResponseState::of(&word));
    // Some servers write `response.completed` over a response that is incomplete.
    let state = match (event, said) {
        (Some(ResponseState::Completed), Some(ResponseState::Unfinished)) => ResponseState::Completed,
        (Some(ResponseState::Completed) | None, Some(said)) => said,
        (event, _) => event.unwrap_or(ResponseState::Completed),
    };
    match state {
        ResponseState::Completed | ResponseState::Incomplete => Ok(state),
        ResponseState::Failed => Err(Failure::upstream(format!("{name} says that its answer failed, but not why."))),
        ResponseState::Unfinished => {
            Err(Failure::upstream(format!("{name} answered with a response that is not finished.")))
        }
    }
}

/// Hands on why the answer ended and its tokens.
///
/// # Errors
/// The answer is incomplete, and nothing says why.
pub fn tell(state: ResponseState, response: &Fields<'_>, speech: &Speech, sink: &mut dyn Sink) -> Result<(), Failure> {
    sink.event(Event::Finish(finish(speech.upstream(), state, speech.calls() > 0, response)?));
    if let Some(usage) = response.get("usage").and_then(usage) {
        sink.event(Event::Usage(usage));
    }
    Ok(())
}

/// Returns why an answer ended.
///
/// # Errors
/// As of [`tell`].
pub fn finish(
    upstream: &str,
    state: ResponseState,
    has_calls: bool,
    response: &Fields<'_>,
) -> Result<FinishReason, Failure> {
    match state {
        ResponseState::Incomplete => cut_by(upstream, response),
        _ if has_calls => Ok(FinishReason::ToolCalls),
        _ => Ok(FinishReason::Stop),
    }
}

fn cut_by(upstream: &str, response: &Fields<'_>) -> Result<FinishReason, Failure> {
    let details = response.get("incomplete_details").and_then(Fields::of);
    let reason = details.as_ref().and_then(|details| details.get("reason")).and_then(json::text_of);
    match reason.as_deref() {
        Some("content_filter") => Ok(FinishReason::Filtered),
        // What else ends an answer early is a limit as well: of tokens, of tool calls, of the context.
        Some(_) => Ok(FinishReason::Length),
        None => Err(Failure::upstream(format!("{upstream} cut its answer and does not say why."))),
    }
}

/// Returns the counts of a response.
pub fn usage(raw: &RawValue) -> Option<Usage> {
    let fields = Fields::of(raw)?;
    let number = |raw: &RawValue| raw.get().parse::<u64>().ok();
    let detail = |name: &str, of: &str| fields.get(name).and_then(Fields::of)?.get(of).and_then(number);
    Some(Usage {
        input: fields.get("input_tokens").and_then(number)?,
        cached: detail("input_tokens_details", "cached_tokens"),
        output: fields.get("output_tokens").and_then(number)?,
        reasoning: detail("output_tokens_details", "reasoning_tokens"),
    })
}
