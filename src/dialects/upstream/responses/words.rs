//! The words of OpenAI's Responses: the types of output items and of a stream's events, and the states of a response.

/// What an item of `output` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// Text or a refusal.
    Message,
    /// What the model thought before it answered.
    Reasoning,
    /// A call of a function.
    FunctionCall,
    /// A call of a tool that takes a bare text.
    CustomCall,
    /// A call of a built-in tool that the client has to run or to allow.
    ClientRun,
    /// The record of what the vendor's own tools did, or an item that nobody knows yet.
    Record,
}

impl ItemKind {
    /// Returns the kind of a `type`. Clients of this API pass over items that they do not know, so those are records.
    pub fn of(name: &str) -> Self {
        match name {
            "message" => ItemKind::Message,
            "reasoning" => ItemKind::Reasoning,
            "function_call" => ItemKind::FunctionCall,
            "custom_tool_call" => ItemKind::CustomCall,
            "computer_call"
            | "local_shell_call"
            | "shell_call"
            | "apply_patch_call"
            | "tool_search_call"
            | "mcp_approval_request" => ItemKind::ClientRun,
            _ => ItemKind::Record,
        }
    }
}

/// What an event of a stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// An item begins.
    ItemAdded,
    /// An item is complete.
    ItemDone,
    /// A piece of text.
    TextDelta,
    /// A piece of a refusal.
    RefusalDelta,
    /// A piece of a summary of the reasoning.
    SummaryDelta,
    /// A piece of the reasoning itself.
    ReasoningDelta,
    /// A piece of a call's arguments.
    ArgumentsDelta,
    /// A call's arguments are complete.
    ArgumentsDone,
    /// The last event: the response, which ended so.
    End(ResponseState),
    /// An error instead of the rest.
    Error,
    /// What repeats or frames the others: parts, texts that are complete, signs of life.
    Frame,
}

/// The events that tell something new, by their `type`.
const EVENTS: [(&str, EventKind); 12] = [
    ("response.output_text.delta", EventKind::TextDelta),
    ("response.function_call_arguments.delta", EventKind::ArgumentsDelta),
    ("response.reasoning_summary_text.delta", EventKind::SummaryDelta),
    ("response.reasoning_text.delta", EventKind::ReasoningDelta),
    ("response.refusal.delta", EventKind::RefusalDelta),
    ("response.output_item.added", EventKind::ItemAdded),
    ("response.output_item.done", EventKind::ItemDone),
    ("response.function_call_arguments.done", EventKind::ArgumentsDone),
    ("response.completed", EventKind::End(ResponseState::Completed)),
    ("response.incomplete", EventKind::End(ResponseState::Incomplete)),
    ("response.failed", EventKind::End(ResponseState::Failed)),
    ("error", EventKind::Error),
];

impl EventKind {
    /// Returns the kind of a `type`.
    pub fn of(name: &str) -> Self {
        EVENTS.iter().find(|(known, _)| *known == name).map_or(EventKind::Frame, |(_, kind)| *kind)
    }
}

/// The state of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseState {
    /// The answer is there.
    Completed,
    /// A limit or a filter cut the answer.
    Incomplete,
    /// There is no answer, but an error.
    Failed,
    /// The answer is not there: it is still being made, or somebody gave it up.
    Unfinished,
}

impl ResponseState {
    /// Returns the state that a word of `status` means; `None` for an unknown word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "completed" => ResponseState::Completed,
            "incomplete" => ResponseState::Incomplete,
            "failed" => ResponseState::Failed,
            "in_progress" | "queued" | "cancelled" => ResponseState::Unfinished,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_a_client_must_run_differ_from_records_of_the_vendors_tools() {
        for (name, kind) in [
            ("message", ItemKind::Message),
            ("reasoning", ItemKind::Reasoning),
            ("function_call", ItemKind::FunctionCall),
            ("custom_tool_call", ItemKind::CustomCall),
            ("shell_call", ItemKind::ClientRun),
            ("mcp_approval_request", ItemKind::ClientRun),
            ("web_search_call", ItemKind::Record),
            ("mcp_call", ItemKind::Record),
            ("an_item_of_tomorrow", ItemKind::Record),
        ] {
            assert_eq!(ItemKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn events_that_repeat_others_are_frames() {
        for name in [
            "response.created",
            "response.in_progress",
            "response.content_part.added",
            "response.output_text.done",
            "response.reasoning_summary_text.done",
            "keepalive",
            "an.event.of.tomorrow",
        ] {
            assert_eq!(EventKind::of(name), EventKind::Frame, "{name}");
        }
        assert_eq!(EventKind::of("response.failed"), EventKind::End(ResponseState::Failed));
        assert_eq!(EventKind::of("error"), EventKind::Error);
    }

    #[test]
    fn a_response_that_is_given_up_is_unfinished() {
        for word in ["in_progress", "queued", "cancelled"] {
            assert_eq!(ResponseState::of(word), Some(ResponseState::Unfinished), "{word}");
        }
        assert_eq!(ResponseState::of("done"), None);
    }
}
