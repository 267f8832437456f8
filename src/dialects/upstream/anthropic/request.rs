//! The body of a request.

use super::about::Anthropic;
use super::messages::MessageTurns;
use super::params;
use super::thinking::ThinkingPlan;
use crate::chat::Conversation;
use crate::chat::tools::Tools;
use crate::dialects::upstream::{CallTerms, Vendor, anthropic_form};
use crate::json;
use crate::wire::Failure;

/// Returns the body of a request.
///
/// # Errors
/// 400 naming what the vendor does not take.
pub fn encode(about: Anthropic, chat: &Conversation<'_>, call: CallTerms<'_>) -> Result<Vec<u8>, Failure> {
    let turns = MessageTurns::read(about, &chat.messages)?;
    let thinking = ThinkingPlan::of(chat, call)?;
    let texts: usize = chat.messages.iter().map(|message| message.content.get().len() + 64).sum();
    let mut out = Vec::with_capacity(texts + 512);
    out.push(b'{');
    json::push_key(&mut out, "model");
    json::push_string(&mut out, call.model);
    params::push_limit(&mut out, chat, call);
    turns.push_system(&mut out);
    turns.push(&mut out);
    match &chat.tools {
        Some(tools) => push_tools(&mut out, tools, about.vendor),
        // Earlier calls are refused unless their tools are offered again.
        None if chat.has_calls() => push_tools(&mut out, &anthropic_form::named_in_history(chat), about.vendor),
        None => {}
    }
    params::push(&mut out, chat, |name, value| thinking.keeps(name, value));
    thinking.push(&mut out);
    if call.stream {
        out.extend_from_slice(b",\"stream\":true");
    }
    out.push(b'}');
    Ok(out)
}

fn push_tools(out: &mut Vec<u8>, tools: &Tools<'_>, vendor: Vendor) {
    if tools.offered.is_empty() {
        return;
    }
    json::push_key(out, "tools");
    // The policy of ARGO's cloud refuses strict tools.
    json::push_list(out, &tools.offered, |out, tool| anthropic_form::push_tool(out, tool, vendor == Vendor::Other));
    anthropic_form::push_choice(out, tools);
}
