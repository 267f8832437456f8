//! Usage in OpenAI's form.

use crate::chat::Usage;
use crate::json;

/// Appends the counts of an answer. Details are written only if the upstream gives them.
pub fn push_usage(out: &mut Vec<u8>, usage: Usage) {
    let Usage { input, cached, output, reasoning } = usage;
    out.extend_from_slice(b"{\"prompt_tokens\":");
    json::push_number(out, input);
    out.extend_from_slice(b",\"completion_tokens\":");
    json::push_number(out, output);
    out.extend_from_slice(b",\"total_tokens\":");
    json::push_number(out, input + output);
    for (open, detail) in [
        (",\"prompt_tokens_details\":{\"cached_tokens\":", cached),
        (",\"completion_tokens_details\":{\"reasoning_tokens\":", reasoning),
    ] {
        if let Some(detail) = detail {
            out.extend_from_slice(open.as_bytes());
            json::push_number(out, detail);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

/// Appends the counts of an embedding, which has no output tokens.
pub fn push_input(out: &mut Vec<u8>, input: u64) {
    out.extend_from_slice(b"{\"prompt_tokens\":");
    json::push_number(out, input);
    out.extend_from_slice(b",\"total_tokens\":");
    json::push_number(out, input);
    out.push(b'}');
}
