//! What OpenAI's endpoints have in common: request parameters, chunks, whole replies, usage.

pub mod body;
pub mod choices;
pub mod embedded;
pub mod frame;
pub mod history;
pub mod images;
pub mod inputs;
pub mod limits;
pub mod params;
pub mod reply;
pub mod shape;
pub mod stream;
pub mod structured;
pub mod tools;
pub mod vectors;
pub mod whole;

use crate::json;

/// Appends `"usage": {…}` counts as OpenAI writes them.
pub fn push_usage(out: &mut Vec<u8>, prompt: u64, completion: Option<u64>) {
    out.extend_from_slice(b"{\"prompt_tokens\":");
    json::push_number(out, prompt);
    if let Some(completion) = completion {
        out.extend_from_slice(b",\"completion_tokens\":");
        json::push_number(out, completion);
    }
    out.extend_from_slice(b",\"total_tokens\":");
    json::push_number(out, prompt + completion.unwrap_or(0));
    out.push(b'}');
}
