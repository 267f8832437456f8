//! What each vendor refuses on `/v1/chat/completions`.

use crate::messages::Turn;
use crate::native::body::NativeBody;
use crate::native::model::Model;
use crate::native::refusal::Refusal;
use crate::native::sampling;
use crate::options::Family;

/// The fewest tokens that leave room for the hidden reasoning of the newest Gemini.
const ROOM: u64 = 2048;

pub(super) fn all(model: Model<'_>, read: &NativeBody<'_>, turn: &Turn<'_>) -> Result<(), Refusal> {
    match model.family {
        Family::OpenAI => openai(model, read, turn),
        Family::Anthropic => {
            let is_short = read.max_tokens.is_some_and(|limit| limit <= model.whole_limit());
            if read.stream == Some(true) || is_short { Ok(()) } else { Err(Refusal::streaming_required()) }
        }
        Family::Google => {
            if turn.has_null {
                return Err(Refusal::argo(500, "TypeError", "'NoneType' object is not iterable"));
            }
            if model.needs_room() && read.max_tokens.is_some_and(|limit| limit < ROOM) {
                return Err(Refusal::argo(500, "AttributeError", "'NoneType' object has no attribute 'parts'"));
            }
            Ok(())
        }
    }
}

fn openai(model: Model<'_>, read: &NativeBody<'_>, turn: &Turn<'_>) -> Result<(), Refusal> {
    if let Some(at) = turn.developer {
        let param = format!("messages[{at}].tool_calls");
        let message = format!("Unknown parameter: '{param}'.");
        return Err(Refusal::vendor(message).at(param, "unknown_parameter"));
    }
    sampling::of_openai(model, read)
}

/// Returns the token limit, by the name under which each family honours it.
pub(super) fn limit(model: Model<'_>, read: &NativeBody<'_>) -> Option<u64> {
    match model.family {
        Family::OpenAI if model.is_o_series() => read.max_completion_tokens,
        Family::OpenAI => read.max_completion_tokens.or(read.max_tokens),
        Family::Anthropic | Family::Google => read.max_tokens,
    }
}
