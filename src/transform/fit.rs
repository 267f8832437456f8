//! Whether an upstream and a model can take a request, and what is left out for them.

use super::structured::Wrapping;
use crate::chat::{ChatRequest, Message, Role};
use crate::dialects::client::ChatClient;
use crate::dialects::upstream::facts::beyond_text;
use crate::dialects::upstream::{ChatDialect, Vendor, unsupported};
use crate::json;
use crate::models::{Chosen, Family, Rules};
use crate::plan::Context;
use crate::plan::trace::TraceStep;
use crate::wire::Failure;

/// Returns true if a client's requests go to an upstream as they came.
pub fn relays(client: &impl ChatClient, dialect: &dyn ChatDialect) -> bool {
    dialect.form().is_some_and(|form| client.relays(form))
}

/// Leaves the format of the answer to a server that speaks the client's form, and so reads it where the client wrote it. A gateway
/// may not.
pub fn leave_format(client: &impl ChatClient, request: &mut ChatRequest<'_>, dialect: &dyn ChatDialect, rules: &Rules) {
    if relays(client, dialect) && dialect.vendor() == Vendor::Other && rules.structured.is_none() {
        request.format = None;
    }
}

/// Refuses a request that an upstream cannot carry.
///
/// # Errors
/// 400 naming the part.
pub fn can_carry(
    client: &impl ChatClient,
    request: &ChatRequest<'_>,
    dialect: &dyn ChatDialect,
) -> Result<(), Failure> {
    match &request.bound {
        _ if relays(client, dialect) => Ok(()),
        Some(failure) => Err(failure.clone()),
        None => unsupported::check(dialect, &request.params),
    }
}

/// Refuses a request with a part of a message that an upstream has no form for. What is malformed passes: whoever takes the request refuses
/// it.
///
/// # Errors
/// 400 naming the part.
pub fn carries_parts(
    client: &impl ChatClient,
    request: &ChatRequest<'_>,
    dialect: &dyn ChatDialect,
) -> Result<(), Failure> {
    if relays(client, dialect) {
        return Ok(());
    }
    let refused = request.conversations.iter().filter_map(|messages| dialect.carries(messages).err());
    refused.filter(Failure::is_unsupported).map(Err).next().unwrap_or(Ok(()))
}

/// Refuses tools for a model that calls none.
///
/// # Errors
/// 400 naming the field.
pub fn refuse_tools(request: &ChatRequest<'_>, chosen: &Chosen<'_>) -> Result<(), Failure> {
    if request.tools.is_none() || chosen.model.rules.takes_tools() {
        return Ok(());
    }
    Err(Failure::unsupported("tools", &format!("the model '{}' calls no tools", chosen.asked)))
}

/// Refuses parameters whose results only answers have that are relayed: one to one conversation, as it comes.
///
/// # Errors
/// 400 naming the parameter.
pub fn refuse_what_is_lost(
    client: &impl ChatClient,
    request: &ChatRequest<'_>,
    wrapping: Option<Wrapping>,
    dialect: &dyn ChatDialect,
) -> Result<(), Failure> {
    let is_one = request.answers <= 1 && request.conversations.len() == 1 && wrapping.is_none();
    if dialect.form().is_none() || is_one && client.has_messages() {
        return Ok(());
    }
    for (name, value) in request.params.iter().filter(|(_, value)| !json::is_null(value)) {
        if beyond_text(name, value.get()).is_some() {
            let why = "it goes with one answer to one conversation, without an emulated response_format";
            return Err(Failure::unsupported(name, why));
        }
    }
    Ok(())
}

/// Leaves out parameters that the upstream does not know.
pub fn leave_out_unknown(request: &mut ChatRequest<'_>, dialect: &dyn ChatDialect, cx: &Context<'_>) {
    request.params.retain(|(name, _)| {
        let is_known = dialect.takes(name);
        if !is_known {
            cx.note(|| TraceStep::LeftOut { place: name.to_string() });
        }
        is_known
    });
}

/// Leaves out the names of authors where the model's vendor does not know them: only OpenAI does.
pub fn leave_out_names(request: &mut ChatRequest<'_>, rules: &Rules, cx: &Context<'_>) {
    if !matches!(rules.tools, Some(Family::Anthropic | Family::Google)) {
        return;
    }
    let has_author = |message: &&mut Message<'_>| matches!(message.role, Role::System | Role::User | Role::Assistant);
    for messages in &mut request.conversations {
        for (index, message) in messages.iter_mut().enumerate().filter(|(_, message)| has_author(message)) {
            message.rest.retain(|name, _| {
                if name == "name" {
                    cx.note(|| TraceStep::LeftOut { place: format!("messages[{index}].name") });
                }
                name != "name"
            });
        }
    }
}
