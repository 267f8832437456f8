//! A chat-like endpoint of OpenAI: its fixed texts, and the form of its tool calls.

use super::shape::Shape;
use crate::chat::FinishReason;
use crate::dialects::client::frame::ReplyFrame;
use crate::json;

/// How one endpoint answers one request.
#[derive(Debug, Clone, Copy)]
pub struct OpenaiChat {
    /// The endpoint's fixed texts.
    pub shape: &'static Shape,
    /// True if calls are returned in the form that preceded tools, which has one call and no ids.
    pub old_calls: bool,
}

impl OpenaiChat {
    /// Appends the fields that every reply and chunk has: id, object, created, model.
    pub fn push_common(self, frame: &ReplyFrame, out: &mut Vec<u8>, object: &str) {
        out.extend_from_slice(b"\"id\":\"");
        out.extend_from_slice(self.shape.id_prefix.as_bytes());
        json::push_escaped(out, &frame.id);
        out.extend_from_slice(b"\",\"object\":");
        json::push_string(out, object);
        out.extend_from_slice(b",\"created\":");
        json::push_number(out, frame.created);
        out.extend_from_slice(b",\"model\":");
        json::push_string(out, &frame.model);
    }

    /// Returns OpenAI's word for the end of an answer.
    pub fn finish_reason(self, reason: FinishReason) -> &'static str {
        match reason {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls if self.old_calls => "function_call",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::Filtered => "content_filter",
        }
    }
}
