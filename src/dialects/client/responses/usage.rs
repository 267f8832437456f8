//! Usage in the form of Responses, where every detail is required.

use crate::chat::Usage;
use crate::json;

/// Appends the counts of an answer.
pub fn push(out: &mut Vec<u8>, usage: Usage) {
    let Usage { input, cached, output, reasoning } = usage;
    for (open, number) in [
        ("{\"input_tokens\":", input),
        (",\"input_tokens_details\":{\"cached_tokens\":", cached.unwrap_or(0)),
        (",\"cache_write_tokens\":0},\"output_tokens\":", output),
        (",\"output_tokens_details\":{\"reasoning_tokens\":", reasoning.unwrap_or(0)),
        ("},\"total_tokens\":", input.saturating_add(output)),
    ] {
        out.extend_from_slice(open.as_bytes());
        json::push_number(out, number);
    }
    out.push(b'}');
}
