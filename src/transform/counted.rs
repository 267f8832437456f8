//! What is counted of a conversation.

use crate::chat::Message;
use crate::chat::tools::Tools;
use crate::tokens::Prompt;
use bytes::Bytes;

/// Adds everything that the model reads to the counted prompt.
pub fn count(
    prompt: &mut Prompt,
    messages: &[Message<'_>],
    tools: Option<&Tools<'_>>,
    body: &Bytes,
    has_messages: bool,
) {
    for message in messages {
        if has_messages {
            prompt.push_message(body, &message.content);
        } else {
            prompt.push_text(body, &message.content);
        }
        for call in &message.calls {
            prompt.push_plain(body, &call.name);
            prompt.push_plain(body, &call.arguments);
        }
    }
    for tool in tools.iter().flat_map(|tools| &tools.offered) {
        prompt.push_plain(body, &tool.name);
        let texts = [tool.description.as_deref(), tool.parameters.as_deref()].into_iter().flatten();
        texts.for_each(|raw| prompt.push_plain(body, raw.get()));
    }
}
